//! What the OpenID Connect families share: the authorize URL, the callback, the code for a token,
//! the id_token's claims (OIDC Core 3.1.3.7; CAMARA Security and Interoperability Profile).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use sha2::{Digest, Sha256};
use sna_adapter::{Auth, Context, HttpRequest, Io, Key, Params, Stop, Verdict};

use crate::refusal;

/// Seconds that our clock and the operator's may differ.
const SKEW: u64 = 60;
/// Seconds that a request object is good for; CAMARA's profile allows 300.
const REQUEST_OBJECT_LIFETIME: u64 = 120;

/// How this operator wants us to authenticate at its token endpoint.
#[derive(Clone, Copy)]
pub enum ClientAuth {
    Basic,
    Post,
    /// RFC 7523; the assertion's audience is the token endpoint.
    PrivateKeyJwt,
}

/// The operator's entry in the operator table, as far as the families read it.
#[derive(Serialize, Deserialize)]
pub struct Provider {
    pub issuer: String,
    /// Does the operator promise `iss` in its authorize answers (RFC 9207 3)? Then one without it is a mix-up.
    #[serde(default)]
    pub iss_required: bool,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    /// Only where an id_token is checked.
    #[serde(default)]
    pub jwks_uri: String,
    pub client_id: String,
    /// Where the number is compared: CAMARA's `/verify`, Mobile Connect's premiuminfo, an IP session's userinfo.
    pub resource_endpoint: String,
    /// The header in which this operator's API gateway wants our `api_key`, beside what OAuth needs.
    #[serde(default)]
    pub api_key_header: Option<String>,
}

#[derive(Deserialize)]
pub struct Token {
    pub access_token: String,
    #[serde(default)]
    pub id_token: Option<String>,
}

/// The claims that are ours to judge; `sub` is opaque.
#[derive(Deserialize)]
pub struct IdToken {
    iss: String,
    pub sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    exp: u64,
    iat: u64,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    pub acr: String,
    #[serde(default)]
    pub amr: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Percent-encodes, a space as `%20`: a `+` inside `Location` is read as a plus by some operators,
/// and a bare `#` (in the scopes of older deployments) would cut the query off.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let one = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    pairs.iter().map(|(name, value)| format!("{}={}", one(name), one(value))).collect::<Vec<_>>().join("&")
}

/// What every provider needs in an authorize request.
pub fn authorize_params<'a>(cx: &'a Context, provider: &'a Provider, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &cx.callback_uri),
        ("scope", scope),
        ("state", &cx.state),
        ("nonce", &cx.nonce),
    ]
}

/// The authorize request's URI. RFC 6749 3.1: a query that the endpoint has stays.
pub fn authorize_uri(provider: &Provider, params: &[(&str, &str)]) -> String {
    let joint = if provider.authorization_endpoint.contains('?') { '&' } else { '?' };
    format!("{}{joint}{}", provider.authorization_endpoint, encode(params))
}

/// The parameters as a signed object (RFC 9101; CAMARA's profile wants `jti`, and no `sub`).
pub fn request_object(
    cx: &Context,
    provider: &Provider,
    params: &[(&str, &str)],
    key: Key,
    io: &mut Io,
) -> Result<String, Stop> {
    let mut claims = json!({
        "iss": provider.client_id, "aud": provider.authorization_endpoint, "iat": cx.now,
        "exp": cx.now.saturating_add(REQUEST_OBJECT_LIFETIME), "jti": fresh(cx, "request object"),
    });
    for (name, value) in params {
        claims[name] = (*value).into();
    }
    io.sign(claims, key, Some("oauth-authz-req+jwt"))
}

/// A name of this session's own for one purpose: an adapter has no randomness, but the session's nonce is random.
pub fn fresh(cx: &Context, purpose: &str) -> String {
    let hash = Sha256::new().chain_update(&cx.nonce).chain_update(purpose).finalize();
    hex::encode(&hash[..16])
}

/// The operator's code, after `state` and `iss` (RFC 9207: mix-up) were compared.
pub fn code<'a>(cx: &Context, provider: &Provider, params: &'a Params) -> Result<&'a str, Stop> {
    if params.get("state").is_none_or(|state| *state != cx.state) {
        return Err(Stop::failed(Verdict::ProtocolViolation, "state is not the session's"));
    }
    // RFC 9207 2.4.
    match params.get("iss") {
        Some(iss) if *iss != provider.issuer => {
            return Err(Stop::failed(Verdict::ProtocolViolation, "iss is not the operator's"));
        }
        None if provider.iss_required => {
            return Err(Stop::failed(Verdict::ProtocolViolation, "iss is missing"));
        }
        _ => {}
    }
    if let Some(error) = params.get("error") {
        let text = params.get("error_description").map_or("", String::as_str);
        return Err(refusal::at_authorize(error, text));
    }
    match params.get("code") {
        Some(code) if !code.is_empty() => Ok(code),
        _ => Err(Stop::failed(Verdict::ProtocolViolation, "neither code nor error came back")),
    }
}

/// Redeems the code (RFC 6749 4.1.3, RFC 7636 4.5).
pub fn token(
    cx: &Context,
    provider: &Provider,
    auth: ClientAuth,
    pkce: bool,
    code: &str,
    io: &mut Io,
) -> Result<Token, Stop> {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &cx.callback_uri)];
    if pkce {
        form.push(("code_verifier", &cx.verifier));
    }
    let client_id = provider.client_id.clone();
    let response = io.send(HttpRequest {
        method: "POST".into(),
        url: provider.token_endpoint.clone(),
        headers: headers("application/x-www-form-urlencoded"),
        body: encode(&form),
        api_key_header: provider.api_key_header.clone(),
        auth: match auth {
            ClientAuth::Basic => Auth::ClientSecretBasic { client_id },
            ClientAuth::Post => Auth::ClientSecretPost { client_id },
            ClientAuth::PrivateKeyJwt => Auth::PrivateKeyJwt { client_id, audience: provider.token_endpoint.clone() },
        },
    })?;
    if response.status != 200 {
        return Err(refusal::at_token(&response));
    }
    response.json()
}

/// The id_token of `token`: signature by the host, claims here.
pub fn id_token(cx: &Context, provider: &Provider, token: &Token, io: &mut Io) -> Result<IdToken, Stop> {
    let violation = |detail: &str| Stop::failed(Verdict::ProtocolViolation, detail);
    let jwt = token.id_token.as_deref().ok_or_else(|| violation("the token answer has no id_token"))?;
    let claims = io.verify(jwt, &provider.jwks_uri)?;
    let claims = IdToken::deserialize(claims).map_err(|_| violation("the id_token lacks a claim"))?;
    // azp must be ours where it stands, and must stand where there are other audiences.
    let azp = claims.azp.as_ref().map(|azp| *azp == provider.client_id);
    let for_us = match &claims.aud {
        Audience::One(aud) => *aud == provider.client_id && azp != Some(false),
        Audience::Many(auds) => auds.contains(&provider.client_id) && azp.unwrap_or(auds.len() == 1),
    };
    match () {
        () if claims.iss != provider.issuer => Err(violation("the id_token's iss is not the operator's")),
        () if !for_us => Err(violation("the id_token's aud is not ours")),
        () if claims.nonce != cx.nonce => Err(violation("the id_token's nonce is not the session's")),
        () if claims.exp.saturating_add(SKEW) <= cx.now => Err(violation("the id_token has expired")),
        () if claims.iat > cx.now.saturating_add(SKEW) => Err(violation("the id_token is from the future")),
        () => Ok(claims),
    }
}

/// A JSON request with a bearer token.
pub fn post_json(url: &str, access_token: &str, body: &serde_json::Value) -> HttpRequest {
    let mut headers = headers("application/json");
    headers.insert("authorization".into(), format!("Bearer {access_token}"));
    HttpRequest { method: "POST".into(), url: url.into(), headers, body: body.to_string(), ..HttpRequest::default() }
}

/// Sends a request to a resource; anything but 200 is its refusal.
pub fn resource<T: DeserializeOwned>(io: &mut Io, request: HttpRequest) -> Result<T, Stop> {
    let response = io.send(request)?;
    if response.status != 200 {
        return Err(refusal::at_resource(&response));
    }
    response.json()
}

/// The number's digits without the calling code of the operator's country.
pub fn national<'a>(msisdn: &'a str, calling_code: &str) -> Result<&'a str, Stop> {
    let digits = msisdn.strip_prefix('+').and_then(|digits| digits.strip_prefix(calling_code));
    digits.ok_or_else(|| Stop::failed(Verdict::NetworkUnsupported, "a number of another country"))
}

/// Lower-case hex SHA-256 of E.164 with its `+` (IDY.54; CAMARA NumberVerification 2.1.0).
pub fn number_hash(msisdn: &str) -> String {
    hex::encode(Sha256::digest(msisdn))
}

pub fn headers(content_type: &str) -> BTreeMap<String, String> {
    [("content-type", content_type), ("accept", "application/json")].map(|(k, v)| (k.into(), v.into())).into()
}

/// A boolean, or the strings that some deployments send for it.
pub fn lenient_bool<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lenient {
        Bool(bool),
        Text(String),
    }
    match Lenient::deserialize(value)? {
        Lenient::Bool(value) => Ok(value),
        Lenient::Text(text) if text == "true" => Ok(true),
        Lenient::Text(text) if text == "false" => Ok(false),
        Lenient::Text(_) => Err(serde::de::Error::custom("not a boolean")),
    }
}
