//! The gateway that is asked: one of the test's own, or that at AGAINST. Credentials for the latter come from CLIENT_ID,
//! CLIENT_SECRET and REDIRECT_URI, or from the `gateway.json` of a local run (GATEWAY_JSON, target/local/gateway.json)
//! that has the same URL. MSISDN names a number that the customer may ask about, if +447700900999 is none.

use std::{
    env, fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use gateway_tests::{Gateway, steps::client};
use reqwest::{Body, Method, RequestBuilder, redirect::Policy};
use sandbox::{
    gateway::{Credentials, Device, Gateway as Known},
    handset::Handset,
    inbox::Sms,
};
use serde_json::Value;

use crate::{answer::Answer, spec};

const FORM: &str = "application/x-www-form-urlencoded";

pub struct Target {
    pub url: String,
    pub customer: Credentials,
    /// A number that no network is known for.
    pub msisdn: String,
    world: Option<Known>,
    /// `cargo lambda watch` is in front of the functions. It answers unknown paths, OPTIONS, and text that is not UTF-8
    /// itself, and what it passes on has CORS headers and a media type for empty bodies of its own.
    pub is_local_run: bool,
    own: Option<Gateway>,
}

/// A request to be.
pub struct Call<'a> {
    target: &'a Target,
    method: Method,
    path: String,
    request: RequestBuilder,
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn local_run(url: &str) -> Option<Known> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/local/gateway.json");
    let path = variable("GATEWAY_JSON").map_or_else(usual, PathBuf::from);
    let known: Known = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (known.url == url).then_some(known)
}

/// A word that no other run has used.
pub fn fresh(word: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos();
    format!("{word}-{nanos:x}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Target {
    pub async fn open() -> Self {
        let Some(url) = variable("AGAINST") else { return Self::of(Gateway::start().await) };
        let world = local_run(&url);
        let given = || {
            Some(Credentials {
                client_id: variable("CLIENT_ID")?,
                client_secret: variable("CLIENT_SECRET")?,
                redirect_uri: variable("REDIRECT_URI")?,
            })
        };
        let customer = given().or_else(|| world.as_ref().map(|world| world.customer.clone()));
        let customer = customer.expect("CLIENT_ID, CLIENT_SECRET and REDIRECT_URI, or a local run's gateway.json");
        let msisdn = variable("MSISDN").unwrap_or_else(|| "+447700900999".into());
        Self { url, customer, msisdn, is_local_run: world.is_some(), world, own: None }
    }

    pub fn of(gateway: Gateway) -> Self {
        let world = gateway.world.gateway().clone();
        let (url, customer, msisdn) = (world.url.clone(), world.customer.clone(), "+447700900999".into());
        Self { url, customer, msisdn, world: Some(world), is_local_run: false, own: Some(gateway) }
    }

    pub fn gateway(&self) -> &Gateway {
        self.own.as_ref().expect("a gateway of the test's own")
    }

    /// The plain-http listener of the same gateway.
    pub fn plain(&self) -> Self {
        let (url, customer, msisdn) = (self.gateway().enrich_url.clone(), self.customer.clone(), self.msisdn.clone());
        Self { url, customer, msisdn, world: None, is_local_run: false, own: None }
    }

    /// Routes are chosen before the functions are reached.
    pub fn has_router(&self) -> bool {
        self.own.is_none()
    }

    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let method: Method = method.parse().expect("a method");
        let request = client().request(method.clone(), format!("{}{path}", self.url));
        let path = path.split('?').next().unwrap_or_default().to_owned();
        Call { target: self, method, path, request }
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }

    /// An access token.
    pub async fn sign_in(&self, scope: &str) -> String {
        self.sign_in_as(&self.customer.client_id, &self.customer.client_secret, scope).await
    }

    pub async fn sign_in_as(&self, id: &str, secret: &str, scope: &str) -> String {
        let call = self.post("/v1/oauth/token").basic(id, secret);
        let json = call.form(format!("grant_type=client_credentials&scope={scope}")).await.good();
        json["access_token"].as_str().expect("a token").to_owned()
    }

    /// get_config for the number that no network is known for, with more parameters of a form (`&a=b`).
    pub async fn begin(&self, access: &str, more: &str) -> Value {
        self.begin_for(access, &self.msisdn, more).await
    }

    /// The same for another number, at an address that is of no network that anyone knows.
    pub async fn begin_for(&self, access: &str, msisdn: &str, more: &str) -> Value {
        let body = format!("msisdn={}&client_ip=81.2.69.99{more}", msisdn.replace('+', "%2B"));
        self.post("/v1/get_config").bearer(access).form(body).await.good()
    }

    /// A handset of the sandbox.
    pub fn device(&self, msisdn: &str) -> &Device {
        self.world.as_ref().and_then(|world| world.device(msisdn)).expect("a device of the sandbox")
    }

    /// A number that has had few SMS, whichever tests have run against this gateway before: five an hour are allowed.
    pub fn any_number(&self) -> String {
        let devices = &self.world.as_ref().expect("a sandbox").devices;
        // Of a network that every sandbox serves from the beginning.
        let at_home: Vec<_> = devices.iter().filter(|device| device.network == "O2").collect();
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").subsec_nanos() as usize;
        at_home[nanos / 1000 % at_home.len()].msisdn.clone()
    }

    /// What the gateway tells the handset with this number in the end: at once, or when its operator has sent it back.
    pub async fn open_on(&self, msisdn: &str, config: &Value) -> Answer {
        let device = self.device(msisdn);
        let link = path_of(self, &config["authorize"]["authorization_uri"]);
        let first = self.get(link).from(device.source_ip).send().await;
        if first.status != 302 {
            return first;
        }
        let callback = format!("{}/v1/callback/{}", self.url, device.network.to_lowercase());
        let handset = Handset::at(device.source_ip).expect("a handset");
        let last = handset.open(first.location(), Some(&callback)).await.pop().expect("a hop");
        let back = last.location.as_deref().and_then(|location| location.strip_prefix(&self.url));
        self.get(back.expect("a way back")).from(device.source_ip).send().await
    }

    /// The code in the newest SMS to this number.
    pub async fn newest_code(&self, msisdn: &str) -> String {
        let page = &self.world.as_ref().expect("a sandbox").sandbox;
        let inbox = client().get(format!("{page}/inbox/{}", msisdn.trim_start_matches('+'))).send().await;
        let inbox: Vec<Sms> = inbox.expect("an answer").json().await.expect("messages");
        inbox[0].text.rsplit_once('#').expect("a WebOTP line").1.to_owned()
    }
}

/// The path and query of an absolute URI of this gateway.
pub fn path_of<'a>(target: &Target, uri: &'a Value) -> &'a str {
    uri.as_str().and_then(|uri| uri.strip_prefix(&target.url)).expect("a URI of the gateway")
}

pub fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

impl<'a> Call<'a> {
    /// From this address: on the loopback network it says which SIM calls.
    pub fn from(mut self, source_ip: IpAddr) -> Self {
        let client = sandbox::http::builder().redirect(Policy::none()).local_address(source_ip).build();
        let request = self.request.build().expect("a request");
        self.request = RequestBuilder::from_parts(client.expect("a client"), request);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn basic(mut self, id: &str, secret: &str) -> Self {
        self.request = self.request.basic_auth(id, Some(secret));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub async fn form(self, body: impl Into<Body>) -> Answer {
        self.body(FORM, body).await
    }

    pub fn json(self, body: &Value) -> impl Future<Output = Answer> + use<'a> {
        self.body("application/json", body.to_string())
    }

    pub async fn body(mut self, media_type: &str, body: impl Into<Body>) -> Answer {
        self.request = self.request.header("content-type", media_type).body(body);
        self.send().await
    }

    /// The answer, as it is written.
    pub async fn send(self) -> Answer {
        let mut answer = Answer::of(self.request.send().await.expect("an answer")).await;
        if self.target.is_local_run {
            let is_runners = |name: &str, value: &str| {
                name == "vary" || name.starts_with("access-control-") || value == "application/octet-stream"
            };
            answer.headers.retain(|name, value| !is_runners(name, value));
        }
        spec::hold(self.method.as_str(), &self.path, &answer);
        answer
    }

    /// The answer of whatever is in front of the functions.
    pub async fn send_past(self) -> Answer {
        Answer::of(self.request.send().await.expect("an answer")).await
    }
}
