//! A header that an operator's proxy adds, over plain http: who writes it, who comes back with it, and what of it is worth
//! anything to whoever listens on the way.

use std::net::{IpAddr, Ipv4Addr};

use gateway_tests::{
    Gateway,
    rogue::{HEADER, NUMBER, PROXY, Rogue},
    steps::{Answer, Customer, Started, answer, client, device, invalid},
};
use reqwest::{Client, Response, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

const SUPERSEDED: &str = "The provided token is invalid.";

/// The handset's way out: sent on to plain http, with a cookie.
struct Out {
    rogue: Rogue,
    customer: Customer,
    started: Started,
    /// The plain-http address.
    link: String,
    cookie: String,
}

fn at(source: impl Into<IpAddr>) -> Client {
    sandbox::http::builder().redirect(Policy::none()).local_address(source.into()).build().expect("a client")
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), 302);
    response.headers()["location"].to_str().expect("text").to_owned()
}

/// `name=value` of the cookie that a response sets, and its attributes.
fn cookie(headers: &HeaderMap) -> (String, String) {
    let whole = headers["set-cookie"].to_str().expect("text");
    let (pair, attributes) = whole.split_once("; ").expect("attributes");
    (pair.to_owned(), attributes.to_owned())
}

/// The operator's proxy asks for a handset with this number; `headers` are what the handset wrote itself.
async fn through_proxy(link: &str, digits: &str) -> Response {
    at(PROXY).get(link).header(HEADER, digits).send().await.expect("an answer")
}

async fn come_back(location: &str, cookie: Option<&str>) -> Answer {
    let mut request = client().get(location);
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    answer(request.send().await.expect("an answer")).await
}

impl Out {
    async fn begin() -> Self {
        let rogue = Rogue::by_header().await;
        let customer = Customer::sign_in(&rogue.gateway).await;
        let started = customer.start(&device(&rogue.gateway, NUMBER), &[]).await;
        let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
        let response = at(started.device.source_ip).get(uri).send().await.expect("an answer");
        let (cookie, attributes) = cookie(response.headers());
        assert!(attributes.ends_with("HttpOnly; SameSite=Lax") && attributes.starts_with("Path=/"), "{attributes}");
        let link = location(&response);
        assert!(link.starts_with(&format!("{}/v1/enrich/rogue?state=", rogue.gateway.enrich_url)), "{link}");
        Self { rogue, customer, started, link, cookie }
    }

    fn digits(&self) -> &str {
        self.started.device.msisdn.trim_start_matches('+')
    }

    async fn enrich(&self) -> String {
        location(&through_proxy(&self.link, self.digits()).await)
    }

    async fn validate(&self, payload: &Value) -> Answer {
        self.customer.validate(&json!({ "id_token": self.started.id_token, "payload": payload })).await
    }

    async fn reason(&self) -> Value {
        let (status, verdict) = self.customer.validate(&json!({ "id_token": self.started.id_token })).await;
        assert_eq!((status, &verdict["authenticated"]), (200, &json!("false")), "{verdict}");
        verdict["reason"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handset_that_was_sent_comes_back_and_proves_it_once() {
    let out = Out::begin().await;
    let back = out.enrich().await;
    assert!(back.starts_with(&format!("{}/v1/callback/rogue?state=", out.rogue.gateway.url)), "{back}");
    // Nothing is over before it is back.
    assert_eq!(out.customer.validate(&json!({ "id_token": out.started.id_token })).await.0, 400);
    let (status, payload) = come_back(&back, Some(&out.cookie)).await;
    assert_eq!(status, 200, "{payload}");
    assert_eq!(come_back(&back, Some(&out.cookie)).await, invalid(SUPERSEDED));
    assert_eq!(out.validate(&payload).await.1["authenticated"], "true");
    assert_eq!(out.validate(&payload).await, invalid(SUPERSEDED));
    assert_eq!(out.rogue.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_and_no_number_are_two_things() {
    let (other, none) = (Out::begin().await, Out::begin().await);
    let back = location(&through_proxy(&other.link, "447700900621").await);
    assert_eq!(come_back(&back, Some(&other.cookie)).await.0, 400);
    assert_eq!(other.reason().await, "MISMATCH");
    let back = location(&at(PROXY).get(&none.link).send().await.expect("an answer"));
    assert_eq!(come_back(&back, Some(&none.cookie)).await.0, 400);
    assert_eq!(none.reason().await, "NOT_MOBILE_NETWORK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_the_handset_writes_itself_is_not_believed() {
    // From Wi-Fi, where there is no proxy; claiming to be behind one.
    let out = Out::begin().await;
    let proxy = IpAddr::from(PROXY).to_string();
    let request = at(Ipv4Addr::new(127, 0, 9, 20)).get(&out.link).header(HEADER, out.digits());
    let response = request.header("x-forwarded-for", proxy).send().await.expect("an answer");
    assert_eq!(come_back(&location(&response), Some(&out.cookie)).await.0, 400);
    assert_eq!(out.reason().await, "NOT_MOBILE_NETWORK");
    assert_eq!(out.rogue.asked(), 0);
    // Beside the one that the proxy writes.
    let out = Out::begin().await;
    let request = at(PROXY).get(&out.link).header(HEADER, out.digits()).header(HEADER, "447700900621");
    let back = location(&request.send().await.expect("an answer"));
    assert_eq!(come_back(&back, Some(&out.cookie)).await.0, 400);
    assert_eq!(out.reason().await, "MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_there_is_nothing_to_enrich_whatever_the_client_says() {
    let out = Out::begin().await;
    let public = out.link.replace(&out.rogue.gateway.enrich_url, &out.rogue.gateway.url);
    for scheme in [None, Some("http"), Some("http, https")] {
        let mut request = at(PROXY).get(&public).header(HEADER, out.digits());
        if let Some(scheme) = scheme {
            request = request.header("x-forwarded-proto", scheme);
        }
        assert_eq!(request.send().await.expect("an answer").status(), 404, "{scheme:?}");
    }
    // Nothing has changed.
    let (status, payload) = come_back(&out.enrich().await, Some(&out.cookie)).await;
    assert_eq!((status, out.validate(&payload).await.1["authenticated"].clone()), (200, json!("true")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_forwarded_over_the_cleartext_hop_proves_nothing_to_either_end() {
    // Who began holds the cookie; the victim's handset gets the ticket.
    let out = Out::begin().await;
    let back = out.enrich().await;
    assert_eq!(come_back(&back, None).await.0, 400);
    assert_eq!(out.reason().await, "PROTOCOL_VIOLATION");
    assert_eq!(come_back(&back, Some(&out.cookie)).await, invalid(SUPERSEDED));
    // The other way round: whoever has the cookie does not wait for the victim.
    let out = Out::begin().await;
    let (without, _) =
        out.enrich().await.split_once("&ticket=").map(|(a, b)| (a.to_owned(), b.len())).expect("a ticket");
    assert_eq!(come_back(&without, Some(&out.cookie)).await.0, 400);
    assert_eq!(out.reason().await, "PROTOCOL_VIOLATION");
    // With the cookie of another session's handset.
    let (out, other) = (Out::begin().await, Out::begin().await);
    assert_eq!(come_back(&out.enrich().await, Some(&other.cookie)).await.0, 400);
    assert_eq!(out.reason().await, "PROTOCOL_VIOLATION");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cleartext_hop_carries_nothing_that_proves_anything() {
    let out = Out::begin().await;
    let response = through_proxy(&out.link, out.digits()).await;
    let back = location(&response);
    assert!(!response.headers().contains_key("set-cookie"));
    assert_eq!(response.text().await.expect("text"), "");
    let number = &out.digits()[2..];
    assert!(!out.link.contains(number) && !back.contains(number) && !back.contains(&out.started.id_token));
    // What it carries is no proof, nor is the cookie.
    let heard = back.rsplit(['=', '&']).filter(|word| word.len() > 16);
    for word in heard.chain(out.cookie.split('=')) {
        let code = json!({ "id_token": out.started.id_token, "code": word });
        assert_eq!(out.customer.validate(&code).await.0, 400, "{word}");
        assert_eq!(out.validate(&json!({ "session_id": word })).await.0, 400, "{word}");
    }
    assert_eq!(come_back(&back, Some(&out.cookie)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_state_another_vendor_and_a_second_call_change_nothing() {
    let out = Out::begin().await;
    let (path, state) = out.link.split_once("state=").expect("a state");
    let (id, _) = state.split_once('.').expect("a session");
    let elsewhere = out.link.replace("/rogue?", "/vodafone?");
    let early = format!("{}/v1/callback/rogue?state={state}", out.rogue.gateway.url);
    for link in [format!("{path}state=nonsense"), format!("{path}state={id}.{}", "0".repeat(32)), elsewhere] {
        let response = through_proxy(&link, out.digits()).await;
        assert_eq!(answer(response).await, invalid(SUPERSEDED), "{link}");
    }
    assert_eq!(through_proxy(path, out.digits()).await.status(), 400);
    // The callback has nothing to tell yet.
    assert_eq!(come_back(&early, Some(&out.cookie)).await, invalid(SUPERSEDED));
    let back = out.enrich().await;
    assert_eq!(answer(through_proxy(&out.link, "447700900621").await).await, invalid(SUPERSEDED));
    assert_eq!(come_back(&back.replace("state=", "state=x"), Some(&out.cookie)).await, invalid(SUPERSEDED));
    assert_eq!(come_back(&back.replace("/rogue?", "/o2?"), Some(&out.cookie)).await, invalid(SUPERSEDED));
    assert_eq!(come_back(&back, Some(&out.cookie)).await.0, 200);
    assert_eq!(out.rogue.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_by_callback_cannot_be_enriched() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
    let response = at(started.device.source_ip).get(uri).send().await.expect("an answer");
    assert!(!response.headers().contains_key("set-cookie"));
    let location = location(&response);
    let state = url::Url::parse(&location).expect("a URL");
    let (_, state) = state.query_pairs().find(|(name, _)| name == "state").expect("a state");
    let link = format!("{}/v1/enrich/vodafone?state={state}", gateway.enrich_url);
    assert_eq!(answer(through_proxy(&link, "447700900620").await).await, invalid(SUPERSEDED));
}
