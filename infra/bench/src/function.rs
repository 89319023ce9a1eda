//! A function as a process of its own, before a Runtime API: what it costs, as the kernel counts it.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use axum::body::Bytes;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::{Error, runtime::RuntimeApi};

/// A running bootstrap; dropping it ends it.
pub struct Function {
    pub api: RuntimeApi,
    child: Child,
    started: Instant,
}

/// What its start took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub cpu_ms: f64,
    pub wall_ms: f64,
}

impl Function {
    /// Starts `program` with `env` alone, and waits until it asks for its first invocation.
    ///
    /// # Errors
    /// When it cannot start, or does not ask.
    pub fn start(program: &Path, env: &BTreeMap<String, String>) -> Result<(Self, Start), Error> {
        Self::start_with(&mut Command::new(program), env)
    }

    /// The same of a command that runs the program.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(command: &mut Command, env: &BTreeMap<String, String>) -> Result<(Self, Start), Error> {
        let api = RuntimeApi::start()?;
        command.env_clear().envs(env).env("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
        command.env("AWS_LAMBDA_FUNCTION_NAME", "bench").env("AWS_LAMBDA_FUNCTION_VERSION", "1");
        command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256").env("AWS_LAMBDA_LOG_STREAM_NAME", "bench");
        command.env("AWS_LAMBDA_LOG_GROUP_NAME", "bench").env("RUST_LOG", "info");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let started = Instant::now();
        let child = command.spawn().map_err(Error::file(command.get_program()))?;
        let function = Self { api, child, started };
        let asked = function.api.asked()?;
        let wall_ms = asked.duration_since(function.started).as_secs_f64() * 1000.0;
        let start = Start { cpu_ms: function.cpu_ms()?, wall_ms };
        Ok((function, start))
    }

    /// Hands it an event, and takes its answer; then it waits for the next.
    ///
    /// # Errors
    /// When it fails, or does nothing.
    pub fn ask(&self, event: &Bytes) -> Result<Bytes, Error> {
        self.api.queue(event);
        let answer = self.api.answer()?;
        self.api.asked()?;
        Ok(answer)
    }

    /// Stops it as Lambda does between two invocations: from the return on it does nothing, and the kernel keeps what comes.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn freeze(&self) -> Result<(), Error> {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::STOP).map_err(Error::failed)?;
        match waitpid(Some(process), WaitOptions::UNTRACED).map_err(Error::failed)? {
            Some((_, status)) if status.stopped() => Ok(()),
            other => Err(Error::failed(format!("instead of stopping it did this: {other:?}"))),
        }
    }

    /// # Errors
    /// When the process has ended.
    pub fn thaw(&self) -> Result<(), Error> {
        kill_process(Pid::from_child(&self.child), Signal::CONT).map_err(Error::failed)
    }

    /// Asks it to end, as a terminal would, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn end(mut self) -> Result<(), Error> {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::TERM).map_err(Error::failed)?;
        self.child.wait().map_err(Error::failed)?;
        Ok(())
    }

    /// CPU of all its threads that live, in milliseconds (schedstat, nanoseconds; Linux, `Documentation/scheduler/sched-stats`).
    ///
    /// # Errors
    /// When the process has ended.
    pub fn cpu_ms(&self) -> Result<f64, Error> {
        let threads = format!("/proc/{}/task", self.child.id());
        let mut nanoseconds = 0.0;
        for thread in fs::read_dir(&threads).map_err(Error::file(&threads))?.flatten() {
            // One that has just ended did next to nothing.
            let text = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(nanoseconds / 1e6)
    }

    /// Resident memory now and at its most, in MB of 2^20 bytes.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn memory_mb(&self) -> Result<(f64, f64), Error> {
        Ok((self.status_mb("VmRSS")?, self.status_mb("VmHWM")?))
    }

    /// Resident memory that is no file's, likewise.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn own_memory_mb(&self) -> Result<f64, Error> {
        self.status_mb("RssAnon")
    }

    fn status_mb(&self, name: &str) -> Result<f64, Error> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kilobytes.map(|kilobytes| kilobytes / 1024.0).ok_or_else(|| Error::failed(format!("{path} has no {name}")))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
