//! GSMA Mobile Connect discovery: where the endpoints of a mobile network's operator are, asked when the handset arrives
//! and kept until it is back. The credentials that the service may offer are not taken: ours stand in the table.

use serde::Deserialize;
use sna_adapter::{Auth, Context, HttpRequest, Io, Stop, Verdict};

use crate::{
    oidc::{self, Provider},
    refusal,
};

#[derive(Deserialize)]
struct Config {
    discovery: Option<Discovery>,
}

/// `discovery` in the operator's entry, in place of the endpoints.
#[derive(Deserialize)]
struct Discovery {
    /// The service's address up to and without `/v2/discovery/`.
    base: String,
    mcc: String,
    mnc: String,
    client_id: String,
}

#[derive(Deserialize)]
struct Found {
    response: Option<Serving>,
}

#[derive(Deserialize)]
struct Serving {
    apis: Apis,
}

#[derive(Deserialize)]
struct Apis {
    operatorid: Links,
}

#[derive(Deserialize)]
struct Links {
    link: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: String,
}

/// The table's endpoints, or those of the discovery service. The host calls none of them that the table does not list.
pub fn provider(cx: &Context, kept: &mut String, io: &mut Io) -> Result<Provider, Stop> {
    let Some(discovery) = cx.config::<Config>()?.discovery else { return cx.config() };
    if kept.is_empty() {
        let provider = discovery.ask(cx, io)?;
        *kept = serde_json::to_string(&provider)
            .map_err(|_| Stop::failed(Verdict::ConfigError, "the endpoints cannot be kept"))?;
        return Ok(provider);
    }
    serde_json::from_str(kept).map_err(|_| Stop::failed(Verdict::ConfigError, "what was kept is not the endpoints"))
}

impl Discovery {
    fn ask(self, cx: &Context, io: &mut Io) -> Result<Provider, Stop> {
        let query = oidc::encode(&[
            ("Redirect_URL", &cx.callback_uri),
            ("Selected-MCC", &self.mcc),
            ("Selected-MNC", &self.mnc),
            ("Using-Mobile-Data", "1"),
        ]);
        let headers = [("accept", "application/json"), ("x-source-ip", &cx.source_ip)];
        let response = io.send(HttpRequest {
            method: "GET".into(),
            url: format!("{}/v2/discovery/?{query}", self.base),
            headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
            auth: Auth::ClientSecretBasic { client_id: self.client_id.clone() },
            ..HttpRequest::default()
        })?;
        if response.status != 200 {
            return Err(refusal::at_token(&response));
        }
        // Without one the user would have to pick the operator, on a page of the service's.
        let Some(serving) = response.json::<Found>()?.response else {
            return Err(Stop::failed(Verdict::NetworkUnsupported, "discovery knows no operator for the network"));
        };
        let links = serving.apis.operatorid.link;
        let link = |rel: &str| {
            let found = links.iter().find(|link| link.rel == rel).map(|link| link.href.clone());
            found.ok_or_else(|| Stop::failed(Verdict::OperatorError, format!("discovery names no {rel}")))
        };
        Ok(Provider {
            issuer: link("issuer")?,
            iss_required: false,
            authorization_endpoint: link("authorization")?,
            token_endpoint: link("token")?,
            jwks_uri: link("jwks")?,
            client_id: self.client_id,
            resource_endpoint: link("premiuminfo")?,
            api_key_header: None,
        })
    }
}
