//! Why SNS did not take a message, or perhaps did not.
//!
//! SNS documents few of these answers. Whether an account may spend, is in the SMS sandbox, or a number has opted out is
//! mostly decided after `Publish` has answered 200 with a message id; then nothing fails here, and only SNS's delivery
//! log and its metrics (`NumberOfNotificationsFailed`, `SMSMonthToDateSpentUSD`) tell. Where SNS does refuse at once, it
//! does so with codes of its own, or with the reason of AWS End User Messaging, which delivers for it, in the message.

use std::{error::Error, fmt};

use aws_sdk_sns::{
    error::{ProvideErrorMetadata, SdkError},
    operation::publish::PublishError,
};

/// What somebody could do about it: the closed set of the log and the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The account's month is spent: raise SNS's quota.
    SpendLimit,
    /// The number's owner has answered STOP: only they can undo it.
    OptedOut,
    /// The account is in the SMS sandbox, and the number is none that was verified there.
    Sandboxed,
    /// Too many messages a second.
    Throttled,
    /// SNS is down, cannot be reached, or gave no answer that can be understood.
    Unavailable,
    /// Anything else that trying again does not mend: no permission, a number or sender that SNS does not serve.
    Refused,
}

impl Cause {
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::SpendLimit => "spend_limit",
            Cause::OptedOut => "opted_out",
            Cause::Sandboxed => "sandboxed",
            Cause::Throttled => "throttled",
            Cause::Unavailable => "unavailable",
            Cause::Refused => "refused",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text was not, or perhaps not, sent. `code` is a code of SNS or a word of ours; never the service's message,
/// which repeats the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// SNS answered with an error, or was never reached: nothing was sent.
    #[error("SNS did not take the message: {cause} ({code})")]
    Refused { cause: Cause, code: String },
    /// The request left and no answer came that can be understood: it may have been sent.
    #[error("it is not known whether SNS took the message: {code}")]
    Unknown { code: String },
}

impl SendError {
    pub fn cause(&self) -> Cause {
        match self {
            SendError::Refused { cause, .. } => *cause,
            SendError::Unknown { .. } => Cause::Unavailable,
        }
    }

    pub(crate) fn refused(cause: Cause, code: &str) -> Self {
        SendError::Refused { cause, code: code.to_owned() }
    }

    pub(crate) fn unknown(code: &str) -> Self {
        SendError::Unknown { code: code.to_owned() }
    }

    /// A 4xx, or a throttle, means that nothing was sent, whether or not its body can be read. After another 5xx the message may
    /// be on its way: what failed could be the answer.
    pub(crate) fn of(error: &SdkError<PublishError>) -> Self {
        let status = error.raw_response().map(|answer| answer.status());
        match (error, status) {
            (_, Some(status)) if status.is_client_error() || status.is_server_error() => {
                let code = error.code().map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned);
                match cause(status.as_u16(), &code, error.message().unwrap_or_default()) {
                    Cause::Unavailable => Self::unknown(&code),
                    cause => Self::refused(cause, &code),
                }
            }
            (SdkError::ConstructionFailure(_), _) => Self::refused(Cause::Refused, "request could not be made"),
            (SdkError::DispatchFailure(_), _) if never_connected(error) => {
                Self::refused(Cause::Unavailable, "no connection")
            }
            (SdkError::DispatchFailure(_), _) => Self::unknown("connection lost"),
            (SdkError::TimeoutError(_), _) => Self::unknown("time-out"),
            _ => Self::unknown("answer not understood"),
        }
    }
}

/// Words of the code or the message -> what they mean. The capitals are reasons of AWS End User Messaging
/// (`SendTextMessage`: `ConflictException`, `ServiceQuotaExceededException`), the rest SNS's codes (`OptedOut`,
/// `Throttled`, `Throttling`, `ThrottlingException`) and what its delivery log says.
const WORDS: [(&str, Cause); 7] = [
    ("SPEND_LIMIT_REACHED", Cause::SpendLimit),
    ("No quota left for account", Cause::SpendLimit),
    ("OPTED_OUT", Cause::OptedOut),
    ("OptedOut", Cause::OptedOut),
    ("opted out", Cause::OptedOut),
    ("PHONE_NUMBER_NOT_VERIFIED", Cause::Sandboxed),
    ("Throttl", Cause::Throttled),
];

fn cause(status: u16, code: &str, message: &str) -> Cause {
    let said = WORDS.iter().find(|(word, _)| code.contains(word) || message.contains(word));
    match (said, status) {
        (Some((_, cause)), _) => *cause,
        (None, 429) => Cause::Throttled,
        (None, 500..) => Cause::Unavailable,
        (None, _) => Cause::Refused,
    }
}

/// The SDK knows that a connection never stood (refused, no such host, TLS, connect time-out), but tells it only in
/// the chain of causes.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}
