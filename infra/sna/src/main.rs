//! `sna …`: arguments and environment in, an answer on stdout and an exit code out.

use std::{
    io::Write,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = sna::Arguments::parse();
    let json = arguments.json;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() * 1000);
    match sna::run(arguments, std::env::vars().collect(), now).await {
        Ok(answer) => {
            let text = if json { answer.json() } else { answer.text() };
            // A secret that could not be shown is lost: that must not look like success.
            let shown = std::io::stdout().write_all(text.as_bytes()).is_ok();
            if shown && answer.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("sna: {error}");
            ExitCode::FAILURE
        }
    }
}
