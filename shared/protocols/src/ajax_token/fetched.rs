//! The plain style of ajax tokens: a page gets a token from an address of the operator's, and the customer hands it to
//! us. Fetched as Alibaba Cloud documents it for China Unicom; compared by contract, in the shape and with the codes of
//! Jiguang's `web/verify`, which serves several operators.

use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Adapter, Arrival, Arrived, Auth, Authorize, Context, HttpRequest, Io, Stop, Verdict};

use super::{as_json, not_here};
use crate::{oidc, refusal};

/// What differs between deployments.
pub struct FetchedToken {
    /// The operator takes numbers without this calling code, e.g. `86`.
    pub calling_code: &'static str,
    /// Where the token stands in what the handset got, e.g. `code`.
    pub token: &'static str,
}

#[derive(Deserialize)]
struct Config {
    app_id: String,
    /// Says where the page shall ask.
    portal_endpoint: String,
    verify_endpoint: String,
}

#[derive(Deserialize)]
struct Portal {
    authurl: String,
}

#[derive(Deserialize)]
struct Verified {
    code: Code,
}

/// A number, or the text of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Number(u32),
    Text(String),
}

impl Adapter for FetchedToken {
    fn plan(&self, cx: &Context, _: &mut String, io: &mut Io) -> Result<Authorize, Stop> {
        let config: Config = cx.config()?;
        let query = oidc::encode(&[("appid", &config.app_id)]);
        let response = io.send(HttpRequest {
            method: "GET".into(),
            url: format!("{}?{query}", config.portal_endpoint),
            ..HttpRequest::default()
        })?;
        if response.status != 200 {
            return Err(refusal::at_resource(&response));
        }
        let Portal { authurl } = response.json()?;
        let parameters = [("appid".to_owned(), config.app_id)].into();
        Ok(Authorize { uri: Some(format!("{authurl}/api")), parameters, ..Authorize::default() })
    }

    fn arrive(&self, _: &Context, _: &Arrival, _: &mut String, _: &mut Io) -> Result<Arrived, Stop> {
        Err(not_here())
    }

    fn validate(&self, cx: &Context, payload: &Value, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let payload = as_json(payload);
        let token = payload.get(self.token).and_then(Value::as_str);
        let token = token.ok_or(Stop::Malformed("the operator's answer has a token, if only an empty one"))?;
        if token.is_empty() {
            return Err(Stop::failed(Verdict::NotMobileNetwork, "the operator did not see a SIM of its own"));
        }
        let config: Config = cx.config()?;
        let number = oidc::national(&cx.msisdn, self.calling_code)?;
        let response = io.send(HttpRequest {
            method: "POST".into(),
            url: config.verify_endpoint,
            headers: oidc::headers("application/json"),
            body: json!({ "token": token, "phone": number, "ip": cx.client_ip }).to_string(),
            auth: Auth::ClientSecretBasic { client_id: config.app_id },
            ..HttpRequest::default()
        })?;
        if response.status != 200 {
            return Err(refusal::at_resource(&response));
        }
        match response.json::<Verified>()?.code {
            Code::Number(code) => judge(&code.to_string()),
            Code::Text(code) => judge(&code),
        }
    }
}

fn judge(code: &str) -> Result<Verdict, Stop> {
    let verdict = match code {
        "9000" => return Ok(Verdict::Match),
        "9001" => return Ok(Verdict::Mismatch),
        "9003" => Verdict::Expired,
        "9004" | "9010" | "9011" | "9012" | "9013" | "9015" | "9031" => Verdict::ConfigError,
        "9005" | "9006" | "9007" | "9018" => Verdict::OperatorRateLimited,
        // Among them 9002: it does not know.
        _ => Verdict::OperatorError,
    };
    Err(Stop::failed(verdict, "the token was not compared"))
}
