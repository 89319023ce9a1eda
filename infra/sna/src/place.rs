//! Where this run's values come from: the environment, the AWS profile behind it, the outputs of a stack.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use sna_config::{Aws, Env};
use sna_customers::Customers;
use sna_sessions::Usage;

use crate::{Error, signed::Service};

/// The stack's outputs, each with the variable that can stand for it where there is no stack.
const OUTPUTS: [(&str, &str); 13] = [
    ("Url", "PUBLIC_URL"),
    ("CustomersTable", "CUSTOMERS_TABLE"),
    ("SessionsTable", "SESSIONS_TABLE"),
    ("UsageTable", "USAGE_TABLE"),
    ("SigningSecret", "SIGNING_SECRET_ID"),
    ("KeysSecret", "KEYS_SECRET_ID"),
    ("StatementSecret", "STATEMENT_SECRET_ID"),
    ("StatementKeysSecret", "STATEMENT_KEYS_SECRET_ID"),
    ("CustomersSecret", "CUSTOMERS_SECRET_ID"),
    ("OtpSecret", "OTP_SECRET_ID"),
    ("OperatorsSecret", "OPERATORS_SECRET_ID"),
    ("LookupSecret", "LOOKUP_SECRET_ID"),
    ("AdaptersLayer", "ADAPTERS_LAYER"),
];

/// The one parameter that is read, and its variable.
const SMS_PRICE: (&str, &str) = ("SmsMaxPrice", "SMS_MAX_PRICE");

/// Only a stack that looks numbers up has it.
const OPTIONAL: &str = "LookupSecret";

/// What counts beside a stack, because it does not say it. Everything else but AWS's own variables is another deployment's.
const SETTINGS: [&str; 4] = ["ADAPTERS", "OPERATORS", "OTP_DIGITS", "OTP_SECONDS"];

/// A deployment, or the local run.
pub(crate) struct Place {
    variables: BTreeMap<String, String>,
    stack: Option<String>,
    /// The local run has some services only, and no call meant for it may reach AWS.
    pub(crate) is_local: bool,
    /// Unix milliseconds.
    pub(crate) now: u64,
}

impl Place {
    pub(crate) fn new(variables: BTreeMap<String, String>, stack: Option<String>, now: u64) -> Self {
        Self { variables, stack, is_local: false, now }
    }

    /// The variables of a file, and no others.
    pub(crate) fn of_file(path: &Path, now: u64) -> Result<Self, Error> {
        let text = fs::read(path).map_err(|error| Error::refused(format!("{}: {error}", path.display())))?;
        let variables = serde_json::from_slice(&text);
        let variables =
            variables.map_err(|_| Error::refused(format!("{}: not a JSON object of strings", path.display())))?;
        Ok(Self { variables, stack: None, is_local: true, now })
    }

    pub(crate) fn stack(&self) -> Option<&str> {
        self.stack.as_deref()
    }

    pub(crate) fn env(&self) -> Env<'_> {
        Env::from_fn(|name| self.variables.get(name).cloned())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn need(&self, name: &str) -> Result<String, Error> {
        let mut env = self.env();
        let text = env.text(name);
        Ok(env.finish(Some(text))?)
    }

    /// What arguments say, over variables.
    pub(crate) fn set(&mut self, values: BTreeMap<String, String>) {
        self.variables.extend(values);
    }

    /// Values of a secret, for what is read by name. What is set already stays.
    pub(crate) fn add(&mut self, values: BTreeMap<String, String>) {
        for (name, value) in values {
            if self.get(&name).is_none() {
                self.variables.insert(name, value);
            }
        }
    }

    /// Finds region and credentials, then the stack's outputs.
    pub(crate) async fn reach(&mut self) -> Result<(), Error> {
        self.sign_in().await?;
        self.read_stack().await.map(drop)
    }

    /// Region and credentials; what the environment does not say by AWS's own chain: profile, SSO, role, metadata service.
    pub(crate) async fn sign_in(&mut self) -> Result<(), Error> {
        if self.get("AWS_REGION").is_none() {
            let region = self.get("AWS_DEFAULT_REGION").map(|region| ("AWS_REGION".to_owned(), region.to_owned()));
            self.variables.extend(region);
        }
        let (has_region, has_keys) = (self.get("AWS_REGION").is_some(), self.get("AWS_ACCESS_KEY_ID").is_some());
        if self.is_local || (has_region && has_keys) {
            return Ok(());
        }
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let found = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        if !has_region {
            self.variables.extend(found.region().map(|region| ("AWS_REGION".to_owned(), region.to_string())));
        }
        if has_keys {
            return Ok(());
        }
        let unknown = |cause: String| Error::Service { service: "credentials", cause };
        let none = || unknown("none found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned());
        let credentials = found.credentials_provider().ok_or_else(none)?.provide_credentials().await;
        let credentials = credentials.map_err(|error| {
            unknown(format!("{}; set AWS_PROFILE, or for a profile of SSO run `aws sso login`", causes(&error)))
        })?;
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key()),
            ("AWS_SESSION_TOKEN", credentials.session_token().unwrap_or_default()),
        ] {
            self.variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }

    /// The outputs of the stack, if one was named; its status. It was named on purpose: its outputs and its secrets count,
    /// and no variable that a local run or another deployment has left in the shell.
    pub(crate) async fn read_stack(&mut self) -> Result<Option<String>, Error> {
        let Some(stack) = self.stack.clone() else { return Ok(None) };
        self.variables.retain(|name, _| name.starts_with("AWS_") || SETTINGS.contains(&name.as_str()));
        let reply = self.ask(Service::CLOUDFORMATION, "DescribeStacks", &[("StackName", &stack)]).await?;
        let is_absent = reply.code().as_deref() == Some("ValidationError");
        let reply = reply.good().map_err(|error| if is_absent { Error::refused(error) } else { error })?;
        let document = reply.xml()?;
        let outputs = document.descendants().filter(|node| node.has_tag_name("member"));
        for output in outputs {
            let text = |tag: &str| output.children().find(|node| node.tag_name().name() == tag)?.text();
            if text("ParameterKey") == Some(SMS_PRICE.0) {
                let price = text("ParameterValue").unwrap_or_default();
                self.variables.insert(SMS_PRICE.1.to_owned(), price.to_owned());
            }
            let (Some(key), Some(value)) = (text("OutputKey"), text("OutputValue")) else { continue };
            if let Some((_, variable)) = OUTPUTS.iter().find(|(name, _)| *name == key) {
                self.variables.insert((*variable).to_owned(), value.to_owned());
            }
        }
        Ok(Some(reply.text("StackStatus")?.unwrap_or_default()))
    }

    /// The outputs that a stack of the gateway has, and this one has not.
    pub(crate) fn missing_outputs(&self) -> Vec<&'static str> {
        let missing = OUTPUTS.iter().filter(|(output, variable)| *output != OPTIONAL && self.get(variable).is_none());
        missing.map(|(output, _)| *output).collect()
    }

    /// The functions' own settings, but for patience: an administrator may be an ocean away.
    fn sdk(&self, service: fn(&Aws) -> SdkConfig) -> Result<SdkConfig, Error> {
        let mut env = self.env();
        let aws = Aws::read(&mut env);
        let settings = env.finish(Some(service(&aws)))?;
        let patience = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(Duration::from_secs(8))
            .operation_timeout(Duration::from_secs(20));
        Ok(settings.to_builder().timeout_config(patience.build()).build())
    }

    /// Where a service is that is not at AWS.
    pub(crate) fn endpoint(&self, variable: &str) -> Option<&str> {
        self.get(variable).or_else(|| self.get("AWS_ENDPOINT_URL"))
    }

    pub(crate) fn dynamodb(&self) -> Result<aws_sdk_dynamodb::Client, Error> {
        const VARIABLE: &str = "AWS_ENDPOINT_URL_DYNAMODB";
        if self.is_local && self.endpoint(VARIABLE).is_none() {
            return Err(Error::refused(format!(
                "{VARIABLE} is not set, and what is meant for a local run does not go to AWS"
            )));
        }
        Ok(aws_sdk_dynamodb::Client::new(&self.sdk(Aws::dynamodb)?))
    }

    pub(crate) fn secrets(&self) -> Result<aws_sdk_secretsmanager::Client, Error> {
        if self.is_local && self.endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER").is_none() {
            return Err(Error::NotHere("Secrets Manager"));
        }
        Ok(aws_sdk_secretsmanager::Client::new(&self.sdk(Aws::secretsmanager)?))
    }

    pub(crate) fn usage(&self) -> Result<Usage, Error> {
        Ok(Usage::new(self.dynamodb()?, self.need("USAGE_TABLE")?))
    }

    pub(crate) fn customers(&self) -> Result<Customers, Error> {
        Ok(Customers::new(self.dynamodb()?, self.need("CUSTOMERS_TABLE")?))
    }
}

/// An error's words and those of what is behind it, in one line: its own are the outermost cause only.
fn causes(error: &dyn std::error::Error) -> String {
    let words = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match error.source().map(causes) {
        // Some say what is behind them themselves.
        Some(behind) if behind.starts_with(&words) => behind,
        Some(behind) => format!("{words}: {behind}"),
        None => words,
    }
}
