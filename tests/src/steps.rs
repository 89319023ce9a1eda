//! The steps that a flow is made of, for the tests that walk one.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use sandbox::{dynamodb, gateway::Device, handset::Handset, hop::Hop, world::World};
use serde_json::{Value, json};
use sna_customers::{
    AddressPolicy, ClientSecret, Customer as Record, CustomerId, Customers, Limits, Pepper, Scope, SecretHash,
    WireTypes,
};
use url::Url;

use crate::Gateway;

/// Status and JSON of an answer.
pub type Answer = (u16, Value);

/// A customer's backend with its access token.
pub struct Customer {
    http: Client,
    url: String,
    pub token: String,
}

/// What get_config gave.
pub struct Started {
    pub json: Value,
    pub id_token: String,
    pub device: Device,
}

pub fn device(gateway: &Gateway, msisdn: &str) -> Device {
    gateway.world.gateway().device(msisdn).unwrap_or_else(|| panic!("no device {msisdn}")).clone()
}

pub async fn answer(response: Response) -> Answer {
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

/// An error of the contract.
pub fn error(status: u16, error: &str, description: &str) -> Answer {
    (status, json!({ "error": error, "error_description": description }))
}

pub fn invalid(description: &str) -> Answer {
    error(400, "invalid_request", description)
}

pub fn client() -> Client {
    sandbox::http::builder().redirect(Policy::none()).build().expect("a client")
}

impl Customer {
    /// Signs the demo customer in for both scopes.
    pub async fn sign_in(gateway: &Gateway) -> Self {
        let credentials = &gateway.customer;
        Self::sign_in_as(gateway, &credentials.client_id, &credentials.client_secret, "authenticate otp").await
    }

    pub async fn sign_in_as(gateway: &Gateway, id: &str, secret: &str, scope: &str) -> Self {
        let http = client();
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let request = http.post(format!("{}/v1/oauth/token", gateway.url)).basic_auth(id, Some(secret)).form(&form);
        let (status, json) = answer(request.send().await.expect("an answer")).await;
        assert_eq!(status, 200, "{json}");
        let token = json["access_token"].as_str().expect("a token").to_owned();
        Self { http, url: gateway.url.clone(), token }
    }

    pub async fn get_config(&self, form: &[(&str, &str)]) -> Answer {
        let request = self.http.post(format!("{}/v1/get_config", self.url)).bearer_auth(&self.token).form(form);
        answer(request.send().await.expect("an answer")).await
    }

    /// get_config for a device; `more` may hold correlation_id and redirect_uri.
    pub async fn start(&self, device: &Device, more: &[(&str, &str)]) -> Started {
        let client_ip = device.client_ip.to_string();
        let mut form = vec![("msisdn", device.msisdn.as_str()), ("client_ip", &client_ip)];
        form.extend_from_slice(more);
        let (status, json) = self.get_config(&form).await;
        assert_eq!(status, 200, "{json}");
        let id_token = json["id_token"].as_str().expect("an id_token").to_owned();
        Started { json, id_token, device: device.clone() }
    }

    pub async fn validate(&self, body: &Value) -> Answer {
        let request = self.http.post(format!("{}/v1/validate", self.url)).bearer_auth(&self.token).json(body);
        answer(request.send().await.expect("an answer")).await
    }

    pub async fn guess(&self, started: &Started, code: &str) -> Answer {
        self.validate(&json!({ "id_token": started.id_token, "otp_code": code })).await
    }
}

impl Started {
    /// The handset does what it was told from its own address, up to the customer's redirect_uri.
    pub async fn open(&self, redirect_uri: Option<&str>) -> Hop {
        let handset = Handset::at(self.device.source_ip).expect("a handset");
        let wallet = self.device.wallet.as_deref();
        let mut hops = handset.perform(&self.json["authorize"], wallet, redirect_uri, |_| ()).await;
        hops.pop().expect("a hop")
    }

    /// The handset asks for a code.
    pub async fn send_otp(&self) -> Answer {
        let uri = self.json["otp_authorization_uri"].as_str().expect("an otp uri");
        answer(client().get(uri).send().await.expect("an answer")).await
    }
}

/// The parameters that the handset was sent back to the customer with.
pub fn returned(hop: &Hop) -> std::collections::HashMap<String, String> {
    assert_eq!(hop.status, StatusCode::FOUND.as_u16(), "{}", hop.body);
    let location = hop.location.as_deref().expect("a location");
    Url::parse(location).expect("a URL").query_pairs().into_owned().collect()
}

/// The code in the newest SMS of a device.
pub fn newest_code(gateway: &Gateway, device: &Device) -> String {
    let newest = gateway.world.inbox().messages(&device.msisdn);
    let text = &newest.first().expect("an SMS").text;
    let (_, code) = text.rsplit_once('#').expect("a WebOTP line");
    code.to_owned()
}

/// A code that is not `code`.
pub fn another(code: &str) -> String {
    let first = if code.starts_with('1') { '2' } else { '1' };
    format!("{first}{}", &code[1..])
}

/// Writes another customer; its secret.
pub async fn register(gateway: &Gateway, id: &str, change: impl FnOnce(&mut Record)) -> String {
    register_in(&gateway.world, id, change).await
}

/// The same, where no gateway runs.
pub async fn register_in(world: &World, id: &str, change: impl FnOnce(&mut Record)) -> String {
    let pepper = Pepper::parse(&world.env()["CUSTOMER_PEPPER"]).expect("a pepper");
    let secret = ClientSecret::generate().expect("randomness");
    let mut record = Record {
        id: CustomerId::parse(id).expect("an id"),
        name: "Bank".into(),
        secret_hashes: vec![SecretHash::of(secret.expose(), &pepper)],
        old_secret_until: None,
        scopes: [Scope::Authenticate, Scope::Otp].into(),
        redirect_uris: vec!["https://bank.example/back".into()],
        countries: Vec::new(),
        wire_types: WireTypes::Quoted,
        otp_template: None,
        otp_domain: Some("bank.example".into()),
        webhook_url: None,
        address_policy: AddressPolicy::Try,
        test_numbers: Vec::new(),
        limits: Limits::default(),
        enabled: true,
    };
    change(&mut record);
    let client = dynamodb::client(&world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    Customers::new(client, dynamodb::CUSTOMERS).put(&record).await.expect("written");
    secret.expose().to_owned()
}

/// The claims of a token, which anyone can read; the last 64 bytes are its signature.
pub fn claims(token: &str) -> Value {
    let payload = token.trim_start_matches("v4.public.").split('.').next().expect("a payload");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&bytes[..bytes.len() - 64]).expect("claims")
}
