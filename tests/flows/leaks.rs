//! Nothing leaks: every flow and every error runs with marked numbers, codes, secrets and tokens, and then all logs, answers,
//! addresses and stored items are searched for the marks.

use std::{collections::HashMap, fs, time::Duration};

use futures_util::{StreamExt as _, stream};
use gateway_tests::{Captured, Gateway, OPERATORS, profiles};
use reqwest::RequestBuilder;
use sandbox::{dynamodb, gateway::Device, handset::Handset, hop::Hop, inbox::Fault};
use serde_json::{Value, json};
use url::Url;

use crate::steps::{Customer, Started, another, claims, client, device, newest_code};

/// Secrets of the deployment beside those at the operators.
const OWN: [&str; 6] = ["OTP_PEPPER", "CUSTOMER_PEPPER", "TOKEN_KEY", "STATEMENT_KEY", "LOOKUP_KEY", "LOOKUP_SECRET"];

/// What must not be found, by what it is. A name is never printed with its mark.
#[derive(Default)]
struct Marks(Vec<(&'static str, String)>);

impl Marks {
    fn add(&mut self, what: &'static str, mark: impl Into<String>) {
        let mark = mark.into();
        assert!(mark.len() >= 6, "{what} is too short to search for");
        self.0.push((what, mark));
    }

    /// Searches `text` for all marks but those named in `allowed`.
    fn assert_none_in(&self, place: &str, text: &str, allowed: &[&str]) {
        for (what, mark) in self.0.iter().filter(|(what, _)| !allowed.contains(what)) {
            assert!(!contains(text, mark), "{place} holds a {what}");
        }
    }
}

/// Is such a mark there? A search that finds nothing anywhere proves nothing.
fn is_in(marks: &Marks, wanted: &str, text: &str) -> bool {
    marks.0.iter().any(|(what, mark)| *what == wanted && contains(text, mark))
}

/// A short mark counts only where it stands alone: six digits are in many a time and hash.
fn contains(text: &str, mark: &str) -> bool {
    let outside = |neighbour: Option<char>| !neighbour.is_some_and(char::is_alphanumeric);
    text.match_indices(mark).any(|(at, _)| {
        mark.len() > 8 || (outside(text[..at].chars().next_back()) && outside(text[at + mark.len()..].chars().next()))
    })
}

/// What left the gateway, for whom.
#[derive(Default)]
struct Seen {
    handset: String,
    customer: String,
    /// Addresses that were opened at the gateway.
    urls: String,
}

impl Seen {
    fn hops(&mut self, gateway: &Gateway, hops: &[Hop], marks: &mut Marks) {
        for hop in hops {
            let location = hop.location.as_deref().unwrap_or_default();
            // The operator's own code passes through the handset, and goes no further than the callback.
            if location.starts_with(&format!("{}/v1/callback/", gateway.url)) {
                let query: Vec<_> = Url::parse(location).expect("a URL").query_pairs().into_owned().collect();
                let code = query.into_iter().find(|(name, _)| name == "code");
                code.into_iter().for_each(|(_, code)| marks.add("operator's code", code));
            }
            if hop.url.starts_with(&gateway.url) {
                self.urls += &format!("{}\n", hop.url);
                self.handset += &format!("{location}\n{}\n", hop.body);
            }
        }
    }

    /// Sends, and keeps the whole answer.
    async fn ask(&mut self, request: RequestBuilder) {
        let response = request.send().await.expect("an answer");
        let headers = format!("{:?}", response.headers());
        self.customer += &format!("{headers}\n{}\n", response.text().await.expect("a body"));
    }
}

/// One device: silently, then by a code where the customer may; every proof and token on the way is marked.
async fn walk(gateway: &Gateway, customer: &Customer, device: &Device) -> (Seen, Marks) {
    let (mut seen, mut marks) = (Seen::default(), Marks::default());
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    // Not every operator sends the handset back.
    let manifest = manifest(&device.network);
    let back = manifest["supports_callback"] == true;
    let more: &[(&str, &str)] = if back { &[("redirect_uri", &redirect_uri)] } else { &[] };
    let started = customer.start(device, more).await;
    marks.add("number", &device.msisdn[3..]);
    marks.add("id_token", started.id_token.clone());
    assert!(!claims(&started.id_token).to_string().contains(&device.msisdn[3..]), "the id_token holds the number");
    let authorize = &started.json["authorize"];
    if authorize["authorization_uri"].is_null() {
        return (seen, marks);
    }
    let (handset, wallet) = (Handset::at(device.source_ip).expect("a handset"), device.wallet.as_deref());
    let hops = handset.perform(authorize, wallet, Some(&redirect_uri), |_| ()).await;
    seen.hops(gateway, &hops, &mut marks);
    // A wallet is told which of the phone's numbers is meant, and some operators want it in their link, which their
    // manifest says; no other handset hears a number from us.
    if manifest["family"] != "ts43" && manifest["number_in_url"] != true {
        marks.assert_none_in("an answer to the handset", &seen.handset, &[]);
    }
    let last = hops.last().expect("a hop");
    let returned = last.location.as_deref().and_then(|location| Url::parse(location).ok());
    let code =
        returned.and_then(|url| url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()));
    let proof = match back {
        true => json!({ "id_token": started.id_token, "code": code }),
        false => json!({ "id_token": started.id_token, "payload": last.json() }),
    };
    // Twice: the second is a replay.
    for _ in 0..2 {
        seen.customer += &format!("{}\n", customer.validate(&proof).await.1);
    }
    code.into_iter().for_each(|code| marks.add("proof", code));
    (seen, marks)
}

/// What the operator of a network says of itself; nothing of one that is not known.
fn manifest(network: &str) -> Value {
    let table: Value = serde_json::from_str(OPERATORS).expect("a table");
    let id = table[network]["adapter"].as_str().unwrap_or_default();
    let manifest = fs::read(profiles().join(id).join("manifest.json")).unwrap_or_default();
    serde_json::from_slice(&manifest).unwrap_or_default()
}

async fn codes(gateway: &Gateway, customer: &Customer, seen: &mut Seen, marks: &mut Marks) -> Started {
    let started = customer.start(&device(gateway, "+447700900622"), &[]).await;
    marks.add("id_token", started.id_token.clone());
    gateway.world.inbox().fail("+447700900622", Fault::Throttle);
    seen.handset += &format!("{}\n", started.send_otp().await.1);
    gateway.world.inbox().heal("+447700900622");
    let (_, sent) = started.send_otp().await;
    marks.add("proof", sent["session_id"].as_str().expect("a session_id"));
    let code = newest_code(gateway, &started.device);
    // Too soon, then wrong, then right, then used.
    seen.handset += &format!("{}\n", started.send_otp().await.1);
    for guess in [another(&code), code.clone(), code.clone()] {
        seen.customer += &format!("{}\n", customer.guess(&started, &guess).await.1);
        marks.add("code", guess);
    }
    started
}

/// Every field of every endpoint holds something that must not be repeated anywhere.
async fn errors(gateway: &Gateway, customer: &Customer, started: &Started, seen: &mut Seen, marks: &mut Marks) {
    let mut mark = |name: &'static str| {
        let text = format!("marked-{name}-7f3ac2");
        marks.add(name, text.clone());
        text
    };
    let (at, http) = (|path: &str| format!("{}{path}", gateway.url), client());
    let token = [("grant_type", "client_credentials"), ("scope", "otp")];
    seen.ask(http.post(at("/v1/oauth/token")).basic_auth("nobody", Some(mark("wrong-secret"))).form(&token)).await;
    let both = [("grant_type", "client_credentials"), ("client_secret", &mark("body-secret"))];
    seen.ask(http.post(at("/v1/oauth/token")).basic_auth("demo-shop", Some("x")).form(&both)).await;
    seen.ask(http.post(at("/v1/validate")).bearer_auth(mark("bearer")).json(&json!({}))).await;
    let config = |form: &[(&str, &str)]| http.post(at("/v1/get_config")).bearer_auth(&customer.token).form(form);
    for (field, value) in [
        ("msisdn", "+442079460731".to_owned()),
        ("msisdn", mark("no-number")),
        ("client_ip", mark("client_ip")),
        ("correlation_id", format!("{} ", mark("correlation"))),
        ("redirect_uri", format!("https://{}.example/", mark("redirect"))),
    ] {
        let good = [("msisdn", "+447700900620"), ("client_ip", "148.252.128.20")];
        let mut form: Vec<_> = good.into_iter().filter(|(name, _)| *name != field).collect();
        form.push((field, &value));
        seen.ask(config(&form)).await;
    }
    let id_token = &started.id_token;
    for body in [
        json!({ "id_token": mark("id-token"), "code": "x" }),
        json!({ "id_token": id_token, "code": mark("wrong-code") }),
        json!({ "id_token": id_token, "payload": { "session_id": mark("wrong-payload") } }),
        json!({ "id_token": id_token, "otp_code": mark("wrong-otp") }),
        json!({ "id_token": id_token, "correlation_id": mark("foreign-correlation"), "code": "x" }),
        json!({ mark("field-name"): true, "id_token": 7 }),
    ] {
        let request = http.post(at("/v1/validate")).bearer_auth(&customer.token);
        seen.ask(request.header("Idempotency-Key", mark("idempotency-key")).json(&body)).await;
    }
    for (path, name, value) in [
        ("/v1/authenticate", "id_token", mark("link")),
        ("/v1/authenticate/otp", "id_token", mark("otp-link")),
        ("/v1/callback/vodafone", "state", mark("state")),
        ("/v1/callback/vodafone", "error_description", mark("error-text")),
    ] {
        seen.ask(http.get(at(path)).query(&[(name, value)])).await;
    }
    // An operator's words, through the handset, in an attempt that is under way.
    let begun = customer.start(&device(gateway, "+447700900630"), &[]).await;
    let uri = begun.json["authorize"]["authorization_uri"].as_str().expect("a uri");
    let location =
        http.get(uri).send().await.expect("an answer").headers()["location"].to_str().expect("text").to_owned();
    let state = Url::parse(&location)
        .expect("a URL")
        .query_pairs()
        .find(|(k, _)| k == "state")
        .expect("a state")
        .1
        .into_owned();
    let words = [("state", state), ("error", mark("error")), ("error_description", mark("description"))];
    seen.ask(http.get(at("/v1/callback/vodafone")).query(&words)).await;
    marks.add("no mobile number", "2079460731");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_stay_in_their_session_and_secrets_are_nowhere() {
    let logs = Captured::begin(tracing::Level::DEBUG);
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let (mut seen, mut marks) = (Seen::default(), Marks::default());
    marks.add("access token", customer.token.clone());
    marks.add("client secret", gateway.world.gateway().customer.client_secret.clone());
    let operators =
        ["CLIENT_SECRET", "PRIVATE_KEY", "API_KEY", "DECRYPTION_KEY"].map(|name| format!("OPERATOR_{name}"));
    for name in operators.iter().map(String::as_str).chain(OWN) {
        // A key of several lines is as secret in one of them.
        let lines = gateway.world.env()[name].lines().filter(|line| !line.starts_with("-----"));
        lines.for_each(|line| marks.add("secret of the deployment", line));
    }
    // Everything that may happen to one network of each family, and a match of every other.
    let mut families = HashMap::new();
    let first = |device: &&Device| {
        let family = manifest(&device.network)["family"].to_string();
        device.scenario == 20 || *families.entry(family).or_insert_with(|| device.network.clone()) == device.network
    };
    let devices: Vec<_> = gateway.world.gateway().devices.iter().filter(first).collect();
    let walks = stream::iter(devices).map(|device| walk(&gateway, &customer, device));
    for (its, its_marks) in walks.buffer_unordered(16).collect::<Vec<_>>().await {
        seen.handset += &its.handset;
        seen.customer += &its.customer;
        seen.urls += &its.urls;
        marks.0.extend(its_marks.0);
    }
    gateway.advance(Duration::from_secs(5));
    let started = codes(&gateway, &customer, &mut seen, &mut marks).await;
    errors(&gateway, &customer, &started, &mut seen, &mut marks).await;

    let functions = logs.functions();
    assert!(functions.contains("\"outcome\":\"MATCH\"") && functions.contains("\"status\":200"), "there are lines");
    marks.assert_none_in("the log", &functions, &[]);
    // The handset carries the operator's code to the callback, and its own proof away.
    marks.assert_none_in("an answer to the handset", &seen.handset, &["proof", "number"]);
    marks.assert_none_in("an answer to the customer", &seen.customer, &[]);
    marks.assert_none_in("an address of the gateway", &seen.urls, &["id_token", "operator's code"]);
    for (what, text) in [("proof", &seen.handset), ("id_token", &seen.urls), ("operator's code", &seen.urls)] {
        assert!(is_in(&marks, what, text), "a {what} is where it belongs");
    }

    let client = dynamodb::client(&gateway.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    let mut sessions = 0;
    for table in [dynamodb::SESSIONS, dynamodb::CUSTOMERS] {
        let mut pages = client.scan().table_name(table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            let item = item.expect("an item");
            let key = item["pk"].as_s().expect("a key").clone();
            let is_session = key.starts_with("session#");
            sessions += usize::from(is_session && is_in(&marks, "number", &format!("{item:?}")));
            let allowed: &[&str] = if is_session { &["number"] } else { &[] };
            marks.assert_none_in(&format!("an item of {table}"), &format!("{item:?}"), allowed);
            assert!(marks.0.iter().all(|(_, mark)| !contains(&key, mark)), "a key of {table} holds a mark");
        }
    }
    assert!(sessions > 60, "the numbers are in their sessions");
}
