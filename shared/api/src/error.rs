//! What the customer is told, and what only the log is told.

use std::fmt::{self, Display};

use crate::wire::{self, Wire};

/// A refusal: a row of the wire's table, headers that belong to it, and for the log what was refused, and why.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) wire: Wire,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) cause: Option<String>,
    pub(crate) field: Option<&'static str>,
}

impl ApiError {
    /// What a caller can mend: this parameter or header is wrong, and why. The log has both, and never the value.
    pub fn at(wire: Wire, field: &'static str, why: impl Display) -> Self {
        Self::from(wire).of(field).because(why)
    }

    /// Our store, key source or SMS provider is down: to be tried again.
    pub fn unavailable(cause: impl Display) -> Self {
        Self::from(wire::UNAVAILABLE).header("retry-after", "1").because(cause)
    }

    /// A failure that is either an outage (503) or a bug (500).
    pub fn failed(temporary: bool, cause: impl Display) -> Self {
        if temporary { Self::unavailable(cause) } else { Self::from(wire::INTERNAL).because(cause) }
    }

    /// 429; `wait_ms` until it may work again.
    pub fn limited(wait_ms: u64) -> Self {
        Self::from(wire::SLOW_DOWN).retry_after(wait_ms)
    }

    /// `Retry-After` in whole seconds (RFC 9110 10.2.3), never too early.
    #[must_use]
    pub fn retry_after(self, wait_ms: u64) -> Self {
        self.header("retry-after", wait_ms.div_ceil(1000).max(1).to_string())
    }

    /// 401 with the scheme that the endpoint wants (RFC 9110 11.6.1).
    pub fn unauthorized(scheme: &'static str) -> Self {
        let refusal = Self::at(wire::UNAUTHORIZED, "Authorization", format!("no {scheme} credentials, once"));
        refusal.header("www-authenticate", format!("{scheme} realm=\"gateway\""))
    }

    /// Tells the log why. Nothing personal and no secret may be in it.
    #[must_use]
    pub fn because(mut self, cause: impl Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Tells the log which parameter or header it is about. An outage is about none.
    #[must_use]
    pub fn of(mut self, field: &'static str) -> Self {
        self.field = Some(field).filter(|_| self.wire.status < 500);
        self
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Wire> for ApiError {
    fn from(wire: Wire) -> Self {
        Self { wire, headers: Vec::new(), cause: None, field: None }
    }
}

/// Anything that no handler foresaw is a bug: 500, with its cause in the log.
impl<E: std::error::Error> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::from(wire::INTERNAL).because(error)
    }
}

impl Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire.description)
    }
}
