//! AWS from the plain environment, as Lambda gives it: no profile chain and no metadata service,
//! which cost a cold start tens of milliseconds and a dozen crates.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

use crate::Env;

/// Under the 20 s after which a thawed function finds its pooled connections closed.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and
/// `AWS_ENDPOINT_URL_{DYNAMODB,SNS}` or `AWS_ENDPOINT_URL` where it is not AWS itself.
pub struct Aws {
    shared: SdkConfig,
    endpoint: Option<String>,
    dynamodb: Option<String>,
    sns: Option<String>,
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
        // The SDK has no time-outs of its own but the connect's.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(500))
            .operation_attempt_timeout(Duration::from_millis(800))
            .operation_timeout(Duration::from_millis(2500));
        let http =
            Builder::new().pool_idle_timeout(POOL_IDLE).tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https();
        let shared = SdkConfig::builder()
            .region(Region::new(env.text("AWS_REGION")))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard())
            .http_client(http)
            .behavior_version(BehaviorVersion::latest())
            .build();
        let [endpoint, dynamodb, sns] =
            ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SNS"].map(|name| env.optional(name));
        Self { shared, endpoint, dynamodb, sns }
    }

    pub fn dynamodb(&self) -> SdkConfig {
        self.at(self.dynamodb.as_ref())
    }

    pub fn sns(&self) -> SdkConfig {
        self.at(self.sns.as_ref())
    }

    fn at(&self, endpoint: Option<&String>) -> SdkConfig {
        let mut builder = self.shared.to_builder();
        builder.set_endpoint_url(endpoint.or(self.endpoint.as_ref()).cloned());
        builder.build()
    }
}
