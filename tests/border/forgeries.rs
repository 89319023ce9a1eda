//! The check of an operator's signature: what is forged, unsigned or signed with an unknown key proves nothing.

use std::sync::{Arc, Mutex};

use axum::{http::StatusCode, response::IntoResponse};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sna_operators::{Operators, Outcome, Verdict};

use crate::{
    bed::{NOW, arrive, operators, run, session},
    keys::Key,
    layer::{Layer, built},
    operator::Operator,
};

/// An operator with keys that can change, and an adapter that has JWTs checked against them.
struct Bench {
    operator: Operator,
    jwks: Arc<Mutex<Value>>,
    layer: Layer,
}

impl Bench {
    async fn with(keys: Value) -> Self {
        let jwks = Arc::new(Mutex::new(json!({ "keys": keys })));
        let served = Arc::clone(&jwks);
        let operator = Operator::start(move |path| match path {
            "/jwks" => served.lock().unwrap().to_string().into_response(),
            "/html" => "<html>maintenance</html>".into_response(),
            _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        })
        .await;
        Self { operator, jwks, layer: Layer::of(&[("rogue", &built("rogue"))]) }
    }

    fn operators(&self, path: &str, jwts: &[&str]) -> Operators {
        let url = format!("{}{path}", self.operator.url);
        let asks: Vec<_> = jwts.iter().map(|jwt| json!({ "type": "verify", "jwt": jwt, "jwks_uri": url })).collect();
        let entry = json!({
            "adapter": "rogue", "origins": [self.operator.url], "allow_loopback": true, "deadline_ms": 2000,
            "config": { "fault": "relay", "asks": asks },
        });
        operators(self.layer.path(), &json!({ "X": entry }), &[])
    }

    /// The claims of each, or the verdict that the first bad one brings.
    async fn check(&self, jwts: &[&str]) -> Result<Value, Verdict> {
        match run(&self.operators("/jwks", jwts), arrive()).await?.outcome {
            Outcome::Reply { json } => Ok(json),
            _ => panic!("relay replies"),
        }
    }

    fn fetches(&self) -> usize {
        self.operator.seen().len()
    }
}

fn claims() -> Value {
    json!({ "sub": "someone" })
}

fn unsigned(header: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", encode(header), encode(&claims()))
}

#[tokio::test]
async fn good_signatures_give_their_claims_and_one_fetch_of_the_keys_serves_many() {
    let (es, rs) = (Key::es256(), Key::rs256());
    let bench = Bench::with(json!([es.jwk("e"), rs.jwk("r")])).await;
    let jwts = [es.sign(Some("e"), &claims()), rs.sign(Some("r"), &claims()), es.sign(Some("e"), &claims())];
    let found = bench.check(&[&jwts[0], &jwts[1], &jwts[2]]).await;
    assert_eq!(found, Ok(json!([claims(), claims(), claims()])));
    assert_eq!(bench.fetches(), 1);
}

#[tokio::test]
async fn forgeries_are_violations() {
    let (own, other, rs) = (Key::es256(), Key::es256(), Key::rs256());
    let bench = Bench::with(json!([own.jwk("k"), rs.jwk("r")])).await;
    let good = own.sign(Some("k"), &claims());
    let (body, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = body.split_once('.').unwrap();
    let changed = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"someone else"}"#);
    let hmac = |secret: &[u8]| {
        let header = Header { kid: Some("k".into()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let header_of = |kid: &str, algorithm| Header { kid: Some(kid.into()), ..Header::new(algorithm) };
    let critical = Header { crit: Some(vec!["b64".into()]), ..header_of("k", Algorithm::ES256) };
    for (what, jwt) in [
        ("alg none", unsigned(&json!({ "alg": "none", "kid": "k" }))),
        ("alg None", unsigned(&json!({ "alg": "None", "kid": "k" }))),
        ("no alg", unsigned(&json!({ "kid": "k" }))),
        ("HS256 with the public key", hmac(own.public.as_bytes())),
        ("HS256 with the public key's JSON", hmac(json!(own.jwk("k")).to_string().as_bytes())),
        ("no signature", format!("{body}.")),
        ("another body", format!("{header}.{changed}.{signature}")),
        ("another's key under our kid", other.sign(Some("k"), &claims())),
        ("a key of another kind", own.sign(Some("r"), &claims())),
        ("a key inside the header", unsigned(&json!({ "alg": "ES256", "jwk": other.jwk("k") }))),
        ("an extension we do not know", own.sign_with(&critical, &claims())),
        ("an algorithm that is not agreed", rs.rs512("r", &claims())),
        ("no JWT", "eyJ".into()),
        ("nothing", String::new()),
    ] {
        assert_eq!(bench.check(&[&jwt]).await, Err(Verdict::ProtocolViolation), "{what}");
    }
}

#[tokio::test]
async fn an_unknown_key_id_fetches_the_keys_once_more_and_not_twice() {
    let (old, new, stranger) = (Key::es256(), Key::es256(), Key::es256());
    let bench = Bench::with(json!([old.jwk("old"), new.jwk("unused")])).await;
    let known = old.sign(Some("old"), &claims());
    let unknown = stranger.sign(Some("stranger"), &claims());
    assert_eq!(bench.check(&[&known, &unknown]).await, Err(Verdict::ProtocolViolation));
    assert_eq!(bench.fetches(), 2);

    let rotated = new.sign(Some("new"), &claims());
    let operators = bench.operators("/jwks", &[&rotated]);
    assert_eq!(run(&operators, arrive()).await.err(), Some(Verdict::ProtocolViolation));
    *bench.jwks.lock().unwrap() = json!({ "keys": [new.jwk("new"), old.jwk("old")] });
    assert!(run(&operators, arrive()).await.is_ok(), "after a rotation");
    assert_eq!(bench.fetches(), 4);
}

#[tokio::test]
async fn a_jwt_without_a_key_id_is_checked_only_where_there_is_one_key() {
    let (own, other) = (Key::es256(), Key::es256());
    let jwt = own.sign(None, &claims());
    assert!(Bench::with(json!([own.jwk("k")])).await.check(&[&jwt]).await.is_ok());
    for keys in [json!([own.jwk("k"), other.jwk("o")]), json!([])] {
        assert_eq!(Bench::with(keys).await.check(&[&jwt]).await, Err(Verdict::ProtocolViolation));
    }
}

#[tokio::test]
async fn keys_of_unknown_kinds_and_for_encryption_are_passed_over() {
    let own = Key::es256();
    let jwt = own.sign(Some("k"), &claims());
    let mut sealing = json!(own.jwk("k"));
    sealing["use"] = json!("enc");
    let strange = [json!({ "kty": "PQC", "kid": "x" }), json!("no key"), json!({ "kty": "EC", "crv": "P-0" })];
    let bench = Bench::with(json!([strange[0], strange[1], strange[2], sealing, own.jwk("k")])).await;
    assert!(bench.check(&[&jwt]).await.is_ok());
    let only_for_encryption = Bench::with(json!([sealing])).await;
    assert_eq!(only_for_encryption.check(&[&jwt]).await, Err(Verdict::ProtocolViolation));
    let secret = json!({ "kty": "oct", "kid": "k", "k": BASE64_URL_SAFE_NO_PAD.encode("secret") });
    assert_eq!(Bench::with(json!([secret])).await.check(&[&jwt]).await, Err(Verdict::ProtocolViolation));
}

#[tokio::test]
async fn keys_that_do_not_come_are_the_operators_fault_and_unlisted_ones_are_ours() {
    let bench = Bench::with(json!([])).await;
    let jwt = Key::es256().sign(Some("k"), &claims());
    for path in ["/html", "/down"] {
        let operators = bench.operators(path, &[&jwt]);
        assert_eq!(run(&operators, arrive()).await.err(), Some(Verdict::OperatorError), "{path}");
    }
    let silent = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let ask = json!({ "type": "verify", "jwt": jwt, "jwks_uri": url });
    for (origin, verdict) in [(&*url, Verdict::OperatorTimeout), ("https://op.example", Verdict::ConfigError)] {
        let entry = json!({
            "adapter": "rogue", "origins": [origin], "allow_loopback": true, "deadline_ms": 200,
            "config": { "fault": "relay", "asks": [ask] },
        });
        let operators = operators(bench.layer.path(), &json!({ "X": entry }), &[]);
        assert_eq!(run(&operators, arrive()).await.err(), Some(verdict), "{origin}");
    }
}

#[tokio::test]
async fn the_keys_of_one_operator_prove_nothing_for_another() {
    let key = Key::es256();
    let bench = Bench::with(json!([key.jwk("k")])).await;
    let ask = json!({ "type": "verify", "jwt": key.sign(Some("k"), &claims()), "jwks_uri": format!("{}/jwks", bench.operator.url) });
    let entry = |origin: &str| {
        json!({
            "adapter": "rogue", "origins": [origin], "allow_loopback": true,
            "config": { "fault": "relay", "asks": [ask] },
        })
    };
    let table = json!({ "X": entry(&bench.operator.url), "Y": entry("https://other.example") });
    let operators = operators(bench.layer.path(), &table, &[]);
    assert!(run(&operators, arrive()).await.is_ok(), "they are in the cache now");
    assert_eq!(operators.run("Y", arrive(), session(), NOW).await.err(), Some(Verdict::ConfigError));
}
