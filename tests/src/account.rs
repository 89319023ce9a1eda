//! An account of AWS with one healthy deployment in it, as far as `sna` asks about it, at one address. A test changes what
//! it answers. Signatures are kept, to be looked at, and not checked.

mod healthy;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, Uri},
};
use sandbox::listen::{Bound, Servers};
use serde_json::{Value, json};

pub use self::healthy::{
    FUNCTIONS, REGION, STACK, attributes, function, function_path, layer, layers, resources, versions, xml,
};

/// A running one; dropping it ends it.
pub struct Account {
    pub url: String,
    known: Arc<Mutex<Known>>,
    _servers: Servers,
}

/// A request: what was asked (an action, with what it was asked about; of REST, the path), and how it was signed.
#[derive(Clone, Debug)]
pub struct Asked {
    pub what: String,
    pub authorization: Option<String>,
}

#[derive(Default)]
struct Known {
    answers: BTreeMap<String, Answer>,
    /// The days on which SMS were sent, and what the month had cost by then.
    spent: Vec<(&'static str, &'static str)>,
    /// What STS takes for the time, where that is not this machine's; Unix milliseconds.
    time: Option<u64>,
    asked: Vec<Asked>,
}

enum Answer {
    Good(String),
    /// With this code.
    Refused(&'static str),
}

/// How a service speaks.
enum Speech {
    Query,
    Json,
    Rest,
}

impl Account {
    pub async fn start() -> Self {
        let (mut servers, bound) = (Servers::new(), Bound::at(0).await.expect("a free port"));
        let (url, known) = (bound.url(), Arc::default());
        servers.serve(bound, Router::new().fallback(answer).with_state(Arc::clone(&known)));
        let account = Self { url, known, _servers: servers };
        let answers = healthy::answers(&account.url).into_iter().map(|(what, body)| (what, Answer::Good(body)));
        account.known().answers = answers.collect();
        account
    }

    /// What `sna` must be told to come here, and to look at the deployment.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let known = [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "AKIATEST"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("SNA_STACK", STACK),
        ];
        known.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// From now on this is answered so.
    pub fn says(&self, what: impl Into<String>, body: impl Into<String>) {
        self.known().answers.insert(what.into(), Answer::Good(body.into()));
    }

    pub fn refuses(&self, what: impl Into<String>, code: &'static str) {
        self.known().answers.insert(what.into(), Answer::Refused(code));
    }

    /// The stack's status, and its outputs without some or with more.
    pub fn stack_is(&self, status: &str, without: &[&str], with: &[(&str, &str)]) {
        self.says("DescribeStacks", healthy::stack(&self.url, status, without, with));
    }

    /// A secret has this one value.
    pub fn has_secret(&self, secret: &str, name: &str, value: &str) {
        self.says(format!("GetSecretValue {secret}"), healthy::secret(name, value));
    }

    /// What the month had cost by these days, `2026-03-05T00:00:00Z`.
    pub fn has_spent(&self, spent: &[(&'static str, &'static str)]) {
        self.known().spent = spent.to_vec();
    }

    pub fn clock_is_at(&self, ms: u64) {
        self.known().time = Some(ms);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.known().asked.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(known): State<Arc<Mutex<Known>>>, uri: Uri, headers: HeaderMap, body: String) -> Response<Body> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (speech, what, form) = question(header("x-amz-target").as_deref(), uri.path(), &body);
    known.asked.push(Asked { what: what.clone(), authorization: header("authorization") });
    let mut response = Response::builder();
    if let Some(ms) = known.time.filter(|_| what == "GetCallerIdentity") {
        let time = DateTime::from_secs(i64::try_from(ms / 1000).expect("a time"));
        response = response.header("date", time.fmt(DateTimeFormat::HttpDate).expect("a time"));
    }
    let response = match (known.answers.get(&what), speech) {
        (Some(Answer::Good(body)), _) => response.body(Body::from(body.clone())),
        (None, _) if what == "GetMetricStatistics" => response.body(Body::from(metrics(&known.spent, &form))),
        (Some(Answer::Refused(code)), Speech::Query) => {
            let body =
                format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
            response.status(403).body(Body::from(body))
        }
        (Some(Answer::Refused(code)), Speech::Json) => {
            response.status(400).body(Body::from(json!({ "__type": code, "message": "no" }).to_string()))
        }
        (Some(Answer::Refused(code)), Speech::Rest) => {
            let response = response.status(403).header("x-amzn-errortype", format!("{code}:http://internal.example/"));
            response.body(Body::from(json!({ "Message": "no" }).to_string()))
        }
        (None, _) => response.status(404).body(Body::from(format!("nobody knows {what}"))),
    };
    response.expect("a response")
}

/// The service's way to speak, what was asked, and a form's fields.
fn question(target: Option<&str>, path: &str, body: &str) -> (Speech, String, BTreeMap<String, String>) {
    if let Some((_, action)) = target.and_then(|target| target.rsplit_once('.')) {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let about = ["TableName", "SecretId"].iter().find_map(|name| json[*name].as_str()).unwrap_or_default();
        return (Speech::Json, format!("{action} {about}"), BTreeMap::new());
    }
    if path != "/" {
        return (Speech::Rest, path.to_owned(), BTreeMap::new());
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let page = form.get("NextToken").map(|token| format!(" {token}")).unwrap_or_default();
    let what = format!("{}{page}", form.get("Action").map(String::as_str).unwrap_or_default());
    (Speech::Query, what, form)
}

/// What was spent, of the time that was asked for.
fn metrics(spent: &[(&str, &str)], form: &BTreeMap<String, String>) -> String {
    let time = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let asked = spent.iter().filter(|(day, _)| (time("StartTime")..time("EndTime")).contains(day));
    let member = |(day, value): &(&str, &str)| {
        format!("<member><Maximum>{value}</Maximum><Unit>None</Unit><Timestamp>{day}</Timestamp></member>")
    };
    let members: String = asked.map(member).collect();
    xml("GetMetricStatistics", &format!("<Datapoints>{members}</Datapoints><Label>SMSMonthToDateSpentUSD</Label>"))
}
