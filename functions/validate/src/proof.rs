//! What the customer shows: exactly one proof.

use serde::Deserialize;
use serde_json::Value;
use sna_api::{ApiError, wire};
use sna_otp::Code;

/// The request's body, of any types, so that one that is wrong is known by its name.
#[derive(Deserialize)]
pub struct Body {
    code: Option<Value>,
    correlation_id: Option<Value>,
    id_token: Option<Value>,
    otp_code: Option<Value>,
    /// The JSON that the handset got, whole.
    payload: Option<Value>,
    receipt: Option<Value>,
}

pub enum Proof {
    /// From the redirect.
    Code(String),
    /// The JSON that the handset got: ours, or its operator's.
    Payload(Value),
    /// The handset got nothing.
    Nothing,
    /// With the `session_id` of the otp answer, if the customer hands it over too.
    Otp { code: Code, session_id: Option<String> },
}

impl Body {
    pub fn id_token(&self) -> Result<&str, ApiError> {
        present("id_token", &self.id_token)?.ok_or_else(|| ApiError::at(wire::FIELD, "id_token", "is missing"))
    }

    pub fn correlation_id(&self) -> Result<Option<&str>, ApiError> {
        present("correlation_id", &self.correlation_id)
    }

    /// `receipt`, quoted like every scalar or not.
    pub fn wants_receipt(&self) -> Result<bool, ApiError> {
        match self.receipt.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)) {
            None => Ok(false),
            Some(text) if matches!(text.as_str(), "" | "null" | "false") => Ok(false),
            Some(text) if text == "true" => Ok(true),
            Some(_) => Err(ApiError::at(wire::FIELD, "receipt", "is neither true nor false")),
        }
    }

    pub fn service(&self) -> Result<&'static str, ApiError> {
        Ok(if present("otp_code", &self.otp_code)?.is_some() { "otp" } else { "authenticate" })
    }

    /// An otp_code must be `digits` digits: anything else costs no attempt.
    pub fn proof(self, digits: u8) -> Result<Proof, ApiError> {
        let payload = self.payload.filter(|payload| !payload.is_null() && payload.as_str() != Some(""));
        match (present("code", &self.code)?, present("otp_code", &self.otp_code)?, payload) {
            (Some(_), _, Some(_)) => Err(ApiError::at(wire::BOTH_PROOFS, "payload", "comes with a code")),
            (Some(_), Some(_), None) => Err(ApiError::at(wire::FIELD, "otp_code", "comes with a code")),
            (Some(code), None, None) => Ok(Proof::Code(code.to_owned())),
            (None, None, None) => Ok(Proof::Nothing),
            (None, None, Some(payload)) => Ok(Proof::Payload(parsed(payload))),
            (None, Some(otp_code), payload) => {
                let code = Code::parse(otp_code, digits);
                let code = code.map_err(|error| ApiError::at(wire::FIELD, "otp_code", error))?;
                let session_id = payload.map(|payload| session_id(&parsed(payload)).map(str::to_owned));
                let foreign = || ApiError::at(wire::PAYLOAD, "payload", "has no session_id");
                let session_id = session_id.map(|id| id.ok_or_else(foreign)).transpose()?;
                Ok(Proof::Otp { code, session_id })
            }
        }
    }
}

/// `null` and an empty text count as absent.
fn present<'a>(name: &'static str, value: &'a Option<Value>) -> Result<Option<&'a str>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty()).map(String::as_str)),
        Some(_) => Err(ApiError::at(wire::FIELD, name, "is not a text")),
    }
}

/// JSON, also as text that holds it.
fn parsed(payload: Value) -> Value {
    payload.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(payload)
}

/// `{"session_id": "…"}`: our own answer to the handset.
pub fn session_id(payload: &Value) -> Option<&str> {
    payload.get("session_id")?.as_str()
}

/// Our own refusal of the handset, handed over as it came.
pub fn is_error(payload: &Value) -> bool {
    payload.get("error").is_some()
}
