//! The deployment's lookup as it is written: a source, how long it may take, how long its answers stay good, and which
//! of our networks its carriers are. Secrets by reference only (`env:NAME`).

use std::{collections::BTreeMap, net::SocketAddr, sync::Mutex, time::Duration};

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sna_numbers::Network;
use sna_outbound::{Outbound, allows};
use url::Url;

use super::{
    Carriers, Keep, Lookup, Lookups,
    breaker::Breaker,
    dns::Tree,
    form::{Form, NUMBER, Pointers, Status},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    source: Source,
    #[serde(default = "eight_hundred")]
    deadline_ms: u64,
    /// The local run: plain http, and addresses of this machine.
    #[serde(default)]
    allow_loopback: bool,
    #[serde(default = "a_day")]
    keep_seconds: u64,
    #[serde(default = "ten_minutes")]
    keep_unknown_seconds: u64,
    /// The source's id of a carrier, or `MCC-MNC`, and our network.
    #[serde(default)]
    networks: BTreeMap<String, Network>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Source {
    /// TMT Velocity: the keys and the number stand in the URL's path.
    Velocity {
        #[serde(default = "velocity")]
        url: String,
        key: String,
        secret: String,
    },
    /// TMT Verify: the keys are headers, the number is in the body.
    Verify {
        #[serde(default = "verify")]
        url: String,
        key: String,
        secret: String,
    },
    /// NAPTR records under a suffix, such as `e164.arpa` (RFC 6116). The servers are asked in this order.
    Enum {
        servers: Vec<SocketAddr>,
        suffix: String,
    },
    Json(Box<Api>),
}

/// Any API that answers JSON. `{number}`, and `{name}` of each secret, may stand in the URL and in headers' values; the
/// number in the body too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Api {
    url: String,
    #[serde(default)]
    post: Option<Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    answer: Pointers,
}

fn eight_hundred() -> u64 {
    800
}

fn a_day() -> u64 {
    86_400
}

fn ten_minutes() -> u64 {
    600
}

fn velocity() -> String {
    "https://api.tmtvelocity.com".to_owned()
}

fn verify() -> String {
    "https://api.tmtverify.com".to_owned()
}

/// Reads the configuration's JSON; `secret` resolves the name behind `env:`.
pub fn parse(json: &str, secret: &dyn Fn(&str) -> Option<String>, mut carriers: Carriers) -> Result<Lookups, String> {
    let entry: Entry = serde_json::from_str(json).map_err(|error| error.to_string())?;
    for (name, network) in entry.networks {
        carriers.name(&name, network);
    }
    if !(100..=2_500).contains(&entry.deadline_ms) {
        return Err("deadline_ms is 100 to 2500".to_owned());
    }
    if entry.keep_seconds > 30 * 86_400 || entry.keep_unknown_seconds > 86_400 {
        return Err("keep_seconds is at most 30 days, keep_unknown_seconds one".to_owned());
    }
    let deadline = Duration::from_millis(entry.deadline_ms);
    let source: Box<dyn Lookup> = match entry.source {
        Source::Velocity { url, key, secret: own } => {
            Box::new(of_velocity(&url, key, own).form(secret, entry.allow_loopback)?)
        }
        Source::Verify { url, key, secret: own } => {
            Box::new(of_verify(url, key, own).form(secret, entry.allow_loopback)?)
        }
        Source::Json(api) => Box::new(api.form(secret, entry.allow_loopback)?),
        Source::Enum { servers, suffix } => Box::new(Tree::new(servers, &suffix, deadline)?),
    };
    let keep = Keep { found: entry.keep_seconds * 1000, unknown: entry.keep_unknown_seconds * 1000 };
    Ok(Lookups { source: Some(source), carriers, deadline, keep, breaker: Mutex::new(Breaker::default()) })
}

/// Both products' answers, whose members differ in name only. Status 1 is a number that nobody has.
pub(super) fn pointers(current: &str) -> Pointers {
    let at = |member: &str| Some(format!("/{current}/{member}"));
    Pointers {
        number: "/number".to_owned(),
        spid: at("spid"),
        mcc: at("mcc"),
        mnc: at("mnc"),
        ported: Some("/ported".to_owned()),
        status: Some(Status { pointer: "/status".to_owned(), found: json!(0), unknown: Some(json!(1)) }),
    }
}

fn of_velocity(url: &str, key: String, secret: String) -> Api {
    Api {
        url: format!("{}/standard/json/{{key}}/{{secret}}/{NUMBER}", url.trim_end_matches('/')),
        post: None,
        headers: BTreeMap::new(),
        secrets: [("key".to_owned(), key), ("secret".to_owned(), secret)].into(),
        answer: pointers("current_carrier"),
    }
}

fn of_verify(url: String, key: String, secret: String) -> Api {
    let headers = [("X-API-Key", "{key}"), ("X-API-Secret", "{secret}")];
    Api {
        url,
        post: Some(json!({ "number": NUMBER, "dpoints": "originnetwork,network,porteddate,type" })),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        secrets: [("key".to_owned(), key), ("secret".to_owned(), secret)].into(),
        answer: pointers("current_network"),
    }
}

impl Api {
    fn form(self, secret: &dyn Fn(&str) -> Option<String>, allow_loopback: bool) -> Result<Form, String> {
        let mut url = self.url;
        let mut headers = self.headers;
        for (name, reference) in &self.secrets {
            let variable = reference.strip_prefix("env:").ok_or("a secret must be env:NAME")?;
            let value = secret(variable).ok_or_else(|| format!("the secret {variable} is not there"))?;
            let place = format!("{{{name}}}");
            if url.contains(&place) {
                if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
                    return Err(format!("the secret {variable} cannot stand in a URL"));
                }
                url = url.replace(&place, &value);
            }
            for header in headers.values_mut() {
                *header = header.replace(&place, &value);
            }
        }
        let body = self.post.map(|body| body.to_string());
        if !is_safe(&url, allow_loopback) {
            return Err("url must be https, without user or password, and its host without the number".to_owned());
        }
        if !url.contains(NUMBER) && !body.as_ref().is_some_and(|body| body.contains(NUMBER)) {
            return Err(format!("{NUMBER} stands neither in url nor in post"));
        }
        let mut sent = HeaderMap::new();
        for (name, value) in &headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name} is no header"))?;
            let mut value = HeaderValue::from_str(value).map_err(|_| format!("{name} has no value of a header"))?;
            value.set_sensitive(true);
            sent.insert(name, value);
        }
        let method = if body.is_some() { Method::POST } else { Method::GET };
        if body.is_some() {
            sent.insert("content-type", HeaderValue::from_static("application/json"));
        }
        Ok(Form {
            outbound: Outbound::default(),
            method,
            url: url.into(),
            headers: sent,
            body,
            answer: self.answer,
            allow_loopback,
        })
    }
}

/// Two numbers must lead to the same host.
fn is_safe(url: &str, allow_loopback: bool) -> bool {
    let of = |digits: &str| Url::parse(&url.replace(NUMBER, digits)).ok();
    let (Some(one), Some(other)) = (of("1"), of("22")) else { return false };
    let scheme = one.scheme() == "https" || (one.scheme() == "http" && allow_loopback);
    let anonymous = one.username().is_empty() && one.password().is_none();
    scheme && anonymous && one.origin() == other.origin() && allows(&one, allow_loopback)
}
