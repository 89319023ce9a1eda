//! Where this run's values come from: the environment, the AWS profile behind it, the outputs of a stack.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_types::{error::display::DisplayErrorContext, timeout::TimeoutConfig};
use aws_types::SdkConfig;
use sna_config::{Aws, Env};
use sna_customers::Customers;

use crate::{Error, signed::Service};

/// The stack's outputs, each with the variable that can stand for it.
const OUTPUTS: [(&str, &str); 11] = [
    ("Url", "PUBLIC_URL"),
    ("ApiId", "API_ID"),
    ("CustomersTable", "CUSTOMERS_TABLE"),
    ("SessionsTable", "SESSIONS_TABLE"),
    ("SigningSecret", "SIGNING_SECRET_ID"),
    ("KeysSecret", "KEYS_SECRET_ID"),
    ("CustomersSecret", "CUSTOMERS_SECRET_ID"),
    ("OtpSecret", "OTP_SECRET_ID"),
    ("OperatorsSecret", "OPERATORS_SECRET_ID"),
    ("LookupSecret", "LOOKUP_SECRET_ID"),
    ("AdaptersLayer", "ADAPTERS_LAYER"),
];

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
            self.variables.entry(name).or_insert(value);
        }
    }

    /// Finds region and credentials where the environment does not say them, then the stack's outputs. The stack was named
    /// on purpose: its outputs win over variables.
    pub(crate) async fn reach(&mut self) -> Result<(), Error> {
        if !self.is_local && self.get("AWS_ACCESS_KEY_ID").is_none() {
            self.sign_in().await?;
        }
        let Some(stack) = self.stack.clone() else { return Ok(()) };
        let answer = self.query(Service::CLOUDFORMATION, "DescribeStacks", &[("StackName", &stack)]).await?;
        let document = answer.xml()?;
        let outputs = document.descendants().filter(|node| node.has_tag_name("member"));
        for output in outputs {
            let text = |tag: &str| output.children().find(|node| node.tag_name().name() == tag)?.text();
            let (Some(key), Some(value)) = (text("OutputKey"), text("OutputValue")) else { continue };
            if let Some((_, variable)) = OUTPUTS.iter().find(|(name, _)| *name == key) {
                self.variables.insert((*variable).to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    /// AWS's own chain: profile, SSO, role, metadata service.
    async fn sign_in(&mut self) -> Result<(), Error> {
        let unknown = |cause: String| Error::Service { service: "credentials", cause };
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https();
        let found = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        let none = || unknown("none found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned());
        let credentials = found.credentials_provider().ok_or_else(none)?.provide_credentials().await;
        let credentials = credentials.map_err(|error| {
            // Its own words are the outermost cause only.
            let causes = DisplayErrorContext(&error);
            unknown(format!("{causes}; set AWS_PROFILE, or for a profile of SSO run `aws sso login`"))
        })?;
        let token = credentials.session_token().unwrap_or_default();
        let region = found.region().map(|region| region.as_ref().to_owned());
        let region = region.or_else(|| self.get("AWS_DEFAULT_REGION").map(str::to_owned));
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key()),
            ("AWS_SESSION_TOKEN", token),
            ("AWS_REGION", &region.unwrap_or_default()),
        ] {
            self.variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
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

    pub(crate) fn dynamodb(&self) -> Result<aws_sdk_dynamodb::Client, Error> {
        Ok(aws_sdk_dynamodb::Client::new(&self.sdk(Aws::dynamodb)?))
    }

    pub(crate) fn secrets(&self) -> Result<aws_sdk_secretsmanager::Client, Error> {
        if self.is_local && self.get("AWS_ENDPOINT_URL_SECRETS_MANAGER").is_none() {
            return Err(Error::NotHere("Secrets Manager"));
        }
        Ok(aws_sdk_secretsmanager::Client::new(&self.sdk(Aws::secretsmanager)?))
    }

    pub(crate) fn customers(&self) -> Result<Customers, Error> {
        Ok(Customers::new(self.dynamodb()?, self.need("CUSTOMERS_TABLE")?))
    }
}
