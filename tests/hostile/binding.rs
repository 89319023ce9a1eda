//! What is bound to one session, one customer, one handset and one operator proves nothing for another.

use gateway_tests::{
    Gateway,
    steps::{Customer, Started, answer, client, device, error, invalid, newest_code, register, returned},
};
use sandbox::handset::Handset;
use serde_json::json;

const TOKEN: &str = "The provided token is invalid.";
const DENIED: &str = "The phone number could not be authenticated.";

/// The handset goes as far as the gateway's callback, and does not open it: the operator's code and the state.
async fn up_to_the_callback(gateway: &Gateway, started: &Started, vendor: &str) -> (String, String) {
    let back = returned(&started.open(Some(&format!("{}/v1/callback/{vendor}", gateway.url))).await);
    (back["code"].clone(), back["state"].clone())
}

async fn callback(gateway: &Gateway, vendor: &str, query: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let request = client().get(format!("{}/v1/callback/{vendor}", gateway.url)).query(query);
    answer(request.send().await.expect("an answer")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_forwarded_to_another_handset_proves_that_handset_and_not_the_number() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    // Another SIM of the same network: the operator sees whose it is.
    for (number, stranger) in [("+447700900620", "+447700900621"), ("+447700900920", "+447700900921")] {
        let started = customer.start(&device(&gateway, number), &[]).await;
        let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
        let handset = Handset::at(device(&gateway, stranger).source_ip).expect("a handset");
        assert_eq!(handset.open(uri, None).await.last().map(|hop| hop.status), Some(400), "{number}");
        let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
        assert_eq!(verdict["reason"], "MISMATCH", "{number}");
        // And the link is spent for the right handset.
        let late = started.open(None).await;
        assert_eq!((late.status, late.json()), invalid(TOKEN), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_began_a_check_of_anothers_number_gets_no_proof_of_it() {
    let gateway = Gateway::start().await;
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[("redirect_uri", &redirect_uri)]).await;
    // The victim is made to open the link. The proof goes to the victim's browser, and to the page of the customer.
    let proof = returned(&started.open(Some(&redirect_uri)).await)["code"].clone();
    let nothing = customer.validate(&json!({ "id_token": started.id_token })).await;
    assert_eq!(nothing, invalid("The required field `payload` is missing or is invalid."));
    // One's own proof of another session is none for this one, either way.
    let own = customer.start(&device(&gateway, "+447700900920"), &[]).await;
    let payload = own.open(None).await.json();
    let mixed = customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
    assert_eq!(mixed, invalid("The required field `payload` is missing or is invalid."));
    let mixed = customer.validate(&json!({ "id_token": own.id_token, "code": proof })).await;
    assert_eq!(mixed, invalid("The required field `code` is missing or is invalid."));
    // None of it spent either.
    let (_, verdict) = customer.validate(&json!({ "id_token": own.id_token, "payload": payload })).await;
    assert_eq!(verdict["authenticated"], "true");
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token, "code": proof })).await;
    assert_eq!(verdict["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_one_session_with_the_state_of_another_is_no_match() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    // The attacker's own number is honest; its code is put into the callback of the victim's session.
    for (attacker, victim, vendor, reason) in [
        ("+447700900620", "+447700900621", "vodafone", "PROTOCOL_VIOLATION"),
        // O2 wants the code_verifier of the session that began.
        ("+447700900920", "+447700900921", "o2", "CONFIG_ERROR"),
    ] {
        let own = customer.start(&device(&gateway, attacker), &[]).await;
        let (code, _) = up_to_the_callback(&gateway, &own, vendor).await;
        let target = customer.start(&device(&gateway, victim), &[]).await;
        let (_, state) = up_to_the_callback(&gateway, &target, vendor).await;
        let issuer = format!("{}/{vendor}", operators_host(&gateway));
        let mut query = vec![("code", code.as_str()), ("state", state.as_str())];
        if vendor == "o2" {
            query.push(("iss", &issuer));
        }
        assert_eq!(callback(&gateway, vendor, &query).await.0, 400, "{vendor}");
        let (_, verdict) = customer.validate(&json!({ "id_token": target.id_token })).await;
        assert_eq!((&verdict["authenticated"], &verdict["reason"]), (&json!("false"), &json!(reason)), "{vendor}");
    }
}

fn operators_host(gateway: &Gateway) -> String {
    let table: serde_json::Value = serde_json::from_str(gateway.world.operators_table()).expect("a table");
    table["O2"]["origins"][0].as_str().expect("an origin").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_not_the_sessions_or_is_missing_is_a_mix_up() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let vodafone = format!("{}/vodafone", operators_host(&gateway));
    for iss in [Some(vodafone.as_str()), Some("https://evil.example"), None] {
        let started = customer.start(&device(&gateway, "+447700900920"), &[]).await;
        let (code, state) = up_to_the_callback(&gateway, &started, "o2").await;
        let mut query = vec![("code", code.as_str()), ("state", state.as_str())];
        query.extend(iss.map(|iss| ("iss", iss)));
        assert_eq!(callback(&gateway, "o2", &query).await, error(400, "access_denied", DENIED));
        let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
        assert_eq!(verdict["reason"], "PROTOCOL_VIOLATION", "{iss:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customers_id_token_and_an_id_token_as_bearer_open_nothing() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let secret = register(&gateway, "thief", |_| ()).await;
    let thief = Customer::sign_in_as(&gateway, "thief", &secret, "authenticate otp").await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let payload = started.open(None).await.json();
    for proof in [
        json!({ "id_token": started.id_token, "payload": payload }),
        json!({ "id_token": started.id_token, "code": payload["session_id"] }),
        json!({ "id_token": started.id_token, "otp_code": "000000" }),
        json!({ "id_token": started.id_token }),
    ] {
        assert_eq!(thief.validate(&proof).await, invalid(TOKEN), "{proof}");
        let bearer = client().post(format!("{}/v1/validate", gateway.url)).bearer_auth(&started.id_token);
        let unauthorized = error(401, "unauthorized_client", "Authentication required");
        assert_eq!(answer(bearer.json(&proof).send().await.expect("an answer")).await, unauthorized);
    }
    let good = json!({ "id_token": started.id_token, "payload": payload });
    assert_eq!(customer.validate(&good).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_the_scope_opens_neither_link() {
    let gateway = Gateway::start().await;
    let credentials = gateway.world.gateway().customer.clone();
    let refused = error(400, "invalid_scope", "The requested scope is invalid, unknown or malformed.");
    for (scope, path) in [("otp", "/v1/authenticate"), ("authenticate", "/v1/authenticate/otp")] {
        let customer = Customer::sign_in_as(&gateway, &credentials.client_id, &credentials.client_secret, scope).await;
        let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
        let request = client().get(format!("{}{path}", gateway.url)).query(&[("id_token", &started.id_token)]);
        assert_eq!(answer(request.send().await.expect("an answer")).await, refused, "{scope}");
    }
    assert_eq!(gateway.world.inbox().publishes("+447700900620"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_the_session_that_it_was_sent_in() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let first = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let second = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    first.send_otp().await;
    let code = newest_code(&gateway, &first.device);
    assert_eq!(customer.guess(&second, &code).await.1["reason"], "NOT_ATTEMPTED");
    assert_eq!(customer.guess(&first, &code).await.1["authenticated"], "true");
}
