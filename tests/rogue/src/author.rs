//! Faults of an author who uses the contract as it is meant, and `relay`, which passes the table's own
//! asks to the host and shows what came back.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Adapter, Arrival, Arrived, Ask, Authorize, Context, HttpRequest, Io, Params, Stop, Verdict};

use crate::honest;

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
            Ask::Sign { claims, typ: Some(typ), certificates, .. } if !certificates.is_empty() => {
                json!(io.sign_certified(claims, &typ, certificates)?)
            }
            Ask::Sign { claims, key, typ, .. } => json!(io.sign(claims, key, typ.as_deref())?),
            Ask::Mac { text } => json!(io.mac(&text)?),
            Ask::Digest { before, after } => json!(io.digest(&before, &after)?),
            Ask::Verify { jwt, jwks_uri } => io.verify(&jwt, &jwks_uri)?,
            Ask::VerifyWith { jwt, jwk } => io.verify_with(&jwt, &jwk)?,
            Ask::EncryptionKey => io.encryption_key()?,
            Ask::Decrypt { jwe } => json!(io.decrypt(&jwe)?),
        })
    };
    asks.into_iter().map(one).collect()
}

impl Adapter for Rogue {
    fn plan(&self, cx: &Context, kept: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        let config: Config = cx.config()?;
        if config.fault == "honest" {
            return honest::plan(cx, kept);
        }
        let uri = (!config.url.is_empty()).then_some(config.url);
        Ok(Authorize { uri, ..Authorize::default() })
    }

    fn arrive(&self, cx: &Context, _: &Arrival, kept: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        let config: Config = cx.config()?;
        match config.fault.as_str() {
            "honest" => Ok(honest::arrive(cx)),
            "relay" => Ok(Arrived::Reply { json: json!(relay(config.asks, io)?) }),
            "keeps_5_kib" => {
                *kept = "k".repeat(5 << 10);
                Ok(Arrived::Redirect { uri: config.url })
            }
            "shows_the_number" => {
                Ok(Arrived::Redirect { uri: format!("{}?login_hint={}", config.url, &cx.msisdn[1..]) })
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

    fn enriched(&self, cx: &Context, header: Option<&str>, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        honest::enriched(cx, header, io)
    }

    fn validate(&self, cx: &Context, payload: &Value, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        match cx.config::<Config>()?.fault.as_str() {
            "honest" => honest::validate(cx, payload, io),
            _ => Err(Stop::failed(Verdict::ProtocolViolation, "this operator has no payload")),
        }
    }
}
