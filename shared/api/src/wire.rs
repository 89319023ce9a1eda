//! Every error text on the wire. Customers compare them literally: a change here is a break.

/// Status, `error` and `error_description` of one row of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    pub status: u16,
    pub error: &'static str,
    pub description: &'static str,
}

const fn row(status: u16, error: &'static str, description: &'static str) -> Wire {
    Wire { status, error, description }
}

const fn invalid(description: &'static str) -> Wire {
    row(400, "invalid_request", description)
}

pub const FIELD: Wire = invalid("The required field is missing or it is invalid.");
pub const GRANT: Wire = row(400, "invalid_grant", "The requested grant type is invalid, unknown or malformed.");
pub const SCOPE: Wire = row(400, "invalid_scope", "The requested scope is invalid, unknown or malformed.");
pub const UNAUTHORIZED: Wire = row(401, "unauthorized_client", "Authentication required");
pub const UNAVAILABLE: Wire = row(503, "temporarily_unavailable", "Service is unavailable");
pub const INTERNAL: Wire = row(500, "server_error", "Internal error");

pub const REDIRECT_URI: Wire = row(400, "invalid_redirect_uri", "The redirect_uri provided is invalid.");
pub const NETWORK: Wire = invalid("Network provided is invalid");
pub const REQUEST: Wire = invalid("The provided request is invalid");
pub const TOKEN: Wire = invalid("The provided token is invalid.");
pub const NO_CALLBACK: Wire = invalid("Network does not support callback on redirect_uri");
pub const CORRELATION_ID: Wire = invalid("The correlation_id has already been used.");

/// All that a handset learns of an attempt that failed: the reason is for the customer's backend.
pub const DENIED: Wire = row(400, "access_denied", "The phone number could not be authenticated.");
pub const SILENT_UNAVAILABLE: Wire = row(400, "temporarily_unavailable", "Service is unavailable");

/// Without the full stop: the otp endpoint's own text.
pub const OTP_TOKEN: Wire = invalid("The provided token is invalid");
pub const OTP_SENDS: Wire = invalid("Exceeded maximum number of retry attempts.");
/// `invalid scope` with the space: as published.
pub const OTP_TOO_SOON: Wire = row(400, "invalid scope", "OTP requested before Authenticate");
pub const OTP_GAP: Wire = invalid("You have to wait a few second before trying to get otp sms again");

pub const BOTH_PROOFS: Wire = invalid("Invalid request. Received both 'payload' and 'code' in validate request.");
pub const CODE: Wire = invalid("The required field `code` is missing or is invalid.");
pub const PAYLOAD: Wire = invalid("The required field `payload` is missing or is invalid.");

pub const SLOW_DOWN: Wire = row(429, "slow_down", "Too many requests");
pub const KEY_REUSED: Wire =
    row(422, "invalid_request", "The Idempotency-Key has already been used with another request.");
pub const PATH: Wire = row(404, "invalid_request", "There is nothing at this path.");
pub const METHOD: Wire = row(405, "invalid_request", "This method is not allowed here.");
pub const TOO_LARGE: Wire = row(413, "invalid_request", "The body is over 16 KiB or the URL is over 8 KiB.");
pub const MEDIA_TYPE: Wire = row(415, "invalid_request", "The body's media type is not accepted here.");

/// The whole table, for whoever must show or check it.
pub const ALL: [Wire; 27] = [
    FIELD,
    GRANT,
    SCOPE,
    UNAUTHORIZED,
    UNAVAILABLE,
    INTERNAL,
    REDIRECT_URI,
    NETWORK,
    REQUEST,
    TOKEN,
    NO_CALLBACK,
    CORRELATION_ID,
    DENIED,
    SILENT_UNAVAILABLE,
    OTP_TOKEN,
    OTP_SENDS,
    OTP_TOO_SOON,
    OTP_GAP,
    BOTH_PROOFS,
    CODE,
    PAYLOAD,
    SLOW_DOWN,
    KEY_REUSED,
    PATH,
    METHOD,
    TOO_LARGE,
    MEDIA_TYPE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_those_of_the_contract() {
        let table: String =
            ALL.iter().map(|row| format!("{} | {} | {}\n", row.status, row.error, row.description)).collect();
        insta::assert_snapshot!(table);
    }
}
