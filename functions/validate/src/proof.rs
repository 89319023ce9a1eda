//! What the customer shows: exactly one proof.

use serde::Deserialize;
use serde_json::Value;
use sna_api::{ApiError, wire};
use sna_otp::Code;

/// The request's body; `null` and an empty string count as absent.
#[derive(Deserialize)]
pub struct Body {
    code: Option<String>,
    correlation_id: Option<String>,
    id_token: Option<String>,
    otp_code: Option<String>,
    /// The JSON that the handset got, whole.
    payload: Option<Value>,
}

pub enum Proof {
    /// From the redirect.
    Code(String),
    /// From the JSON that the handset got.
    Payload(String),
    /// The handset got an error, or nothing.
    Nothing,
    /// With the `session_id` of the otp answer, if the customer hands it over too.
    Otp { code: Code, session_id: Option<String> },
}

impl Body {
    pub fn id_token(&self) -> Result<&str, ApiError> {
        present(&self.id_token).ok_or_else(|| ApiError::from(wire::FIELD).because("id_token is missing"))
    }

    pub fn correlation_id(&self) -> Option<&str> {
        present(&self.correlation_id)
    }

    pub fn service(&self) -> &'static str {
        if present(&self.otp_code).is_some() { "otp" } else { "authenticate" }
    }

    /// An otp_code must be `digits` digits: anything else costs no attempt.
    pub fn proof(self, digits: u8) -> Result<Proof, ApiError> {
        let payload = self.payload.filter(|payload| !payload.is_null() && payload.as_str() != Some(""));
        match (present(&self.code), present(&self.otp_code), payload) {
            (Some(_), _, Some(_)) => Err(wire::BOTH_PROOFS.into()),
            (Some(_), Some(_), None) => Err(ApiError::from(wire::FIELD).because("code and otp_code")),
            (Some(code), None, None) => Ok(Proof::Code(code.to_owned())),
            (None, None, None) => Ok(Proof::Nothing),
            (None, None, Some(payload)) => match session_id(&payload) {
                Some(secret) => Ok(Proof::Payload(secret)),
                // The error that authenticate answered with, handed over as it came.
                None if payload.get("error").is_some() => Ok(Proof::Nothing),
                None => Err(wire::PAYLOAD.into()),
            },
            (None, Some(otp_code), payload) => {
                let code = Code::parse(otp_code, digits).map_err(|error| ApiError::from(wire::FIELD).because(error))?;
                let session_id = payload.map(|payload| session_id(&payload).ok_or(wire::PAYLOAD)).transpose()?;
                Ok(Proof::Otp { code, session_id })
            }
        }
    }
}

fn present(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// `{"session_id": "…"}`, also as text that holds this JSON.
fn session_id(payload: &Value) -> Option<String> {
    let parsed = payload.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    parsed.as_ref().unwrap_or(payload).get("session_id")?.as_str().map(str::to_owned)
}
