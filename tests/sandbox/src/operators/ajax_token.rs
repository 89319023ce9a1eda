//! China Mobile's H5 style: `getMobile` gives a page a token over mobile data, `tokenValidate` says whether the token's
//! phone has a number. Both are signed with the application's key; a token works once, for two minutes.

mod fetched;

use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::faults::{self, Yes};
use super::flow::Back;
use super::ledger::{Step, Transaction, random};
use super::params::media_type;
use super::{Operators, Simulator, now};

/// Milliseconds.
const TOKEN_LIFETIME: u64 = 120_000;
const PREFIX: &str = "H5HTTPS";
/// A timestamp is Beijing's time.
const CLOCK: Duration = Duration::hours(8);
/// How much a timestamp may differ from ours, and for how long a `msgId` is remembered.
const SKEW: Duration = Duration::minutes(5);

/// An operator that a page asks.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    style: Style,
    /// The gateway's application.
    app_id: String,
    /// Numbers are without it.
    calling_code: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Style {
    #[default]
    ChinaMobile,
    Fetched,
}

type Own = Extension<Arc<Settings>>;

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        let routes = match self.style {
            Style::ChinaMobile => Router::new()
                .route("/h5/getMobile", post(get_mobile).options(preflight))
                .route("/openapi/rs/tokenValidate", post(token_validate)),
            Style::Fetched => fetched::router(),
        };
        routes.layer(Extension(Arc::new(self.clone())))
    }

    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        match (self.style, scenario) {
            (Style::Fetched, _) => fetched::expected(scenario),
            // All that the operator sees is an address that is none of its own.
            (_, Scenario::OtherNetwork) => Some("NOT_MOBILE_NETWORK"),
            (_, Scenario::GrantRefused) => Some("EXPIRED"),
            _ => usual(scenario),
        }
    }
}

/// There is neither consent nor an id_token, and the handset is sent nowhere.
fn usual(scenario: Scenario) -> Option<&'static str> {
    use Scenario::*;
    match scenario {
        ConsentRequired | ConsentRefused | UnknownUser | NotRegistered | Mvno | Busy | PortedAway => None,
        BadIdToken | SymmetricIdToken | ForeignIssuer | ExpiredIdToken | UnknownKey | RedirectLoop => None,
        _ => Some(scenario.usual()),
    }
}

/// A page of the customer's asks from its own origin.
async fn preflight() -> Response {
    let allowed =
        [(header::ACCESS_CONTROL_ALLOW_METHODS, "POST"), (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type")];
    readable((StatusCode::NO_CONTENT, allowed).into_response())
}

fn readable(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

/// What the page sends: these and nothing else, all text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Fetch {
    app_id: String,
    business_type: String,
    expand_params: String,
    msg_id: String,
    sign: String,
    timestamp: String,
    trace_id: String,
    version: String,
}

async fn get_mobile(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fetch = json_body::<Fetch>(&headers, &body);
    let mut id = fetch.as_ref().map(|fetch| fetch.msg_id.clone()).unwrap_or_default();
    let scenario = operators.scenario(peer.ip());
    let given = fetch.ok_or("103414").and_then(|fetch| {
        operators.check_fetch(&settings, &fetch)?;
        // The network knows by its access point which traffic is the phone's own.
        let sim = operators.0.radio.sim(peer.ip()).filter(|sim| sim.network == network);
        let sim = sim.filter(|_| scenario != Scenario::Tethered).ok_or("103111")?;
        if scenario == Scenario::AuthorizeDown {
            return Err("103211");
        }
        let mut tx = Transaction::new(network.clone(), scenario, Back::nowhere()).map_err(|_| "103211")?;
        tx.msisdn = operators.recognised(&tx, Some(sim.msisdn));
        operators.ledger().put(Step::Code, tx, now(), TOKEN_LIFETIME).map_err(|_| "103211")
    });
    if scenario == Scenario::ForeignState {
        id = random().unwrap_or_default();
    }
    let (code, token) = match given {
        Ok(handle) => ("103000", format!("{PREFIX}{handle}")),
        Err(code) => (code, String::new()),
    };
    let header = json!({ "appId": settings.app_id, "msgId": id, "timestamp": "" });
    let body = json!({ "resultCode": code, "resultDesc": "", "expandParams": "", "token": token });
    readable(Json(json!({ "header": header, "body": body })).into_response())
}

#[derive(Deserialize)]
struct Question {
    header: QuestionHeader,
    body: QuestionBody,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct QuestionHeader {
    version: String,
    msg_id: String,
    timestamp: String,
    app_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct QuestionBody {
    open_type: String,
    requester_type: String,
    phone_num: String,
    token: String,
    sign: String,
}

async fn token_validate(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(question) = json_body::<Question>(&headers, &body) else { return answered("", "303") };
    let mut id = question.header.msg_id.clone();
    let (code, scenario) = match operators.compare(&network, &settings, &question) {
        Ok((same, scenario)) => (if same { "000" } else { "001" }, scenario),
        Err(code) => return answered(&id, code),
    };
    if let Err(refused) = faults::token(scenario, operators.0.settings.slow).await {
        return match refused.error {
            "invalid_grant" => answered(&id, "606"),
            "invalid_client" => answered(&id, "302"),
            _ => refused.oauth(),
        };
    }
    let yes = |code: &str| json!({ "header": { "msgId": id, "resultCode": code } }).to_string();
    let yes =
        Yes { whole: yes("000"), broken: yes("000").replace("}}", ""), quoted: yes("000").replace("\"000\"", "0") };
    if let Some(answer) = operators.0.cycles.resource(&network, scenario, &yes) {
        return answer;
    }
    match scenario {
        Scenario::ResourceTimeout => StatusCode::GATEWAY_TIMEOUT.into_response(),
        Scenario::RateLimited => answered(&id, "102315"),
        Scenario::NotByNetwork => answered(&id, "002"),
        Scenario::ForeignIdentity => {
            id = random().unwrap_or_default();
            answered(&id, code)
        }
        _ => answered(&id, code),
    }
}

fn answered(id: &str, code: &str) -> Response {
    let header = json!({ "msgId": id, "timestamp": "", "appId": "", "resultCode": code });
    Json(json!({ "header": header, "body": { "resultDesc": "" } })).into_response()
}

impl Operators {
    fn check_fetch(&self, settings: &Settings, fetch: &Fetch) -> Result<(), &'static str> {
        let signed = [
            &fetch.app_id,
            &fetch.business_type,
            &fetch.expand_params,
            &fetch.msg_id,
            &fetch.timestamp,
            &fetch.trace_id,
            &fetch.version,
        ];
        let fixed = fetch.business_type == "3" && fetch.version == "1.0" && fetch.expand_params.is_empty();
        match () {
            () if fetch.app_id != settings.app_id => Err("103119"),
            () if !fixed || !is_id(&fetch.msg_id) || !is_id(&fetch.trace_id) || !is_recent(&fetch.timestamp) => {
                Err("103414")
            }
            () if fetch.sign != self.mac(&signed.map(String::as_str).concat()) => Err("103101"),
            () if !self.is_first(&fetch.msg_id) => Err("103412"),
            () => Ok(()),
        }
    }

    /// Is the number that of the token's phone? And what shall happen to it.
    fn compare(
        &self,
        network: &Network,
        settings: &Settings,
        question: &Question,
    ) -> Result<(bool, Scenario), &'static str> {
        let Question { header, body } = question;
        let signed = [&header.app_id, &header.msg_id, &body.phone_num, &header.timestamp, &body.token, &header.version];
        let fixed = header.version == "1.0" && body.open_type == "1" && body.requester_type == "1";
        if header.app_id != settings.app_id || !fixed || !is_id(&header.msg_id) || !is_recent(&header.timestamp) {
            return Err("102");
        }
        if body.sign != self.mac(&signed.map(String::as_str).concat()).to_uppercase() {
            return Err("302");
        }
        if !self.is_first(&header.msg_id) {
            return Err("102");
        }
        let handle = body.token.strip_prefix(PREFIX).unwrap_or_default();
        let tx = self.ledger().take(Step::Code, network, handle, now()).ok_or("606")?;
        let is_hash = |b: u8| b.is_ascii_digit() || matches!(b, b'A'..=b'F');
        if body.phone_num.len() != 64 || !body.phone_num.bytes().all(is_hash) {
            return Err("004");
        }
        let own = tx.msisdn.as_deref().and_then(|own| own.strip_prefix(&format!("+{}", settings.calling_code)));
        let salted = [own.unwrap_or_default(), &self.0.settings.client_secret, &header.timestamp].concat();
        let same = own.is_some() && hex::encode_upper(Sha256::digest(salted)) == body.phone_num;
        Ok((same, tx.scenario))
    }

    fn mac(&self, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.settings.client_secret.as_bytes());
        hex::encode(hmac::sign(&key, text.as_bytes()))
    }

    fn is_first(&self, id: &str) -> bool {
        let until = now() + 2 * u64::try_from(SKEW.whole_milliseconds()).unwrap_or_default();
        self.ledger().first_use(id, until, now())
    }
}

fn json_body<T: for<'a> Deserialize<'a>>(headers: &HeaderMap, body: &[u8]) -> Option<T> {
    let is_json = media_type(headers)?.eq_ignore_ascii_case("application/json");
    serde_json::from_slice::<Value>(body).ok().filter(|_| is_json).and_then(|body| T::deserialize(body).ok())
}

fn is_id(text: &str) -> bool {
    (1..=36).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `yyyyMMddHHmmssSSS`, within a few minutes of now.
fn is_recent(text: &str) -> bool {
    let number = |at: usize, len: usize| text.get(at..at + len).and_then(|part| part.parse::<u16>().ok());
    let part = |at: usize| number(at, 2).and_then(|part| u8::try_from(part).ok());
    let parsed = || {
        let month = Month::try_from(part(4)?).ok()?;
        let date = Date::from_calendar_date(i32::from(number(0, 4)?), month, part(6)?).ok()?;
        let time = Time::from_hms_milli(part(8)?, part(10)?, part(12)?, number(14, 3)?).ok()?;
        Some(PrimitiveDateTime::new(date, time).assume_utc() - CLOCK)
    };
    let now = OffsetDateTime::now_utc();
    text.len() == 17 && parsed().is_some_and(|at| (now - at).abs() < SKEW)
}
