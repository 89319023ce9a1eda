//! The plain style of ajax tokens: portal, gateway and comparison, and what each refuses.

use serde_json::{Value, json};

use super::bed::{Bed, answer, client, device};

const UNICOM: &str = "china_unicom";
const APP: &str = "1554778161153";

async fn gateway(bed: &Bed) -> String {
    let (status, portal) = answer(bed.http.get(format!("{}/china_unicom/api?appid={APP}", bed.public))).await;
    assert_eq!(status, 200);
    portal["authurl"].as_str().unwrap().to_owned()
}

async fn token(bed: &Bed, network: &str, scenario: u8) -> Value {
    let url = format!("{}/api?appid={APP}", gateway(bed).await);
    answer(client(device(network, scenario).source_ip).get(url)).await.1["code"].clone()
}

async fn verify(bed: &Bed, secret: &str, body: &Value) -> (u16, Value) {
    let request = bed.http.post(format!("{}/china_unicom/verify", bed.public)).basic_auth(APP, Some(secret));
    let (status, said) = answer(request.json(body)).await;
    (status, said["code"].clone())
}

fn question(token: &Value, phone: &str) -> Value {
    json!({ "token": token, "phone": phone, "ip": "123.125.40.20" })
}

#[tokio::test]
async fn a_token_is_compared_once_with_its_own_phone_s_number() {
    let bed = Bed::start().await;
    for (phone, code) in [("18600000020", 9000), ("18600000021", 9001), ("+8618600000020", 9001)] {
        let token = token(&bed, UNICOM, 20).await;
        assert_eq!(verify(&bed, &bed.secret, &question(&token, phone)).await, (200, json!(code)));
        assert_eq!(verify(&bed, &bed.secret, &question(&token, phone)).await, (200, json!(9003)));
    }
}

#[tokio::test]
async fn only_the_network_s_own_phones_get_a_token_and_each_link_works_once() {
    let bed = Bed::start().await;
    for (network, scenario) in [(UNICOM, 22), (UNICOM, 23), (UNICOM, 46), ("o2", 20)] {
        assert_eq!(token(&bed, network, scenario).await, "");
    }
    let url = gateway(&bed).await;
    let phone = client(device(UNICOM, 20).source_ip);
    let get = async |url: String| phone.get(url).send().await.unwrap().status().as_u16();
    assert_eq!(get(format!("{url}/api?appid={APP}")).await, 200);
    assert_eq!(get(format!("{url}/api?appid={APP}")).await, 403);
    assert_eq!(get(format!("{}/api?appid=another", gateway(&bed).await)).await, 403);
    assert_eq!(get(format!("{}/china_unicom/api", bed.public)).await, 403);
}

#[tokio::test]
async fn a_comparison_is_refused_for_every_fault() {
    let bed = Bed::start().await;
    let token = token(&bed, UNICOM, 20).await;
    let good = question(&token, "18600000020");
    assert_eq!(verify(&bed, "another", &good).await, (401, json!(9011)));
    for bad in [
        json!({}),
        json!({ "token": token, "phone": "18600000020" }),
        json!({ "token": token, "phone": "18600000020", "ip": "" }),
        json!({ "token": token, "phone": "18600000020", "ip": "1.2.3.4", "more": 1 }),
    ] {
        assert_eq!(verify(&bed, &bed.secret, &bad).await, (200, json!(9012)), "{bad}");
    }
    assert_eq!(verify(&bed, &bed.secret, &good).await, (200, json!(9000)));
}
