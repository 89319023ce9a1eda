//! Header enrichment: the operator's proxy writes the subscriber's number, encrypted for us, into a plain-http request
//! that the handset makes to us over mobile data. Nobody's answer is asked for; we compare.

use serde::Deserialize;
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, Io, Stop, Verdict};

/// Seconds for which an encrypted number is good: the hop is in cleartext, and a copy of the header must not last.
const LIFETIME: u64 = 60;

/// What differs between deployments.
pub struct HeaderEnrichment {
    /// The calling code that a number without one belongs to, e.g. `94`.
    pub calling_code: &'static str,
}

/// What the header holds, as a compact JWE (`dir`, A256GCM) under the key that we share with the operator.
#[derive(Deserialize)]
struct Enriched {
    /// E.164 with or without its `+`, or national with its leading 0.
    msisdn: String,
    /// Unix seconds.
    iat: u64,
}

impl Adapter for HeaderEnrichment {
    fn plan(&self, _: &Context, _: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        Ok(Authorize::default())
    }

    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, _: &mut Io) -> Result<Arrived, Stop> {
        if cx.enrich_uri.is_empty() {
            return Err(Stop::failed(Verdict::ConfigError, "the operator table names no enrichment"));
        }
        // The host's `state` is base64url.
        Ok(Arrived::Redirect { uri: format!("{}?state={}", cx.enrich_uri, cx.state) })
    }

    fn enriched(&self, cx: &Context, header: Option<&str>, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let violation = |detail| Stop::failed(Verdict::ProtocolViolation, detail);
        let header = header.ok_or_else(|| Stop::failed(Verdict::NotMobileNetwork, "no proxy added the header"))?;
        let text = io.decrypt(header)?;
        let found: Enriched =
            serde_json::from_str(&text).map_err(|_| violation("the header does not hold a number and a time"))?;
        if cx.now.abs_diff(found.iat) > LIFETIME {
            return Err(violation("the header is too old, or from the future"));
        }
        let number = self.international(&found.msisdn).ok_or_else(|| violation("the header's number is none"))?;
        Ok(if cx.msisdn.strip_prefix('+') == Some(&number) { Verdict::Match } else { Verdict::Mismatch })
    }
}

impl HeaderEnrichment {
    /// The number's digits with its calling code (E.164 6.2: fifteen at most).
    fn international(&self, number: &str) -> Option<String> {
        let digits = match (number.strip_prefix('+'), number.strip_prefix('0')) {
            (Some(digits), _) => digits.to_owned(),
            (None, Some(national)) => format!("{}{national}", self.calling_code),
            (None, None) => number.to_owned(),
        };
        let plausible =
            (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        plausible.then_some(digits)
    }
}
