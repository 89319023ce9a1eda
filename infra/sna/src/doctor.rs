//! `sna doctor`: everything outside the code that a deployment needs, each with what was found and what to do. Every
//! question only reads.

mod account;
mod layer;
mod secrets;
mod sms;
mod tables;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{Answer, Error, place::Place};

#[derive(Args)]
pub(crate) struct Doctor {
    /// The staged layer; its adapters are held to their manifest
    #[arg(long, value_name = "DIR")]
    layer: Option<PathBuf>,
}

/// What one look came to.
pub(crate) struct Check {
    name: String,
    state: State,
    found: String,
    todo: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It works, but not as one would want it for real.
    Doubtful,
    Bad,
    /// Not part of the local run.
    LeftOut,
}

impl Check {
    /// `Ok` says what was found; `Err` what is wrong. `todo` is shown only then.
    fn of(name: impl Into<String>, found: Result<String, impl ToString>, todo: &str) -> Self {
        let (state, found) = match found {
            Ok(found) => (State::Good, found),
            // One line each; what more there is to say is in `todo`.
            Err(wrong) => (State::Bad, wrong.to_string().lines().next().unwrap_or_default().to_owned()),
        };
        Self {
            name: name.into(),
            state,
            found,
            todo: if state == State::Bad { todo.to_owned() } else { String::new() },
        }
    }

    /// As [`Check::of`] for what AWS answered: what the local run does not have is left out.
    fn asked(name: impl Into<String>, found: Result<String, Error>, todo: &str) -> Self {
        let left_out = matches!(found, Err(Error::NotHere(_)));
        let mut check = Self::of(name, found, if left_out { "" } else { todo });
        if left_out {
            check.state = State::LeftOut;
        }
        check
    }

    /// Not wrong enough to fail.
    fn doubtful(mut self) -> Self {
        if self.state == State::Bad {
            self.state = State::Doubtful;
        }
        self
    }

    fn word(&self) -> &'static str {
        match self.state {
            State::Good => "ok",
            State::Doubtful => "warning",
            State::Bad => "FAILED",
            State::LeftOut => "left out",
        }
    }
}

pub(crate) async fn run(doctor: Doctor, mut place: Place) -> Result<Answer, Error> {
    let mut checks = Vec::new();
    let reached = place.reach().await;
    let stack = place.stack().map(str::to_owned);
    checks.extend(account::checks(&place).await);
    match (stack, reached) {
        (Some(stack), reached) => {
            let found = reached.map(|()| format!("{stack} has its outputs"));
            checks.push(Check::of("stack", found, "deploy it (cargo xtask deploy), or name another with --stack"));
        }
        (None, Err(error)) => checks.push(Check::of("sign-in", Err(error), "see the cause")),
        (None, Ok(())) => {}
    }
    checks.extend(tables::checks(&place).await);
    checks.extend(secrets::checks(&place).await);
    checks.extend(sms::checks(&place).await);
    checks.extend(layer::checks(&place, doctor.layer.as_deref()).await);
    checks.push(account::api(&place).await);
    let good = checks.iter().all(|check| check.state != State::Bad);
    let rows = checks.into_iter().map(|check| {
        let state = check.word();
        vec![
            ("check", json!(check.name)),
            ("state", json!(state)),
            ("found", json!(check.found)),
            ("what_to_do", json!(check.todo)),
        ]
    });
    let mut answer = Answer::many(rows.collect());
    answer.good = good;
    Ok(answer)
}
