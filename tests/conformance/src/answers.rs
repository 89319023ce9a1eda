//! What an operator might answer: well formed and saying nothing of the number, then with one thing changed; or nonsense.
//! None of it says yes, so no adapter may come to a match by it.

use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};
use sna_adapter::{Answer, Ask, Call, Context, HttpRequest, HttpResponse, Operation, Params, Unreachable};

/// How one ask is answered.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// As it should be, but for a field. The status is of what was made at a plan; the word, of how that went.
    Well(u16, &'static str, Change),
    /// With another status.
    Status(u16, Change),
    /// Any text, or JSON.
    Text(String),
    Json(Value),
    Unreachable(u8),
    Rejected,
    /// An answer to another kind of ask.
    Foreign,
}

/// A field of a JSON object that is missing, or has another value.
pub(crate) type Change = Option<(Index, Option<Value>)>;

pub(crate) fn said() -> impl Strategy<Value = Said> {
    let status = prop::sample::select(vec![201, 204, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504]);
    prop_oneof![
        12 => well(change()),
        3 => (status, change()).prop_map(|(status, change)| Said::Status(status, change)),
        1 => text().prop_map(Said::Text),
        1 => value().prop_map(Said::Json),
        1 => (0_u8..4).prop_map(Said::Unreachable),
        1 => Just(Said::Rejected),
        1 => Just(Said::Foreign),
    ]
}

fn well(change: impl Strategy<Value = Change>) -> impl Strategy<Value = Said> {
    let status = prop::sample::select(vec![200, 201, 202]);
    let word =
        prop_oneof![2 => Just("COMPLETED"), 2 => Just("user_rejected"), 1 => Just("expired"), 1 => Just("PENDING")];
    (status, word, change).prop_map(|(status, word, change)| Said::Well(status, word, change))
}

/// How all asks of a step are answered: well but for one, or anyhow.
pub(crate) fn all_said(asks: usize) -> impl Strategy<Value = Vec<Said>> {
    let but_for_one = (prop::collection::vec(well(Just(None)), asks), any::<Index>(), said());
    let but_for_one = but_for_one.prop_map(|(mut all, at, one)| {
        let at = at.index(all.len());
        all[at] = one;
        all
    });
    prop_oneof![3 => but_for_one, 1 => prop::collection::vec(said(), asks)]
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![2 => Just(None), 1 => (any::<Index>(), prop::option::of(value())).prop_map(Some)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => ".{0,40}", 1 => (1_usize..6_000).prop_map(|len| "k".repeat(len))]
}

/// Any JSON that says neither yes nor `true`.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!(false)),
        any::<i64>().prop_map(|number| json!(number)),
        text().prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(".{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

pub(crate) fn changed(mut object: Map<String, Value>, change: &Change) -> Map<String, Value> {
    if let Some((at, value)) = change
        && let Some(name) = object.keys().nth(at.index(object.len())).cloned()
    {
        match value {
            Some(value) => object.insert(name, value.clone()),
            None => object.remove(&name),
        };
    }
    object
}

/// The answer to `call`'s next ask. `origin` is one that the adapter may send a handset to.
pub(crate) fn answer(ask: &Ask, said: &Said, call: &Call, origin: &str) -> Answer {
    let (context, plans) = (&call.context, matches!(call.operation, Operation::Plan));
    let http = |status, body: String| Answer::Http(HttpResponse { status, headers: [].into(), body });
    match (said, ask) {
        (Said::Unreachable(reason), _) => Answer::Unreachable {
            reason: [Unreachable::Timeout, Unreachable::Failed, Unreachable::TooLarge, Unreachable::Forbidden]
                [usize::from(reason % 4)],
        },
        (Said::Rejected, _) => Answer::Rejected,
        (Said::Foreign, Ask::Mac { .. } | Ask::Digest { .. }) => http(200, "{}".into()),
        (Said::Foreign, _) => Answer::Mac { hex: "00".repeat(32) },
        (Said::Well(made, word, change), Ask::Http(request)) => {
            let status = if plans && request.body.starts_with('{') { *made } else { 200 };
            http(status, json!(changed(body(request, context, origin, word), change)).to_string())
        }
        (Said::Status(status, change), Ask::Http(request)) => {
            http(*status, json!(changed(body(request, context, origin, ""), change)).to_string())
        }
        (Said::Text(text), Ask::Http(_)) => http(200, text.clone()),
        (Said::Json(value), Ask::Http(_)) => http(200, value.to_string()),
        (Said::Json(claims), Ask::Verify { .. } | Ask::VerifyWith { .. }) => {
            Answer::Verified { claims: claims.clone() }
        }
        (Said::Text(text), Ask::Decrypt { .. }) => Answer::Decrypted { text: text.clone() },
        (Said::Json(value), Ask::Decrypt { .. }) => Answer::Decrypted { text: value.to_string() },
        (Said::Text(_), Ask::Verify { .. } | Ask::VerifyWith { .. }) => Answer::Rejected,
        (Said::Well(_, _, change) | Said::Status(_, change), Ask::Verify { .. }) => {
            Answer::Verified { claims: Value::Object(changed(issued(context), change)) }
        }
        (Said::Well(_, _, change) | Said::Status(_, change), Ask::VerifyWith { .. }) => {
            Answer::Verified { claims: Value::Object(changed(presented(context), change)) }
        }
        (Said::Well(_, _, change) | Said::Status(_, change), Ask::Decrypt { .. }) => {
            Answer::Decrypted { text: json!(changed(decrypted(context), change)).to_string() }
        }
        (_, Ask::Sign { .. }) => Answer::Signed { jwt: "e30.e30.c2ln".into() },
        (_, Ask::Mac { .. } | Ask::Digest { .. }) => Answer::Mac { hex: "00".repeat(32) },
        (_, Ask::EncryptionKey) => Answer::EncryptionKey { jwk: json!({ "kty": "EC", "crv": "P-256" }) },
    }
}

/// What an operator said in an answer.
pub(crate) fn words(answer: &Answer) -> String {
    match answer {
        Answer::Http(response) => response.body.clone(),
        Answer::Verified { claims } => claims.to_string(),
        Answer::Decrypted { text } => text.clone(),
        _ => String::new(),
    }
}

/// What the answers of all families hold, in one object: each adapter finds its own, and none finds a yes.
fn body(request: &HttpRequest, context: &Context, origin: &str, word: &str) -> Map<String, Value> {
    let asked: Value = serde_json::from_str(&request.body).unwrap_or_default();
    object(json!({
        "access_token": "an-access-token", "token_type": "Bearer", "expires_in": 300, "id_token": "e30.e30.c2ln",
        "sub": "subject", "devicePhoneNumberVerified": false, "device_msisdn_verified": false,
        "phone_number_verified": "false", "login_hint": context.msisdn, "available": true, "code": "",
        "error": { "code": 0 }, "check_id": "a-check", "request_id": "a-check", "check_url": format!("{origin}/check"),
        "_links": { "check_url": { "href": format!("{origin}/check") } }, "evurl": format!("{origin}/check"),
        "status": word, "match": false, "results": { "match": { "consumerMdn": false } },
        "header": { "msgId": asked["header"]["msgId"], "resultCode": "001" },
    }))
}

/// Claims of an operator about this session.
fn issued(context: &Context) -> Map<String, Value> {
    object(json!({
        "iss": context.config["issuer"], "aud": context.config["client_id"], "sub": "subject", "nonce": context.nonce,
        "iat": context.now, "exp": context.now + 300, "acr": "2", "amr": ["SEAM_OK"],
        "vct": "number-verification/verify/ts43", "cnf": { "jwk": { "kty": "EC", "crv": "P-256" } },
    }))
}

/// A credential's parts, its typ in their headers, and the hash of what the phone's claims are bound to.
const CREDENTIAL: &str = "eyJ0eXAiOiJkYy1hdXRob3JpemF0aW9uK3NkLWp3dCJ9.e30.c2ln~eyJ0eXAiOiJrYitqd3QifQ.e30.c2ln";
const SD_HASH: &str = "q9DqJyhu0n2kH8RGj2O3T67KQe4w_lrGdTv57eaL_kI";

/// Claims of a phone about this session.
fn presented(context: &Context) -> Map<String, Value> {
    object(json!({
        "nonce": context.nonce, "aud": context.config["audiences"][0], "iat": context.now, "sd_hash": SD_HASH,
        "encrypted_credential": "e30.e30.e30.e30.e30",
    }))
}

/// What was encrypted for us: a token, and a number that is not the session's.
fn decrypted(context: &Context) -> Map<String, Value> {
    object(json!({ "temp_token": "a-token", "msisdn": "+10000000000", "iat": context.now }))
}

/// What the handset brings back to the callback.
pub(crate) fn params(context: &Context, change: &Change) -> Params {
    let params = object(json!({
        "state": context.state, "code": "a-code", "iss": context.config["issuer"], "check_id": "a-check",
        "request_id": "a-check", "ErrorCode": "0",
    }));
    let text = |value: Value| match value {
        Value::String(text) => text,
        value => value.to_string(),
    };
    changed(params, change).into_iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k, text(v))).collect()
}

/// What the handset got as JSON.
pub(crate) fn payload(change: &Change) -> Value {
    let payload = object(json!({
        "request_id": "a-check", "code": "a-code", "vp_token": { "gateway": [CREDENTIAL] }, "header": {},
        "body": { "resultCode": "103000", "token": "a-token" },
    }));
    Value::Object(changed(payload, change))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
