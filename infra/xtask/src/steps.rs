//! Steps as they are shown: what begins, how it goes on when it is long, how long it took.

use std::{
    fs,
    path::Path,
    process::ExitStatus,
    time::{Duration, Instant},
};

use crate::{Error, command::Run, group::Group, interrupt::pause};

/// How often a long step says that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// Announces `what`, does it, and says how long it took.
///
/// # Errors
/// Those of `work`.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    println!("==> {what}");
    let started = Instant::now();
    let done = work()?;
    println!("    done in {:.1} s", started.elapsed().as_secs_f32());
    Ok(done)
}

/// Runs a command to its end, quietly: its output goes to `log` and is shown only when it fails.
///
/// # Errors
/// When it cannot start, fails, or a signal comes; it is ended then.
pub(crate) fn quietly(name: &str, run: Run, log: &Path) -> Result<(), Error> {
    let status = to_its_end(name, run, log)?;
    if status.success() {
        return Ok(());
    }
    println!("{}", fs::read_to_string(log).unwrap_or_default());
    Err(Error::failed(format!("{name} failed ({status}); its output is in {}", log.display())))
}

/// As [`quietly`], for one that may fail.
pub(crate) fn to_its_end(name: &str, run: Run, log: &Path) -> Result<ExitStatus, Error> {
    let mut group = Group::start(name, run, Some(log))?;
    let mut sign = Instant::now() + SIGN_OF_LIFE;
    let started = Instant::now();
    loop {
        if let Some(status) = group.ended()? {
            return Ok(status);
        }
        pause(POLL)?;
        if Instant::now() > sign {
            sign += SIGN_OF_LIFE;
            println!("    {} s: {}", started.elapsed().as_secs(), last_lines(log, 1).trim());
        }
    }
}

/// Runs a command to its end, its output being ours.
///
/// # Errors
/// As [`quietly`].
pub(crate) fn openly(name: &str, run: Run) -> Result<(), Error> {
    let mut group = Group::start(name, run, None)?;
    loop {
        match group.ended()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(Error::failed(format!("{name} failed ({status})"))),
            None => pause(POLL)?,
        }
    }
}

/// The end of a log, for whoever must see why.
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    end_of(&text, count)
}

/// The last lines of a text that have something in them.
pub(crate) fn end_of(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_end_of_a_text_is_in_its_order_and_without_empty_lines() {
        assert_eq!(super::end_of("one\ntwo\n\n three\n \n", 2), "two\n three");
        assert_eq!(super::end_of("one", 3), "one");
    }
}
