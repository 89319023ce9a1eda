//! Sending against a server that speaks just enough HTTP: what SNS gets, and how each kind of failure is judged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap is a failed test")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_sns::config::{BehaviorVersion, Region, SharedHttpClient};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;
use crate::Code;

const NUMBER: &str = "+447700900620";
const SENT: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
    <MessageId>94f20ce6</MessageId></PublishResult></PublishResponse>";

/// SNS for one test: every request gets the same answer.
struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
    bodies: mpsc::UnboundedReceiver<String>,
}

/// What the server does once it has read a request.
#[derive(Clone)]
enum Then {
    Answer(u16, String),
    Hang,
    Close,
    CloseInsideTheAnswer,
}

impl Server {
    async fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let (sender, bodies) = mpsc::unbounded_channel();
        let counted = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, then.clone(), sender.clone()));
            }
        });
        Self { port, requests, bodies }
    }

    async fn send(&self, sms: impl Fn(Client) -> Sms) -> Result<MessageId, SendError> {
        let result = sms(client(&sdk(self.port))).send(NUMBER, &text()).await;
        assert_eq!(self.requests.load(Ordering::SeqCst), 1, "it is tried once");
        result
    }
}

async fn serve(mut stream: TcpStream, then: Then, bodies: mpsc::UnboundedSender<String>) {
    bodies.send(read_body(&mut stream).await).unwrap();
    match then {
        Then::Answer(status, body) => {
            let length = body.len();
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Then::Hang => std::future::pending().await,
        Then::Close => {}
        Then::CloseInsideTheAnswer => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<Publish").await.unwrap();
        }
    }
}

async fn read_body(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        request.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if Some(body.len()) == length {
                return body.to_owned();
            }
        }
    }
}

fn sdk(port: u16) -> SdkConfig {
    let http: SharedHttpClient = aws_smithy_http_client::Builder::new().build_http();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .http_client(http)
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .build()
}

fn text() -> Text {
    Text::render(Some("code {code}"), "Shop", 5, None, &Code::parse("123456", 6).unwrap()).unwrap()
}

fn plain(client: Client) -> Sms {
    Sms::new(client, None, None)
}

fn refused(cause: Cause, code: &str) -> Result<MessageId, SendError> {
    Err(SendError::refused(cause, code))
}

fn unknown(code: &str) -> Result<MessageId, SendError> {
    Err(SendError::unknown(code))
}

fn problem(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
}

#[tokio::test]
async fn sns_gets_the_number_the_text_and_the_attributes() {
    let mut server = Server::start(Then::Answer(200, SENT.to_owned())).await;
    let full = |client| Sms::new(client, Some("SHOP".to_owned()), Some("0.05".to_owned()));
    assert_eq!(server.send(full).await, Ok(MessageId("94f20ce6".to_owned())));
    let body = server.bodies.recv().await.unwrap();
    for part in [
        "Action=Publish&",
        "PhoneNumber=%2B447700900620",
        "Message=code%20123456",
        "Name=AWS.SNS.SMS.SMSType&",
        "Value.StringValue=Transactional",
        "Name=AWS.SNS.SMS.SenderID&",
        "Value.StringValue=SHOP",
        "Name=AWS.SNS.SMS.MaxPrice&",
        "Value.DataType=Number",
        "Value.StringValue=0.05",
    ] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
}

#[tokio::test]
async fn what_is_not_configured_is_not_sent() {
    let mut server = Server::start(Then::Answer(200, SENT.to_owned())).await;
    assert!(server.send(plain).await.is_ok());
    let body = server.bodies.recv().await.unwrap();
    assert!(body.contains("Transactional") && !body.contains("SenderID") && !body.contains("MaxPrice"), "{body}");
}

#[tokio::test]
async fn a_refusal_of_sns_means_not_sent_has_a_cause_and_its_message_stays_out() {
    use Cause::{OptedOut, Refused, Sandboxed, SpendLimit, Throttled};
    let number = "Rate exceeded for +447700900620";
    for (status, body, cause, code) in [
        (400, problem("Throttling", number), Throttled, "Throttling"),
        (400, problem("ThrottlingException", number), Throttled, "ThrottlingException"),
        (429, problem("Throttled", number), Throttled, "Throttled"),
        (429, String::new(), Throttled, "HTTP 429"),
        (400, problem("OptedOut", number), OptedOut, "OptedOut"),
        (400, problem("InvalidParameter", "+447700900620 is opted out"), OptedOut, "InvalidParameter"),
        (400, problem("UserError", "DESTINATION_PHONE_NUMBER_OPTED_OUT"), OptedOut, "UserError"),
        (400, problem("UserError", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"), Sandboxed, "UserError"),
        (400, problem("UserError", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"), SpendLimit, "UserError"),
        (400, problem("InvalidParameter", "No quota left for account"), SpendLimit, "InvalidParameter"),
        (
            400,
            problem("InvalidParameter", "PhoneNumber Reason: +447700900620 is not valid to publish to"),
            Refused,
            "InvalidParameter",
        ),
        (
            403,
            problem("AuthorizationError", "User is not authorized to perform SNS:Publish"),
            Refused,
            "AuthorizationError",
        ),
        (403, String::new(), Refused, "HTTP 403"),
        (503, problem("ThrottlingException", number), Throttled, "ThrottlingException"),
    ] {
        let server = Server::start(Then::Answer(status, body)).await;
        let result = server.send(plain).await;
        assert_eq!(result, refused(cause, code));
        assert!(!format!("{result:?}").contains("7700900620"));
    }
}

#[tokio::test]
async fn a_failure_inside_sns_may_have_been_a_sent_message() {
    for (status, body, code) in [
        (500, problem("InternalError", "+447700900620"), "InternalError"),
        (500, "oops".to_owned(), "HTTP 500"),
        (503, String::new(), "HTTP 503"),
    ] {
        assert_eq!(Server::start(Then::Answer(status, body)).await.send(plain).await, unknown(code));
    }
}

#[tokio::test]
async fn a_refused_connection_means_not_sent() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(plain(client(&sdk(port))).send(NUMBER, &text()).await, refused(Cause::Unavailable, "no connection"));
}

#[tokio::test]
async fn a_lost_answer_may_have_been_a_sent_message() {
    let server = Server::start(Then::Close).await;
    assert_eq!(server.send(plain).await, unknown("connection lost"));
}

#[tokio::test]
async fn half_an_answer_may_have_been_a_sent_message() {
    let server = Server::start(Then::CloseInsideTheAnswer).await;
    assert_eq!(server.send(plain).await, unknown("answer not understood"));
}

#[tokio::test]
async fn an_answer_that_is_no_answer_of_sns_may_have_been_a_sent_message() {
    for body in ["", "oops", "<PublishResponse><PublishResult></PublishResult></PublishResponse>"] {
        let server = Server::start(Then::Answer(200, body.to_owned())).await;
        assert!(matches!(server.send(plain).await, Err(SendError::Unknown { .. })), "{body}");
    }
}

/// The clock stands still and jumps when nothing else is left to do, so the 3 seconds are not waited for.
#[tokio::test(start_paused = true)]
async fn no_answer_in_3_seconds_may_have_been_a_sent_message() {
    let server = Server::start(Then::Hang).await;
    let before = tokio::time::Instant::now();
    assert_eq!(server.send(plain).await, unknown("time-out"));
    assert_eq!(before.elapsed().as_secs(), LONGEST.as_secs());
}
