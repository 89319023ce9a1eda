//! What one deployment does and another does not: each is a setting, and none of them can turn a no into a match.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{
    Answer, Ask, Auth, Call, Context, Entry, Key, Operation, Outcome, Reply, Unreachable, Verdict, step,
};

use crate::{
    bench::{
        FAMILIES, Family, HINTED_CAMARA, MOBILE_CONNECT, NO_SEAM, NOW, NUMBER, OLD_CAMARA, Operator, SIGNED_CAMARA,
        context, good, http, text, unreachable,
    },
    callback::any_answer,
};

fn family(adapter: &'static dyn sna_adapter::Adapter) -> Family {
    Family { name: "variation", adapter, ..FAMILIES[1] }
}

fn query(uri: &str) -> Vec<(String, String)> {
    url::Url::parse(uri).unwrap().query_pairs().into_owned().collect()
}

fn arrive(family: Family, context: Context, journal: Vec<Entry>) -> Reply {
    let operation = Operation::Arrive { request: sna_adapter::Arrival { method: "GET".into() } };
    step(family.adapter, Call { operation, context, journal })
}

#[test]
fn a_signed_request_says_everything_in_the_object_and_only_what_it_must_beside_it() {
    let Reply::Ask { ask } = arrive(family(&SIGNED_CAMARA), context(), vec![]) else { panic!("it is to be signed") };
    let Ask::Sign { claims, key, typ, .. } = &ask else { panic!("it is to be signed") };
    assert_eq!((*key, typ.as_deref()), (Key::Private, Some("oauth-authz-req+jwt")));
    let jti = claims["jti"].as_str().unwrap();
    assert!(jti.len() == 32 && !jti.contains("NONCE"));
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove("jti");
    assert_eq!(
        claims,
        json!({
            "iss": "client", "aud": "https://op.example/authorize", "iat": NOW, "exp": NOW + 120,
            "response_type": "code", "client_id": "client", "state": "STATE", "nonce": "NONCE", "prompt": "none",
            "redirect_uri": "https://gateway.example/v1/callback/op", "scope": SIGNED_CAMARA.scope,
            "code_challenge": "CHALLENGE", "code_challenge_method": "S256",
        })
    );
    let answer = Answer::Signed { jwt: "S.I.G".into() };
    let done = arrive(family(&SIGNED_CAMARA), context(), vec![Entry { ask, answer }]);
    let Reply::Done { outcome: Outcome::Redirect { uri }, .. } = done else { panic!("the handset is sent on") };
    let names: Vec<String> = query(&uri).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["response_type", "client_id", "redirect_uri", "scope", "request"]);
    assert!(uri.ends_with("&request=S.I.G"));
}

#[test]
fn a_request_that_cannot_be_signed_is_our_fault() {
    let Reply::Ask { ask } = arrive(family(&SIGNED_CAMARA), context(), vec![]) else { panic!("it is to be signed") };
    let journal = vec![Entry { ask, answer: unreachable(Unreachable::Forbidden) }];
    let reply = arrive(family(&SIGNED_CAMARA), context(), journal);
    assert!(matches!(reply, Reply::Failed { verdict: Verdict::ConfigError, .. }));
}

#[test]
fn two_sessions_never_share_a_name() {
    let jti = |nonce: &str| match arrive(family(&SIGNED_CAMARA), Context { nonce: nonce.into(), ..context() }, vec![]) {
        Reply::Ask { ask: Ask::Sign { claims, .. } } => claims["jti"].clone(),
        _ => panic!("it is to be signed"),
    };
    assert_ne!(jti("one"), jti("another"));
    assert_eq!(jti("one"), jti("one"), "a step is replayed");
}

#[test]
fn the_number_stands_in_the_url_where_the_operator_wants_it_and_nowhere_else() {
    let uri = family(&HINTED_CAMARA).authorize(context());
    let hint = query(&uri).into_iter().find(|(name, _)| name == "login_hint").unwrap().1;
    assert_eq!(hint, format!("tel:{NUMBER}"));
    assert!(uri.contains("tel%3A%2B44"), "a bare plus is a space: {uri}");
    assert!(!family(&OLD_CAMARA).authorize(context()).contains(&NUMBER[4..]));
}

#[test]
fn no_seam_is_asked_for_where_it_is_known() {
    let prompt = |uri: &str| query(uri).into_iter().find(|(name, _)| name == "prompt").map(|(_, value)| value);
    assert_eq!(prompt(&family(&NO_SEAM).authorize(context())).as_deref(), Some("no_seam"));
    assert_eq!(prompt(&family(&MOBILE_CONNECT).authorize(context())), None);
}

#[test]
fn a_refusal_in_the_operators_words_for_another_number_is_a_mismatch() {
    let refused = |status: u16, message: &str| {
        http(status, &json!({ "status": status, "code": "PERMISSION_DENIED", "message": message }))
    };
    let said = "The MSISDN does not match the user tied to the access token";
    for (resource, verdict) in [
        (refused(403, said), Verdict::Mismatch),
        (refused(403, "denied"), Verdict::ConfigError),
        (refused(500, said), Verdict::OperatorError),
        (text(403, said), Verdict::ConfigError),
    ] {
        let family = family(&OLD_CAMARA);
        assert_eq!(family.verdict(&good(), &Operator { resource, ..family.operator() }), verdict);
    }
}

/// As the service answers; the operator's own links.
fn found() -> Value {
    let link = |rel: &str, path: &str| json!({ "rel": rel, "href": format!("https://op.example{path}") });
    let links = [
        link("authorization", "/authorize"),
        link("token", "/token"),
        link("premiuminfo", "/verify"),
        link("jwks", "/jwks"),
        link("issuer", ""),
    ];
    json!({ "ttl": NOW, "response": { "client_secret": "x", "apis": { "operatorid": { "link": links } } } })
}

fn discovering() -> Context {
    let discovery = json!({ "base": "https://discover.example", "mcc": "234", "mnc": "30", "client_id": "client" });
    Context { config: json!({ "discovery": discovery }), source_ip: "192.0.2.7".into(), ..context() }
}

fn discovered(answer: Answer) -> Reply {
    let Reply::Ask { ask } = arrive(FAMILIES[0], discovering(), vec![]) else { panic!("the service is asked") };
    arrive(FAMILIES[0], discovering(), vec![Entry { ask, answer }])
}

#[test]
fn discovery_is_asked_for_the_mobile_network_and_the_handsets_address() {
    let Reply::Ask { ask: Ask::Http(request) } = arrive(FAMILIES[0], discovering(), vec![]) else {
        panic!("the service is asked")
    };
    assert_eq!(
        request.url,
        "https://discover.example/v2/discovery/?Redirect_URL=https%3A%2F%2Fgateway.example%2Fv1%2Fcallback%2Fop\
         &Selected-MCC=234&Selected-MNC=30&Using-Mobile-Data=1"
    );
    assert_eq!((request.method.as_str(), request.headers["x-source-ip"].as_str()), ("GET", "192.0.2.7"));
    assert_eq!(request.auth, Auth::ClientSecretBasic { client_id: "client".into() });
}

#[test]
fn what_discovery_told_is_kept_for_the_callback() {
    let Reply::Done { outcome: Outcome::Redirect { uri }, kept } = discovered(http(200, &found())) else {
        panic!("the handset is sent on")
    };
    assert!(uri.starts_with("https://op.example/authorize?"));
    let callback = |kept: String| {
        let operation = Operation::Callback { params: good() };
        step(FAMILIES[0].adapter, Call { operation, context: Context { kept, ..discovering() }, journal: vec![] })
    };
    let Reply::Ask { ask: Ask::Http(request) } = callback(kept) else { panic!("the code is redeemed") };
    assert_eq!(request.url, "https://op.example/token");
    assert!(matches!(callback("noise".into()), Reply::Failed { verdict: Verdict::ConfigError, .. }));
}

#[test]
fn a_discovery_that_fails_ends_the_attempt_with_its_reason() {
    let mut one_missing = found();
    one_missing["response"]["apis"]["operatorid"]["link"].as_array_mut().unwrap().pop();
    for (answer, verdict) in [
        (http(200, &json!({ "links": [{ "rel": "operatorSelection", "href": "x" }] })), Verdict::NetworkUnsupported),
        (http(200, &one_missing), Verdict::OperatorError),
        (text(200, "<html></html>"), Verdict::OperatorError),
        (http(401, &json!({ "error": "invalid_client" })), Verdict::ConfigError),
        (http(503, &json!({})), Verdict::OperatorError),
        (unreachable(Unreachable::Timeout), Verdict::OperatorTimeout),
        (unreachable(Unreachable::Forbidden), Verdict::ConfigError),
    ] {
        let Reply::Failed { verdict: found, .. } = discovered(answer) else { panic!("it fails") };
        assert_eq!(found, verdict);
    }
}

proptest! {
    #[test]
    fn no_variation_matches_without_a_200_that_says_true(token in any_answer(), resource in any_answer()) {
        for adapter in [&SIGNED_CAMARA as &'static dyn sna_adapter::Adapter, &OLD_CAMARA, &HINTED_CAMARA] {
            let family = family(adapter);
            let (token, answer) = (text(token.0, &token.1), text(resource.0, &resource.1));
            if family.verdict(&good(), &Operator { token, resource: answer, ..family.operator() }) == Verdict::Match {
                let body: Value = serde_json::from_str(&resource.1).unwrap();
                prop_assert_eq!(resource.0, 200);
                prop_assert!(body[family.field] == true || body[family.field] == "true");
            }
        }
    }

    #[test]
    fn whatever_the_texts_are_the_signed_object_holds_them(client in ".*", state in ".*", nonce in ".+", callback in ".*") {
        let mut context =
            Context { state: state.clone(), nonce: nonce.clone(), callback_uri: callback.clone(), ..context() };
        context.config["client_id"] = client.clone().into();
        let Reply::Ask { ask: Ask::Sign { claims, .. } } = arrive(family(&SIGNED_CAMARA), context, vec![]) else {
            panic!("it is to be signed")
        };
        for (name, expected) in
            [("client_id", &client), ("iss", &client), ("state", &state), ("nonce", &nonce), ("redirect_uri", &callback)]
        {
            prop_assert_eq!(claims[name].as_str(), Some(expected.as_str()));
        }
    }
}
