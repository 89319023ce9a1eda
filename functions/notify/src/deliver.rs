//! One POST to a customer's server. Its answer says whether it has the event, and nothing else counts.

use std::time::Duration;

use reqwest::{
    Method, Request,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::json;
use sna_outbound::Outbound;
use url::Url;

/// The whole of it, connection included. A server that hangs holds up those whose events came together with its own.
const LONGEST: Duration = Duration::from_secs(5);

/// Nobody reads more of an answer than its status.
const MAX_ANSWER: usize = 64 * 1024;

/// The event's id, where Standard Webhooks has it.
const ID: HeaderName = HeaderName::from_static("webhook-id");

pub struct Webhooks {
    outbound: Outbound,
    /// Also to this machine, and there over plain http: the local run's customer.
    to_loopback: bool,
}

impl Webhooks {
    pub fn new(to_loopback: bool) -> Self {
        Self { outbound: Outbound::default(), to_loopback }
    }

    /// # Errors
    /// Why the customer cannot be taken to have it: anything but a 2xx within its time. A redirect is not followed.
    pub async fn post(&self, url: &str, id: &str, signed: &str) -> Result<(), String> {
        let url = Url::parse(url).map_err(|_| "its webhook_url is none")?;
        if url.scheme() != "https" && !self.to_loopback {
            return Err("its webhook_url is not https".to_owned());
        }
        let mut request = Request::new(Method::POST, url);
        *request.timeout_mut() = Some(LONGEST);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(ID, HeaderValue::from_str(id).map_err(|_| "the id is no header")?);
        *request.body_mut() = Some(json!({ "id": id, "event": signed }).to_string().into());
        let answer = self.outbound.send(request, self.to_loopback, MAX_ANSWER).await;
        match answer.map_err(|why| format!("{why:?}"))?.status {
            200..=299 => Ok(()),
            status => Err(format!("status {status}")),
        }
    }
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
