//! Variables that are kept in Secrets Manager: a secret is a JSON object of strings, its keys are names of variables.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_secretsmanager::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
};
use futures_util::future::join_all;

use crate::{Aws, Env};

const STORE: &str = "secretsmanager:";

/// What Secrets Manager itself keeps at most (AWS Secrets Manager quotas).
const MAX_BYTES: usize = 65_536;

/// Name of a variable -> value. No `Debug`: it would print them.
#[derive(Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    pub fn get(&self, name: &str) -> Option<&String> {
        self.0.get(name)
    }
}

/// Where the secrets of this function are.
pub struct Secrets {
    client: Client,
    ids: Vec<String>,
}

impl Secrets {
    /// `SECRETS=secretsmanager:<name or ARN>[,secretsmanager:<name or ARN>…]`; `None` where it is not set.
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let listed = env.list("SECRETS");
        if listed.is_empty() {
            return None;
        }
        let ids: Option<Vec<String>> =
            listed.iter().map(|id| id.strip_prefix(STORE).filter(|id| !id.is_empty()).map(str::to_owned)).collect();
        if ids.is_none() {
            env.problem("SECRETS", "must be secretsmanager:<name or ARN>, comma-separated");
        }
        let client = Client::new(&Aws::read(env).secretsmanager());
        Some(Self { client, ids: ids.unwrap_or_default() })
    }

    /// Reads all of them at the same time, each within `longest`, retries included. Where two have the same variable, the
    /// first that is listed counts.
    ///
    /// # Errors
    /// What is wrong with each, without any of its text.
    pub async fn read(&self, longest: Duration) -> Result<Values, Vec<String>> {
        let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
        for (id, variables) in self.ids.iter().zip(join_all(self.ids.iter().map(|id| self.read_one(id, longest))).await)
        {
            match variables {
                Err(what) => problems.push(format!("has {id}, which {what}")),
                Ok(variables) => {
                    for (name, value) in variables {
                        values.entry(name).or_insert(value);
                    }
                }
            }
        }
        if problems.is_empty() { Ok(Values(values)) } else { Err(problems) }
    }

    async fn read_one(&self, id: &str, longest: Duration) -> Result<BTreeMap<String, String>, String> {
        let timeouts = TimeoutConfig::builder().operation_timeout(longest).build();
        let request = self.client.get_secret_value().secret_id(id).customize();
        let answer = request.config_override(Builder::new().timeout_config(timeouts)).send().await;
        parse(&answer.map_err(|error| unreadable(&error))?)
    }
}

fn parse(answer: &GetSecretValueOutput) -> Result<BTreeMap<String, String>, String> {
    let text = answer.secret_string().unwrap_or_default();
    if text.len() > MAX_BYTES {
        return Err("is larger than 64 KiB".to_owned());
    }
    // serde's own words would quote what it found.
    serde_json::from_str(text).map_err(|_| "is not a JSON object of strings".to_owned())
}

/// The code alone: a message of the service may say anything.
fn unreadable(error: &SdkError<GetSecretValueError>) -> String {
    let why = match (error.code(), error.raw_response()) {
        (Some(code), _) => code.to_owned(),
        (None, Some(answer)) => format!("HTTP {}", answer.status().as_u16()),
        (None, None) => match error {
            SdkError::TimeoutError(_) => "no answer in time".to_owned(),
            SdkError::DispatchFailure(_) => "no connection".to_owned(),
            _ => "the request could not be made".to_owned(),
        },
    };
    format!("cannot be read: {why}")
}
