//! Queries, forms, JSON objects of strings and the `Authorization` header, as an endpoint reads them: no panic, no
//! parameter twice, no status that is not in the contract.
#![no_main]

use fuzz::{at_once, event};
use lambda_http::Body;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use sna_api::{Answer, ApiError, Edge, Endpoint, Request, serve};

struct Reader;

impl Endpoint for Reader {
    const PATH: &'static str = "/read";
    const METHODS: &'static [&'static str] = &["GET", "POST"];

    async fn handle(&self, request: &Request, _: u64) -> Result<Answer, ApiError> {
        let (id, secret) = request.basic().unwrap_or_default();
        let bearer = request.bearer().unwrap_or_default().to_owned();
        let key = request.idempotency_key()?.unwrap_or_default().to_owned();
        let query = request.query()?.into_map();
        let form = request.form_or_json()?.into_map();
        Answer::json(&(id, secret, bearer, key, query, form))
    }
}

// The first three lines are the query, the credentials and the media type; the rest is the body.
fuzz_target!(|text: &str| {
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (query, credentials, kind, body) = (line(), line(), line(), line());
    let headers = json!({ "authorization": credentials, "content-type": kind, "idempotency-key": credentials });
    let Some(event) = event("POST", "/read", query, &headers, body) else { return };
    let response = at_once(serve(&Reader, Edge::default(), event, 0));
    assert!(matches!(response.status().as_u16(), 200 | 400 | 413 | 415), "{}", response.status());
    let Body::Text(json) = response.body() else { panic!("no text") };
    assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
});
