//! TS.43 through the phone's digital credentials (CAMARA's companion guide, draft 0.1; OpenID4VP 1.0): the SIM proves
//! itself to its operator, also over Wi-Fi, and the phone hands us a token of the operator's that only we can read.
//! We are the aggregator: the token is exchanged (RFC 7523) and the operator compares the number (CAMARA).

mod credential;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, HttpRequest, Io, Key, Stop, Verdict};

use crate::{
    camara::{self, NumberForm},
    oidc, refusal,
};

/// OpenID4VP 1.0 annex A.1.
const PROTOCOL: &str = "openid4vp-v1-unsigned";
const FORMAT: &str = "dc-authorization+sd-jwt";
const VCT: &str = "number-verification/verify/ts43";
/// Our name for the one credential that we ask for.
const CREDENTIAL: &str = "gateway";
/// Seconds; CAMARA's profile allows 300.
const ASSERTION_LIFETIME: u64 = 120;

/// What differs between deployments.
pub struct Ts43 {
    /// With exactly one `dpv:` purpose.
    pub scope: &'static str,
    pub number_form: NumberForm,
}

#[derive(Deserialize)]
pub(crate) struct Config {
    /// Us, as the aggregator that operators and phones know.
    aggregator: String,
    /// Our certificate chain, by which they know us: base64 DER, the private key's first.
    certificates: Vec<String>,
    /// What the phone shows before it asks its SIM.
    consent: Consent,
    /// `MCCMNC` of the operator's SIMs.
    carriers: Vec<String>,
    /// `iss` of the credentials, and the keys that sign them.
    issuer: String,
    jwks_uri: String,
    /// Apps and sites that may ask: `android:apk-key-hash:…`, `web-origin:https://…`.
    audiences: Vec<String>,
    client_id: String,
    token_endpoint: String,
    resource_endpoint: String,
}

#[derive(Deserialize, serde::Serialize)]
struct Consent {
    consent_text: String,
    policy_link: String,
    policy_text: String,
}

#[derive(Deserialize)]
struct Decrypted {
    temp_token: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

impl Adapter for Ts43 {
    fn plan(&self, _: &Context, _: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        Ok(Authorize::default())
    }

    /// What the page gives to `navigator.credentials.get`, and an app to its credential manager.
    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        let config: Config = cx.config()?;
        let authorization = json!({
            "iss": config.aggregator,
            "nonce": cx.nonce,
            "state": cx.state,
            "jwks": { "keys": [io.encryption_key()?] },
            "encrypted_response_enc_values_supported": ["A128GCM"],
            "consent_data": config.consent_data()?,
        });
        let authorization = io.sign_certified(authorization, "oauth-authz-req+jwt", config.certificates)?;
        let claim = |name: &str, values: Value| json!({ "path": [name], "values": values });
        let request = json!({ "requests": [{ "protocol": PROTOCOL, "data": {
            "response_type": "vp_token",
            "response_mode": "dc_api",
            "nonce": cx.nonce,
            "dcql_query": { "credentials": [{
                "id": CREDENTIAL,
                "format": FORMAT,
                "meta": { "vct_values": [VCT], "credential_authorization_jwt": authorization },
                "claims": [
                    claim("carrier_hint", json!(config.carriers)),
                    // The guide requires it where a number is verified: the phone picks the SIM by it.
                    claim("phone_number_hint", json!([cx.msisdn])),
                ],
            }] },
        } }] });
        Ok(Arrived::Reply { json: json!({ "digital_request": request.to_string() }) })
    }

    fn validate(&self, cx: &Context, payload: &Value, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let credential = credential::presented(payload, CREDENTIAL)?;
        let config: Config = cx.config()?;
        let encrypted = credential.checked(cx, &config, io)?;
        let token: Decrypted = serde_json::from_str(&io.decrypt(&encrypted)?)
            .map_err(|_| Stop::failed(Verdict::ProtocolViolation, "the credential holds no token"))?;
        let token = self.exchange(cx, &config, &token.temp_token, io)?;
        camara::verify(cx, &config.resource_endpoint, &token.access_token, self.number_form, None, io)
    }
}

impl Ts43 {
    /// RFC 7523 2.1 as CAMARA's profile narrows it: the scope is a claim, and no parameter of the form.
    fn exchange(&self, cx: &Context, config: &Config, temp_token: &str, io: &mut Io) -> Result<Token, Stop> {
        let claims = json!({
            "iss": config.client_id,
            "sub": format!("operatortoken:{temp_token}"),
            "aud": config.token_endpoint,
            "iat": cx.now,
            "exp": cx.now.saturating_add(ASSERTION_LIFETIME),
            "jti": oidc::fresh(cx, "assertion"),
            "scope": self.scope,
        });
        let assertion = io.sign(claims, Key::Private, None)?;
        let response = io.send(HttpRequest {
            method: "POST".into(),
            url: config.token_endpoint.clone(),
            headers: oidc::headers("application/x-www-form-urlencoded"),
            body: oidc::encode(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion),
            ]),
            ..HttpRequest::default()
        })?;
        match (response.status, response.error()) {
            (200, _) => response.json(),
            // The operator's own token has gone stale; of what is ours to set, nothing makes this error alone.
            (400, (error, text)) if error == "invalid_grant" && !text.to_lowercase().contains("consent") => {
                Err(Stop::failed(Verdict::Expired, "the operator token has expired or was used"))
            }
            _ => Err(refusal::at_token(&response)),
        }
    }
}

impl Config {
    /// As the phone hashes it: base64url of the texts as JSON.
    fn consent_data(&self) -> Result<String, Stop> {
        let json = serde_json::to_vec(&self.consent)
            .map_err(|_| Stop::failed(Verdict::ConfigError, "the consent texts are no JSON"))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}
