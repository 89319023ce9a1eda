//! Tokens that the right key signed, by somebody who is not our issuer: a missing, foreign or future claim is refused, and so
//! is a footer that is anything but the id of a known key.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use pasetors::{
    keys::AsymmetricSecretKey,
    version4::{PublicToken, V4},
};
use serde_json::{Map, Value, json};
use sna_tokens::{InvalidToken, PublicKeys, SigningKey, Verifier};

const URL: &str = "https://auth.example";
/// 2026-03-12T19:03:58Z in Unix milliseconds.
const NOW: u64 = 1_773_342_238_000;

struct Bench {
    secret: AsymmetricSecretKey<V4>,
    footer: String,
    verifier: Verifier,
}

impl Bench {
    fn new() -> Self {
        let key = SigningKey::generate().unwrap();
        let secret = AsymmetricSecretKey::try_from(key.paserk().unwrap().as_str()).unwrap();
        let keys = PublicKeys::parse(&key.public_paserk().unwrap()).unwrap();
        let footer = json!({ "kid": keys.published().unwrap()[0].0 }).to_string();
        Self { secret, footer, verifier: Verifier::new(keys, URL) }
    }

    fn sign(&self, payload: &str, footer: Option<&str>, kind: &str) -> String {
        let footer = footer.map(str::as_bytes);
        PublicToken::sign(&self.secret, payload.as_bytes(), footer, Some(kind.as_bytes())).unwrap()
    }

    /// What an access token with this payload comes to.
    fn access(&self, payload: &str) -> Option<InvalidToken> {
        self.verifier.access(&self.sign(payload, Some(&self.footer), "access"), NOW).err()
    }

    fn id(&self, payload: &str) -> Option<InvalidToken> {
        self.verifier.id(&self.sign(payload, Some(&self.footer), "id"), NOW).err()
    }
}

/// Good as either kind.
fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": URL, "aud": URL, "iat": "2026-03-12T19:03:00Z", "nbf": "2026-03-12T19:03:00Z",
        "exp": "2026-03-12T20:03:00Z", "jti": "9a2d8e1c-0000-4000-8000-000000000000", "user_id": "shop", "scope": "auth",
    });
    claims.as_object().unwrap().clone()
}

fn with(name: &str, value: impl Into<Value>) -> String {
    let mut claims = claims();
    claims.insert(name.into(), value.into());
    Value::from(claims).to_string()
}

fn without(name: &str) -> String {
    let mut claims = claims();
    claims.remove(name).unwrap();
    Value::from(claims).to_string()
}

#[test]
fn every_claim_must_be_there() {
    let bench = Bench::new();
    let whole = Value::from(claims()).to_string();
    assert_eq!((bench.access(&whole), bench.id(&whole)), (None, None));
    for name in ["iss", "aud", "iat", "nbf", "exp", "user_id", "scope"] {
        assert_eq!(bench.access(&without(name)), Some(InvalidToken::Claims), "{name}");
        assert_eq!(bench.id(&without(name)), Some(InvalidToken::Claims), "{name}");
    }
    assert_eq!(bench.id(&without("jti")), Some(InvalidToken::Claims), "an id_token without a session");
}

#[test]
fn a_claim_of_another_type_or_meaning_is_refused() {
    let bench = Bench::new();
    for (name, value, refusal) in [
        ("exp", json!(4_102_444_800_u64), InvalidToken::Claims),
        ("exp", json!("2100-01-01"), InvalidToken::Claims),
        ("exp", json!("1969-12-31T23:59:59Z"), InvalidToken::Claims),
        ("exp", json!(null), InvalidToken::Claims),
        ("aud", json!([URL]), InvalidToken::Claims),
        ("aud", json!("https://auth.example.evil.test"), InvalidToken::Audience),
        ("iss", json!("https://auth.example/"), InvalidToken::Audience),
        ("scope", json!("admin"), InvalidToken::Claims),
        ("scope", json!(""), InvalidToken::Claims),
        ("user_id", json!(7), InvalidToken::Claims),
    ] {
        assert_eq!(bench.access(&with(name, value.clone())), Some(refusal), "{name}: {value}");
    }
    let twice = Value::from(claims()).to_string().replacen('{', "{\"exp\":\"2100-01-01T00:00:00Z\",", 1);
    assert_eq!(bench.access(&twice), Some(InvalidToken::Claims), "a claim that comes twice");
    for payload in ["null", "[]", "{", "\"text\"", "{}"] {
        assert!(bench.access(payload).is_some(), "{payload:?}");
    }
}

#[test]
fn a_token_from_the_future_is_refused_but_for_the_skew_of_a_minute() {
    let bench = Bench::new();
    for name in ["iat", "nbf"] {
        assert_eq!(bench.access(&with(name, "2026-03-12T19:04:58Z")), None, "{name}");
        assert_eq!(bench.access(&with(name, "2026-03-12T19:04:59Z")), Some(InvalidToken::NotYetValid), "{name}");
    }
    assert_eq!(bench.access(&with("exp", "2026-03-12T19:03:58Z")), Some(InvalidToken::Expired));
    assert_eq!(bench.access(&with("exp", "2026-03-12T20:03:58+01:00")), Some(InvalidToken::Expired), "in another zone");
}

#[test]
fn a_footer_is_the_id_of_a_known_key_or_the_token_is_refused() {
    let bench = Bench::new();
    let payload = Value::from(claims()).to_string();
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    let large = json!({ "kid": "x".repeat(1 << 20) }).to_string();
    for footer in [
        None,
        Some(""),
        Some("{}"),
        Some("null"),
        Some(r#"{"kid":7}"#),
        Some(r#"{"kid":"k4.pid.unknown"}"#),
        Some(r#"{"kid":"../../etc/passwd"}"#),
        Some(r#"{"kid":"' OR 1=1 --"}"#),
        Some(r#"{"wpk":"k4.local-wrap.pie.x"}"#),
        Some(&*deep),
        Some(&*large),
    ] {
        let token = bench.sign(&payload, footer, "access");
        assert!(
            bench.verifier.access(&token, NOW).is_err(),
            "{:?}",
            footer.map(|footer| &footer[..footer.len().min(40)])
        );
    }
}

#[test]
fn other_versions_purposes_and_formats_are_refused() {
    let bench = Bench::new();
    let good = bench.sign(&Value::from(claims()).to_string(), Some(&bench.footer), "access");
    let body = good.strip_prefix("v4.public.").unwrap();
    for header in ["v1.public.", "v2.public.", "v3.public.", "v4.local.", "v5.public.", "V4.public.", "v4.public..", ""]
    {
        assert!(bench.verifier.access(&format!("{header}{body}"), NOW).is_err(), "{header}");
    }
    for jwt in ["eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"] {
        assert_eq!(bench.verifier.access(jwt, NOW), Err(InvalidToken::Format), "{jwt}");
    }
}
