//! What an operator's refusal means: its errors mapped to the closed set of verdicts.
//! *It said another number* is never among them: that is an answer, not a refusal.

use sna_adapter::{HttpResponse, Stop, Verdict};

/// Texts behind `access_denied`, which alone is ambiguous (GSMA Mobile Connect DI v2.3; seen at operators).
const ACCESS_DENIED: [(&str, Verdict); 8] = [
    ("unknown mobile connect user", Verdict::NetworkUnsupported),
    ("not registered", Verdict::NetworkUnsupported),
    ("mvno", Verdict::NetworkUnsupported),
    ("unknown user", Verdict::SubscriberUnknown),
    ("not recognized", Verdict::SubscriberUnknown),
    ("busy with another transaction", Verdict::OperatorError),
    ("not allowed to make", Verdict::ConfigError),
    ("not connected to the mobile network", Verdict::NotMobileNetwork),
];

/// `error` and `error_description` of an authorize answer (RFC 6749 4.1.2.1, OIDC Core 3.1.2.6).
pub fn at_authorize(error: &str, text: &str) -> Stop {
    let text = text.to_lowercase();
    let verdict = match error {
        "login_required" | "interaction_required" | "account_selection_required" => Verdict::NotMobileNetwork,
        "consent_required" => Verdict::ConsentRequired,
        "access_denied" => ACCESS_DENIED
            .iter()
            .find(|(part, _)| text.contains(part))
            .map_or(Verdict::UserDenied, |(_, verdict)| *verdict),
        "temporarily_unavailable" | "server_error" => Verdict::OperatorError,
        "invalid_request"
        | "unauthorized_client"
        | "invalid_scope"
        | "unsupported_response_type"
        | "invalid_request_object"
        | "request_not_supported"
        | "request_uri_not_supported"
        // tyntec's own words.
        | "invalid_client_id_request"
        | "missing_scope"
        | "insufficient_scope"
        | "unsupported_scope" => Verdict::ConfigError,
        _ => Verdict::OperatorError,
    };
    // The handset carried these texts: the log gets our words only.
    Stop::failed(verdict, format!("authorize was refused: {verdict}"))
}

/// A token endpoint's answer other than 200 (RFC 6749 5.2).
pub fn at_token(response: &HttpResponse) -> Stop {
    let (error, text) = response.error();
    let verdict = match (response.status, error.as_str()) {
        (400, "invalid_grant") if text.to_lowercase().contains("consent") => Verdict::ConsentRequired,
        (400 | 401 | 403, _) => Verdict::ConfigError,
        (status, _) => by_status(status),
    };
    Stop::failed(verdict, format!("token endpoint answered {}", response.status))
}

/// A resource's answer other than 200 (CAMARA NumberVerification 2.1.0 and Commonalities 0.6; Mobile Connect).
pub fn at_resource(response: &HttpResponse) -> Stop {
    let (code, text) = response.error();
    // The second is v1's: the number "cannot be deducted from the access token context".
    let off_net = code.ends_with("USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK")
        || code == "INVALID_TOKEN_CONTEXT"
        || text.to_lowercase().contains("not authenticated by mobile network");
    let verdict = match (response.status, code.as_str()) {
        (403, _) if off_net => Verdict::NotMobileNetwork,
        // Without a code nobody speaks of a subscriber: there is nothing at the address.
        (404, code) if !code.is_empty() => Verdict::SubscriberUnknown,
        (422, "SERVICE_NOT_APPLICABLE") => Verdict::NetworkUnsupported,
        (400 | 401 | 403 | 404 | 422, _) => Verdict::ConfigError,
        (status, _) => by_status(status),
    };
    Stop::failed(verdict, format!("resource answered {}", response.status))
}

/// What a status means when nothing else says it.
pub fn by_status(status: u16) -> Verdict {
    match status {
        408 | 504 => Verdict::OperatorTimeout,
        429 => Verdict::OperatorRateLimited,
        _ => Verdict::OperatorError,
    }
}
