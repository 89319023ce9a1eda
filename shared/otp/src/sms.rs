//! Sending by Amazon SNS. `Publish` is not idempotent, so it is tried once, and the caller learns whether the message
//! was surely not sent (the send is given back) or may have been (it stays counted).

use std::time::Duration;

use aws_sdk_sns::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    operation::publish::PublishOutput,
    types::MessageAttributeValue,
};
use aws_types::SdkConfig;

use crate::{Cause, SendError, Text};

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
            let value = value.map_err(|_| SendError::refused(Cause::Refused, "attribute"))?;
            request = request.message_attributes(name, value);
        }
        match request.send().await {
            Ok(PublishOutput { message_id: Some(id), .. }) => Ok(MessageId(id)),
            Ok(_) => Err(SendError::unknown("answer without a message id")),
            Err(error) => Err(SendError::of(&error)),
        }
    }
}

#[cfg(test)]
#[path = "sms_tests.rs"]
mod tests;
