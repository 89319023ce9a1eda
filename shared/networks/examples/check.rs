//! `cargo xtask package`: would the functions start with this operator table and this lookup, and could each operator be
//! served? OPERATORS, ADAPTERS and LOOKUP are the functions' own; every secret that they name is taken to be there. With
//! the argument `loads` the adapters are loaded.

use std::process::ExitCode;

use sna_config::Env;
use sna_networks::{Lookups, ranges};
use sna_operators::Operators;

fn main() -> ExitCode {
    let mut env = Env::from_fn(|name| match name {
        "OPERATORS" | "ADAPTERS" | "LOOKUP" => std::env::var(name).ok(),
        // Of every kind: a password, and 64 hex digits.
        _ => Some("0".repeat(64)),
    });
    let operators = Operators::from_env(&mut env, "https://gateway.example");
    if let Some(operators) = &operators {
        for fault in operators.faults(std::env::args().any(|argument| argument == "loads")) {
            env.problem("OPERATORS", &fault);
        }
        if let Err(fault) = ranges(operators.table()) {
            env.problem("OPERATORS", &fault);
        }
        // Its fault is told to `env`.
        let _ = Lookups::from_env(&mut env, operators);
    }
    match env.finish(operators) {
        Ok(_) => ExitCode::SUCCESS,
        Err(problems) => {
            eprintln!("{problems}");
            ExitCode::FAILURE
        }
    }
}
