//! An aggregator makes a check, the handset opens its URL over mobile data, and the aggregator tells us how it went
//! (tru.ID PhoneCheck v0.2; Boku phoneIdUrl, also Twilio's SNA; Vonage Verify v2). A style is how one of them says that.

mod boku;
mod tru;
mod vonage;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, Io, Params, Stop, Verdict};

use crate::oidc;

/// The most bytes of an aggregator's URL; it is kept in the session.
const MAX_URI: usize = 2048;

/// How an aggregator is spoken to.
pub enum CheckUrl {
    /// A bearer token from client credentials; the handset comes back with a code, which we add to the check.
    Tru {
        /// Of the token.
        scope: &'static str,
    },
    /// A JWT of our own. The handset gets the code as JSON: a redirect would carry it in a fragment, which no server sees.
    Vonage,
    /// An API key; the handset comes back with an `ErrorCode`, and the comparison is asked for afterwards.
    Boku {
        /// Numeric, as the aggregator's list has it: `1` is a login.
        use_case: &'static str,
        /// May the check pass over plain http, where a network inserts its header?
        air: bool,
    },
}

/// A check under way, as the session keeps it.
#[derive(Serialize, Deserialize)]
struct Check {
    id: String,
    uri: String,
    /// Unix seconds from which on nobody need open it.
    expires: u64,
}

impl Adapter for CheckUrl {
    fn plan(&self, cx: &Context, kept: &mut String, io: &mut Io) -> Result<Authorize, Stop> {
        let check = match self {
            Self::Tru { scope } => tru::create(cx, scope, io),
            Self::Vonage => vonage::create(cx, io),
            Self::Boku { use_case, air } => boku::create(cx, use_case, *air, io),
        }?;
        *kept = check.keep()?;
        let vendors_own = matches!(self, Self::Vonage);
        Ok(Authorize { uri: vendors_own.then_some(check.uri), ..Authorize::default() })
    }

    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, _: &mut Io) -> Result<Arrived, Stop> {
        Ok(Arrived::Redirect { uri: Check::kept(cx)?.uri })
    }

    fn callback(&self, cx: &Context, params: &Params, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        if params.get("state").is_none_or(|state| *state != cx.state) {
            return Err(violation("state is not the session's"));
        }
        let check = Check::kept(cx)?;
        match self {
            Self::Tru { scope } => tru::resolve(cx, scope, &check, params, io),
            Self::Boku { .. } => boku::resolve(cx, &check, params, io),
            Self::Vonage => Err(violation("this aggregator gives the handset JSON and sends it nowhere")),
        }
    }

    fn validate(&self, cx: &Context, payload: &Value, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        match self {
            Self::Vonage => vonage::resolve(cx, &Check::kept(cx)?, payload, io),
            _ => Err(violation("this aggregator's answer does not pass through the customer")),
        }
    }
}

impl Check {
    /// What the aggregator said of a new check, which it does not get to misuse: its id becomes part of a path.
    fn new(cx: &Context, id: String, uri: String, ttl: u64) -> Result<Self, Stop> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=128).contains(&id.len()) || !id.bytes().all(plain) || uri.len() > MAX_URI {
            return Err(Stop::failed(Verdict::OperatorError, "the check's id or URL is not acceptable"));
        }
        Ok(Self { id, uri, expires: cx.now.saturating_add(ttl) })
    }

    fn keep(&self) -> Result<String, Stop> {
        serde_json::to_string(self).map_err(|_| Stop::failed(Verdict::ConfigError, "the check cannot be kept"))
    }

    fn kept(cx: &Context) -> Result<Self, Stop> {
        let check: Self = serde_json::from_str(&cx.kept)
            .map_err(|_| Stop::failed(Verdict::ConfigError, "the session keeps no check"))?;
        if check.expires <= cx.now {
            return Err(Stop::failed(Verdict::Expired, "the check has expired"));
        }
        Ok(check)
    }

    /// An answer that names a check must name ours.
    fn is_named(&self, id: Option<&String>) -> Result<(), Stop> {
        if id.is_some_and(|id| *id != self.id) {
            return Err(violation("the aggregator speaks of another check"));
        }
        Ok(())
    }
}

/// Where the handset comes back to.
fn redirect_uri(cx: &Context) -> String {
    format!("{}?{}", cx.callback_uri, oidc::encode(&[("state", &cx.state)]))
}

fn violation(detail: &str) -> Stop {
    Stop::failed(Verdict::ProtocolViolation, detail)
}
