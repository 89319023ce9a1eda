//! Each check in a process of its own, and the table of what they found. The adapter is native code: where it crashes or
//! never returns, that is a line of the table.

use std::{
    fs::File,
    io::{self, Read, Seek},
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use xtask::interrupt::pause;

use crate::{CHECKS, Check, Subject};

/// A check that takes longer has an adapter that does not return.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Prints the table, a line a check as it ends; how many found a fault. `child` is the command that runs one check,
/// but for its name.
///
/// # Errors
/// When a child cannot be started.
pub fn print(subject: &Subject, child: impl Fn() -> io::Result<Command>) -> io::Result<usize> {
    let Subject { id, network, manifest, .. } = subject;
    println!("{id} for {network}, {:?}: {}\n", manifest.family, subject.file.display());
    let mut faulty = 0;
    for check in &CHECKS {
        let faults = in_a_child(check, child()?)?;
        println!("  {:<11} {:<6} {}", check.name, if faults.is_empty() { "ok" } else { "FAULT" }, check.promise);
        for line in faults.iter().flat_map(|fault| fault.lines()) {
            println!("                     {line}");
        }
        faulty += usize::from(!faults.is_empty());
    }
    println!("\n{} of {} checks found no fault", CHECKS.len() - faulty, CHECKS.len());
    Ok(faulty)
}

/// The lines that the child wrote, or how it died.
fn in_a_child(check: &Check, mut command: Command) -> io::Result<Vec<String>> {
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let child = command.arg("--only").arg(check.name).stdout(out.try_clone()?).stderr(err.try_clone()?).spawn()?;
    let ended = wait(child)?;
    let mut faults: Vec<String> = text(&mut out)?.lines().map(str::to_owned).collect();
    match ended {
        Some(status) if status.success() => {}
        Some(status) if status.code() == Some(1) && !faults.is_empty() => {}
        Some(status) => faults.push(format!("it ended the process: {status}")),
        None => faults.push(format!("it did not return in {} s", PATIENCE.as_secs())),
    }
    // Where it panicked, and why.
    if !faults.is_empty() {
        let said = text(&mut err)?;
        let lines: Vec<&str> = said.lines().collect();
        let last = lines.iter().rposition(|line| line.contains(" panicked at ")).unwrap_or(lines.len());
        faults.extend(lines[last..].iter().take(2).map(|line| (*line).to_owned()));
    }
    Ok(faults)
}

/// How it ended; `None` where it had to be ended.
fn wait(mut child: Child) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        pause(POLL).map_err(io::Error::other)?;
    }
    child.kill()?;
    child.wait().map(|_| None)
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
