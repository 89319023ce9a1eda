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

const UNSEEN: &str = "this could not be looked at: see the cause";

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
    /// `Ok` says what was found; `Err` what is wrong, and `todo` is shown only then. What the local run does not have is
    /// left out; of what could not be looked at, the cause is all that there is to mend.
    fn of(name: impl Into<String>, found: Result<String, Error>, todo: &str) -> Self {
        let (state, found, todo) = match found {
            Ok(found) => (State::Good, found, ""),
            Err(error @ Error::NotHere(_)) => (State::LeftOut, error.to_string(), ""),
            Err(error @ Error::Service { .. }) => (State::Bad, error.to_string(), UNSEEN),
            // One line each; what more there is to say is in `todo`.
            Err(wrong) => (State::Bad, wrong.to_string().lines().next().unwrap_or_default().to_owned(), todo),
        };
        Self { name: name.into(), state, found, todo: todo.to_owned() }
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
    let mut checks = match place.sign_in().await {
        Ok(()) => deployment(&mut place).await,
        Err(error) => vec![Check::of("credentials", Err(error), "")],
    };
    checks.extend(doctor.layer.as_deref().map(layer::staged));
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

/// From the ground up. What stands on something that is not there would only fail for its reason again.
async fn deployment(place: &mut Place) -> Vec<Check> {
    let (mut checks, is_known) = account::checks(place).await;
    if !is_known {
        return checks;
    }
    checks.extend(sms::checks(place).await);
    if let Some(stack) = place.stack().map(str::to_owned) {
        let read = place.read_stack().await;
        let is_read = read.is_ok();
        let found = read.and_then(|status| outputs(place, &stack, &status.unwrap_or_default()));
        checks.push(Check::of("stack", found, "deploy it (cargo xtask deploy), or name another with --stack"));
        if !is_read {
            return checks;
        }
        checks.extend(layer::deployed(place, &stack).await);
    }
    checks.extend(tables::checks(place).await);
    let (secrets, published) = secrets::checks(place).await;
    checks.extend(secrets);
    checks.push(account::api(place, published.as_deref()).await);
    checks
}

fn outputs(place: &Place, stack: &str, status: &str) -> Result<String, Error> {
    let missing = place.missing_outputs().join(", ");
    match missing.is_empty() {
        // It is in the middle of something, and mostly takes no deployment before that is mended.
        _ if status.ends_with("_FAILED") => Err(Error::refused(format!("{stack} is {status}"))),
        true => Ok(format!("{stack} has its outputs, and is {status}")),
        false => Err(Error::refused(format!("{stack} is {status}, and has no output {missing}"))),
    }
}
