//! Why a command could not be done, in sentences for whoever typed it.

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use sna_customers::StoreError;

/// No value of a secret and no number is ever part of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Variables or outputs that are missing or wrong, a line each.
    #[error("{0}\nThese come from the environment or, with --stack NAME, from the stack's outputs and secrets")]
    Configuration(#[from] sna_config::Problems),
    #[error(transparent)]
    Customers(#[from] StoreError),
    /// Nothing was changed, unless the text says so; it says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// A service did not do what it was asked, or nobody answered.
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

/// The service's code or the network's trouble; its messages may name accounts, never values.
pub(crate) fn cause<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown error").to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        _ => "an answer that cannot be understood".to_owned(),
    }
}
