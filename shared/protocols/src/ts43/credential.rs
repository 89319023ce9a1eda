//! The credential that a phone presents: an SD-JWT of the operator's, bound to this request by the phone's key (RFC 9901).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sna_adapter::{Context, Io, Stop, Verdict};

use super::{Config, FORMAT, VCT};
use crate::ajax_token::as_json;

/// Seconds that the phone's clock, or the operator's, may differ from ours.
const SKEW: u64 = 60;
/// Seconds from the phone's answer until the customer hands it over.
const LIFETIME: u64 = 300;

pub struct Credential {
    /// The operator's JWT.
    issued: String,
    /// The phone's JWT.
    binding: String,
    /// What the phone's JWT is bound to: all of the SD-JWT before it, with the last `~`.
    before: String,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
    vct: String,
    cnf: Confirmation,
    exp: u64,
}

/// RFC 7800.
#[derive(Deserialize)]
struct Confirmation {
    jwk: Value,
}

#[derive(Deserialize)]
struct Binding {
    nonce: String,
    aud: String,
    iat: u64,
    sd_hash: String,
    encrypted_credential: String,
    /// Of the texts that the user saw.
    #[serde(default)]
    consent_data_hash: Option<String>,
    /// `MCCMNC` of the SIM that answered.
    #[serde(default)]
    carrier_hint: Option<String>,
}

/// The credential of the answer to our request; the answer may come as text, and inside of the API's `data`.
pub fn presented(payload: &Value, id: &str) -> Result<Credential, Stop> {
    let payload = as_json(payload);
    let payload = &*payload;
    let answer = payload.get("data").unwrap_or(payload);
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        return Err(declined(error));
    }
    let presented = answer.get("vp_token").and_then(|token| token.get(id));
    // One credential was asked for. A list of one is OpenID4VP 1.0's; older phones give the text alone.
    let text = match presented {
        Some(Value::Array(list)) if list.len() == 1 => list[0].as_str(),
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    text.and_then(parse).ok_or(Stop::Malformed("not an answer to our digital credential request"))
}

/// The names that the platforms have for a request that gave nothing (W3C Digital Credentials; Android).
fn declined(error: &str) -> Stop {
    match error {
        "NotAllowedError" | "AbortError" | "access_denied" | "GetCredentialCancellationException" => {
            Stop::failed(Verdict::UserDenied, "the user declined")
        }
        "NoCredentialException" | "NotFoundError" | "NotSupportedError" | "carrier_not_supported" => {
            Stop::failed(Verdict::NetworkUnsupported, "the phone has no credential of this operator")
        }
        "CERTIFICATION_FINGER_PRINT_MISMATCHED" => {
            Stop::failed(Verdict::ConfigError, "the operator does not know our certificate")
        }
        _ => Stop::failed(Verdict::OperatorError, "the phone could not present a credential"),
    }
}

/// `<issuer's JWT>~<disclosure>~…~<binding JWT>`.
fn parse(text: &str) -> Option<Credential> {
    let (before, binding) = text.rsplit_once('~')?;
    let issued = before.split('~').next()?;
    (is_jwt(issued) && is_jwt(binding)).then(|| Credential {
        issued: issued.to_owned(),
        binding: binding.to_owned(),
        before: format!("{before}~"),
    })
}

fn is_jwt(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

/// The header's `typ`: a JWT that was made for another purpose is none of these, whoever signed it.
fn is_typed(jwt: &str, typ: &str) -> bool {
    let header = jwt.split('.').next().and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    let header = header.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    header.is_some_and(|header| header["typ"] == typ)
}

impl Credential {
    /// The encrypted token, after everything that makes it this session's was checked (RFC 9901 7.3).
    pub fn checked(&self, cx: &Context, config: &Config, io: &mut Io) -> Result<String, Stop> {
        let violation = |detail: &str| Stop::failed(Verdict::ProtocolViolation, detail);
        if !is_typed(&self.issued, FORMAT) || !is_typed(&self.binding, "kb+jwt") {
            return Err(violation("a JWT of the credential is of another type"));
        }
        let issued = io.verify(&self.issued, &config.jwks_uri)?;
        let issued = Issued::deserialize(issued).map_err(|_| violation("the credential lacks a claim"))?;
        match () {
            () if issued.iss != config.issuer => return Err(violation("the credential's iss is not the operator's")),
            () if issued.vct != VCT => return Err(violation("the credential is of another kind")),
            () if issued.exp.saturating_add(SKEW) <= cx.now => {
                return Err(Stop::failed(Verdict::Expired, "the credential has expired"));
            }
            () => {}
        }
        let binding = io.verify_with(&self.binding, &issued.cnf.jwk)?;
        let binding = Binding::deserialize(binding).map_err(|_| violation("the binding lacks a claim"))?;
        let consented = hash(&config.consent_data()?);
        match () {
            () if binding.nonce != cx.nonce => Err(violation("the binding's nonce is not the session's")),
            () if !config.audiences.contains(&binding.aud) => Err(violation("the binding is for another app or site")),
            () if binding.sd_hash != hash(&self.before) => Err(violation("the binding is of another credential")),
            () if binding.iat > cx.now.saturating_add(SKEW) => Err(violation("the binding is from the future")),
            () if binding.iat.saturating_add(LIFETIME) <= cx.now => {
                Err(Stop::failed(Verdict::Expired, "the phone's answer is too old"))
            }
            () if binding.consent_data_hash.is_some_and(|hash| hash != consented) => {
                Err(violation("the user saw another text"))
            }
            () if binding.carrier_hint.is_some_and(|carrier| !config.carriers.contains(&carrier)) => {
                Err(Stop::failed(Verdict::IpNumberNetworkMismatch, "another operator's SIM answered"))
            }
            () => Ok(binding.encrypted_credential),
        }
    }
}

/// SHA-256 in base64url.
fn hash(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
