//! `GET /v1/coverage`.

use crate::{
    answer::{json, unauthorized},
    target::{Target, text},
};

const PATH: &str = "/v1/coverage";

#[tokio::test(flavor = "multi_thread")]
async fn the_networks_are_told_to_customers_and_are_the_same_whatever_is_asked() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let answer = target.get(PATH).bearer(&access).send().await;
    assert_eq!(answer, json(200, answer.body.clone()));
    let told = answer.good();
    let countries: Vec<_> = told["countries"].as_array().expect("countries").iter().collect();
    assert!(countries.iter().map(|country| text(&country["country"])).is_sorted(), "{told}");
    for country in countries {
        let networks = country["networks"].as_array().expect("networks");
        assert!(networks.iter().map(|network| text(&network["network"])).is_sorted(), "{country}");
        assert!(networks.iter().all(|network| network["silent"] != network["otp_only"]), "{country}");
    }
    // Nothing of it is about one number.
    for query in ["?msisdn=%2B447700900620", "?network=O2", "?client_ip=148.252.128.20", "?country=FR&country=GB"] {
        assert_eq!(target.get(&format!("{PATH}{query}")).bearer(&access).send().await, answer, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_access_token_nothing_is_told() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let config = target.begin(&access, "").await;
    assert_eq!(target.get(PATH).send().await, unauthorized("Bearer"));
    for credentials in ["", "x", text(&config["id_token"]), &access[..access.len() - 1]] {
        assert_eq!(target.get(PATH).bearer(credentials).send().await, unauthorized("Bearer"), "{credentials}");
    }
    let in_the_url = format!("{PATH}?access_token={access}");
    assert_eq!(target.get(&in_the_url).send().await, unauthorized("Bearer"));
}
