//! The events of Lambda: whichever gateway is in front, a flow runs, and the caller is whom that gateway saw.

use gateway_tests::{Event, Gateway, staged_adapters};
use serde_json::json;

use crate::steps::{Customer, client, device};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_gives_the_whole_flow() {
    for event in Event::ALL {
        let gateway = Gateway::with(event, &staged_adapters(), &[]).await;
        let customer = Customer::sign_in(&gateway).await;
        let more = [("correlation_id", "a+b&c=d%20")];
        let started = customer.start(&device(&gateway, "+447700900620"), &more).await;
        let payload = started.open(None).await.json();
        let (status, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
        assert_eq!((status, &verdict["authenticated"]), (200, &json!("true")), "{event:?} {verdict}");
        assert_eq!(verdict["correlation_id"], "a+b&c=d%20", "{event:?}");
        // The source address is the event's: mobile data of another network is seen.
        let elsewhere = customer.start(&device(&gateway, "+447700900623"), &[]).await;
        elsewhere.open(None).await;
        let (_, verdict) = customer.validate(&json!({ "id_token": elsewhere.id_token })).await;
        assert_eq!(verdict["reason"], "IP_NUMBER_NETWORK_MISMATCH", "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_client_claims_is_not_believed() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
    // From an address of no network, with the address of another network as a claim.
    let claimed = client().get(uri).header("x-forwarded-for", "127.0.4.20").send().await.expect("an answer");
    assert_eq!(claimed.status(), 302);
    assert!(claimed.headers()["location"].to_str().expect("text").contains("/vodafone/"));
}
