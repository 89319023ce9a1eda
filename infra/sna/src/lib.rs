//! `sna`, the administrator's tool: customers, signing keys, operators, sessions, receipts, usage, and a doctor for a whole deployment.
//!
//! It uses the functions' own crates, so that what it writes is what they read. Nothing is printed but the answer, and a
//! secret once. Environment and time are arguments here.

mod answer;
mod customers;
mod doctor;
mod error;
mod keys;
mod operators;
mod place;
mod receipt;
mod session;
mod signed;
mod usage;

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Parser, Subcommand};

pub use answer::{Answer, Row};
pub use error::Error;
use place::Place;

/// Administers a deployment of the gateway.
#[derive(Parser)]
#[command(name = "sna", version)]
pub struct Arguments {
    /// The CloudFormation stack, whose outputs say where tables and secrets are; else SNA_STACK
    #[arg(long, global = true)]
    stack: Option<String>,
    /// A JSON file of variables that stands for the whole environment; of the local run target/local/env.json
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "stack")]
    env: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Who may call the gateway
    #[command(subcommand)]
    Customers(Box<customers::Command>),
    /// The keys that tokens are signed and verified with
    #[command(subcommand)]
    Keys(keys::Command),
    /// Who recognises handsets
    #[command(subcommand)]
    Operators(operators::Command),
    /// One sign-in, without the person
    #[command(subcommand)]
    Session(session::Command),
    /// What validate said, to be shown to others
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// What a customer has used, by day and network
    Usage(usage::Usage),
    /// Looks at everything that a deployment needs, and says what to do
    Doctor(doctor::Doctor),
}

/// Does what the arguments say, in the environment `variables`, at `now` (Unix milliseconds).
///
/// # Errors
/// What was refused or is missing, and what to do. Everything is as it was then, unless the sentence says otherwise, as it
/// does of a customer's record whose write was not answered; a change of keys is gone on with by running it again.
pub async fn run(arguments: Arguments, variables: BTreeMap<String, String>, now: u64) -> Result<Answer, Error> {
    let Arguments { stack, env, command, .. } = arguments;
    let place = match env {
        Some(file) => Place::of_file(&file, now)?,
        None => {
            let stack = stack.or_else(|| variables.get("SNA_STACK").filter(|name| !name.is_empty()).cloned());
            Place::new(variables, stack, now)
        }
    };
    match command {
        Command::Customers(command) => customers::run(*command, place).await,
        Command::Keys(command) => keys::run(command, place).await,
        Command::Operators(command) => operators::run(command, place).await,
        Command::Session(command) => session::run(command, place).await,
        Command::Receipt(command) => receipt::run(command, place).await,
        Command::Usage(usage) => usage::run(usage, place).await,
        Command::Doctor(doctor) => doctor::run(doctor, place).await,
    }
}
