//! What the host does with keys for an adapter, and what it refuses: the adapter sees results, never a secret.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sna_operators::{Outcome, Session, Verdict};

use crate::{
    bed::{NOW, arrive, operators, session},
    keys::Key,
    layer::{Layer, built},
};

const SECRET: &str = "s€cret";

/// The answers to `asks` for an operator with these credentials, each by the name of its secret.
async fn answers(asks: &Value, credentials: &Value, session: Session) -> Result<Vec<Value>, Verdict> {
    let private = Key::es256().private;
    let secrets = [("SECRET", SECRET), ("KEY", private.as_str()), ("HEX", &"07".repeat(32))];
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let entry = json!({
        "adapter": "rogue", "credentials": credentials, "config": { "fault": "relay", "asks": asks },
    });
    let operators = operators(layer.path(), &json!({ "X": entry }), &secrets);
    match operators.run("X", arrive(), session, NOW).await?.outcome {
        Outcome::Reply { json: Value::Array(answers) } => Ok(answers),
        _ => panic!("relay replies"),
    }
}

async fn answer(ask: &Value, credentials: &Value) -> Result<Value, Verdict> {
    answers(&json!([ask]), credentials, session()).await.map(|mut answers| answers.remove(0))
}

#[tokio::test]
async fn claims_are_signed_with_the_client_secret_and_under_the_type_that_is_wanted() {
    let ask = json!({ "type": "sign", "claims": { "a": 1 }, "key": "client_secret", "typ": "oauth-authz-req+jwt" });
    let jwt = answer(&ask, &json!({ "client_secret": "env:SECRET", "key_id": "of the private key" })).await.unwrap();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let jwt = jsonwebtoken::decode::<Value>(jwt.as_str().unwrap(), &key, &validation).unwrap();
    assert_eq!((jwt.claims, jwt.header.typ.as_deref()), (json!({ "a": 1 }), Some("oauth-authz-req+jwt")));
    assert_eq!(jwt.header.kid, None);
}

#[tokio::test]
async fn a_text_is_authenticated_with_the_client_secret() {
    let hex = answer(&json!({ "type": "mac", "text": "a=1&b=2" }), &json!({ "client_secret": "env:SECRET" })).await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hex::decode(hex.unwrap().as_str().unwrap()).unwrap();
    assert!(hmac::verify(&key, b"a=1&b=2", &tag).is_ok());
}

#[tokio::test]
async fn a_text_is_hashed_around_the_client_secret() {
    let ask = json!({ "type": "digest", "before": "13800138000", "after": "20270115160000000" });
    let hex = answer(&ask, &json!({ "client_secret": "env:SECRET" })).await.unwrap();
    assert_eq!(hex, hex::encode(Sha256::digest(format!("13800138000{SECRET}20270115160000000"))));
}

#[tokio::test]
async fn our_certificates_stand_in_the_header_where_they_are_wanted() {
    let credentials = json!({ "private_key": "env:KEY" });
    for certificates in [json!([]), json!(["MIIB", "MIIC"])] {
        let ask = json!({ "type": "sign", "claims": {}, "typ": "x+jwt", "certificates": certificates });
        let jwt = answer(&ask, &credentials).await.unwrap();
        let header = jsonwebtoken::decode_header(jwt.as_str().unwrap()).unwrap();
        assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::ES256, Some("x+jwt")));
        assert_eq!(json!(header.x5c.unwrap_or_default()), certificates);
    }
}

#[tokio::test]
async fn without_the_key_nothing_is_done() {
    for ask in [
        json!({ "type": "sign", "claims": {}, "key": "client_secret" }),
        json!({ "type": "sign", "claims": {}, "key": "private" }),
        json!({ "type": "mac", "text": "" }),
        json!({ "type": "digest", "before": "", "after": "" }),
        json!({ "type": "encryption_key" }),
        json!({ "type": "decrypt", "jwe": "" }),
    ] {
        assert_eq!(answer(&ask, &json!({})).await, Err(Verdict::ConfigError), "{ask}");
    }
}

fn verify_with(jwt: &str, jwk: &Value) -> Value {
    json!({ "type": "verify_with", "jwt": jwt, "jwk": jwk })
}

#[tokio::test]
async fn a_signature_is_checked_with_the_one_key_that_is_given() {
    let (own, other, rs) = (Key::es256(), Key::es256(), Key::rs256());
    let claims = json!({ "nonce": "n" });
    for (key, kid) in [(&own, Some("whatever")), (&own, None), (&rs, None)] {
        let ask = verify_with(&key.sign(kid, &claims), &json!(key.jwk("k")));
        assert_eq!(answer(&ask, &json!({})).await, Ok(claims.clone()));
    }
    let good = own.sign(None, &claims);
    let (header, rest) = good.split_once('.').unwrap();
    let changed = format!("{header}.{}.{}", BASE64_URL_SAFE_NO_PAD.encode("{}"), rest.split_once('.').unwrap().1);
    let critical = Header { crit: Some(vec!["exp".into()]), ..Header::new(Algorithm::ES256) };
    let oct = json!({ "kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(SECRET) });
    let hs = jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();
    let mut sealing = json!(own.jwk("k"));
    sealing["use"] = json!("enc");
    let own_jwk = json!(own.jwk("k"));
    for (what, jwt, jwk) in [
        ("another's key", good.clone(), json!(other.jwk("k"))),
        ("another kind of key", good.clone(), json!(rs.jwk("k"))),
        ("other claims", changed, own_jwk.clone()),
        ("an extension", own.sign_with(&critical, &claims), own_jwk.clone()),
        ("a common secret", hs.clone(), oct),
        ("HS256 under a public key", hs, own_jwk.clone()),
        ("a key for encryption", good.clone(), sealing),
        ("no key", good, json!({})),
        ("no JWT", String::new(), own_jwk),
    ] {
        assert_eq!(answer(&verify_with(&jwt, &jwk), &json!({})).await, Err(Verdict::ProtocolViolation), "{what}");
    }
}

/// `dir` with A256GCM under the key behind `HEX`.
fn encrypted(text: &str) -> String {
    let protected = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    let mut bytes = text.as_bytes().to_vec();
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let nonce = Nonce::assume_unique_for_key([9; 12]);
    key.seal_in_place_append_tag(nonce, Aad::from(protected.as_str()), &mut bytes).unwrap();
    let (text, tag) = bytes.split_at(bytes.len() - 16);
    let [iv, text, tag] = [&[9; 12], text, tag].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    format!("{protected}..{iv}.{text}.{tag}")
}

#[tokio::test]
async fn what_is_encrypted_for_us_is_read_and_what_is_not_is_a_violation() {
    let credentials = json!({ "decryption_key": "env:HEX" });
    let decrypt = |jwe: &str| json!({ "type": "decrypt", "jwe": jwe });
    let jwe = encrypted("447700900601");
    assert_eq!(answer(&decrypt(&jwe), &credentials).await, Ok(json!("447700900601")));
    for bad in ["", "....", &jwe[1..], "447700900601"] {
        assert_eq!(answer(&decrypt(bad), &credentials).await, Err(Verdict::ProtocolViolation), "{bad}");
    }
}

#[tokio::test]
async fn each_session_has_an_encryption_key_of_its_own_at_all_its_endpoints() {
    let asks = json!([{ "type": "encryption_key" }]);
    let of = |nonce: &str| {
        let session = Session { nonce: nonce.into(), ..session() };
        let asks = asks.clone();
        async move { answers(&asks, &json!({ "decryption_key": "env:HEX" }), session).await }
    };
    let (one, again, other) = (of("one").await.unwrap(), of("one").await.unwrap(), of("other").await.unwrap());
    assert_eq!(one, again);
    assert_ne!(one, other);
    assert_eq!((&one[0]["kty"], &one[0]["crv"], &one[0]["d"]), (&json!("EC"), &json!("P-256"), &Value::Null));
    assert_eq!(of("").await, Err(Verdict::ConfigError), "no session, no key");
}
