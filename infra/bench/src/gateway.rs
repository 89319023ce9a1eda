//! The nine functions, each a process of its own as in Lambda, and one request after another for each.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Error, Place,
    function::Function,
    request::{Answer, Request},
    start::FUNCTIONS,
};

/// All of them, running; dropping it ends them.
pub struct Gateway(BTreeMap<&'static str, Mutex<Function>>);

impl Gateway {
    /// Starts each function in its environment.
    ///
    /// # Errors
    /// When one is not built, or does not start.
    pub fn start(place: &Place, env: impl Fn(&str) -> BTreeMap<String, String>) -> Result<Self, Error> {
        Self::start_with(|name| Command::new(place.built(name)), env)
    }

    /// The same of commands that run the functions' programs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        command: impl Fn(&str) -> Command,
        env: impl Fn(&str) -> BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let start = |(name, ..): (&'static str, _, _, _)| {
            let (function, _) = Function::start_with(&mut command(name), &env(name))?;
            Ok((name, Mutex::new(function)))
        };
        FUNCTIONS.into_iter().map(start).collect::<Result<_, _>>().map(Self)
    }

    /// Asks each to end, and waits until it has.
    ///
    /// # Errors
    /// When one has ended already.
    pub fn end(self) -> Result<(), Error> {
        let mut functions = self.0.into_values();
        functions.try_for_each(|function| function.into_inner().unwrap_or_else(PoisonError::into_inner).end())
    }

    /// Has the function answer whose path it is; its name, and how long it took.
    ///
    /// # Errors
    /// When there is none, or it does not answer.
    pub fn ask(&self, request: &Request) -> Result<(&'static str, Answer, Duration), Error> {
        let path = request.path();
        let (parent, _) = path.rsplit_once('/').unwrap_or_default();
        let mut known = FUNCTIONS.into_iter();
        // Callback and enrich have the operator's name in their last segment.
        let is_its =
            |own: &str| own == path || (parent != "/v1" && own.rsplit_once('/').is_some_and(|(own, _)| own == parent));
        let name =
            known.clone().find(|(_, _, own, _)| *own == path).or_else(|| known.find(|(_, _, own, _)| is_its(own)));
        let (name, ..) = name.ok_or_else(|| Error::failed(format!("nobody serves {path}")))?;
        let function = self.function(name)?;
        let (event, started) = (request.event(), Instant::now());
        let said = function.ask(&event)?;
        Ok((name, Answer::of(&said)?, started.elapsed()))
    }

    /// One of them, which is nobody else's as long as this is held.
    ///
    /// # Errors
    /// When it is none of the nine.
    pub fn function(&self, name: &str) -> Result<MutexGuard<'_, Function>, Error> {
        let function = self.0.get(name).ok_or_else(|| Error::failed(format!("there is no function {name}")))?;
        Ok(function.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
