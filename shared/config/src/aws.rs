//! AWS from the plain environment, as Lambda gives it: no profile chain and no metadata service,
//! which cost a cold start tens of milliseconds and a dozen crates.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use tracing::Span;

use crate::{Env, https};

/// The longest wait before a second try; twice that before the third. The SDK's own is a second, and a handset is waiting.
const BACKOFF: Duration = Duration::from_millis(50);

/// `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and
/// `AWS_ENDPOINT_URL_{DYNAMODB,SNS,SQS,SECRETS_MANAGER}` or `AWS_ENDPOINT_URL` where it is not AWS itself.
pub struct Aws {
    shared: SdkConfig,
    http: SharedHttpClient,
    endpoint: Option<String>,
    dynamodb: Option<String>,
    sns: Option<String>,
    sqs: Option<String>,
    secretsmanager: Option<String>,
}

impl Aws {
    pub fn read(env: &mut Env<'_>) -> Self {
        let credentials = Credentials::new(
            env.text("AWS_ACCESS_KEY_ID"),
            env.text("AWS_SECRET_ACCESS_KEY"),
            env.optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        // The SDK has none of its own; how long a connection may take, the client knows.
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_millis(800))
            .operation_timeout(Duration::from_millis(2500));
        let of = |service: &str| env.optional(&format!("AWS_ENDPOINT_URL{service}"));
        let services = ["", "_DYNAMODB", "_SNS", "_SQS", "_SECRETS_MANAGER"];
        let [endpoint, dynamodb, sns, sqs, secretsmanager] = services.map(of);
        let region = env.text("AWS_REGION");
        let http = https::client(is_elsewhere(&region, [&endpoint, &dynamodb, &sns, &sqs, &secretsmanager]));
        let shared = SdkConfig::builder()
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_initial_backoff(BACKOFF))
            .http_client(http.clone())
            .behavior_version(BehaviorVersion::latest())
            .build();
        Self { shared, http, endpoint, dynamodb, sns, sqs, secretsmanager }
    }

    /// What is sent by it, each try, is counted in the request's line of log.
    pub fn dynamodb(&self) -> SdkConfig {
        let http = self.http.clone();
        let counted = http_client_fn(move |settings, components| {
            SharedHttpConnector::new(Counted(http.http_connector(settings, components)))
        });
        self.at(self.dynamodb.as_ref()).into_builder().http_client(counted).build()
    }

    pub fn sns(&self) -> SdkConfig {
        self.at(self.sns.as_ref())
    }

    pub fn sqs(&self) -> SdkConfig {
        self.at(self.sqs.as_ref())
    }

    pub fn secretsmanager(&self) -> SdkConfig {
        self.at(self.secretsmanager.as_ref())
    }

    fn at(&self, endpoint: Option<&String>) -> SdkConfig {
        let mut builder = self.shared.to_builder();
        builder.set_endpoint_url(endpoint.or(self.endpoint.as_ref()).cloned());
        builder.build()
    }
}

/// Is AWS somebody else here: another endpoint over TLS, or China, which has another operator? Then whom the machine trusts counts.
fn is_elsewhere(region: &str, endpoints: [&Option<String>; 5]) -> bool {
    region.starts_with("cn-") || endpoints.into_iter().flatten().any(|url| url.starts_with("https:"))
}

/// Adds what it sends to `dynamodb_calls` of the current request.
#[derive(Debug)]
struct Counted(SharedHttpConnector);

impl HttpConnector for Counted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        Span::current().record("dynamodb_calls", 1);
        self.0.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_aws_itself_is_known_by_amazons_roots() {
        let at = |url: &str| Some(url.to_owned());
        assert!(!is_elsewhere("eu-west-2", [&None; 5]));
        assert!(!is_elsewhere("us-gov-west-1", [&at("http://127.0.0.1:8000"), &None, &None, &None, &None]));
        assert!(is_elsewhere("eu-west-2", [&None, &None, &at("https://aws.example"), &None, &None]));
        assert!(is_elsewhere("cn-north-1", [&None; 5]));
    }
}
