//! One sign-in from beginning to end, as customer and handset play it together: token, get_config, the handset's
//! hops, validate; then a code by SMS. The demo walks it.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::{
    customer::{Customer, Question},
    gateway::Device,
    handset::{Handset, is_at},
    hop::{Hop, Step, Trace},
};

/// The gateway refuses an SMS sooner after a silent attempt began.
const BEFORE_SMS: Duration = Duration::from_secs(5);

/// The gateway's answer where the operator of the number has no callback.
pub(crate) const NO_CALLBACK: &str = "Network does not support callback on redirect_uri";

/// A sign-in under way.
pub struct Flow {
    device: Device,
    /// The customer's page, if the flow shall end there.
    redirect_uri: Option<String>,
    customer: Arc<Customer>,
    handset: Handset,
    trace: Trace,
    correlation_id: String,
    /// The answer of `get_config`.
    config: Value,
    /// When the gateway surely had begun a silent attempt, and the proof that the handset got of it.
    silent: Option<(Instant, Value)>,
}

/// What the gateway offers for this number.
#[derive(Debug, Serialize)]
pub struct Offer {
    pub silent: bool,
    pub otp: bool,
    /// Why nothing, or why nothing silent, is offered.
    pub refusal: Option<Refusal>,
}

/// An error of the gateway.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub error: String,
    pub description: String,
}

/// What the handset got.
#[derive(Debug, Serialize)]
pub struct Opened {
    pub refusal: Option<Refusal>,
    /// Digits of the code that was sent by SMS.
    pub code_length: Option<String>,
}

/// What the customer was told.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub authenticated: bool,
    /// `MATCH`, the gateway's reason, or the error of a refused request.
    pub outcome: String,
    pub fallback_advised: bool,
    pub refusal: Option<Refusal>,
}

impl Flow {
    /// A flow that has not begun.
    ///
    /// # Errors
    /// When the handset's HTTP client cannot be built.
    pub fn new(
        device: Device,
        redirect_uri: Option<String>,
        customer: Arc<Customer>,
        trace: Trace,
    ) -> Result<Flow, reqwest::Error> {
        let handset = Handset::at(device.source_ip)?;
        let correlation_id = Uuid::new_v4().simple().to_string();
        Ok(Flow { device, redirect_uri, customer, handset, trace, correlation_id, config: Value::Null, silent: None })
    }

    /// The customer signs in and asks what the handset must do.
    pub async fn begin(&mut self) -> Offer {
        if let Some(token) = self.customer.sign_in().await {
            self.show("customer", &token);
            if token.status != 200 {
                return Offer { silent: false, otp: false, refusal: Some(refusal(&token.json(), token.status)) };
            }
        }
        let mut hop = self.ask().await;
        // Some operators never send the handset back; then the customer takes what the handset gets.
        if hop.status == 400 && hop.json()["error_description"] == NO_CALLBACK {
            self.redirect_uri = None;
            hop = self.ask().await;
        }
        self.config = hop.json();
        let silent = self.config["authorize"]["authorization_uri"].is_string();
        let refused = if hop.status == 200 { &self.config["authorize"] } else { &self.config };
        let refusal = (!silent).then(|| refusal(refused, hop.status));
        Offer { silent, otp: self.config["otp_authorization_uri"].is_string(), refusal }
    }

    async fn ask(&self) -> Hop {
        let question = Question {
            msisdn: &self.device.msisdn,
            client_ip: &self.device.client_ip.to_string(),
            correlation_id: &self.correlation_id,
            redirect_uri: self.redirect_uri.as_deref(),
        };
        let hop = self.customer.get_config(&question).await;
        self.show("customer", &hop);
        hop
    }

    /// The handset does what `authorize` says, from its own address.
    pub async fn open_silent(&mut self) -> Opened {
        let (answered, last) = self.perform(&self.config["authorize"]).await;
        let page = self.redirect_uri.as_deref();
        let returned = last.location.as_deref().filter(|location| page.is_some_and(|page| is_at(location, page)));
        let got = match returned.and_then(|location| Url::parse(location).ok()) {
            Some(location) => {
                location.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
            }
            None => last.json(),
        };
        // Where a page may fetch it, the operator's own JSON is what the customer hands over.
        let payload = is_true(&self.config["authorize"]["ajax"]) && last.status == 200 && got["error"].is_null();
        let proved = got["code"].is_string() || got["session_id"].is_string() || payload;
        let refusal = (!proved).then(|| refusal(&got, last.status));
        // The operator's own JSON may have a code too, which is no code of ours.
        let proof = match got["code"].as_str().filter(|_| returned.is_some()) {
            Some(code) => json!({ "code": code }),
            None => json!({ "payload": got }),
        };
        self.silent = Some((answered, proof));
        Opened { refusal, code_length: None }
    }

    /// How long until the gateway sends an SMS.
    #[must_use]
    pub fn until_sms(&self) -> Duration {
        self.silent.as_ref().map_or(Duration::ZERO, |(answered, _)| BEFORE_SMS.saturating_sub(answered.elapsed()))
    }

    /// The handset asks for a code by SMS.
    pub async fn open_otp(&mut self) -> Opened {
        let uri = json!({ "authorization_uri": self.config["otp_authorization_uri"] });
        let (_, last) = self.perform(&uri).await;
        let answer = last.json();
        let refusal = (last.status != 200).then(|| refusal(&answer, last.status));
        Opened { refusal, code_length: text(&answer["code_length"]) }
    }

    /// The customer hands over what its page or the handset got, an error as well as a code: the gateway then says why.
    pub async fn validate_silent(&self) -> Verdict {
        self.validate(self.silent.as_ref().map_or_else(|| json!({}), |(_, proof)| proof.clone())).await
    }

    /// The customer hands over the code that the user typed.
    pub async fn validate_otp(&self, code: &str) -> Verdict {
        self.validate(json!({ "otp_code": code })).await
    }

    async fn validate(&self, mut proof: Value) -> Verdict {
        proof["id_token"] = self.config["id_token"].clone();
        proof["correlation_id"] = json!(self.correlation_id);
        let hop = self.customer.validate(&proof).await;
        self.show("customer", &hop);
        Verdict::of(&hop)
    }

    /// When the gateway had answered first (so it counts from before that), and the last hop.
    async fn perform(&self, authorize: &Value) -> (Instant, Hop) {
        let answered = OnceLock::new();
        let show = |hop: &Hop| {
            answered.get_or_init(Instant::now);
            self.show("phone", hop);
        };
        let (wallet, page) = (self.device.wallet.as_deref(), self.redirect_uri.as_deref());
        let mut hops = self.handset.perform(authorize, wallet, page, show).await;
        let last = hops.pop().unwrap_or_else(|| Hop::nothing("the gateway gave no address to open"));
        (*answered.get_or_init(Instant::now), last)
    }

    fn show(&self, by: &'static str, hop: &Hop) {
        (self.trace)(Step::of(by, hop));
    }
}

impl Verdict {
    fn of(hop: &Hop) -> Verdict {
        let answer = hop.json();
        let authenticated = hop.status == 200 && is_true(&answer["authenticated"]);
        let refusal = (hop.status != 200).then(|| refusal(&answer, hop.status));
        let outcome = match (&refusal, authenticated) {
            (Some(refusal), _) => refusal.error.clone(),
            (None, true) => "MATCH".to_owned(),
            (None, false) => text(&answer["reason"]).unwrap_or_else(|| "no reason given".to_owned()),
        };
        Verdict { authenticated, outcome, fallback_advised: is_true(&answer["fallback_advised"]), refusal }
    }
}

/// The error in an answer that is none of the good ones; there may be no JSON in it.
fn refusal(answer: &Value, status: u16) -> Refusal {
    let error = text(&answer["error"]).unwrap_or_else(|| format!("HTTP {status}"));
    Refusal { error, description: text(&answer["error_description"]).unwrap_or_default() }
}

/// Customers choose whether scalars are quoted.
pub(crate) fn is_true(value: &Value) -> bool {
    text(value).is_some_and(|text| text == "true")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
