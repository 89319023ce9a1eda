//! CAMARA Number Verification over the authorization code flow of CAMARA's Security and Interoperability Profile: 2.1.0
//! by the book (PKCE, private_key_jwt, request objects, one purpose scope, access tokens that work once), and what older
//! deployments still have (`#` in the scope, HTTP Basic, no id_token).

mod number;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::answers::{Refused, bad_request_page, no_store};
use super::client::{ClientAuth, Once, bearer};
use super::faults::Yes;
use super::flow::{self, Back};
use super::ledger::{Step, Transaction};
use super::params::Params;
use super::{Operators, Simulator, faults, now};
use number::Asked;
pub use number::{Accepted, is_e164};

/// Seconds, the most that CAMARA allows.
const TOKEN_LIFETIME: u64 = 300;
const CORRELATOR: &str = "x-correlator";
/// RFC 9101 10.8.
const REQUEST_OBJECT: &str = "oauth-authz-req+jwt";

/// How an operator differs. Paths lie below `/{id}`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    authorize: String,
    token: String,
    verify: String,
    /// What must be asked for, in any order.
    scope: String,
    client_auth: ClientAuth,
    /// Is PKCE required, and must the request be a signed object?
    #[serde(default)]
    pkce: bool,
    #[serde(default)]
    request_object: bool,
    /// Is there an id_token? Such an operator also names itself (RFC 9207).
    #[serde(default)]
    openid: bool,
    /// Must `login_hint` say the number, as `tel:`?
    #[serde(default)]
    login_hint: bool,
    /// In which form numbers are taken; both if not given.
    #[serde(default)]
    number: Accepted,
    /// Is another number refused, in place of an answer that says so?
    #[serde(default)]
    mismatch_is_refused: bool,
}

type Own = Extension<Arc<Settings>>;

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        Router::new()
            .route(&self.authorize, get(authorize))
            .route(&self.token, post(token))
            .route(&self.verify, post(verify))
            .route("/jwks", get(jwks))
            .merge(flow::router())
            .layer(Extension(Arc::new(self.clone())))
    }

    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        match scenario {
            Scenario::BadIdToken
            | Scenario::SymmetricIdToken
            | Scenario::ForeignIssuer
            | Scenario::ExpiredIdToken
            | Scenario::UnknownKey
            | Scenario::ForeignIdentity
                if !self.openid =>
            {
                None
            }
            _ => Some(scenario.usual()),
        }
    }

    fn refuses(&self, _: Scenario, unseen: bool) -> Option<Refused> {
        unseen.then(|| Refused::redirect("access_denied", "The device is not connected to the mobile network"))
    }
}

/// `GET authorize`.
async fn authorize(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
) -> Response {
    let query = Params::query(uri.query());
    let redirect_uri = match operators.redirect_uri(&network, &query) {
        Ok(redirect_uri) => redirect_uri,
        Err(text) => return bad_request_page(text),
    };
    let iss = settings.openid.then(|| operators.issuer(&network));
    let back = |state| Back { redirect_uri, state, correlation_id: None, iss };
    let params = match settings.params(&operators, &network, query) {
        Ok(params) => params,
        Err(refused) => return back(None).error(&refused),
    };
    let own = |name| params.get(name).map(str::to_owned);
    let back = back(own("state"));
    let begun = settings.check(&params).and_then(|()| {
        let mut tx = Transaction::new(network, operators.scenario(peer.ip()), back.clone())?;
        tx.nonce = own("nonce").unwrap_or_default();
        tx.code_challenge = own("code_challenge");
        operators.begin(tx)
    });
    begun.unwrap_or_else(|refused| back.error(&refused))
}

/// What a request object says of itself; the rest of it are the request's parameters.
#[derive(Clone, Deserialize)]
struct Signed {
    iss: String,
    #[serde(flatten)]
    once: Once,
    #[serde(flatten)]
    params: serde_json::Map<String, Value>,
}

impl Settings {
    /// The request's parameters: the query's, or only those of the signed object (RFC 9101, CAMARA's profile).
    fn params(&self, operators: &Operators, network: &Network, query: Params) -> Result<Params, Refused> {
        let refuse = |text| Refused::redirect("invalid_request_object", text);
        let Some(object) = query.get("request") else {
            let missing = Refused::redirect("invalid_request", "A signed request object is required");
            return if self.request_object { Err(missing) } else { Ok(query) };
        };
        if !self.request_object {
            return Err(Refused::redirect("request_not_supported", "Request objects are not supported"));
        }
        let signed: Signed = operators
            .signed(object, REQUEST_OBJECT)
            .ok_or_else(|| refuse("Its signature, typ or claims are invalid"))?;
        if signed.iss != operators.0.settings.client_id || signed.params.contains_key("sub") {
            return Err(refuse("iss must be the client_id, and there must be no sub"));
        }
        operators.once(&signed.once, &operators.public(network, &self.authorize), now()).map_err(refuse)?;
        let texts = signed.params.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
        let params = Params::of(texts.collect());
        for name in ["scope", "response_type", "client_id", "redirect_uri"] {
            if query.get(name).is_none() || query.get(name) != params.get(name) {
                return Err(refuse("The query must repeat scope, response_type, client_id and redirect_uri"));
            }
        }
        Ok(params)
    }

    /// `acr_values` is ignored, as the profile says.
    fn check(&self, params: &Params) -> Result<(), Refused> {
        let refuse = |text| Err(Refused::redirect("invalid_request", text));
        if params.any_twice() {
            return refuse("A parameter is there twice");
        }
        if params.get("request_uri").is_some() {
            return Err(Refused::redirect("request_uri_not_supported", "Request URIs are not supported"));
        }
        match params.get("response_type") {
            None => return refuse("response_type is missing"),
            Some("code") => {}
            Some(_) => return Err(Refused::redirect("unsupported_response_type", "Only code is supported")),
        }
        let scopes = words(params.get("scope").unwrap_or_default());
        if scopes.iter().filter(|scope| scope.starts_with("dpv:")).count() != 1 {
            return Err(Refused::redirect("invalid_scope", "There must be exactly one purpose"));
        }
        if scopes != words(&self.scope) {
            return Err(Refused::redirect("invalid_scope", "The scope is unknown or not allowed for this client"));
        }
        if params.get("state").is_none() || params.get("nonce").is_none() {
            return refuse("state and nonce are required");
        }
        if params.get("prompt") != Some("none") {
            return refuse("prompt must be none");
        }
        let hint = params.get("login_hint").and_then(|hint| hint.strip_prefix("tel:"));
        if self.login_hint && !hint.is_some_and(is_e164) {
            return refuse("login_hint must be tel: and a number");
        }
        let challenged =
            params.get("code_challenge_method") == Some("S256") && params.get("code_challenge").is_some_and(is_sha256);
        if self.pkce && !challenged {
            return refuse("PKCE with S256 is required");
        }
        Ok(())
    }
}

/// `POST token`: the client's proof, PKCE, a code that works once.
async fn token(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.camara_token(&network, &settings, &headers, &body).await.unwrap_or_else(Refused::oauth)
}

/// `POST verify`. The correlator comes back, whatever the answer.
async fn verify(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let correlator = headers.get(CORRELATOR);
    if correlator.is_some_and(|value| !is_correlator(value)) {
        return invalid("The x-correlator is malformed.").camara();
    }
    let mut response = operators
        .camara_verify(&network, settings.number, settings.mismatch_is_refused, &headers, &body)
        .unwrap_or_else(Refused::camara);
    if let Some(correlator) = correlator {
        response.headers_mut().insert(CORRELATOR, correlator.clone());
    }
    response
}

pub async fn jwks(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
) -> Result<Json<JwkSet>, StatusCode> {
    operators.0.keys.jwks(&network, Algorithm::ES256).map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

impl Operators {
    async fn camara_token(
        &self,
        network: &Network,
        settings: &Settings,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        let form = Params::form(headers, body)?;
        self.check_client(settings.client_auth, headers, &form, &self.public(network, &settings.token))?;
        let verifier = if settings.pkce { Some(form.need("code_verifier")?) } else { None };
        let (code, tx) = self.redeem(network, &form)?;
        if let Some(verifier) = verifier {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            if !is_verifier(verifier) || tx.code_challenge.as_ref() != Some(&challenge) {
                return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_grant", "The code_verifier does not fit"));
            }
        }
        faults::token(tx.scenario, self.0.settings.slow).await?;

        let now = now();
        let id_token = if settings.openid { Some(self.camara_id_token(&tx, now)?) } else { None };
        let access_token = self.ledger().issue(&code, tx, now, TOKEN_LIFETIME * 1000)?;
        let mut answer = json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME, "scope": settings.scope,
        });
        if let Some(id_token) = id_token {
            answer["id_token"] = id_token.into();
        }
        Ok(no_store(Json(answer)))
    }

    fn camara_id_token(&self, tx: &Transaction, now: u64) -> Result<String, Refused> {
        let claims = json!({
            "iss": self.issuer(&tx.network), "sub": self.subject(tx), "aud": self.0.settings.client_id,
            "iat": now / 1000, "exp": now / 1000 + TOKEN_LIFETIME, "auth_time": tx.started / 1000, "nonce": tx.nonce,
        });
        let flaw = self.0.cycles.flaw(&tx.network, tx.scenario);
        Ok(self.0.keys.id_token(&tx.network, Algorithm::ES256, claims, flaw)?)
    }

    /// `verify` of an operator that speaks CAMARA, whatever its token was got by.
    pub fn camara_verify(
        &self,
        network: &Network,
        number: Accepted,
        mismatch_is_refused: bool,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        let bearer = bearer(headers).unwrap_or_default();
        let tx = self.ledger().take(Step::Token, network, bearer, now()).ok_or_else(|| {
            let text = "Request not authenticated due to missing, invalid, or expired credentials.";
            Refused::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", text)
        })?;
        let asked = Asked::parse(headers, body).filter(|asked| asked.is_one_of(number));
        let asked = asked.ok_or_else(|| invalid("Give phoneNumber or hashedPhoneNumber, as agreed."))?;
        if let Some((status, code, text)) = refusal(tx.scenario) {
            return Err(Refused::new(status, code, text));
        }
        let yes = Yes {
            whole: r#"{"devicePhoneNumberVerified":true}"#.to_owned(),
            broken: r#"{"devicePhoneNumberVerified":true"#.to_owned(),
            quoted: r#"{"devicePhoneNumberVerified":"true"}"#.to_owned(),
        };
        if let Some(answer) = self.0.cycles.resource(network, tx.scenario, &yes) {
            return Ok(answer);
        }
        let verified = tx.msisdn.is_some_and(|msisdn| asked.is(&msisdn));
        if !verified && mismatch_is_refused {
            let text = "The MSISDN does not match the user tied to the access token";
            return Err(Refused::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", text));
        }
        Ok(Json(json!({ "devicePhoneNumberVerified": verified })).into_response())
    }
}

/// Number Verification 2.1.0 and Commonalities 0.6.
fn refusal(scenario: Scenario) -> Option<(StatusCode, &'static str, &'static str)> {
    Some(match scenario {
        Scenario::UnknownUser | Scenario::PortedAway => {
            (StatusCode::NOT_FOUND, "IDENTIFIER_NOT_FOUND", "Device identifier not found.")
        }
        Scenario::NotRegistered => {
            let text = "The service is not available for the provided identifier.";
            (StatusCode::UNPROCESSABLE_ENTITY, "SERVICE_NOT_APPLICABLE", text)
        }
        Scenario::ResourceTimeout => (StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", "Request timeout exceeded."),
        Scenario::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", "Rate limit reached."),
        Scenario::NotByNetwork => {
            let code = "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK";
            (StatusCode::FORBIDDEN, code, "Client must authenticate via the mobile network to use this service")
        }
        _ => return None,
    })
}

fn words(scope: &str) -> Vec<&str> {
    let mut words: Vec<&str> = scope.split(' ').collect();
    words.sort_unstable();
    words
}

fn invalid(text: &'static str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", text)
}

/// `^[a-zA-Z0-9-_:;.\/<>{}]{0,256}$`.
fn is_correlator(value: &HeaderValue) -> bool {
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-_:;./<>{}".contains(b);
    value.len() <= 256 && value.as_bytes().iter().all(allowed)
}

/// RFC 7636 4.2: base64url of 32 bytes.
fn is_sha256(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// RFC 7636 4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}
