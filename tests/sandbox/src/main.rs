//! The sandbox's two commands: `serve` is the world of the local run, `demo` walks one sign-in through it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sandbox::{
    demo::{Demo, demo},
    serve::{Serve, serve},
};
use tracing_subscriber::EnvFilter;

/// The world around the gateway: operators, DynamoDB, SNS, handsets and a page.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the world of the local run
    Serve(Serve),
    /// Walk one sign-in against the running system
    Demo(Demo),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match Arguments::parse().command {
        Command::Serve(options) => serve(options).await.map(|()| true).map_err(|error| error.to_string()),
        Command::Demo(options) => demo(options).await.map_err(|error| error.to_string()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::from(2)
        }
    }
}
