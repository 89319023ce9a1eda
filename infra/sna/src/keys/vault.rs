//! Secrets of a deployment as they are read and replaced: JSON objects of strings in Secrets Manager.
//!
//! Secrets Manager has no conditional write. A new version is therefore put beside the current one, and then takes its
//! label from exactly the version that was read: whoever was faster makes that fail.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::{Client, error::SdkError, primitives::DateTime};

use crate::{Error, error::cause, place::Place};

/// The label of what is about to become current.
const STAGED: &str = "SNA-STAGED";
const CURRENT: &str = "AWSCURRENT";

/// A deployment's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Signing,
    Keys,
    Statement,
    StatementKeys,
    Customers,
    Otp,
    Operators,
    Lookup,
}

/// A secret as it was read. No `Debug`: it would print the values.
#[derive(Clone, Default)]
pub(crate) struct Version {
    /// Empty: the secret has no value yet.
    pub(crate) id: String,
    /// When it was written, in Unix milliseconds.
    pub(crate) since: u64,
    pub(crate) values: BTreeMap<String, String>,
}

/// Where secrets are.
pub(crate) trait Vault {
    async fn read(&self, name: Name) -> Result<Version, Error>;
    /// Puts `values` in the place of `before`. `false`: another version is there by now, and stays.
    async fn replace(&self, name: Name, before: &Version, values: &BTreeMap<String, String>) -> Result<bool, Error>;
}

pub(crate) struct SecretsManager<'a> {
    client: Client,
    place: &'a Place,
}

impl Name {
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Signing => "SIGNING_SECRET_ID",
            Self::Keys => "KEYS_SECRET_ID",
            Self::Statement => "STATEMENT_SECRET_ID",
            Self::StatementKeys => "STATEMENT_KEYS_SECRET_ID",
            Self::Customers => "CUSTOMERS_SECRET_ID",
            Self::Otp => "OTP_SECRET_ID",
            Self::Operators => "OPERATORS_SECRET_ID",
            Self::Lookup => "LOOKUP_SECRET_ID",
        }
    }
}

impl<'a> SecretsManager<'a> {
    pub(crate) fn new(place: &'a Place) -> Result<Self, Error> {
        Ok(Self { client: place.secrets()?, place })
    }

    /// A secret without a value and a secret that is not there are the same error: only this tells them apart.
    async fn is_there(&self, id: &str) -> bool {
        self.client.describe_secret().secret_id(id).send().await.is_ok()
    }
}

impl Vault for SecretsManager<'_> {
    async fn read(&self, name: Name) -> Result<Version, Error> {
        let id = self.place.need(name.variable())?;
        let failed = |cause: &str| Error::Service { service: "secretsmanager", cause: format!("{id}: {cause}") };
        let answer = match self.client.get_secret_value().secret_id(&id).send().await {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(error)) if error.err().is_resource_not_found_exception() => {
                if self.is_there(&id).await {
                    return Ok(Version::default());
                }
                return Err(Error::refused(failed("there is no such secret")));
            }
            Err(error) => return Err(failed(&cause(&error))),
        };
        let values = serde_json::from_str(answer.secret_string().unwrap_or_default());
        let values = values.map_err(|_| failed("the value is not a JSON object of strings"))?;
        let since = answer.created_date().map_or(0, |date| milliseconds(*date));
        Ok(Version { id: answer.version_id().unwrap_or_default().to_owned(), since, values })
    }

    async fn replace(&self, name: Name, before: &Version, values: &BTreeMap<String, String>) -> Result<bool, Error> {
        let id = self.place.need(name.variable())?;
        let failed = |cause: String| Error::Service { service: "secretsmanager", cause: format!("{id}: {cause}") };
        let json = serde_json::to_string(values).map_err(|error| failed(error.to_string()))?;
        let put = self.client.put_secret_value().secret_id(&id).secret_string(json);
        if before.id.is_empty() {
            put.send().await.map_err(|error| failed(cause(&error)))?;
            return Ok(true);
        }
        let staged = put.version_stages(STAGED).send().await.map_err(|error| failed(cause(&error)))?;
        let moved = self.client.update_secret_version_stage().secret_id(&id).version_stage(CURRENT);
        let moved = moved.remove_from_version_id(&before.id).set_move_to_version_id(staged.version_id);
        match moved.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_invalid_parameter_exception() => Ok(false),
            Err(error) => Err(failed(cause(&error))),
        }
    }
}

fn milliseconds(date: DateTime) -> u64 {
    date.to_millis().ok().and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
}
