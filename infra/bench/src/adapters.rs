//! Adapters as they are shipped: loading one, one step of it, and a whole callback with the operator's answers at hand.

use std::{hint::black_box, time::Instant};

use serde_json::{Value, json};
use sna_adapter::{Answer, Arrival, Ask, Call, Context, Entry, HttpResponse, Operation, Outcome, Reply, Verdict};
use sna_operators::{Adapter, Adapters};

use crate::{
    Error, Figure, Place,
    figure::{cpu_ms, median},
};

/// Mobile Connect: a token, an id_token's claims, the number compared.
const ADAPTER: &str = "vodafone";
const LOADS: usize = 31;
const ROUNDS: usize = 5_000;

/// Unix seconds.
const NOW: u64 = 1_800_000_000;

/// # Errors
/// When the adapter cannot be loaded, or does not find the number to be right.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let (mut loads, mut walls) = (Vec::new(), Vec::new());
    for _ in 0..LOADS {
        let adapters = Adapters::new(place.adapters());
        // The manifests are read when a function starts.
        adapters.manifest(ADAPTER).map_err(Error::failed)?;
        let before = (cpu_ms(), Instant::now());
        black_box(adapters.get(ADAPTER)).map_err(Error::failed)?;
        loads.push(cpu_ms() - before.0);
        walls.push(before.1.elapsed().as_secs_f64() * 1000.0);
    }
    let adapter = Adapters::new(place.adapters()).get(ADAPTER).map_err(Error::failed)?;
    let arrive = call(Operation::Arrive { request: Arrival { method: "GET".into() } }, &[]);
    let step = timed(|| adapter.step(&arrive).map(|reply| matches!(reply, Reply::Done { .. })).unwrap_or(false))?;
    let callback = timed(|| is_match(&adapter))?;
    Ok(vec![
        Figure::new("load, hash and checks included, CPU", median(loads), "ms").at_most(0.2),
        Figure::new("load, wall", median(walls), "ms"),
        Figure::new("one step (arrive), CPU", step, "us").at_most(50.0),
        Figure::new("a whole callback, CPU", callback, "us"),
    ])
}

/// Microseconds of CPU of one round: the median of nine series.
fn timed(round: impl Fn() -> bool) -> Result<f64, Error> {
    let mut series = Vec::new();
    for _ in 0..9 {
        let before = cpu_ms();
        for _ in 0..ROUNDS / 9 {
            if !round() {
                return Err(Error::failed(format!("{ADAPTER} answers another thing than it must")));
            }
        }
        series.push((cpu_ms() - before) * 1000.0 / (ROUNDS / 9) as f64);
    }
    Ok(median(series))
}

/// The callback as the host drives it.
fn is_match(adapter: &Adapter) -> bool {
    let params = [("state", "STATE"), ("code", "CODE")];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    let mut call = call(Operation::Callback { params }, &[]);
    loop {
        let ask = match adapter.step(&call) {
            Ok(Reply::Ask { ask }) => ask,
            Ok(Reply::Done { outcome: Outcome::Verdict { verdict }, .. }) => return verdict == Verdict::Match,
            _ => return false,
        };
        let answer = match &ask {
            Ask::Http(request) if request.url.ends_with("/token") => {
                said(&json!({ "access_token": "AT", "token_type": "bearer", "expires_in": 300, "id_token": "J.W.T" }))
            }
            Ask::Http(_) => said(&json!({ "sub": "PCR", "device_msisdn_verified": true })),
            _ => Answer::Verified {
                claims: json!({
                    "iss": "https://op.example", "sub": "PCR", "aud": "client", "exp": NOW + 300, "iat": NOW,
                    "nonce": "NONCE", "acr": "2", "amr": ["SEAM_OK"],
                }),
            },
        };
        call.journal.push(Entry { ask, answer });
    }
}

fn said(body: &Value) -> Answer {
    Answer::Http(HttpResponse { status: 200, headers: [].into(), body: body.to_string() })
}

fn call(operation: Operation, journal: &[Entry]) -> Call {
    let context = Context {
        msisdn: "+447700900620".into(),
        callback_uri: "https://gateway.example/v1/callback/vodafone".into(),
        state: "STATE".into(),
        nonce: "NONCE".into(),
        verifier: "VERIFIER".into(),
        challenge: "CHALLENGE".into(),
        now: NOW,
        config: json!({
            "issuer": "https://op.example", "authorization_endpoint": "https://op.example/authorize",
            "token_endpoint": "https://op.example/token", "resource_endpoint": "https://op.example/verify",
            "jwks_uri": "https://op.example/jwks", "client_id": "client",
        }),
        ..Context::default()
    };
    Call { operation, context, journal: journal.to_vec() }
}
