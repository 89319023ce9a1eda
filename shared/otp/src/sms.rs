//! Sending by Amazon SNS. `Publish` is not idempotent, so it is tried once, and the caller learns whether the message
//! was surely not sent (the send is given back) or may have been (it stays counted).

use std::{error::Error, time::Duration};

use aws_sdk_sns::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::publish::{PublishError, PublishOutput},
    types::MessageAttributeValue,
};
use aws_types::SdkConfig;

use crate::Text;

/// The whole call, connection included.
const LONGEST: Duration = Duration::from_secs(3);

/// Sends texts to handsets.
#[derive(Debug, Clone)]
pub struct Sms {
    client: Client,
    sender_id: Option<String>,
    max_price: Option<String>,
}

/// SNS's name of the message, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageId(pub String);

/// Why a text was not, or perhaps not, sent. `cause` is a code of SNS or a word of ours; never the service's message,
/// which repeats the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// SNS answered with an error, or was never reached: nothing was sent.
    #[error("SNS did not take the message: {cause}")]
    Refused { cause: String },
    /// The request left and no answer came that can be understood: it may have been sent.
    #[error("it is not known whether SNS took the message: {cause}")]
    Unknown { cause: String },
}

/// A client that tries once and gives up after 3 seconds; the rest, the connect time-out included, is as in `sdk`.
pub fn client(sdk: &SdkConfig) -> Client {
    let connect = sdk.timeout_config().and_then(TimeoutConfig::connect_timeout);
    let mut timeouts = TimeoutConfig::builder().operation_timeout(LONGEST);
    timeouts.set_connect_timeout(connect);
    let config = Builder::from(sdk).retry_config(RetryConfig::disabled()).timeout_config(timeouts.build());
    Client::from_conf(config.build())
}

impl Sms {
    /// `client` must not retry: take [`client`]'s. `sender_id` is what the handset shows where the country allows it
    /// (at most 11 letters and digits); `max_price` is in US dollars a message, above which SNS refuses.
    pub fn new(client: Client, sender_id: Option<String>, max_price: Option<String>) -> Self {
        Self { client, sender_id, max_price }
    }

    /// Sends `text` to `e164`, a valid number with its `+`.
    pub async fn send(&self, e164: &str, text: &Text) -> Result<MessageId, SendError> {
        let attributes = [
            ("AWS.SNS.SMS.SMSType", "String", Some("Transactional")),
            ("AWS.SNS.SMS.SenderID", "String", self.sender_id.as_deref()),
            ("AWS.SNS.SMS.MaxPrice", "Number", self.max_price.as_deref()),
        ];
        let mut request = self.client.publish().phone_number(e164).message(text.expose());
        for (name, data_type, value) in attributes {
            let Some(value) = value else { continue };
            let value = MessageAttributeValue::builder().data_type(data_type).string_value(value).build();
            let value = value.map_err(|_| SendError::Refused { cause: "attribute".to_owned() })?;
            request = request.message_attributes(name, value);
        }
        match request.send().await {
            Ok(PublishOutput { message_id: Some(id), .. }) => Ok(MessageId(id)),
            Ok(_) => Err(SendError::Unknown { cause: "answer without a message id".to_owned() }),
            Err(error) => Err(send_error(&error)),
        }
    }
}

/// An error status means that nothing was sent, whether or not its body can be read.
fn send_error(error: &SdkError<PublishError>) -> SendError {
    let refused = |cause: &str| SendError::Refused { cause: cause.to_owned() };
    let unknown = |cause: &str| SendError::Unknown { cause: cause.to_owned() };
    let status = error.raw_response().map(|answer| answer.status());
    match (error, status) {
        (_, Some(status)) if status.is_client_error() || status.is_server_error() => {
            refused(error.code().unwrap_or(&format!("HTTP {}", status.as_u16())))
        }
        (SdkError::ConstructionFailure(_), _) => refused("request could not be made"),
        (SdkError::DispatchFailure(_), _) if never_connected(error) => refused("no connection"),
        (SdkError::DispatchFailure(_), _) => unknown("connection lost"),
        (SdkError::TimeoutError(_), _) => unknown("time-out"),
        _ => unknown("answer not understood"),
    }
}

/// The SDK knows that a connection never stood (refused, no such host, TLS, connect time-out), but tells it only in
/// the chain of causes.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

#[cfg(test)]
#[path = "sms_tests.rs"]
mod tests;
