//! The few questions that are asked of services of AWS with no client of their own here: reading calls of one line each,
//! for which a whole SDK crate each would be the largest part of every build.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    client::http::HttpConnectorSettings,
    client::{http::HttpConnector, orchestrator::HttpRequest},
};
use aws_smithy_types::{body::SdkBody, date_time::Format};

use crate::{Error, place::Place};

/// A service: its name in addresses and signatures, its version, and the variable that says where else it is.
#[derive(Clone, Copy)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    version: &'static str,
    variable: &'static str,
}

/// An answer, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// What the service's clock says, in Unix milliseconds.
    pub(crate) date: Option<u64>,
    /// Where services that speak JSON say an error's code.
    error_type: Option<String>,
    service: &'static str,
}

impl Service {
    pub(crate) const CLOUDFORMATION: Self =
        Self::new("cloudformation", "2010-05-15", "AWS_ENDPOINT_URL_CLOUDFORMATION");
    pub(crate) const CLOUDWATCH: Self = Self::new("monitoring", "2010-08-01", "AWS_ENDPOINT_URL_CLOUDWATCH");
    pub(crate) const LAMBDA: Self = Self::new("lambda", "", "AWS_ENDPOINT_URL_LAMBDA");
    pub(crate) const SNS: Self = Self::new("sns", "2010-03-31", "AWS_ENDPOINT_URL_SNS");
    pub(crate) const STS: Self = Self::new("sts", "2011-06-15", "AWS_ENDPOINT_URL_STS");

    const fn new(name: &'static str, version: &'static str, variable: &'static str) -> Self {
        Self { name, version, variable }
    }
}

impl Place {
    /// An action of a service that speaks AWS's query protocol, and did it.
    pub(crate) async fn query(&self, service: Service, action: &str, fields: &[(&str, &str)]) -> Result<Reply, Error> {
        self.ask(service, action, fields).await?.good()
    }

    /// The same, and it may have refused.
    pub(crate) async fn ask(&self, service: Service, action: &str, fields: &[(&str, &str)]) -> Result<Reply, Error> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", service.version).extend_pairs(fields);
        self.signed(service, "POST", "/", form.finish()).await
    }

    /// A `GET` of a service that speaks REST and JSON.
    pub(crate) async fn read(&self, service: Service, path: &str) -> Result<serde_json::Value, Error> {
        let reply = self.signed(service, "GET", path, String::new()).await?.good()?;
        serde_json::from_str(&reply.body).map_err(|_| reply.broken())
    }

    async fn signed(&self, service: Service, method: &str, path: &str, body: String) -> Result<Reply, Error> {
        let region = self.need("AWS_REGION")?;
        let base = match self.endpoint(service.variable) {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.is_local => return Err(Error::NotHere(service.name)),
            None => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{}.{region}.amazonaws.com{suffix}", service.name)
            }
        };
        let failed = |cause: String| Error::Service { service: service.name, cause };
        let (key, secret) = (self.need("AWS_ACCESS_KEY_ID")?, self.need("AWS_SECRET_ACCESS_KEY")?);
        let token = self.get("AWS_SESSION_TOKEN").map(str::to_owned);
        let identity = Credentials::new(key, secret, token, None, "sna").into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&region)
            .name(service.name)
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(self.now))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let url = format!("{base}{path}");
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let signable = SignableRequest::new(method, &url, [form].into_iter(), SignableBody::Bytes(body.as_bytes()));
        let signed = signable.and_then(|request| sign(request, &parameters.into()));
        let (signature, _) = signed.map_err(|error| failed(error.to_string()))?.into_parts();
        let (headers, _) = signature.into_parts();
        let headers = headers.iter().map(|header| (header.name(), header.value().to_owned()));
        let headers: Vec<_> = headers.chain([(form.0, form.1.to_owned())]).collect();
        send(service.name, method, &url, &headers, body).await
    }
}

/// Sends one request, whatever its answer's status is.
pub(crate) async fn send(
    service: &'static str,
    method: &str,
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
) -> Result<Reply, Error> {
    let failed = |cause: String| Error::Service { service, cause };
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(method).map_err(|_| failed("not a method".to_owned()))?;
    request.set_uri(url).map_err(|_| failed(format!("{url} is not an address")))?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.clone());
    }
    let (connect, read) = (Duration::from_secs(5), Duration::from_secs(20));
    let settings = HttpConnectorSettings::builder().connect_timeout(connect).read_timeout(read).build();
    let connector = Connector::builder().connector_settings(settings).sleep_impl(TokioSleep::new());
    let connector = connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
    let mut answer = connector.call(request).await.map_err(|error| failed(format!("no answer from {url}: {error}")))?;
    let error_type = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let date = answer.headers().get("date").and_then(|date| {
        let at = aws_smithy_types::DateTime::from_str(date, Format::HttpDate).ok()?;
        u64::try_from(at.secs()).ok().map(|seconds| seconds * 1000)
    });
    let status = answer.status().as_u16();
    let bytes = aws_smithy_types::byte_stream::ByteStream::new(answer.take_body()).collect().await;
    let body = bytes.map_err(|error| failed(format!("the answer broke off: {error}")))?.into_bytes();
    let body = String::from_utf8(body.to_vec()).map_err(|_| broken(service))?;
    Ok(Reply { status, body, date, error_type, service })
}

impl Reply {
    /// Itself, if the service did what it was asked.
    pub(crate) fn good(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let words: Vec<String> = [self.code(), self.message()].into_iter().flatten().collect();
        let cause = if words.is_empty() { format!("HTTP {}", self.status) } else { words.join(": ") };
        Err(Error::Service { service: self.service, cause })
    }

    pub(crate) fn xml(&self) -> Result<roxmltree::Document<'_>, Error> {
        roxmltree::Document::parse(&self.body).map_err(|_| self.broken())
    }

    /// The text of the first element with this name.
    pub(crate) fn text(&self, tag: &str) -> Result<Option<String>, Error> {
        let document = self.xml()?;
        let found = document.descendants().find(|node| node.tag_name().name() == tag);
        Ok(found.and_then(|node| node.text()).map(str::to_owned))
    }

    /// An error's code.
    pub(crate) fn code(&self) -> Option<String> {
        // After a colon there may be an address.
        let header = self.error_type.as_ref().and_then(|kind| kind.split(':').next()).map(str::to_owned);
        header.or_else(|| self.text("Code").ok().flatten())
    }

    /// What is wrong, which these services say without any data of ours.
    fn message(&self) -> Option<String> {
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let found = ["message", "Message"].iter().find_map(|name| json[*name].as_str().map(str::to_owned));
        found.or_else(|| self.text("Message").ok().flatten())
    }

    pub(crate) fn broken(&self) -> Error {
        broken(self.service)
    }
}

fn broken(service: &'static str) -> Error {
    Error::Service { service, cause: "an answer that cannot be understood".to_owned() }
}
