//! The customers and handsets of a history: what they know, and the requests that they make of it.

use std::{collections::HashMap, net::IpAddr, sync::Mutex};

use base64::{Engine, prelude::BASE64_STANDARD};
use gateway_tests::steps::{claims, register_in};
use sandbox::handset::Handset;
use serde_json::{Value, json};
use sna_customers::Limits;
use url::Url;

use crate::bench::{Answer, Bench, Instance, Request};

/// A customer, signed in.
#[derive(Clone)]
pub struct Customer {
    pub secret: String,
    pub token: String,
}

/// A session that was begun, and what its handset has got so far.
pub struct Started {
    pub id: String,
    pub id_token: String,
    pub number: String,
    pub source_ip: IpAddr,
    pub customer: Customer,
    pub known: Mutex<Known>,
    json: Value,
}

#[derive(Clone, Default)]
pub struct Known {
    /// Where the gateway sent the handset.
    location: Option<String>,
    /// What the operator sent it back with.
    back: Option<HashMap<String, String>>,
    /// The handset's proof.
    pub payload: Option<Value>,
}

/// A handset's number and address, by the last two digits of both.
pub fn handset(o2: bool, digits: u8) -> (String, IpAddr) {
    let (block, network) = if o2 { ("9", 4) } else { ("6", 2) };
    (format!("+447700900{block}{digits:02}"), [127, 0, network, digits].into())
}

impl Customer {
    /// `wrong_codes` a day and number.
    pub async fn register(bench: &Bench, instance: &Instance, id: &str, wrong_codes: u64) -> Self {
        let limits = Limits { wrong_codes_a_day: Some(wrong_codes), ..Limits::default() };
        let secret = register_in(&bench.world, id, |record| record.limits = limits).await;
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
        let form = "grant_type=client_credentials&scope=authenticate+otp";
        let answer = instance.call(&Request::post("/v1/oauth/token", &basic, form), None).await.expect("an answer");
        let token = answer.json["access_token"].as_str().expect("a token").to_owned();
        Self { secret, token }
    }

    pub fn post(&self, path: &str, body: &str) -> Request {
        Request::post(path, &format!("Bearer {}", self.token), body)
    }

    pub fn get_config(&self, number: &str, correlation_id: &str) -> Request {
        let number = number.replace('+', "%2B");
        let form = format!("msisdn={number}&client_ip=81.2.69.99&correlation_id={correlation_id}");
        self.post("/v1/get_config", &form).with("idempotency-key", correlation_id)
    }
}

impl Started {
    pub fn of(answer: &Answer, customer: &Customer, (number, source_ip): (String, IpAddr)) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.json);
        let id_token = answer.json["id_token"].as_str().expect("an id_token").to_owned();
        let id = claims(&id_token)["jti"].as_str().expect("a session").to_owned();
        let (customer, json, known) = (customer.clone(), answer.json.clone(), Mutex::default());
        Self { id, id_token, number, source_ip, customer, known, json }
    }

    pub fn arrive(&self) -> Request {
        let uri = self.json["authorize"]["authorization_uri"].as_str().expect("a uri");
        Request::get(uri, self.source_ip)
    }

    /// The handset goes where it was sent, up to the callback; with nowhere to go there is nothing to call.
    pub async fn callback(&self) -> Option<Request> {
        let known = self.known.lock().expect("a lock").clone();
        let back = match known.back {
            Some(back) => back,
            None => {
                let handset = Handset::at(self.source_ip).expect("a handset");
                let vendor = if self.number.starts_with("+4477009009") { "o2" } else { "vodafone" };
                let hops = handset.open(&known.location?, Some(&callback(vendor))).await;
                let back = Url::parse(hops.last()?.location.as_deref()?).ok()?;
                let back: HashMap<_, _> = back.query_pairs().into_owned().collect();
                self.known.lock().expect("a lock").back.get_or_insert(back).clone()
            }
        };
        let vendor = if self.number.starts_with("+4477009009") { "o2" } else { "vodafone" };
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(back).finish();
        Some(Request::get(&format!("{}?{query}", callback(vendor)), self.source_ip))
    }

    pub fn send(&self) -> Request {
        Request::get(self.json["otp_authorization_uri"].as_str().expect("a uri"), self.source_ip)
    }

    pub fn guess(&self, code: &str) -> Value {
        json!({ "id_token": self.id_token, "otp_code": code })
    }

    pub fn proof(&self) -> Option<Value> {
        let payload = self.known.lock().expect("a lock").payload.clone()?;
        Some(json!({ "id_token": self.id_token, "payload": payload }))
    }

    /// Keeps what the handset or the customer has just learnt.
    pub fn learn(&self, answer: &Answer) {
        let mut known = self.known.lock().expect("a lock");
        if answer.status == 302 {
            known.location.clone_from(&answer.location);
        } else if answer.json["session_id"].is_string() {
            known.payload = Some(answer.json.clone());
        }
    }
}

fn callback(vendor: &str) -> String {
    format!("http://127.0.0.1:9/v1/callback/{vendor}")
}
