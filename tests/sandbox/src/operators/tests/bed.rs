//! Operators on free ports, and a client that does what the gateway must do.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::handset::Handset;
use crate::listen::{Bound, Servers};
use crate::operators::{Operators, Settings, now};
use crate::profiles::tests::{network as network_of, networks};
use crate::scenarios::{Device, devices};
use crate::secrets::Secrets;

pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Mobile Connect, and CAMARA by the book.
pub const VODAFONE: &str = "vodafone";
pub const O2: &str = "o2";

const CALLBACKS: &str = "http://127.0.0.1:9/v1/callback";
pub const VODAFONE_BACK: &str = "http://127.0.0.1:9/v1/callback/vodafone";
pub const O2_BACK: &str = "http://127.0.0.1:9/v1/callback/o2";

pub struct Bed {
    pub operators: Operators,
    pub http: Client,
    pub public: String,
    pub hop: String,
    pub origin: String,
    pub secret: String,
    pub api_key: String,
    private_key: String,
    _servers: Servers,
}

impl Bed {
    pub async fn start() -> Bed {
        Bed::behind("http://127.0.0.1:9").await
    }

    /// With the gateway's plain-http listener there.
    pub async fn behind(gateway: &str) -> Bed {
        let (public, hop, origin) =
            (Bound::at(0).await.unwrap(), Bound::at(0).await.unwrap(), Bound::at(0).await.unwrap());
        let urls = [&public, &hop, &origin].map(|bound| Url::parse(&bound.url()).unwrap());
        let plain = [&public, &hop, &origin].map(|bound| bound.url());
        let [public_url, hop_url, origin_url] = urls;
        let secrets = Secrets::generate().unwrap();
        let operators = Operators::new(Settings {
            public: public_url,
            hop: hop_url,
            origin: origin_url,
            networks: networks(),
            enrich_url: gateway.to_owned(),
            client_id: "gateway".to_owned(),
            client_secret: secrets.operator_client_secret.clone(),
            public_key_pem: secrets.operator_public_key.clone(),
            api_key: secrets.operator_api_key.clone(),
            decryption_key: secrets.operator_decryption_key.clone(),
            callbacks: CALLBACKS.to_owned(),
            slow: Duration::ZERO,
        })
        .unwrap();
        let mut servers = Servers::new();
        servers.serve(public, operators.public_router());
        servers.serve(hop, operators.hop_router());
        servers.serve(origin, operators.origin_router());
        let [public, hop, origin] = plain;
        Bed {
            operators,
            http: client("127.0.0.1".parse().unwrap()),
            public,
            hop,
            origin,
            secret: secrets.operator_client_secret,
            api_key: secrets.operator_api_key,
            private_key: secrets.operator_private_key,
            _servers: servers,
        }
    }

    /// A good authorize request of the network, with these parameters changed: none removes one.
    pub fn authorize(&self, network: &str, changes: &[(&str, Option<&str>)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let (path, mut params) = match network {
            VODAFONE => (
                "/vodafone/mobileconnect/deviceinitiated/v1/authorize",
                vec![
                    ("redirect_uri", VODAFONE_BACK),
                    ("scope", "openid mc_vm_match_hash"),
                    ("version", "mc_di_r2_v2.3"),
                    ("acr_values", "2"),
                    ("correlation_id", "C1"),
                ],
            ),
            _ => (
                "/o2/authorize",
                vec![
                    ("redirect_uri", O2_BACK),
                    ("scope", "openid dpv:FraudPreventionAndDetection number-verification:verify"),
                    ("prompt", "none"),
                    ("code_challenge", &challenge),
                    ("code_challenge_method", "S256"),
                ],
            ),
        };
        params.extend([("client_id", "gateway"), ("response_type", "code"), ("state", "S1"), ("nonce", "N1")]);
        for (name, value) in changes {
            params.retain(|(other, _)| other != name);
            params.extend(value.map(|value| (*name, value)));
        }
        Url::parse_with_params(&format!("{}{path}", self.public), params).unwrap().into()
    }

    /// The whole way of the device of this scenario. Returns the address at which it is back.
    pub async fn walk(&self, network: &str, scenario: u8) -> Url {
        let handset = Handset::at(device(network, scenario).source_ip).unwrap();
        let hops = handset.open(&self.authorize(network, &[]), Some(back(network))).await;
        let callback = hops.last().unwrap().location.clone().unwrap();
        assert!(callback.starts_with(back(network)), "the handset ended elsewhere");
        Url::parse(&callback).unwrap()
    }

    pub async fn code(&self, network: &str, scenario: u8) -> String {
        param(&self.walk(network, scenario).await, "code").unwrap()
    }

    pub fn token_request(&self, network: &str, code: &str) -> RequestBuilder {
        match network {
            VODAFONE => self.vodafone_token(&self.secret, &[("code", code), ("redirect_uri", VODAFONE_BACK)]),
            _ => self.o2_token(&self.assertion(json!({})), code, VERIFIER),
        }
    }

    pub fn vodafone_token(&self, secret: &str, params: &[(&str, &str)]) -> RequestBuilder {
        let form = [&[("grant_type", "authorization_code")], params].concat();
        let url = format!("{}/vodafone/mobileconnect/token", self.public);
        self.http.post(url).basic_auth("gateway", Some(secret)).form(&form)
    }

    pub fn o2_token(&self, assertion: &str, code: &str, verifier: &str) -> RequestBuilder {
        self.http.post(format!("{}/o2/token", self.public)).form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", O2_BACK),
            ("code_verifier", verifier),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ])
    }

    /// A good client assertion with these claims changed.
    pub fn assertion(&self, changes: Value) -> String {
        let seconds = now() / 1000;
        let mut claims = json!({
            "iss": "gateway", "sub": "gateway", "aud": format!("{}/o2/token", self.public),
            "iat": seconds, "exp": seconds + 300, "jti": super::super::ledger::random().unwrap(),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.signed(&claims, "JWT")
    }

    /// The claims, signed by the gateway under this `typ`.
    pub fn signed(&self, claims: &Value, typ: &str) -> String {
        let key = EncodingKey::from_ec_pem(self.private_key.as_bytes()).unwrap();
        let header = Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &key).unwrap()
    }

    pub async fn access_token(&self, network: &str, scenario: u8) -> String {
        let code = self.code(network, scenario).await;
        let (status, tokens) = answer(self.token_request(network, &code)).await;
        assert_eq!(status, 200, "{tokens}");
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    pub fn resource_request(&self, network: &str, token: &str, msisdn: &str) -> RequestBuilder {
        let hash = hex::encode(Sha256::digest(msisdn));
        let (path, body) = match network {
            VODAFONE => ("/vodafone/mobileconnect/premiuminfo", json!({ "mc_claims": { "device_msisdn_hash": hash } })),
            _ => ("/o2/number-verification/v2/verify", json!({ "phoneNumber": msisdn })),
        };
        self.http.post(format!("{}{path}", self.public)).bearer_auth(token).json(&body)
    }

    /// The resource's answer for the device of this scenario.
    pub async fn resource(&self, network: &str, scenario: u8) -> Response {
        let token = self.access_token(network, scenario).await;
        self.resource_request(network, &token, &network_of(network).number(scenario)).send().await.unwrap()
    }
}

/// Connections from this address, no redirects followed.
pub fn client(source: IpAddr) -> Client {
    crate::http::builder().local_address(source).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub fn device(network: &str, scenario: u8) -> Device {
    devices(&networks()).into_iter().find(|device| device.network.id == network && device.scenario == scenario).unwrap()
}

pub fn back(network: &str) -> &'static str {
    match network {
        VODAFONE => VODAFONE_BACK,
        _ => O2_BACK,
    }
}

pub fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Status and JSON body.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

pub fn location(response: &Response) -> Url {
    Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
}

/// The claims of a JWS, whoever signed it: `none` is an algorithm that no JWT library reads.
pub fn unverified(token: &str) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}
