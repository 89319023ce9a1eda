//! How a silent attempt ends for the handset: back to the customer where it gave an address, else as JSON.

use form_urlencoded::Serializer;
use serde_json::json;

use crate::{Answer, ApiError, wire::Wire};

/// `ended`: our one-use secret, or the coarse error.
///
/// With a `redirect_uri`, 302 to it with `code` or `error`; without, 200 `{"session_id"}` or 400.
pub fn ending(
    redirect_uri: Option<&str>,
    correlation_id: Option<&str>,
    ended: Result<&str, Wire>,
) -> Result<Answer, ApiError> {
    let Some(redirect_uri) = redirect_uri else {
        return match ended {
            Ok(secret) => Answer::json(&json!({ "session_id": secret })),
            Err(wire) => Err(wire.into()),
        };
    };
    let mut query = Serializer::new(String::new());
    match ended {
        Ok(secret) => query.append_pair("code", secret),
        Err(wire) => query.append_pair("error", wire.error).append_pair("error_description", wire.description),
    };
    if let Some(correlation_id) = correlation_id {
        query.append_pair("correlation_id", correlation_id);
    }
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    Ok(Answer::redirect(format!("{redirect_uri}{separator}{}", query.finish())))
}
