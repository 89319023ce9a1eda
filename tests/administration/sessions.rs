//! A session as support sees it.

use gateway_tests::{
    Gateway,
    steps::{Customer, another, device, newest_code},
};

use crate::bed::{local, local_at};

const NUMBER: &str = "+447700900620";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_shows_how_far_it_came_and_not_whose_it_is() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let device = device(&gateway, NUMBER);
    let started = customer.start(&device, &[("correlation_id", "order-1")]).await;
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(&gateway, &device);
    customer.guess(&started, &another(&code)).await;
    let words = ["session", "show", "order-1", "--customer", "demo-shop"];
    let (_, shown) = local(&gateway, &words).await.expect("a session");
    assert_eq!((&shown["state"], &shown["silent"]), (&"open".into(), &"idle".into()));
    assert_eq!((&shown["sends"], &shown["attempts"], &shown["country"]), (&1.into(), &1.into(), &"GB".into()));
    assert_eq!(shown["network"], "VODAFONE");
    customer.guess(&started, &code).await;
    let (_, shown) = local(&gateway, &words).await.expect("a session");
    assert_eq!(shown["state"], "authenticated");
    let again = customer.start(&device, &[("correlation_id", "order-2")]).await;
    let (_, other) =
        local(&gateway, &["session", "show", "order-2", "--customer", "demo-shop"]).await.expect("a session");
    assert_eq!(other["number"], shown["number"], "one number has one mark");
    let mark = shown["number"].as_str().expect("a mark");
    assert!(mark.len() == 12 && !NUMBER.contains(mark));
    let printed = format!("{shown}{other}");
    for hidden in ["7700900620", &code, &device.client_ip.to_string(), &started.id_token, &again.id_token] {
        assert!(!printed.contains(hidden), "{hidden}");
    }
    let (_, late) = local_at(&gateway, &[], &["session", "show", "order-2", "--customer", "demo-shop"], 600_001)
        .await
        .expect("a session");
    assert_eq!(late["state"], "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_by_its_own_customer_only() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    customer.start(&device(&gateway, NUMBER), &[("correlation_id", "order-1")]).await;
    for (id, customer) in [("order-1", "bank"), ("order-2", "demo-shop")] {
        let error = local(&gateway, &["session", "show", id, "--customer", customer]).await.expect_err("no session");
        assert!(error.contains("has no session"), "{error}");
    }
    let error = local(&gateway, &["session", "show", "a b", "--customer", "bank"]).await.expect_err("no id");
    assert!(error.contains("visible ASCII"), "{error}");
}
