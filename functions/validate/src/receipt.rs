//! The receipt: a verdict that the customer can show to others, who need nothing but the public keys.

use sna_api::{ApiError, wire};
use sna_otp::Pepper;
use sna_sessions::{Reason, Session};
use sna_tokens::Receipt;

use crate::Validate;

/// A receipt and what opens it.
pub struct Signed {
    /// v4.public. It shows no number, so it may be passed on.
    pub token: String,
    /// The key of its hash of the number, 64 hex digits; for the customer alone.
    pub salt: String,
}

impl Validate {
    /// Of what was judged at `at` (Unix milliseconds).
    ///
    /// There are so few numbers that whoever knows a hash's key finds the number by trying them all. So the key is a salt
    /// that only the customer gets, beside the receipt and never in it, and not the session's id, which the handset's link
    /// has too. It is derived from the session, so that a repeated request is answered the same with nothing more stored.
    pub(crate) fn receipt(
        &self,
        session: &Session,
        service: &str,
        reason: Reason,
        at: u64,
    ) -> Result<Signed, ApiError> {
        let salt = self.pepper.pseudonym("receipt", session.id.as_bytes());
        let receipt = Receipt {
            jti: session.id.clone(),
            user_id: session.customer.clone(),
            correlation_id: session.correlation_id.as_ref().map(|id| id.as_str().to_owned()),
            msisdn_hash: Pepper::parse(&salt)?.hmac(session.msisdn.as_e164().as_bytes()),
            service: service.to_owned(),
            verdict: reason.to_string(),
            network: session.network.as_ref().map(|network| network.as_str().to_owned()),
        };
        let token = self.issuer.receipt(&receipt, at).ok_or(wire::INTERNAL)?;
        Ok(Signed { token, salt })
    }
}
