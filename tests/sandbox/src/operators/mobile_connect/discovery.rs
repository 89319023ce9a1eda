//! The discovery service: which operator serves a mobile network, and where its endpoints are. Real ones serve many
//! operators; this one knows its own and, like them, otherwise sends to a page where the user picks one.

use std::net::IpAddr;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::profiles::Network;

use super::super::Operators;
use super::super::answers::{Refused, no_store};
use super::super::client::basic;
use super::super::params::Params;
use super::Own;

/// The mobile network that the service finds.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    mcc: String,
    mnc: String,
}

/// `GET /v2/discovery/`.
pub async fn discover(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let gateway = &operators.0.settings;
    if basic(&headers) != Some((gateway.client_id.clone(), gateway.client_secret.clone())) {
        return Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed").oauth();
    }
    let params = Params::query(uri.query());
    let invalid = |text| Refused::new(StatusCode::BAD_REQUEST, "invalid_request", text).oauth();
    if let Err(text) = operators.discovered_uri(&network, &params) {
        return invalid(text);
    }
    if params.get("Using-Mobile-Data") != Some("1") {
        return invalid("Using-Mobile-Data must be 1");
    }
    let source = headers.get("x-source-ip").and_then(|ip| ip.to_str().ok()?.parse::<IpAddr>().ok());
    if source.is_none() {
        return invalid("X-Source-IP is missing or is no address");
    }
    let selected = (params.get("Selected-MCC"), params.get("Selected-MNC"));
    let known = settings.discovery.as_ref().is_some_and(|home| selected == (Some(&home.mcc), Some(&home.mnc)));
    let found =
        if known { operators.found(&network, &settings) } else { unknown(&operators.public(&network, "/select")) };
    no_store(Json(found)).into_response()
}

/// What an operator is chosen by, where the service cannot tell.
fn unknown(page: &str) -> Value {
    json!({ "links": [{ "rel": "operatorSelection", "href": page }] })
}

impl Operators {
    /// The redirect URI must be the registered one, as at authorize.
    fn discovered_uri(&self, network: &Network, params: &Params) -> Result<(), &'static str> {
        let registered = format!("{}/{}", self.0.settings.callbacks, network.id);
        (params.get("Redirect_URL") == Some(&registered))
            .then_some(())
            .ok_or("Redirect_URL is missing or not registered")
    }

    fn found(&self, network: &Network, settings: &super::Settings) -> Value {
        let link = |rel: &str, href: String| json!({ "rel": rel, "href": href });
        let links = [
            link("authorization", self.public(network, &settings.authorize)),
            link("token", self.public(network, &settings.token)),
            link("premiuminfo", self.public(network, &settings.resource)),
            link("jwks", self.public(network, "/jwks")),
            link("issuer", self.issuer(network)),
        ];
        json!({
            "ttl": super::super::now() / 1000 + 300,
            "response": {
                "client_id": self.0.settings.client_id, "serving_operator": network.id,
                "apis": { "operatorid": { "link": links } },
            },
        })
    }
}
