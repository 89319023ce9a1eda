//! China Mobile's H5 style: a page fetches a one-time token over mobile data, the customer hands us its JSON, and the
//! operator says whether the token's phone has the session's number. Device call as Alibaba Cloud documents it for
//! `GetUAIDApplyTokenSign`; `tokenValidate` and its codes as China Mobile's own documents have them.

mod fetched;

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Adapter, Arrival, Arrived, Authorize, Context, HttpRequest, Io, Stop, Verdict};
use time::{Duration, OffsetDateTime};

pub use fetched::FetchedToken;

use crate::{oidc, refusal};

const VERSION: &str = "1.0";

/// What differs between deployments.
pub struct AjaxToken {
    /// The operator takes numbers without this calling code, e.g. `86`.
    pub calling_code: &'static str,
    /// Hours that the clock in timestamps is ahead of UTC.
    pub clock: i64,
}

#[derive(Deserialize)]
struct Config {
    app_id: String,
    /// The handset calls this one.
    device_endpoint: String,
    verify_endpoint: String,
}

/// What the operator gives the handset; either side may hold more.
#[derive(Deserialize)]
struct Given {
    header: GivenHeader,
    body: GivenBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenHeader {
    msg_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenBody {
    result_code: String,
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
struct Validated {
    header: Header,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    msg_id: String,
    result_code: String,
}

impl Adapter for AjaxToken {
    fn plan(&self, cx: &Context, _: &mut String, io: &mut Io) -> Result<Authorize, Stop> {
        let config: Config = cx.config()?;
        let id = oidc::fresh(cx, "device");
        let parameters = [
            ("appId", config.app_id),
            ("businessType", "3".to_owned()),
            ("expandParams", String::new()),
            ("msgId", id.clone()),
            ("timestamp", self.timestamp(cx)?),
            ("traceId", id),
            ("version", VERSION.to_owned()),
        ];
        let mut parameters: BTreeMap<String, String> =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        // How the operator wants this call signed is told to registered customers only; so as `tokenValidate` is.
        let signed: String = parameters.values().map(String::as_str).collect();
        parameters.insert("sign".to_owned(), io.mac(&signed)?);
        let headers = [("Content-Type".to_owned(), "application/json".to_owned())].into();
        Ok(Authorize { uri: Some(config.device_endpoint), headers, parameters })
    }

    fn arrive(&self, _: &Context, _: &Arrival, _: &mut String, _: &mut Io) -> Result<Arrived, Stop> {
        Err(not_here())
    }

    fn validate(&self, cx: &Context, payload: &Value, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let given = Given::deserialize(&*as_json(payload));
        let given = given.map_err(|_| Stop::Malformed("not the answer of getMobile"))?;
        if given.header.msg_id.is_some_and(|id| id != oidc::fresh(cx, "device")) {
            return Err(Stop::failed(Verdict::ProtocolViolation, "the payload is another session's"));
        }
        if given.body.result_code != "103000" {
            return Err(no_token(&given.body.result_code));
        }
        if given.body.token.is_empty() {
            return Err(Stop::Malformed("a successful answer without a token"));
        }
        self.token_validate(cx, &given.body.token, io)
    }
}

impl AjaxToken {
    fn token_validate(&self, cx: &Context, token: &str, io: &mut Io) -> Result<Verdict, Stop> {
        let config: Config = cx.config()?;
        let (id, timestamp) = (oidc::fresh(cx, "verify"), self.timestamp(cx)?);
        let number = oidc::national(&cx.msisdn, self.calling_code)?;
        let hash = io.digest(number, &timestamp)?.to_uppercase();
        let sign = io.mac(&format!("{}{id}{hash}{timestamp}{token}{VERSION}", config.app_id))?.to_uppercase();
        let body = json!({
            "header": { "version": VERSION, "msgId": id, "timestamp": timestamp, "appId": config.app_id },
            // From China Mobile's network (1), by a page (1).
            "body": { "openType": "1", "requesterType": "1", "phoneNum": hash, "token": token, "sign": sign },
        });
        let response = io.send(HttpRequest {
            method: "POST".into(),
            url: config.verify_endpoint,
            headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
            body: body.to_string(),
            ..HttpRequest::default()
        })?;
        if response.status != 200 {
            return Err(refusal::at_resource(&response));
        }
        let Header { msg_id, result_code } = response.json::<Validated>()?.header;
        if msg_id != id {
            return Err(Stop::failed(Verdict::ProtocolViolation, "tokenValidate answered another request"));
        }
        match result_code.as_str() {
            "000" => Ok(Verdict::Match),
            "001" => Ok(Verdict::Mismatch),
            code => Err(not_validated(code)),
        }
    }

    /// `yyyyMMddHHmmssSSS`.
    fn timestamp(&self, cx: &Context) -> Result<String, Stop> {
        let at = i64::try_from(cx.now).ok().and_then(|now| OffsetDateTime::from_unix_timestamp(now).ok());
        let at = at.and_then(|at| at.checked_add(Duration::hours(self.clock)));
        let at = at.ok_or_else(|| Stop::failed(Verdict::ConfigError, "the clock is out of range"))?;
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second) = at.to_hms();
        Ok(format!("{year:04}{:02}{day:02}{hour:02}{minute:02}{second:02}000", u8::from(month)))
    }
}

/// A page may hand the answer on as it came: as text.
pub fn as_json(payload: &Value) -> Cow<'_, Value> {
    match payload {
        Value::String(text) => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        other => Cow::Borrowed(other),
    }
}

fn not_here() -> Stop {
    Stop::failed(Verdict::ProtocolViolation, "the handset calls the operator, not us")
}

/// `getMobile`: China Mobile's SDK codes, which it shares. The customer carried this one: only known codes are named.
fn no_token(code: &str) -> Stop {
    let verdict = match code {
        // No network, mobile data off, no SIM, "gateway IP wrong", number not found on this path.
        "102101" | "102102" | "102103" | "102508" | "103111" | "105001" | "105002" | "105003" | "200002" => {
            Verdict::NotMobileNetwork
        }
        "103101" | "103102" | "103119" | "103412" | "103414" | "103511" | "105018" | "105019" | "105302" => {
            Verdict::ConfigError
        }
        "103911" | "105021" => Verdict::OperatorRateLimited,
        "102507" | "200023" => Verdict::OperatorTimeout,
        _ => Verdict::OperatorError,
    };
    Stop::failed(verdict, "the operator gave the handset no token")
}

/// `tokenValidate`.
fn not_validated(code: &str) -> Stop {
    let (verdict, detail) = match code {
        "002" => (Verdict::NotMobileNetwork, "no number was found"),
        "003" | "606" | "104201" => (Verdict::Expired, "the token has expired or was used"),
        "004" | "102" | "124" | "302" | "303" => (Verdict::ConfigError, "tokenValidate refused our request"),
        "102315" => (Verdict::OperatorRateLimited, "the number of calls is used up"),
        _ => (Verdict::OperatorError, "tokenValidate failed"),
    };
    Stop::failed(verdict, detail)
}
