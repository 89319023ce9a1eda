//! OpenID Connect over the handset's IP session (IPification, tyntec): the operator finds the SIM by the address and
//! port that call its authorize endpoint, compares it with our `login_hint`, and says at userinfo how that went.

use serde::Deserialize;
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, HttpRequest, Io, Key, Params, Stop, Verdict};

use crate::oidc::{self, ClientAuth, Provider};

/// What differs between deployments. An `api_key` that goes with each request (tyntec) is the table's `api_key_header`.
pub struct IpSession {
    /// `openid ip:phone_verify` at IPification, `openid tt:phone_verify` at tyntec.
    pub scope: &'static str,
    pub client_auth: ClientAuth,
    pub login_hint: LoginHint,
    /// Is the operator asked at get_config, by the customer's word for the address, whether it can do this number?
    pub coverage: bool,
}

/// How the number travels to the authorize endpoint. The handset can read it either way.
#[derive(Clone, Copy)]
pub enum LoginHint {
    /// A parameter, digits only.
    Plain,
    /// In a request object (RFC 9101), HS256 under our client secret: nobody on the way can change it.
    Signed,
}

/// What this family reads of the operator table beside [`Provider`].
#[derive(Deserialize)]
struct Coverage {
    coverage_endpoint: String,
}

#[derive(Deserialize)]
struct Covered {
    #[serde(deserialize_with = "oidc::lenient_bool")]
    available: bool,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(default)]
    login_hint: Option<String>,
    #[serde(default)]
    phone_number_verified: Option<Lenient>,
}

#[derive(Deserialize)]
struct Lenient(#[serde(deserialize_with = "oidc::lenient_bool")] bool);

impl Adapter for IpSession {
    fn plan(&self, cx: &Context, _: &mut String, io: &mut Io) -> Result<Authorize, Stop> {
        if self.coverage {
            let covered: Covered = oidc::resource(io, coverage(cx)?)?;
            if !covered.available {
                return Err(Stop::failed(Verdict::NetworkUnsupported, "the operator does not cover this number here"));
            }
        }
        Ok(Authorize::default())
    }

    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        let provider: Provider = cx.config()?;
        let mut params = oidc::authorize_params(cx, &provider, self.scope);
        let hint = ("login_hint", digits(cx));
        let object;
        params.push(match self.login_hint {
            LoginHint::Plain => hint,
            LoginHint::Signed => {
                let signed = [params.as_slice(), &[hint]].concat();
                object = oidc::request_object(cx, &provider, &signed, Key::ClientSecret, io)?;
                ("request", &object)
            }
        });
        Ok(Arrived::Redirect { uri: oidc::authorize_uri(&provider, &params) })
    }

    fn callback(&self, cx: &Context, params: &Params, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let provider: Provider = cx.config()?;
        let code = oidc::code(cx, &provider, params).map_err(nobody_was_asked)?;
        let token = oidc::token(cx, &provider, self.client_auth, false, code, io)?;
        let request = HttpRequest {
            method: "POST".into(),
            url: provider.resource_endpoint,
            headers: oidc::headers("application/x-www-form-urlencoded"),
            // RFC 6750 2.2; that is how these providers take it.
            body: oidc::encode(&[("access_token", &token.access_token)]),
            api_key_header: provider.api_key_header,
            ..HttpRequest::default()
        };
        judge(cx, &oidc::resource(io, request)?)
    }
}

/// The operator's word. *Anonymous* is that it found no SIM behind the address, whatever else it says.
fn judge(cx: &Context, found: &UserInfo) -> Result<Verdict, Stop> {
    if found.sub == "anonymous" {
        return Ok(Verdict::NotMobileNetwork);
    }
    // It is the number that the operator compared: about another one than the session's it proves nothing.
    let hint = found.login_hint.as_deref().map(|hint| hint.strip_prefix('+').unwrap_or(hint));
    if hint != Some(digits(cx)) {
        return Err(Stop::failed(Verdict::ProtocolViolation, "the login_hint that came back is not the session's"));
    }
    match found.phone_number_verified {
        Some(Lenient(true)) => Ok(Verdict::Match),
        Some(Lenient(false)) => Ok(Verdict::Mismatch),
        None => Err(Stop::failed(Verdict::OperatorError, "userinfo lacks phone_number_verified")),
    }
}

fn coverage(cx: &Context) -> Result<HttpRequest, Stop> {
    let provider: Provider = cx.config()?;
    let Coverage { coverage_endpoint } = cx.config()?;
    // An IPv6 address has colons, which a path may have (RFC 3986 3.3); the host has checked that it is an address.
    let query = oidc::encode(&[("client_id", &provider.client_id), ("phone", digits(cx))]);
    Ok(HttpRequest {
        method: "GET".into(),
        url: format!("{coverage_endpoint}/{}?{query}", cx.client_ip),
        headers: [("accept".to_owned(), "application/json".to_owned())].into(),
        api_key_header: provider.api_key_header,
        ..HttpRequest::default()
    })
}

/// These providers want E.164 without its `+`.
fn digits(cx: &Context) -> &str {
    cx.msisdn.strip_prefix('+').unwrap_or(&cx.msisdn)
}

/// No user is ever asked here, so a bare `access_denied` is the network's word: it knows no SIM behind the address.
fn nobody_was_asked(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(Verdict::UserDenied, _) => {
            Stop::failed(Verdict::NotMobileNetwork, "authorize was refused: NOT_MOBILE_NETWORK")
        }
        other => other,
    }
}
