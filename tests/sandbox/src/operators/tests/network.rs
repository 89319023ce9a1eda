//! Who is believed about whose SIM it is. These are the ways in which a handset could pass for another one.

use std::net::IpAddr;

use reqwest::{Client, Response};
use url::Url;

use super::bed::{Bed, O2, VODAFONE, answer, client, location, param};

/// Authorize from this address; returns the address of the hop and the cookie.
async fn to_the_hop(bed: &Bed, http: &Client, network: &str) -> (Url, String) {
    let response = http.get(bed.authorize(network, &[])).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    (location(&response), cookie)
}

async fn get(http: &Client, url: Url, cookie: &str) -> Response {
    http.get(url).header("cookie", cookie).send().await.unwrap()
}

fn at(source: &str) -> Client {
    client(source.parse::<IpAddr>().unwrap())
}

#[tokio::test]
async fn a_number_that_the_handset_claims_itself_is_removed_at_the_hop() {
    let bed = Bed::start().await;
    let wi_fi = at("127.0.9.22");
    for name in ["X-MSISDN", "x_msisdn", "X-H3G-MSISDN", "X-Up-Calling-Line-Id", "X-WAP-Client-IP"] {
        let (hop, cookie) = to_the_hop(&bed, &wi_fi, VODAFONE).await;
        let seam = wi_fi.get(hop).header(name, "447700900620").send().await.unwrap();
        let callback = location(&get(&wi_fi, location(&seam), &cookie).await);
        assert_eq!(param(&callback, "error").unwrap(), "login_required", "{name}");
    }
}

#[tokio::test]
async fn a_sim_cannot_claim_another_number_beside_its_own() {
    let bed = Bed::start().await;
    let phone = at("127.0.4.20");
    let (hop, cookie) = to_the_hop(&bed, &phone, O2).await;
    let seam = phone.get(hop).header("X-MSISDN", "447700900921").send().await.unwrap();
    let callback = location(&get(&phone, location(&seam), &cookie).await);
    let (_, tokens) = answer(bed.token_request(O2, &param(&callback, "code").unwrap())).await;
    let token = tokens["access_token"].as_str().unwrap();
    let (_, found) = answer(bed.resource_request(O2, token, "+447700900921")).await;
    assert_eq!(found["devicePhoneNumberVerified"], false);
}

#[tokio::test]
async fn the_origin_believes_nobody_but_the_mobile_gateway() {
    let bed = Bed::start().await;
    for source in ["127.0.9.22", "127.0.2.20", "127.0.0.1"] {
        let http = at(source);
        let (hop, cookie) = to_the_hop(&bed, &http, VODAFONE).await;
        let direct = hop.as_str().replace(&bed.hop, &bed.origin);
        let seam = http.get(direct).header("X-MSISDN", "447700900620").send().await.unwrap();
        let callback = location(&get(&http, location(&seam), &cookie).await);
        assert_eq!(param(&callback, "error").unwrap(), "login_required", "{source}");
    }
}

#[tokio::test]
async fn a_sim_of_one_network_is_a_stranger_to_the_other_operator() {
    let bed = Bed::start().await;
    let callback = bed.walk(VODAFONE, 23).await;
    assert_eq!(param(&callback, "error").unwrap(), "login_required");
    let callback = bed.walk(O2, 23).await;
    assert_eq!(param(&callback, "error").unwrap(), "access_denied");
    assert_eq!(param(&callback, "error_description").unwrap(), "The device is not connected to the mobile network");
}

#[tokio::test]
async fn another_browser_cannot_return_from_the_hop() {
    let bed = Bed::start().await;
    let phone = at("127.0.2.20");
    for cookie in ["", "vodafone_browser=00000000000000000000000000000000"] {
        let (hop, _) = to_the_hop(&bed, &phone, VODAFONE).await;
        let seam = phone.get(hop).send().await.unwrap();
        let response = get(&phone, location(&seam), cookie).await;
        assert_eq!(response.status(), 400);
        assert!(!response.headers().contains_key("location"));
    }
}

/// An attacker begins, and lures the victim's phone to the link of the hop; the attacker's browser must not profit.
#[tokio::test]
async fn the_link_to_the_hop_does_not_lead_back() {
    let bed = Bed::start().await;
    let attacker = at("127.0.9.22");
    let (hop, cookie) = to_the_hop(&bed, &attacker, VODAFONE).await;
    let victim = at("127.0.2.20");
    assert_eq!(victim.get(hop.clone()).send().await.unwrap().status(), 302);

    let resume = hop.as_str().replace(&bed.hop, &bed.public);
    let resume = resume.replace("/vodafone/seam", "/vodafone/resume");
    assert_eq!(get(&attacker, Url::parse(&resume).unwrap(), &cookie).await.status(), 400);
    assert_eq!(get(&attacker, hop, &cookie).await.status(), 400, "the hop's link works once");
}

#[tokio::test]
async fn a_handle_of_one_operator_is_unknown_to_the_other() {
    let bed = Bed::start().await;
    let phone = at("127.0.2.20");
    let (hop, _) = to_the_hop(&bed, &phone, VODAFONE).await;
    let other = hop.as_str().replace("/vodafone/", "/o2/");
    assert_eq!(phone.get(other).send().await.unwrap().status(), 400);
    assert_eq!(phone.get(hop).send().await.unwrap().status(), 302);
}

#[tokio::test]
async fn the_log_has_methods_and_paths_but_no_queries() {
    let bed = Bed::start().await;
    bed.walk(O2, 20).await;
    let seen: Vec<_> = bed.operators.requests().into_iter().map(|seen| (seen.method, seen.path, seen.status)).collect();
    let expected =
        ["/o2/authorize", "/o2/seam", "/o2/resume"].map(|path| ("GET".to_owned(), path.to_owned(), Some(302)));
    assert_eq!(seen, expected);
}
