//! Header enrichment: an operator that only has proxies. They pass a handset's plain-http request on to the gateway,
//! without what the client says of itself and with its number, encrypted under the key that both have.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::flow::Back;
use super::hop::{pass_on, without_claims};
use super::keys::Flaw;
use super::ledger::Transaction;
use super::simulator::Family;
use super::{Operators, Simulator, jwe, now};

/// An operator's proxies.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What they call it, in lower case.
    header: String,
}

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        Router::new()
    }

    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        use Scenario::*;
        match scenario {
            OwnNumber | OtherNumber | WiFi | OtherNetwork | Tethered | RecycledAddress | OtpOnly => {
                Some(scenario.usual())
            }
            BadIdToken | ExpiredIdToken | UnknownKey | BadAnswer => Some("PROTOCOL_VIOLATION"),
            // The proxy is down, and nobody tells the gateway.
            AuthorizeDown => Some(RedirectLoop.usual()),
            _ => None,
        }
    }
}

/// `GET /v1/enrich/{vendor}` at the operator's proxy, forwarded to the gateway.
pub async fn forward(
    State(operators): State<Operators>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(vendor): Path<String>,
    request: Request,
) -> Response {
    let network = operators.network(&vendor).cloned();
    let Some((network, Family::HeaderEnrichment(settings))) =
        network.as_ref().map(|network| (network, &network.family))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(name) = HeaderName::from_lowercase(settings.header.as_bytes()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let scenario = operators.scenario(peer.ip());
    if scenario == Scenario::AuthorizeDown {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let mut headers = without_claims(request.headers());
    headers.remove(&name);
    let value = operators.number_for_the_gateway(network, scenario, peer.ip());
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        headers.insert(name, value);
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", operators.0.settings.enrich_url);
    match operators.0.http.get(url).headers(headers).send().await {
        Ok(answer) => pass_on(answer).await,
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

impl Operators {
    /// The encrypted number of the SIM that calls, if it is one of this network's and the phone's own.
    fn number_for_the_gateway(&self, network: &Network, scenario: Scenario, source: IpAddr) -> Option<String> {
        let sim = self.0.radio.sim(source).filter(|sim| sim.network == *network && scenario != Scenario::Tethered)?;
        let tx = Transaction::new(network.clone(), scenario, Back::nowhere()).ok()?;
        let number = self.recognised(&tx, Some(sim.msisdn))?;
        let digits = number.trim_start_matches('+');
        let flaw = self.0.cycles.flaw(network, scenario);
        let iat = match flaw {
            Some(Flaw::Nonce) => now() / 1000 + 3600,
            Some(Flaw::Expired) => now() / 1000 - 3600,
            _ => now() / 1000,
        };
        let text = json!({ "msisdn": digits, "iat": iat }).to_string();
        let text = if scenario == Scenario::BadAnswer { self.0.cycles.broken(network, &text) } else { text };
        let key = match flaw {
            Some(Flaw::Unsigned) => return Some(digits.to_owned()),
            Some(Flaw::Audience | Flaw::Key) => vec![7; 32],
            _ => hex::decode(&self.0.settings.decryption_key).ok()?,
        };
        jwe::under(&key, &text).ok()
    }
}
