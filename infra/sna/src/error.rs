//! Why a command could not be done, in sentences for whoever typed it.

use sna_customers::StoreError;

/// No value of a secret and no number is ever part of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Variables or outputs that are missing or wrong, a line each.
    #[error("{0}\nThese come from the environment or, with --stack NAME, from the stack's outputs and secrets")]
    Configuration(#[from] sna_config::Problems),
    #[error(transparent)]
    Customers(#[from] StoreError),
    /// Nothing was changed; the text says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// A service of AWS did not do what it was asked.
    #[error("{service}: {cause}")]
    Service { service: &'static str, cause: String },
    /// The local run has no such service.
    #[error("{0} is not part of the local run")]
    NotHere(&'static str),
}

impl Error {
    pub(crate) fn refused(text: impl ToString) -> Self {
        Self::Refused(text.to_string())
    }
}
