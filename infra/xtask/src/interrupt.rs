//! Ctrl-C, SIGTERM and SIGHUP. Every wait of xtask is [`pause`], so that none outlasts a signal and
//! whoever waits can end its children first.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use crate::Error;

static ASKED: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

/// From now on signals are heard instead of ending the process.
///
/// # Errors
/// When the system does not let us.
pub fn listen() -> Result<(), Error> {
    let handler = || {
        *ASKED.lock().unwrap_or_else(PoisonError::into_inner) = true;
        CHANGED.notify_all();
    };
    ctrlc::set_handler(handler).map_err(|error| Error::failed(format!("signals cannot be heard: {error}")))
}

/// Waits that long.
///
/// # Errors
/// [`Error::Interrupted`], at once, when a signal came or had come.
pub fn pause(time: Duration) -> Result<(), Error> {
    let asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = CHANGED.wait_timeout_while(asked, time, |asked| !*asked);
    let (asked, _) = waited.unwrap_or_else(PoisonError::into_inner);
    if *asked { Err(Error::Interrupted) } else { Ok(()) }
}
