//! What is told of the calls in a small world: who calls, what is shown, and what is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use axum::{
    Router,
    http::{StatusCode, header},
};
use tokio::sync::broadcast::Receiver;

use super::{At, Event, Heard, Party};
use crate::{
    handset::Handset,
    listen::{Bound, Servers},
    world::{World, tests::world},
};

/// A gateway that redirects with a code.
async fn gateway(world: &World) -> (String, Servers) {
    let (mut servers, bound) = (Servers::new(), Bound::at(0).await.unwrap());
    let url = bound.url();
    let location = "https://shop.example/back?code=0f8fad5b-d9cb-469f-a165-70867728950e&correlation_id=order-1";
    let answer = move || async move { (StatusCode::FOUND, [(header::LOCATION, location)], r#"{"expires_in":"600"}"#) };
    servers.serve(bound, world.tap_gateway(Router::new().fallback(answer)));
    (url, servers)
}

fn heard(receiver: &mut Receiver<Option<Heard>>) -> Heard {
    receiver.try_recv().unwrap().unwrap()
}

fn fields(heard: &Heard) -> Vec<(&str, Option<&str>)> {
    let (Event::Call { fields, .. } | Event::Answer { fields, .. }) = &heard.event else { panic!("{heard:?}") };
    fields.iter().map(|field| (&*field.name, field.value.as_deref())).collect()
}

#[tokio::test]
async fn a_phone_is_known_by_its_address_and_its_secrets_are_named_without_a_value() {
    let world = world().await;
    let (url, _servers) = gateway(&world).await;
    let mut receiver = world.wire().listen();
    let phone = Handset::at("127.0.2.20".parse().unwrap()).unwrap();
    phone
        .open(&format!("{url}/v1/callback/vodafone?code=SplxlOBe&state=s&error=none"), Some("https://shop.example"))
        .await;

    let call = heard(&mut receiver);
    assert_eq!((call.number.as_deref(), call.network.as_deref()), (Some("+447700900620"), Some("VODAFONE")));
    let Event::Call { id, from, to, path, .. } = &call.event else { panic!("{call:?}") };
    assert_eq!((from, to, &**path), (&Party::Phone, &Party::Gateway, "/v1/callback/vodafone"));
    assert_eq!(fields(&call), [("code", None), ("state", None), ("error", Some("none"))]);

    let answer = heard(&mut receiver);
    let location = "https://shop.example/back?code=••••&correlation_id=order-1";
    assert_eq!(fields(&answer), [("location", Some(location)), ("expires_in", Some("600"))]);
    assert!(matches!(answer.event, Event::Answer { id: same, status: 302, .. } if same == *id), "{answer:?}");
}

#[tokio::test]
async fn the_shop_is_told_of_by_the_number_that_it_asks_about() {
    let world = world().await;
    let (url, _servers) = gateway(&world).await;
    let mut receiver = world.wire().listen();
    let form =
        [("msisdn", "+447700900920"), ("client_secret", "short"), ("note", "v4.public.eyJhbGciOiJub25lIn0.c2ln")];
    let http = crate::http::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    http.post(format!("{url}/v1/get_config")).bearer_auth("t0ken").form(&form).send().await.unwrap();

    let call = heard(&mut receiver);
    assert!(matches!(&call.event, Event::Call { from: Party::Shop, .. }), "{call:?}");
    let said =
        [("authorization: Bearer", None), ("msisdn", Some("+447700900920")), ("client_secret", None), ("note", None)];
    assert_eq!(fields(&call), said);
    let concerns = |number: &str| call.concerns(world.gateway().device(number).unwrap());
    assert!(concerns("+447700900920") && !concerns("+447700900620"));
}

#[tokio::test]
async fn the_network_and_the_gateway_are_told_from_the_phone_at_an_operator() {
    let world = world().await;
    let mut receiver = world.wire().listen();
    for (source, from) in [("127.0.99.1", Party::Carrier("O2".to_owned())), ("127.0.0.1", Party::Gateway)] {
        let caller = Handset::at(source.parse().unwrap()).unwrap();
        let table: serde_json::Value = serde_json::from_str(world.operators_table()).unwrap();
        caller.open(&format!("{}/o2/resume?tx=1", table["host"].as_str().unwrap()), None).await;
        let call = heard(&mut receiver);
        let Event::Call { from: who, to, .. } = &call.event else { panic!("{call:?}") };
        assert_eq!((who, to), (&from, &Party::Operator("O2".to_owned())));
        assert!(call.concerns(world.gateway().device("+447700900920").unwrap()));
        assert!(!call.concerns(world.gateway().device("+447700900620").unwrap()));
        heard(&mut receiver);
    }
}

#[tokio::test]
async fn a_long_or_endless_body_passes_unseen_and_whole() {
    let world = world().await;
    let (mut servers, bound) = (Servers::new(), Bound::at(0).await.unwrap());
    let url = bound.url();
    let echo = Router::new().fallback(|body: String| async move { body.len().to_string() });
    servers.serve(bound, world.wire().tap(echo, At::Gateway, world.operators()));
    let mut receiver = world.wire().listen();
    let body = format!("{{\"authenticated\":\"{}\"}}", "a".repeat(40_000));
    let answer = crate::http::client().post(url).body(body.clone()).send().await.unwrap().text().await.unwrap();
    assert_eq!(answer, body.len().to_string());
    assert_eq!(fields(&heard(&mut receiver)), []);
}
