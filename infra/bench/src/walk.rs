//! A customer and one handset of the sandbox, walking through the functions' processes; how long each request took.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hdrhistogram::Histogram;
use sandbox::{gateway::Device, handset::Handset, world::World};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::{
    Error,
    gateway::Gateway,
    request::{Answer, Request},
    start::FUNCTIONS,
};

/// Function -> microseconds of its requests.
pub type Times = BTreeMap<&'static str, Histogram<u64>>;

pub struct Walker<'a> {
    gateway: &'a Gateway,
    world: &'a World,
    device: Device,
    handset: Handset,
    basic: String,
    runtime: Runtime,
    times: RefCell<Times>,
}

impl<'a> Walker<'a> {
    /// The demo customer, with the handset that has this number.
    ///
    /// # Errors
    /// When the sandbox has no such handset.
    pub fn new(gateway: &'a Gateway, world: &'a World, msisdn: &str) -> Result<Self, Error> {
        let around = world.gateway();
        let device =
            around.device(msisdn).ok_or_else(|| Error::failed(format!("there is no device {msisdn}")))?.clone();
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::failed)?;
        let handset = Handset::at(device.source_ip).map_err(Error::failed)?;
        let (id, secret) = (&around.customer.client_id, &around.customer.client_secret);
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
        Ok(Self { gateway, world, device, handset, basic, runtime, times: RefCell::default() })
    }

    /// How long its requests took, wall.
    pub fn times(self) -> Times {
        self.times.into_inner()
    }

    /// How many requests it made.
    pub fn requests(&self) -> u64 {
        self.times.borrow().values().map(Histogram::len).sum()
    }

    /// One request. What it gets is anything but an error of ours.
    ///
    /// # Errors
    /// A status of 500 or more, or no answer.
    pub fn ask(&self, request: &Request) -> Result<Answer, Error> {
        let (name, answer, took) = self.gateway.ask(request)?;
        self.took(name, took)?;
        if answer.status < 500 { Ok(answer) } else { Err(Error::failed(format!("{name} answers {}", answer.status))) }
    }

    fn took(&self, name: &'static str, took: Duration) -> Result<(), Error> {
        let mut times = self.times.borrow_mut();
        let times = times.entry(name).or_insert(Histogram::new(2).map_err(Error::failed)?);
        times.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)).map_err(Error::failed)
    }

    /// The same where nothing but this status will do.
    fn get(&self, request: &Request, status: u16) -> Result<Answer, Error> {
        let answer = self.ask(request)?;
        if answer.status == status {
            return Ok(answer);
        }
        Err(Error::failed(format!("{} answers {} {}", request.path(), answer.status, answer.json)))
    }

    /// An access token, as a header's value.
    ///
    /// # Errors
    /// Another answer, as with all steps that follow.
    pub fn token(&self) -> Result<String, Error> {
        let request = Request::new("POST", "/v1/oauth/token").by(&self.basic);
        let answer = self.get(&request.form("grant_type=client_credentials&scope=authenticate+otp"), 200)?;
        Ok(format!("Bearer {}", text(&answer.json["access_token"])))
    }

    /// A session of this handset.
    pub fn begin(&self, bearer: &str) -> Result<Value, Error> {
        self.begin_for(bearer, &self.device.msisdn, &self.device.client_ip.to_string())
    }

    pub fn begin_for(&self, bearer: &str, msisdn: &str, client_ip: &str) -> Result<Value, Error> {
        let request = Request::new("POST", "/v1/get_config").by(bearer);
        let form = format!("msisdn={}&client_ip={client_ip}", msisdn.replace('+', "%2B"));
        Ok(self.get(&request.form(&form), 200)?.json)
    }

    /// The handset goes to its operator; what it then asks the gateway.
    pub fn come_back(&self, session: &Value) -> Result<Request, Error> {
        let arrival = self.sent(&session["authorize"]["authorization_uri"]);
        let location = self.get(&arrival, 302)?.location.unwrap_or_default();
        let callback = format!("{}/v1/callback/", self.world.gateway().url);
        let vendor = self.device.network.to_lowercase();
        let hops = self.runtime.block_on(self.handset.open(&location, Some(&format!("{callback}{vendor}"))));
        let back = hops.last().and_then(|hop| hop.location.as_deref());
        let back = back.ok_or_else(|| Error::failed(format!("{vendor} does not send the handset back")))?;
        Ok(self.sent(&back.into()))
    }

    /// Whom the gateway sent somewhere, and its own address stands in front.
    fn sent(&self, uri: &Value) -> Request {
        let uri = text(uri);
        Request::new("GET", uri.strip_prefix(&*self.world.gateway().url).unwrap_or(&uri)).from(self.device.source_ip)
    }

    pub fn validate(&self, bearer: &str, body: &Value) -> Result<Value, Error> {
        Ok(self.get(&Request::new("POST", "/v1/validate").by(bearer).json(body), 200)?.json)
    }

    /// A silent sign-in, from the token on; what the customer learns at the end.
    pub fn silent(&self) -> Result<Value, Error> {
        let bearer = self.token()?;
        let session = self.begin(&bearer)?;
        let payload = self.ask(&self.come_back(&session)?)?.json;
        self.validate(&bearer, &json!({ "id_token": session["id_token"], "payload": payload }))
    }

    /// A request for an SMS.
    pub fn send(&self, session: &Value) -> Request {
        self.sent(&session["otp_authorization_uri"])
    }

    /// A sign-in by SMS, after `wrong` wrong codes; what the customer learns of each code.
    pub fn code(&self, wrong: usize) -> Result<Vec<Value>, Error> {
        let bearer = self.token()?;
        let session = self.begin(&bearer)?;
        self.get(&self.send(&session), 200)?;
        let newest = self.world.inbox().messages(&self.device.msisdn).into_iter().next();
        let code = newest.and_then(|sms| Some(sms.text.rsplit_once('#')?.1.to_owned()));
        let code = code.ok_or_else(|| Error::failed("an SMS without a code"))?;
        let other = if code.starts_with('1') { "2" } else { "1" };
        let other = format!("{other}{}", code.get(1..).unwrap_or_default());
        let codes = std::iter::repeat_n(&other, wrong).chain([&code]);
        let guess = |code| self.validate(&bearer, &json!({ "id_token": session["id_token"], "otp_code": code }));
        codes.map(guess).collect()
    }

    /// What a customer reads now and then.
    pub fn read(&self) -> Result<(), Error> {
        let bearer = self.token()?;
        self.get(&Request::new("GET", "/v1/coverage").by(&bearer), 200)?;
        self.get(&Request::new("GET", "/v1/.well-known/paseto-keys"), 200).map(|_| ())
    }

    /// What each function says to anyone.
    pub fn strangers(&self) -> Result<(), Error> {
        let each = |(_, method, path, status): (_, _, &str, _)| self.get(&Request::new(method, path).form(""), status);
        FUNCTIONS.into_iter().try_for_each(|function| each(function).map(|_| ()))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
