//! Credentials that the host adds to a request: as the RFCs spell them, and seen by the operator only.

use std::collections::HashMap;

use axum::response::IntoResponse;
use base64::{Engine, prelude::BASE64_STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sna_operators::{Outcome, Verdict};

use crate::{
    bed::{Logs, NOW, arrive, operators, run},
    keys::Key,
    layer::{Layer, built},
    operator::{Operator, Seen},
};

/// Every character that an encoder could forget.
const CLIENT: &str = "gate way:1";
const SECRET: &str = "s€c/ret+&=:% #";

/// Two requests with `auth`, each with the body `a=b`, by an adapter whose operator has these credentials.
async fn requests(auth: &Value, credentials: &Value, secrets: &[(&str, &str)]) -> Result<(Vec<Seen>, Value), Verdict> {
    let operator = Operator::start(|_| "{}".into_response()).await;
    let ask = json!({ "type": "http", "method": "POST", "url": operator.url, "body": "a=b", "auth": auth });
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let entry = json!({
        "adapter": "rogue", "origins": [operator.url], "allow_loopback": true, "credentials": credentials,
        "config": { "fault": "relay", "asks": [ask, ask] },
    });
    let done = run(&operators(layer.path(), &json!({ "X": entry }), secrets), arrive()).await;
    match done.inspect_err(|_| assert!(operator.seen().is_empty()))?.outcome {
        Outcome::Reply { json } => Ok((operator.seen(), json)),
        _ => panic!("relay replies"),
    }
}

fn form(body: &str) -> HashMap<String, String> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let form: HashMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(form.len(), pairs.len(), "no name twice");
    form
}

#[tokio::test]
async fn a_secret_travels_in_the_header_form_encoded_as_rfc_6749_has_it() {
    let logs = Logs::capture();
    let auth = json!({ "type": "client_secret_basic", "client_id": CLIENT });
    let (seen, answer) = requests(&auth, &json!({ "client_secret": "env:S" }), &[("S", SECRET)]).await.unwrap();
    let basic = seen[0].headers["authorization"].to_str().unwrap().strip_prefix("Basic ").unwrap();
    let pair = String::from_utf8(BASE64_STANDARD.decode(basic).unwrap()).unwrap();
    assert_eq!(pair, "gate+way%3A1:s%E2%82%ACc%2Fret%2B%26%3D%3A%25+%23");
    assert_eq!(seen[0].body, "a=b");
    assert!(!answer.to_string().contains("ret"), "the adapter never sees it");
    assert!(!logs.text().contains("ret+") && !logs.text().contains(basic));
}

#[tokio::test]
async fn a_secret_travels_in_the_form_where_the_operator_wants_it_there() {
    let auth = json!({ "type": "client_secret_post", "client_id": CLIENT });
    let (seen, _) = requests(&auth, &json!({ "client_secret": "env:S" }), &[("S", SECRET)]).await.unwrap();
    let form = form(&seen[0].body);
    assert_eq!((&*form["a"], &*form["client_id"], &*form["client_secret"]), ("b", CLIENT, SECRET));
    assert!(seen[0].headers.get("authorization").is_none());
}

#[tokio::test]
async fn an_assertion_is_signed_short_lived_and_never_the_same() {
    for (key, name, algorithm) in [(Key::es256(), "ES256", Algorithm::ES256), (Key::rs256(), "RS256", Algorithm::RS256)]
    {
        let auth = json!({ "type": "private_key_jwt", "client_id": CLIENT, "audience": "https://op.example/token" });
        let credentials = json!({ "private_key": "env:K", "key_id": "k-1", "algorithm": name });
        let (seen, _) = requests(&auth, &credentials, &[("K", &key.private)]).await.unwrap();
        let decode = |seen: &Seen| {
            let form = form(&seen.body);
            assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
            assert_eq!((&*form["a"], &*form["client_id"]), ("b", CLIENT));
            let public = match algorithm {
                Algorithm::ES256 => DecodingKey::from_ec_pem(key.public.as_bytes()),
                _ => DecodingKey::from_rsa_pem(key.public.as_bytes()),
            };
            let mut validation = Validation::new(algorithm);
            validation.set_audience(&["https://op.example/token"]);
            validation.validate_exp = false;
            let jwt = jsonwebtoken::decode::<Value>(&form["client_assertion"], &public.unwrap(), &validation).unwrap();
            assert_eq!(jwt.header.kid.as_deref(), Some("k-1"));
            jwt.claims
        };
        let [first, second] = [decode(&seen[0]), decode(&seen[1])];
        assert_eq!((&first["iss"], &first["sub"]), (&json!(CLIENT), &json!(CLIENT)));
        let [issued, expires] = ["iat", "exp"].map(|claim| first[claim].as_u64().unwrap());
        assert_eq!(issued, NOW / 1000, "seconds");
        assert!((1..=300).contains(&(expires - issued)), "CAMARA's profile: 300 s at most");
        assert_ne!(first["jti"], second["jti"]);
        assert!(first["jti"].as_str().unwrap().len() >= 22, "128 random bits");
    }
}

#[tokio::test]
async fn without_the_credential_nothing_is_sent() {
    for kind in ["client_secret_basic", "client_secret_post", "private_key_jwt"] {
        let auth = json!({ "type": kind, "client_id": CLIENT, "audience": "https://op.example" });
        assert_eq!(requests(&auth, &json!({}), &[]).await.err(), Some(Verdict::ConfigError), "{kind}");
    }
    let auth = json!({ "type": "private_key_jwt", "client_id": CLIENT, "audience": "https://op.example" });
    let no_key = requests(&auth, &json!({ "private_key": "env:K" }), &[("K", "no PEM")]).await;
    assert_eq!(no_key.err(), Some(Verdict::ConfigError));
}

#[tokio::test]
async fn claims_are_signed_for_an_adapter_that_asks() {
    let key = Key::es256();
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let ask = json!({ "type": "sign", "claims": { "scope": "openid" } });
    let entry = |credentials: Value| {
        json!({ "X": {
            "adapter": "rogue", "credentials": credentials, "config": { "fault": "relay", "asks": [ask] },
        } })
    };
    let able = operators(layer.path(), &entry(json!({ "private_key": "env:K" })), &[("K", &key.private)]);
    let Outcome::Reply { json } = run(&able, arrive()).await.ok().unwrap().outcome else { panic!("relay replies") };
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    let public = DecodingKey::from_ec_pem(key.public.as_bytes()).unwrap();
    let jwt = jsonwebtoken::decode::<Value>(json[0].as_str().unwrap(), &public, &validation).unwrap();
    assert_eq!(jwt.claims, json!({ "scope": "openid" }));

    let unable = operators(layer.path(), &entry(json!({})), &[]);
    assert_eq!(run(&unable, arrive()).await.err(), Some(Verdict::ConfigError));
}

/// One PATCH with this API key, and what the adapter saw of it.
async fn patch(header: &str, extra: &Value, api_key: &str) -> Result<(Vec<Seen>, Value), Verdict> {
    let operator = Operator::start(|_| "{}".into_response()).await;
    let mut ask = json!({ "type": "http", "method": "PATCH", "url": operator.url, "api_key_header": header });
    ask.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let credentials = if api_key.is_empty() { json!({}) } else { json!({ "api_key": "env:KEY" }) };
    let entry = json!({
        "adapter": "rogue", "origins": [operator.url], "allow_loopback": true, "credentials": credentials,
        "config": { "fault": "relay", "asks": [ask] },
    });
    let done = run(&operators(layer.path(), &json!({ "X": entry }), &[("KEY", api_key)]), arrive()).await;
    match done.inspect_err(|_| assert!(operator.seen().is_empty()))?.outcome {
        Outcome::Reply { json } => Ok((operator.seen(), json)),
        _ => panic!("relay replies"),
    }
}

#[tokio::test]
async fn an_api_key_is_written_into_the_header_that_the_operator_wants() {
    let logs = Logs::capture();
    let own = json!({ "headers": { "x-own": "1", "authorization": "Bearer of-the-session" } });
    let (seen, answer) = patch("X-Api-Key", &own, "api-key-of-ours").await.unwrap();
    assert_eq!(seen[0].headers["x-api-key"], "api-key-of-ours");
    assert_eq!(seen[0].headers["x-own"], "1");
    assert_eq!(seen[0].headers["authorization"], "Bearer of-the-session");
    assert!(!answer.to_string().contains("of-ours") && !logs.text().contains("of-ours"));
}

#[tokio::test]
async fn an_api_key_goes_nowhere_else() {
    let nothing = json!({});
    for header in ["host", "content-length", "proxy-authorization", "", "a b", "x: y"] {
        assert_eq!(patch(header, &nothing, "key").await.err(), Some(Verdict::ConfigError), "{header}");
    }
    assert_eq!(patch("x-api-key", &nothing, "").await.err(), Some(Verdict::ConfigError), "there is none");
    assert_eq!(patch("x-api-key", &nothing, "a\r\nb").await.err(), Some(Verdict::ConfigError), "no header's value");
    for header in ["x-api-key", "authorization"] {
        let twice = json!({ "headers": { header.to_uppercase(): "mine" } });
        assert_eq!(patch(header, &twice, "key").await.err(), Some(Verdict::ConfigError), "{header}");
    }
}
