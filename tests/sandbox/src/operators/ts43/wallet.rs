//! The phone's part: its credential manager, its key, and its SIM's answer from the operator's entitlement server. A page
//! reaches it by `navigator.credentials.get`; here it is an address, and the SIM that of the device which calls.

use std::net::SocketAddr;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::{ConnectInfo, State};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::super::flow::Back;
use super::super::keys::Flaw;
use super::super::ledger::{CODE_LIFETIME, Step, Transaction};
use super::super::{Operators, jwe, now};
use super::{Own, Settings};

const FORMAT: &str = "dc-authorization+sd-jwt";
const VCT: &str = "number-verification/verify/ts43";

/// Why the phone shows nothing, as the platforms name it.
type Declined = &'static str;
const NO_CREDENTIAL: Declined = "NoCredentialException";
const BAD_REQUEST: Declined = "DataError";

/// The request, as far as the phone reads it.
#[derive(Deserialize)]
struct Requests {
    requests: [Request; 1],
}

#[derive(Deserialize)]
struct Request {
    protocol: String,
    data: OpenId4Vp,
}

#[derive(Deserialize)]
struct OpenId4Vp {
    response_type: String,
    response_mode: String,
    nonce: String,
    dcql_query: Query,
}

#[derive(Deserialize)]
struct Query {
    credentials: [Wanted; 1],
}

#[derive(Deserialize)]
struct Wanted {
    id: String,
    format: String,
    meta: Meta,
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Meta {
    vct_values: Vec<String>,
    credential_authorization_jwt: String,
}

#[derive(Deserialize)]
struct Claim {
    path: [String; 1],
    values: Vec<Value>,
}

/// What the aggregator signed.
#[derive(Clone, Deserialize)]
struct Authorization {
    iss: String,
    nonce: String,
    jwks: Jwks,
    encrypted_response_enc_values_supported: Vec<String>,
    consent_data: String,
}

#[derive(Clone, Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

/// Always 200: it is no answer of a server.
pub async fn present(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(request): Json<Value>,
) -> Json<Value> {
    let presented = operators.present(&network, &settings, peer, request);
    Json(presented.unwrap_or_else(|declined| json!({ "error": declined })))
}

impl Operators {
    fn present(
        &self,
        network: &Network,
        settings: &Settings,
        peer: SocketAddr,
        request: Value,
    ) -> Result<Value, Declined> {
        let Requests { requests: [Request { protocol, data }] } =
            Requests::deserialize(request).map_err(|_| BAD_REQUEST)?;
        let [wanted] = data.dcql_query.credentials;
        let asked = (protocol.as_str(), data.response_type.as_str(), data.response_mode.as_str());
        let known = asked == ("openid4vp-v1-unsigned", "vp_token", "dc_api") && wanted.format == FORMAT;
        if !known || data.nonce.len() < 16 {
            return Err(BAD_REQUEST);
        }
        let authorization: Authorization = self
            .signed(&wanted.meta.credential_authorization_jwt, "oauth-authz-req+jwt")
            .filter(|authorization: &Authorization| authorization.iss == settings.aggregator)
            .ok_or("CERTIFICATION_FINGER_PRINT_MISMATCHED")?;
        let encryption = authorization.encrypted_response_enc_values_supported.iter().any(|enc| enc == "A128GCM");
        let consent = URL_SAFE_NO_PAD.decode(&authorization.consent_data).ok();
        let consent = consent.and_then(|json| serde_json::from_slice::<Value>(&json).ok()).unwrap_or_default();
        if authorization.nonce != data.nonce || !encryption || !consent["consent_text"].is_string() {
            return Err(BAD_REQUEST);
        }

        let device = self.0.radio.device(peer.ip()).filter(|device| device.visited == *network).ok_or(NO_CREDENTIAL)?;
        let scenario = self.scenario(peer.ip());
        let hinted = |name: &str, value: &str| {
            wanted.claims.iter().any(|claim| claim.path == [name] && claim.values.iter().any(|one| one == value))
        };
        // The phone knows its number from the SIM, unless another subscriber's SIM was put in.
        let msisdn = if scenario == Scenario::OtherNumber { network.number(19) } else { device.msisdn.clone() };
        let is_wanted = wanted.meta.vct_values.iter().any(|vct| vct == VCT)
            && hinted("carrier_hint", &settings.carrier)
            && (hinted("phone_number_hint", &msisdn) || scenario == Scenario::OtherNumber);
        match scenario {
            _ if !is_wanted => return Err(NO_CREDENTIAL),
            Scenario::Mvno => return Err(NO_CREDENTIAL),
            Scenario::ConsentRefused => return Err("NotAllowedError"),
            Scenario::AuthorizeDown => return Err("UnknownError"),
            _ => {}
        }
        let mut tx = Transaction::new(network.clone(), scenario, Back::nowhere()).map_err(|_| "UnknownError")?;
        tx.msisdn = Some(msisdn);
        let temp_token = self.ledger().put(Step::Code, tx, now(), CODE_LIFETIME).map_err(|_| "UnknownError")?;
        let key = authorization.jwks.keys.first().ok_or(BAD_REQUEST)?;
        let token = jwe::to_key(key, &json!({ "temp_token": temp_token }).to_string()).map_err(|_| BAD_REQUEST)?;
        let bound = json!({
            "iat": now() / 1000, "aud": settings.audience, "nonce": data.nonce, "encrypted_credential": token,
            "consent_data_hash": hash(&authorization.consent_data),
            "carrier_hint": settings.carrier, "subscription_hint": 1,
        });
        let credential = self.credential(network, scenario, bound).map_err(|_| "UnknownError")?;
        Ok(json!({ "vp_token": { wanted.id: [credential] } }))
    }

    /// The operator's JWT, and the phone's that is bound to it; wrong where the scenario wants it wrong.
    fn credential(
        &self,
        network: &Network,
        scenario: Scenario,
        mut bound: Value,
    ) -> jsonwebtoken::errors::Result<String> {
        let flaw = self.0.cycles.flaw(network, scenario);
        let (own, other) = (phone_key()?, phone_key()?);
        let now = now() / 1000;
        let claims = json!({
            "iss": self.issuer(network), "vct": VCT, "iat": now, "exp": now + 600,
            "cnf": { "jwk": Jwk::from_encoding_key(&own, Algorithm::ES256)? },
        });
        match flaw {
            Some(Flaw::Nonce) => bound["nonce"] = json!("another-nonce"),
            Some(Flaw::Audience) => bound["aud"] = json!("web-origin:https://another-shop.example"),
            _ => {}
        }
        let issued = self.0.keys.jwt(network, Algorithm::ES256, FORMAT, claims, flaw)?;
        let hashed = if scenario == Scenario::ForeignState { "another-credential~" } else { &*format!("{issued}~") };
        bound["sd_hash"] = json!(hash(hashed));
        let header = Header { typ: Some("kb+jwt".to_owned()), ..Header::new(Algorithm::ES256) };
        let key = if scenario == Scenario::ForeignIdentity { &other } else { &own };
        Ok(format!("{issued}~{}", jsonwebtoken::encode(&header, &bound, key)?))
    }
}

/// A new one for each credential: nobody can tell by it that two are of one phone.
fn phone_key() -> jsonwebtoken::errors::Result<EncodingKey> {
    let failed = |_| jsonwebtoken::errors::ErrorKind::InvalidKeyFormat;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
    Ok(EncodingKey::from_ec_der(key.to_pkcs8v1().map_err(failed)?.as_ref()))
}

/// SHA-256 in base64url.
fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
