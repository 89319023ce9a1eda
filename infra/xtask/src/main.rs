//! `cargo xtask …`: arguments in, exit code out.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{
    Error, Workspace, adapter, addresses, bench, check, clients, costs, demo, deploy, docs, explain, fuzz, growth,
    interrupt, layer, new_adapter, package, page, plans, rehearse, up,
};

/// The developer's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the whole system up on this machine, until Ctrl-C
    Up(up::Up),
    /// Run every check
    Test(check::Test),
    /// Walk one sign-in against the running system
    Demo(demo::Demo),
    /// Build the API reference, and write the collections of requests anew
    Docs(docs::Docs),
    /// Take the README's picture of the page that `up` serves
    Picture,
    /// Fuzz every parser that faces outside
    Fuzz(fuzz::Fuzz),
    /// Deploy to an emulator on this machine: create, update, roll back, add an operator, delete
    Rehearse(rehearse::Rehearse),
    /// Collect the built adapters and their manifest into one directory
    Layer(layer::Options),
    /// Build what a deployment uploads: the functions, and the adapters' layer with the operator table
    Package(package::Options),
    /// Deploy what was packaged, with `sam`
    Deploy(deploy::Deploy),
    /// Measure how fast and small it is
    Bench(bench::Bench),
    /// Run mixed flows for minutes: memory stays, no error of ours, a picture of the times; then a flood on otp
    Soak(bench::Soak),
    /// Say what a thousand authentications cost on AWS, and what more of them a second take
    Costs,
    /// Work on one adapter
    #[command(subcommand)]
    Adapter(adapter::Adapter),
    /// Write the crate of one more operator
    NewAdapter(new_adapter::NewAdapter),
    /// Rebuild the tables of telephone numbers
    #[command(subcommand)]
    Numbers(plans::Plans),
    /// Rebuild the tables of networks' addresses
    #[command(subcommand)]
    Addresses(addresses::Addresses),
    /// Generate the wire's types of the clients, and compile their TypeScript
    Clients,
    /// Say which network has a number, whether silent authentication is offered, and why
    Explain(explain::Explain),
}

fn main() -> ExitCode {
    let workspace = Workspace::here();
    let ended = interrupt::listen().and_then(|()| match Arguments::parse().command {
        Command::Up(options) => up::up(&workspace, &options),
        Command::Test(options) => check::test(&workspace, &options),
        Command::Demo(options) => demo::demo(&workspace, &options),
        Command::Docs(options) => docs::docs(&workspace, &options),
        Command::Picture => page::picture(&workspace),
        Command::Fuzz(options) => fuzz::fuzz(&workspace, &options),
        Command::Rehearse(options) => rehearse::rehearse(&workspace, &options),
        Command::Layer(options) => layer::layer(&workspace, &options),
        Command::Package(options) => package::package(&workspace, &options),
        Command::Deploy(options) => deploy::deploy(&workspace, &options),
        Command::Bench(options) => bench::bench(&workspace, &options),
        Command::Soak(options) => bench::soak(&workspace, &options),
        Command::Costs => {
            println!("{}", costs::table());
            println!("{}", growth::tables().join("\n"));
            Ok(())
        }
        Command::Adapter(command) => adapter::adapter(&workspace, &command),
        Command::NewAdapter(options) => new_adapter::new_adapter(&workspace, &options),
        Command::Numbers(command) => plans::plans(&workspace, &command),
        Command::Addresses(command) => addresses::addresses(&workspace, &command),
        Command::Clients => clients::clients(&workspace),
        Command::Explain(options) => explain::explain(&workspace, &options),
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Interrupted) => {
            eprintln!("xtask: interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
