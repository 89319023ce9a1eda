//! OpenID Connect over the IP session, as IPification's Keycloak and tyntec have it: coverage by address, the number as
//! `login_hint` or in a request object under the client's secret, and a userinfo that says yes or no in a string.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::answers::{Refused, bad_request_page, no_store};
use super::client::{ClientAuth, Once};
use super::faults::Yes;
use super::flow::{self, Back};
use super::ledger::{Step, Transaction};
use super::params::Params;
use super::{Operators, Simulator, faults, now};

const AUTH: &str = "/auth/realms/ipification/protocol/openid-connect/auth";
const TOKEN: &str = "/auth/realms/ipification/protocol/openid-connect/token";
const USERINFO: &str = "/auth/realms/ipification/protocol/openid-connect/userinfo";
const COVERAGE: &str = "/auth/realms/ipification/coverage/{address}";

/// Seconds.
const TOKEN_LIFETIME: u64 = 300;
/// RFC 9101 10.8.
const REQUEST_OBJECT: &str = "oauth-authz-req+jwt";
/// Another subscriber than any of the sandbox.
const STRANGER: &str = "447700900000";

/// How an operator differs.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What must be asked for, in any order.
    scope: String,
    client_auth: ClientAuth,
    /// Must the number come in a request object?
    #[serde(default)]
    signed: bool,
    /// Is it the gateway's to ask whether a number is covered? Then who is not never gets further.
    #[serde(default)]
    coverage: bool,
    /// The header in which the backend's API key must be (tyntec).
    #[serde(default)]
    api_key_header: Option<String>,
}

type Own = Extension<Arc<Settings>>;

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        Router::new()
            .route(AUTH, get(authorize))
            .route(TOKEN, post(token))
            .route(USERINFO, post(userinfo))
            .route(COVERAGE, get(coverage))
            .merge(flow::router())
            .layer(Extension(Arc::new(self.clone())))
    }

    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        match scenario {
            // The user is never asked anything, and there is no id_token.
            Scenario::ConsentRequired
            | Scenario::ConsentRefused
            | Scenario::BadIdToken
            | Scenario::SymmetricIdToken
            | Scenario::ForeignIssuer
            | Scenario::ExpiredIdToken
            | Scenario::UnknownKey => None,
            Scenario::WiFi | Scenario::OtherNetwork | Scenario::NotRegistered | Scenario::Mvno if self.coverage => {
                Some(Scenario::OtpOnly.usual())
            }
            _ => Some(scenario.usual()),
        }
    }

    fn refuses(&self, scenario: Scenario, unseen: bool) -> Option<Refused> {
        let denied = |text| Some(Refused::redirect("access_denied", text));
        match scenario {
            _ if unseen => denied(""),
            Scenario::UnknownUser | Scenario::PortedAway => denied("Unknown user"),
            Scenario::NotRegistered => denied("The number is not registered for this service"),
            _ => None,
        }
    }
}

/// `GET coverage/{address}`: can this number be verified from there? Not if the address is another operator's than the
/// number, and not without the service.
async fn coverage(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    Path(address): Path<IpAddr>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let params = Params::query(uri.query());
    let answer = settings.knows(&operators, &headers).and_then(|()| {
        let number = params.get("phone").filter(|phone| is_digits(phone)).map(|digits| format!("+{digits}"));
        let known = params.get("client_id") == Some(&operators.0.settings.client_id);
        let number = number.filter(|_| known).ok_or_else(|| {
            Refused::new(StatusCode::BAD_REQUEST, "invalid_request", "client_id or phone is missing or invalid")
        })?;
        let unserved = matches!(operators.scenario_of(&number), Some(Scenario::NotRegistered | Scenario::Mvno));
        let available = operators.network_at(address) == Some(&network) && network.owns(&number) && !unserved;
        Ok(Json(json!({ "available": available, "operator_code": network.id })).into_response())
    });
    answer.unwrap_or_else(Refused::oauth)
}

/// `GET auth`.
async fn authorize(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
) -> Response {
    let params = Params::query(uri.query());
    let redirect_uri = match operators.redirect_uri(&network, &params) {
        Ok(redirect_uri) => redirect_uri,
        Err(text) => return bad_request_page(text),
    };
    let state = params.get("state").map(str::to_owned);
    let back = Back { redirect_uri, state, correlation_id: None, iss: None };
    let begun = settings.check(&params).and_then(|()| {
        let hint = settings.login_hint(&operators, &network, &params)?;
        let mut tx = Transaction::new(network, operators.scenario(peer.ip()), back.clone())?;
        tx.data = json!(hint);
        operators.begin(tx)
    });
    begun.unwrap_or_else(|refused| back.error(&refused))
}

/// What a request object says.
#[derive(Clone, Deserialize)]
struct Object {
    iss: String,
    #[serde(flatten)]
    once: Once,
    login_hint: String,
    #[serde(default)]
    state: Option<String>,
}

impl Settings {
    fn check(&self, params: &Params) -> Result<(), Refused> {
        let refuse = |text| Err(Refused::redirect("invalid_request", text));
        if params.any_twice() {
            return refuse("duplicated parameter");
        }
        match params.get("response_type") {
            None => return refuse("Missing parameter: response_type"),
            Some("code") => {}
            Some(_) => return Err(Refused::redirect("unsupported_response_type", "Only code is supported")),
        }
        let sorted = |scope: &str| {
            let mut scopes: Vec<String> = scope.split(' ').map(str::to_owned).collect();
            scopes.sort_unstable();
            scopes
        };
        let Some(scope) = params.get("scope") else { return Err(Refused::redirect("missing_scope", "")) };
        if sorted(scope) != sorted(&self.scope) {
            return Err(Refused::redirect("invalid_scope", "Invalid scopes"));
        }
        if params.get("state").is_none() {
            return refuse("Missing parameter: state");
        }
        Ok(())
    }

    /// The number that is asked about: digits, by the one way that this operator takes.
    fn login_hint(&self, operators: &Operators, network: &Network, params: &Params) -> Result<String, Refused> {
        let refuse = |text| Refused::redirect("invalid_request", text);
        let hint = match (params.get("login_hint"), params.get("request")) {
            (Some(hint), None) if !self.signed => hint.to_owned(),
            (None, Some(object)) if self.signed => {
                let refuse = |text| Refused::redirect("invalid_request_object", text);
                let object = operators
                    .request_object(object)
                    .ok_or_else(|| refuse("Its signature, typ or claims are invalid"))?;
                let ours = object.iss == operators.0.settings.client_id;
                if !ours || object.state.as_deref() != params.get("state") {
                    return Err(refuse("It is another client's, or another request's"));
                }
                operators.once(&object.once, &operators.public(network, AUTH), now()).map_err(refuse)?;
                object.login_hint
            }
            _ => return Err(refuse("The number must come in the way that was agreed, and in no other")),
        };
        if is_digits(&hint) { Ok(hint) } else { Err(refuse("login_hint must be digits")) }
    }

    /// The API key of a backend's request, where one is wanted.
    fn knows(&self, operators: &Operators, headers: &HeaderMap) -> Result<(), Refused> {
        let Some(name) = &self.api_key_header else { return Ok(()) };
        let key = headers.get(name).and_then(|key| key.to_str().ok());
        let known = key == Some(&operators.0.settings.api_key);
        known.then_some(()).ok_or_else(|| Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unknown API key"))
    }
}

/// `POST token`: a form, the client's secret, a code that works once.
async fn token(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.ip_token(&network, &settings, &headers, &body).await.unwrap_or_else(Refused::oauth)
}

/// `POST userinfo`: the token in the form (RFC 6750 2.2).
async fn userinfo(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.ip_userinfo(&network, &settings, &headers, &body).unwrap_or_else(Refused::oauth)
}

impl Operators {
    async fn ip_token(
        &self,
        network: &Network,
        settings: &Settings,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        settings.knows(self, headers)?;
        let form = Params::form(headers, body)?;
        self.check_client(settings.client_auth, headers, &form, &self.public(network, TOKEN))?;
        let (code, tx) = self.redeem(network, &form)?;
        faults::token(tx.scenario, self.0.settings.slow).await?;
        let access_token = self.ledger().issue(&code, tx, now(), TOKEN_LIFETIME * 1000)?;
        Ok(no_store(Json(json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME,
            "scope": settings.scope,
        }))))
    }

    fn ip_userinfo(
        &self,
        network: &Network,
        settings: &Settings,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        settings.knows(self, headers)?;
        let form = Params::form(headers, body)?;
        let tx = self.ledger().peek(Step::Token, network, form.need("access_token")?, now());
        let tx =
            tx.ok_or_else(|| Refused::new(StatusCode::UNAUTHORIZED, "invalid_token", "Token verification failed"))?;
        match tx.scenario {
            Scenario::ResourceTimeout => {
                return Err(Refused::new(StatusCode::GATEWAY_TIMEOUT, "server_error", "The operator did not answer"));
            }
            Scenario::RateLimited => {
                return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, "slow_down", "Too many requests"));
            }
            _ => {}
        }
        let hint = tx.data.as_str().unwrap_or_default();
        let sub = self.subject(&tx);
        let yes = |flag: &str| format!(r#"{{"sub":"{sub}","login_hint":"{hint}","phone_number_verified":{flag}}}"#);
        // Here the string is the rule, so the variant is the boolean.
        let answers = Yes { whole: yes("\"true\""), broken: yes("\"true"), quoted: yes("true") };
        if let Some(answer) = self.0.cycles.resource(network, tx.scenario, &answers) {
            return Ok(answer);
        }
        let verified = tx.msisdn.as_deref().and_then(|msisdn| msisdn.strip_prefix('+')) == Some(hint);
        let (sub, hint) = match tx.scenario {
            Scenario::NotByNetwork => ("anonymous", hint),
            Scenario::ForeignIdentity => (sub.as_str(), STRANGER),
            _ => (sub.as_str(), hint),
        };
        let answer: Value = json!({ "sub": sub, "login_hint": hint, "phone_number_verified": verified.to_string() });
        Ok(no_store(Json(answer)))
    }

    /// HS256 under the client's secret, and nothing else.
    fn request_object(&self, jwt: &str) -> Option<Object> {
        let mut signature_only = Validation::new(Algorithm::HS256);
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        let key = DecodingKey::from_secret(self.0.settings.client_secret.as_bytes());
        let decoded = decode::<Object>(jwt, &key, &signature_only).ok()?;
        (decoded.header.typ.as_deref() == Some(REQUEST_OBJECT)).then_some(decoded.claims)
    }
}

/// E.164 without its `+`.
fn is_digits(text: &str) -> bool {
    (5..=15).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}
