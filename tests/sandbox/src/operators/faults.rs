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

use crate::radio::Network;
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

impl Cycles {
    fn next<T: Copy, const N: usize>(&self, network: Network, scenario: Scenario, variants: [T; N]) -> T {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((network, scenario)).or_default();
        *count += 1;
        variants[(*count - 1) % N]
    }

    /// What is wrong with the id token, if anything.
    pub fn flaw(&self, network: Network, scenario: Scenario) -> Option<Flaw> {
        match scenario {
            Scenario::BadIdToken => Some(self.next(network, scenario, [Flaw::Nonce, Flaw::Audience, Flaw::Unsigned])),
            Scenario::SymmetricIdToken => Some(Flaw::Symmetric),
            Scenario::ForeignIssuer => Some(Flaw::Issuer),
            Scenario::ExpiredIdToken => Some(Flaw::Expired),
            Scenario::UnknownKey => Some(Flaw::Key),
            _ => None,
        }
    }

    /// The resource's answer, if it is not an honest one. CAMARA codes: Number Verification 2.1.0 and Commonalities 0.6.
    pub fn resource(&self, network: Network, scenario: Scenario) -> Option<Response> {
        let (status, mobile_connect, camara) = match scenario {
            Scenario::ResourceTimeout => (
                StatusCode::GATEWAY_TIMEOUT,
                ("server_error", "Resources not available"),
                ("TIMEOUT", "Request timeout exceeded."),
            ),
            Scenario::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                ("temporarily_unavailable", "Rate limit exceeded"),
                ("TOO_MANY_REQUESTS", "Rate limit reached."),
            ),
            Scenario::NotByNetwork => (
                StatusCode::FORBIDDEN,
                ("access_denied", "User not authenticated by mobile network"),
                (
                    "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK",
                    "Client must authenticate via the mobile network to use this service",
                ),
            ),
            Scenario::BadAnswer => return Some(json(self.next(network, scenario, broken(network)).to_owned())),
            Scenario::DrippingAnswer => return Some(drip()),
            Scenario::InwardRedirect => return Some(found(StatusCode::FOUND, METADATA.to_owned())),
            Scenario::HugeAnswer => return Some(self.next(network, scenario, [plain_flood, gzip_bomb])(network)),
            _ => return None,
        };
        Some(match network {
            Network::Vodafone => Refused::new(status, mobile_connect.0, mobile_connect.1).oauth(),
            Network::O2 => Refused::new(status, camara.0, camara.1).camara(),
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

/// The missing comma is that of the example in the Mobile Connect document itself.
fn broken(network: Network) -> [&'static str; 2] {
    match network {
        Network::Vodafone => [r#"{"sub":"x" "device_msisdn_verified":true}"#, "{}"],
        Network::O2 => [r#"{"devicePhoneNumberVerified":true"#, "{}"],
    }
}

/// Spaces, and then an answer that says yes: only a limit on the size refuses it.
fn flood(network: Network) -> Vec<u8> {
    let mut body = vec![b' '; HUGE];
    body.extend_from_slice(match network {
        Network::Vodafone => br#"{"sub":"x","device_msisdn_verified":true}"#,
        Network::O2 => br#"{"devicePhoneNumberVerified":true}"#,
    });
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

fn plain_flood(network: Network) -> Response {
    json(flood(network))
}

/// About 10 KB on the wire.
fn gzip_bomb(network: Network) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(&flood(network)).and_then(|()| encoder.finish());
    ([(header::CONTENT_ENCODING, "gzip")], json(packed.unwrap_or_default())).into_response()
}

fn json(body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
