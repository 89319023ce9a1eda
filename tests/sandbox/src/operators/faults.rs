//! How the back-channel of an operator goes wrong, by scenario. The front-channel faults stand in the flow.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::answers::{Refused, found};
use super::keys::Flaw;

/// Bytes: far more than a client of a sentence of JSON should read.
const HUGE: usize = 10 * 1024 * 1024;

/// Between two bytes of an answer that never ends.
const DROP: Duration = Duration::from_millis(20);

/// Where a cloud's machines find their credentials: the classic of server-side request forgery.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";

/// Scenarios with several variants take them in turn, for each operator by itself.
#[derive(Default)]
pub struct Cycles(Mutex<HashMap<(Network, Scenario), usize>>);

/// An answer of a resource that says yes, and the same with a fault of its own.
pub struct Yes {
    pub whole: String,
    pub broken: String,
    /// With a string where a boolean belongs.
    pub quoted: String,
}

impl Cycles {
    fn next<T: Copy, const N: usize>(&self, network: &Network, scenario: Scenario, variants: [T; N]) -> T {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((network.clone(), scenario)).or_default();
        *count += 1;
        variants[(*count - 1) % N]
    }

    /// True and false in turn.
    pub fn first(&self, network: &Network, scenario: Scenario) -> bool {
        self.next(network, scenario, [true, false])
    }

    /// What is wrong with the id token, if anything.
    pub fn flaw(&self, network: &Network, scenario: Scenario) -> Option<Flaw> {
        match scenario {
            Scenario::BadIdToken => Some(self.next(network, scenario, [Flaw::Nonce, Flaw::Audience, Flaw::Unsigned])),
            Scenario::SymmetricIdToken => Some(Flaw::Symmetric),
            Scenario::ForeignIssuer => Some(Flaw::Issuer),
            Scenario::ExpiredIdToken => Some(Flaw::Expired),
            Scenario::UnknownKey => Some(Flaw::Key),
            _ => None,
        }
    }

    /// The JSON cut short, an object without a member, and no object, in turn.
    pub fn broken(&self, network: &Network, whole: &str) -> String {
        let at = self.next(network, Scenario::BadAnswer, [0, 1, 2]);
        [&whole[..whole.len() - 1], "{}", "[]"][at].to_owned()
    }

    /// The resource's 200 or redirect, if it is not an honest one. What it refuses with is the family's.
    pub fn resource(&self, network: &Network, scenario: Scenario, yes: &Yes) -> Option<Response> {
        Some(match scenario {
            Scenario::BadAnswer => json(self.next(network, scenario, [&yes.broken, "{}", &yes.quoted]).to_owned()),
            Scenario::DrippingAnswer => drip(),
            Scenario::InwardRedirect => found(StatusCode::FOUND, METADATA.to_owned()),
            Scenario::HugeAnswer if self.first(network, scenario) => json(flood(yes)),
            Scenario::HugeAnswer => gzip_bomb(yes),
            _ => return None,
        })
    }
}

/// The token endpoint's part: refuses, waits, or never returns.
pub async fn token(scenario: Scenario, slow: Duration) -> Result<(), Refused> {
    match scenario {
        Scenario::TokenDown => {
            Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "Service unavailable"))
        }
        Scenario::GrantRefused => {
            Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_grant", "The code was used before"))
        }
        Scenario::ClientRefused => {
            Err(Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed"))
        }
        Scenario::TokenSlow => {
            tokio::time::sleep(slow).await;
            Ok(())
        }
        // Ends when the client hangs up: the server then drops this future.
        Scenario::TokenHangs => std::future::pending().await,
        _ => Ok(()),
    }
}

/// Spaces, and then an answer that says yes: only a limit on the size refuses it.
fn flood(yes: &Yes) -> Vec<u8> {
    let mut body = vec![b' '; HUGE];
    body.extend_from_slice(yes.whole.as_bytes());
    body
}

/// Never silent for long, so only a deadline on the whole answer ends it.
fn drip() -> Response {
    let drops = stream::unfold((), |()| async {
        tokio::time::sleep(DROP).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    });
    json(Body::from_stream(drops))
}

/// About 10 KB on the wire.
fn gzip_bomb(yes: &Yes) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(&flood(yes)).and_then(|()| encoder.finish());
    ([(header::CONTENT_ENCODING, "gzip")], json(packed.unwrap_or_default())).into_response()
}

fn json(body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
