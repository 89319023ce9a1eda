//! Child processes that end when we do. Each leads a process group; `cargo lambda` gives every function one of
//! its own, so that an end by force looks for descendants, too.

use std::{
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{Error, command::Run};

/// From the request to end to the end by force.
const GRACE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(20);

/// A running child with its group; dropping it ends them.
pub(crate) struct Group {
    pub(crate) name: String,
    child: Child,
    /// Where its output goes, unless it is ours.
    pub(crate) log: Option<PathBuf>,
    status: Option<ExitStatus>,
}

impl Group {
    pub(crate) fn start(name: &str, mut run: Run, log: Option<&Path>) -> Result<Self, Error> {
        if let Some(log) = log {
            log.parent().map_or(Ok(()), fs::create_dir_all).map_err(Error::file(log))?;
            let file = File::create(log).map_err(Error::file(log))?;
            run.0.stderr(file.try_clone().map_err(Error::file(log))?).stdout(file);
        }
        let program = PathBuf::from(run.0.get_program());
        let child = run.0.stdin(Stdio::null()).process_group(0).spawn();
        let child = child.map_err(|error| missing(&program, error))?;
        Ok(Self { name: name.to_owned(), child, log: log.map(Path::to_owned), status: None })
    }

    /// Its exit status, once it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        if self.status.is_none() {
            self.status = self.child.try_wait().map_err(Error::file(&self.name))?;
        }
        Ok(self.status)
    }

    /// Asks the group to end, waits, and ends by force what is still there.
    pub(crate) fn stop(&mut self) {
        if self.status.is_some() {
            return;
        }
        let family = descendants(self.child.id());
        signal(self.child.id(), Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while !matches!(self.ended(), Ok(Some(_)) | Err(_)) && Instant::now() < deadline {
            idle(POLL);
        }
        // A pid that was given to a stranger meanwhile is no descendant of ours, and is not a leader of such a group.
        let left = family.into_iter().filter(|(pid, started)| started_at(*pid).as_ref() == Some(started));
        for (pid, _) in left {
            signal(pid, Signal::KILL);
        }
        if self.status.is_none() {
            signal(self.child.id(), Signal::KILL);
            self.status = self.child.wait().ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Why a program did not start; of one that is not there, how it is got.
fn missing(program: &Path, error: io::Error) -> Error {
    let name = program.to_string_lossy().into_owned();
    let line = match name.as_str() {
        "python3" => "apt-get install python3 python3-pip",
        "node" | "npm" => "install Node 20 or later with its npm: https://nodejs.org/en/download",
        "bash" | "curl" => "apt-get install bash curl",
        "cargo" => "curl -sSf https://sh.rustup.rs | sh",
        _ => return Error::file(program)(error),
    };
    if error.kind() != io::ErrorKind::NotFound {
        return Error::file(program)(error);
    }
    Error::failed(format!("{name} is not installed, or not in PATH: {line}"))
}

/// Waits although a signal has come: this is the answer to it.
fn idle(time: Duration) {
    let (_kept, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(time);
}

fn signal(leader: u32, signal: Signal) {
    // It may have ended by itself: that is what is wanted.
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
}

/// Children, their children and so on, each with the time of its start.
fn descendants(ancestor: u32) -> Vec<(u32, String)> {
    let all: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
        .collect();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.into_iter().skip(1).filter_map(|pid| Some((pid, started_at(pid)?))).collect()
}

fn started_at(pid: u32) -> Option<String> {
    stat(pid)?.get(19).cloned()
}

/// proc_pid_stat(5), from the third field (state) on: the second may hold spaces.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_missing_is_named_with_the_line_that_installs_it() {
        let said = |kind: io::ErrorKind| missing(Path::new("python3"), kind.into()).to_string();
        assert_eq!(
            said(io::ErrorKind::NotFound),
            "python3 is not installed, or not in PATH: apt-get install python3 python3-pip"
        );
        assert!(!said(io::ErrorKind::PermissionDenied).contains("installed"));
    }
}
