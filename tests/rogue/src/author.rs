//! Faults of an author who uses the contract as it is meant, and `relay`, which passes the table's own
//! asks to the host and shows what came back.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Adapter, Arrival, Arrived, Ask, Authorize, Context, HttpRequest, Io, Params, Stop, Verdict};

pub struct Rogue;

/// State between steps, which an adapter must not have.
static STEPS: AtomicU32 = AtomicU32::new(0);

#[derive(Deserialize)]
struct Config {
    fault: String,
    /// An address that the operator's entry lists, or does not.
    #[serde(default)]
    url: String,
    /// What `relay` asks.
    #[serde(default)]
    asks: Vec<Ask>,
}

fn get(url: impl Into<String>) -> HttpRequest {
    HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() }
}

/// Asks in the table's order; each answer as JSON.
fn relay(asks: Vec<Ask>, io: &mut Io) -> Result<Vec<Value>, Stop> {
    let one = |ask| {
        Ok(match ask {
            Ask::Http(request) => {
                let response = io.send(request)?;
                json!({ "status": response.status, "headers": response.headers, "body": response.body })
            }
            Ask::Sign { claims } => json!(io.sign(claims)?),
            Ask::Verify { jwt, jwks_uri } => io.verify(&jwt, &jwks_uri)?,
        })
    };
    asks.into_iter().map(one).collect()
}

impl Adapter for Rogue {
    fn plan(&self, cx: &Context, _: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        let config: Config = cx.config()?;
        let uri = (!config.url.is_empty()).then_some(config.url);
        Ok(Authorize { uri, request_type: "GET".into(), ..Authorize::default() })
    }

    fn arrive(&self, cx: &Context, _: &Arrival, kept: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        let config: Config = cx.config()?;
        match config.fault.as_str() {
            "relay" => Ok(Arrived::Reply { json: json!(relay(config.asks, io)?) }),
            "keeps_5_kib" => {
                *kept = "k".repeat(5 << 10);
                Ok(Arrived::Redirect { uri: config.url })
            }
            _ => {
                *kept = "arrived".into();
                Ok(Arrived::Redirect { uri: config.url })
            }
        }
    }

    #[allow(clippy::panic, reason = "a panic is one of the faults")]
    fn callback(&self, cx: &Context, _: &Params, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let config: Config = cx.config()?;
        let step = STEPS.fetch_add(1, Ordering::Relaxed);
        match config.fault.as_str() {
            "panics" => panic!("cannot handle {}", cx.msisdn),
            "fails_with_match" => Err(Stop::failed(Verdict::Match, "all is well")),
            "fails_with_the_number" => Err(Stop::failed(Verdict::OperatorError, format!("no user {}", cx.msisdn))),
            "fails_with_a_long_story" => Err(Stop::failed(Verdict::OperatorError, "x".repeat(100_000))),
            "asks_something_else" => io.send(get(format!("{}?{step}", config.url))).map(|_| Verdict::Match),
            // In the second round of a step it does not want to know any more.
            "leaves_an_answer_unread" if !step.is_multiple_of(2) => Ok(Verdict::Match),
            "asks_without_end" => loop {
                io.send(get(config.url.as_str()))?;
            },
            "callback_before_arrive" if cx.kept != "arrived" => {
                Err(Stop::failed(Verdict::ProtocolViolation, "the handset was never sent out"))
            }
            _ => io.send(get(config.url)).map(|_| Verdict::Match),
        }
    }
}
