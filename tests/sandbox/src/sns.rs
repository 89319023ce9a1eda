//! Amazon SNS as far as an SMS needs it: `Publish` to a phone number, in the AWS query protocol.
//! It refuses what SNS refuses, in SNS's words, because a message that only a fake accepts is never sent in production.
//! Source: Amazon SNS API Reference, `Publish`, and the developer guide, "Publishing SMS messages".

use std::{
    collections::HashMap,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use uuid::Uuid;

use crate::inbox::{Fault, Inbox, Sms};

/// Longer than any client waits; then the connection ends at last, so that nothing hangs for ever.
const HANG: Duration = Duration::from_secs(60);
const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// The endpoint, `POST /`.
pub fn router(inbox: Inbox) -> Router {
    Router::new().route("/", post(publish)).with_state(inbox)
}

async fn publish(State(inbox): State<Inbox>, headers: HeaderMap, body: String) -> Response {
    let order = match Order::parse(&headers, &body) {
        Ok(order) => order,
        Err(refusal) => return refusal.into_response(),
    };
    let fault = inbox.arrive(&order.number);
    if let Some(refusal) = fault.and_then(Refusal::of) {
        return refusal.into_response();
    }
    if fault == Some(Fault::Lose) {
        return accepted();
    }
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let sms = Sms { text: order.message, at: u64::try_from(at).unwrap_or(u64::MAX), sender: order.sender };
    inbox.deliver(&order.number, sms);
    match fault {
        Some(Fault::Hang) => {
            tokio::time::sleep(HANG).await;
            broken_connection()
        }
        Some(_) => broken_connection(),
        None => accepted(),
    }
}

/// What was asked for, once it is known to be valid.
struct Order {
    number: String,
    message: String,
    sender: Option<String>,
}

impl Order {
    fn parse(headers: &HeaderMap, body: &str) -> Result<Order, Refusal> {
        let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=")) {
            return Err(Refusal::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
        }
        let fields: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        if field("Action") != "Publish" || field("Version") != "2010-03-31" {
            return Err(Refusal::new(400, "InvalidAction", "The action or version is not valid for this endpoint."));
        }
        let (number, message) = (field("PhoneNumber"), field("Message"));
        if !is_e164(number) {
            return Err(Refusal::parameter("PhoneNumber Reason: the number is not valid to publish to"));
        }
        if message.is_empty() {
            return Err(Refusal::parameter("Empty message"));
        }
        // The quota of an SMS, over all of its parts.
        if message.chars().count() > 1600 {
            return Err(Refusal::parameter("Message too long"));
        }
        let mut sender = None;
        for n in 1.. {
            let prefix = format!("MessageAttributes.entry.{n}");
            let Some(name) = fields.get(&format!("{prefix}.Name")) else { break };
            let kind = field(&format!("{prefix}.Value.DataType"));
            let value = field(&format!("{prefix}.Value.StringValue"));
            if !is_valid_attribute(name, kind, value) {
                return Err(Refusal::parameter(&format!("MessageAttributes Reason: attribute {n} is invalid")));
            }
            if name == "AWS.SNS.SMS.SenderID" {
                sender = Some(value.to_owned());
            }
        }
        Ok(Order { number: number.to_owned(), message: message.to_owned(), sender })
    }
}

fn is_valid_attribute(name: &str, kind: &str, value: &str) -> bool {
    match name {
        "AWS.SNS.SMS.SenderID" => kind == "String" && is_sender_id(value),
        "AWS.SNS.SMS.SMSType" => kind == "String" && matches!(value, "Transactional" | "Promotional"),
        "AWS.SNS.SMS.MaxPrice" => kind == "Number" && value.parse::<f64>().is_ok_and(|price| price >= 0.0),
        _ => matches!(kind, "String" | "Number") && !value.is_empty(),
    }
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// 1 to 11 letters, digits and hyphens, at least one of them a letter, no hyphen at an end.
fn is_sender_id(value: &str) -> bool {
    (1..=11).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !value.starts_with('-')
        && !value.ends_with('-')
}

struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: &str) -> Refusal {
        Refusal { status, code, message: message.to_owned() }
    }

    fn parameter(what: &str) -> Refusal {
        Refusal::new(400, "InvalidParameter", &format!("Invalid parameter: {what}"))
    }

    /// The faults that SNS answers with an error; it has then sent nothing.
    fn of(fault: Fault) -> Option<Refusal> {
        Some(match fault {
            Fault::Refuse => Refusal::new(403, "AuthorizationError", "Not authorized to publish"),
            Fault::OptedOut => Refusal::new(400, "OptedOut", "The phone number opted out of receiving messages"),
            Fault::SpendLimit => Refusal::new(400, "UserError", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
            Fault::Sandboxed => Refusal::new(400, "UserError", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"),
            Fault::Throttle => Refusal::new(400, "Throttling", "Rate exceeded"),
            Fault::Internal => Refusal::new(500, "InternalFailure", "An internal failure occurred"),
            Fault::Lose | Fault::Hang | Fault::Drop => return None,
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let side = if self.status < 500 { "Sender" } else { "Receiver" };
        let (code, message, id) = (self.code, self.message, Uuid::new_v4());
        let xml = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{side}</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
        );
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "text/xml")], xml).into_response()
    }
}

fn accepted() -> Response {
    let (message, request) = (Uuid::new_v4(), Uuid::new_v4());
    let xml = format!(
        "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{message}</MessageId></PublishResult>\
         <ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></PublishResponse>"
    );
    ([(header::CONTENT_TYPE, "text/xml")], xml).into_response()
}

/// A body that fails at its first byte: the server then closes the connection before it has written the head.
fn broken_connection() -> Response {
    let broken = futures_util::stream::once(async { Err::<String, _>(io::Error::from(io::ErrorKind::BrokenPipe)) });
    Body::from_stream(broken).into_response()
}

#[cfg(test)]
#[path = "sns_tests.rs"]
mod tests;
