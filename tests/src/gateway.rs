//! Serves the functions over HTTP: each request becomes the event that AWS would send, and goes to the
//! endpoint whose path it has.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use authenticate::Authenticate;
use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, Method, Response, Uri},
};
use callback::Callback;
use coverage::Coverage;
use enrich::Enrich;
use get_config::GetConfig;
use keys::Keys;
use lambda_http::{Body, Context, RequestExt as _, request::LambdaRequest};
use notify::Notify;
use otp::Otp;
use sandbox::{
    gateway::Credentials,
    listen::{Bound, Servers},
    sqs::INVOCATIONS,
    world::{Ports, Settings, World},
};
use sna_api::{Edge, Endpoint, Live, hear, serve, tame};
use sna_customers::{CustomerId, Customers};
use token::Token;
use validate::Validate;

use crate::{
    Event,
    engine::Engine,
    faults::{Faults, Proxy},
};

/// The operator table of the local run.
pub const OPERATORS: &str = include_str!("../../infra/operators.json");

/// Variables of the functions.
pub type Env = BTreeMap<String, String>;

/// A running gateway and its world; dropping it ends both.
pub struct Gateway {
    pub world: World,
    pub url: String,
    /// Where operators' proxies bring handsets, over plain http.
    pub enrich_url: String,
    /// The customer who may do everything.
    pub customer: Credentials,
    clock: Arc<AtomicU64>,
    _files: tempfile::TempDir,
    _proxy: Option<Proxy>,
    _servers: Servers,
}

/// The ten functions of one process, as Lambda would hold them.
pub struct Functions {
    token: Live<Token>,
    get_config: Live<GetConfig>,
    authenticate: Live<Authenticate>,
    callback: Live<Callback>,
    otp: Live<Otp>,
    validate: Live<Validate>,
    enrich: Live<Enrich>,
    coverage: Live<Coverage>,
    keys: Live<Keys>,
    notify: Live<Notify>,
    event: Event,
    /// Milliseconds that the test's clock is ahead.
    clock: Arc<AtomicU64>,
}

/// The staged adapters, which `cargo xtask layer` puts there; of a static build, none.
pub fn staged_adapters() -> PathBuf {
    let local = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/local");
    if cfg!(feature = "static") {
        return local.join("no-adapters");
    }
    let directory = local.join("adapters");
    assert!(directory.join("manifest.json").exists(), "no adapters are staged: run `cargo xtask layer` first");
    directory
}

/// Where the operators' profiles are.
pub fn profiles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters")
}

impl Gateway {
    pub async fn start() -> Self {
        Self::with(Event::HttpApi, &staged_adapters(), &[]).await
    }

    /// `variables` are set over those of the world.
    pub async fn with(event: Event, adapters: &Path, variables: &[(&str, &str)]) -> Self {
        Self::among(event, adapters, variables, OPERATORS, vec![profiles()], None).await
    }

    /// The demo customer has a webhook; between functions and queue is what goes wrong to order.
    pub async fn with_webhook(faults: &Faults) -> Self {
        Self::among(Event::HttpApi, &staged_adapters(), &[], OPERATORS, vec![profiles()], Some(faults)).await
    }

    /// With another operator table than the local run's.
    pub async fn with_operators(operators: &str) -> Self {
        Self::build(Event::HttpApi, &staged_adapters(), &[], operators).await
    }

    /// With other adapters than the staged ones, and the networks that these folders of profiles have.
    pub async fn with_adapters(adapters: &Path, operators: &str, profiles: Vec<PathBuf>) -> Self {
        Self::among(Event::HttpApi, adapters, &[], operators, profiles, None).await
    }

    /// With any of it another. No lookup is asked: it knows the networks as they are, and not a table of the test's own.
    pub async fn build(event: Event, adapters: &Path, variables: &[(&str, &str)], operators: &str) -> Self {
        let variables = [variables, &[("LOOKUP", "")]].concat();
        Self::among(event, adapters, &variables, operators, vec![profiles()], None).await
    }

    async fn among(
        event: Event,
        adapters: &Path,
        variables: &[(&str, &str)],
        operators: &str,
        profiles: Vec<PathBuf>,
        webhook: Option<&Faults>,
    ) -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        let (bound, plain) = (Bound::at(0).await.expect("a free port"), Bound::at(0).await.expect("a free port"));
        let (url, enrich_url) = (bound.url(), plain.url());
        let settings = Settings {
            public_url: url.clone(),
            enrich_url: enrich_url.clone(),
            profiles,
            ports: Ports::default(),
            operators: operators.replace("5000", "1500").replace("http://127.0.0.1:9002", &enrich_url),
            directory: files.path().to_owned(),
            adapters: adapters.to_owned(),
            slow: Duration::from_millis(300),
            functions: webhook.map(|_| url.clone()),
        };
        let world = World::start(settings).await.expect("a world");
        world.write_tables().expect("the tables");
        let clock = Arc::new(AtomicU64::new(0));
        let mut env = world.env().clone();
        let mut proxy = None;
        if let Some(faults) = webhook {
            let url = &proxy.insert(Proxy::start(&env["AWS_ENDPOINT_URL_SQS"], faults).await).url;
            env.insert("AWS_ENDPOINT_URL_SQS".to_owned(), url.clone());
        }
        env.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let functions = Functions::new(event, clock.clone(), env).await;
        let (functions, mut servers) = (Arc::new(functions), Servers::new());
        servers.serve(bound, Router::new().fallback(answer).with_state(Arc::clone(&functions)));
        servers.serve(plain, Router::new().fallback(answer_plain).with_state(functions));
        let customer = world.gateway().customer.clone();
        Self { world, url, enrich_url, customer, clock, _files: files, _proxy: proxy, _servers: servers }
    }

    /// On another engine than the world's own, reached at `url`: the engine's address, or a proxy's before it.
    pub async fn over(engine: &Engine, url: &str) -> Self {
        Self::build_over(engine, url, &staged_adapters(), OPERATORS).await
    }

    /// The same with other adapters and another operator table.
    pub async fn build_over(engine: &Engine, url: &str, adapters: &Path, operators: &str) -> Self {
        let variables = over(engine, url);
        Self::build(Event::HttpApi, adapters, &borrowed(&variables), operators).await.moved_to(engine).await
    }

    /// The same as [`Self::over`], and numbers are looked up.
    pub async fn over_with_lookup(engine: &Engine, url: &str) -> Self {
        let variables = over(engine, url);
        Self::with(Event::HttpApi, &staged_adapters(), &borrowed(&variables)).await.moved_to(engine).await
    }

    /// The demo customer is put into the engine's table too, under a name of its own: tests that run at the same time
    /// share the table.
    async fn moved_to(mut self, engine: &Engine) -> Self {
        let own = sandbox::dynamodb::client(&self.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
        let id = CustomerId::parse(&self.customer.client_id).expect("an id");
        let shop = Customers::new(own, sandbox::dynamodb::CUSTOMERS).get(&id).await.expect("an answer");
        let mut shop = shop.expect("the demo customer");
        let port = self.url.rsplit(':').next().expect("a port");
        shop.id = CustomerId::parse(&format!("shop-{}-{port}", std::process::id())).expect("an id");
        engine.customers().put(&shop).await.expect("written");
        self.customer.client_id = shop.id.to_string();
        self
    }

    /// The functions' time becomes the next midnight (UTC): no window of a counter ends in the midst of a test.
    /// The operators' clock stays, so this is for flows without them.
    pub fn at_midnight(&self) {
        const DAY: u64 = 86_400_000;
        let now = real_time() + self.clock.load(Ordering::SeqCst);
        self.advance(Duration::from_millis(DAY - now % DAY));
    }

    /// Time passes for the functions.
    pub fn advance(&self, by: Duration) {
        self.clock.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }
}

fn over(engine: &Engine, url: &str) -> Vec<(&'static str, String)> {
    let mut variables = engine.variables();
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB", url.to_owned()));
    // An address is counted for all tests that share the tables, and for those of an earlier run.
    variables.push(("OTP_SENDS_AN_HOUR_FOR_AN_ADDRESS", "1000000".to_owned()));
    variables
}

fn borrowed<'a>(variables: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

async fn live<E>(env: &Arc<Env>, build: fn(&mut sna_config::Env<'_>) -> Option<E>, now: u64) -> Live<E> {
    let env = Arc::clone(env);
    Live::start(move |name| env.get(name).cloned(), build, now).await.expect("a good environment")
}

fn real_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64
}

async fn answer(
    State(functions): State<Arc<Functions>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    if uri.path() == INVOCATIONS {
        return functions.hear(&body).await;
    }
    whole(functions.answer(&method, &uri, &headers, &body, peer.ip()).await)
}

/// The listener of the load balancer in front of `enrich`, which takes plain http and says so.
async fn answer_plain(
    State(functions): State<Arc<Functions>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    let event = Event::Alb.json(&method, &uri, &headers, &body, peer.ip());
    whole(serve(&functions.enrich, BEHIND_A_PROXY, taken(event), functions.now()).await)
}

fn whole(response: Response<Body>) -> Response<axum::body::Body> {
    response.map(|body| match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => axum::body::Body::empty(),
    })
}

const BEHIND_A_PROXY: Edge = Edge::behind(1);

/// The event as the runtime hands it to a function.
fn taken(event: serde_json::Value) -> lambda_http::Request {
    let mut event: LambdaRequest = serde_json::from_value(event).expect("an event of AWS");
    tame(&mut event);
    let mut context = Context::default();
    context.request_id = "the-invocation".to_owned();
    lambda_http::Request::from(event).with_lambda_context(context)
}

impl Functions {
    /// `clock`: how far the functions' time is ahead, in milliseconds; the test may move it.
    pub async fn new(event: Event, clock: Arc<AtomicU64>, env: Env) -> Self {
        let now = real_time() + clock.load(Ordering::SeqCst);
        let env = Arc::new(env);
        Self {
            token: live(&env, Token::from_env, now).await,
            get_config: live(&env, GetConfig::from_env, now).await,
            authenticate: live(&env, Authenticate::from_env, now).await,
            callback: live(&env, Callback::from_env, now).await,
            otp: live(&env, Otp::from_env, now).await,
            validate: live(&env, Validate::from_env, now).await,
            enrich: live(&env, Enrich::from_env, now).await,
            coverage: live(&env, Coverage::from_env, now).await,
            keys: live(&env, Keys::from_env, now).await,
            notify: live(&env, Notify::from_env, now).await,
            event,
            clock,
        }
    }

    /// The functions' time, in Unix milliseconds.
    pub fn now(&self) -> u64 {
        real_time() + self.clock.load(Ordering::SeqCst)
    }

    /// One request, answered by the function whose path it has.
    pub async fn answer(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
        peer: IpAddr,
    ) -> Response<Body> {
        self.serve(uri.path(), self.event(method, uri, headers, body, peer)).await
    }

    /// The event of a stream or a queue, as Lambda has it invoked.
    async fn hear(&self, event: &Bytes) -> Response<axum::body::Body> {
        let event = serde_json::from_slice(event).expect("JSON");
        match hear(&self.notify, &event, Some("the-invocation"), self.now()).await {
            Ok(heard) => Response::new(heard.to_string().into()),
            Err(error) => {
                let mut failed = Response::new(error.to_string().into());
                failed.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
                failed
            }
        }
    }

    /// The request as its function gets it from the runtime.
    pub fn event(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
        peer: IpAddr,
    ) -> lambda_http::Request {
        let mut headers = headers.clone();
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        taken(self.event.json(method, uri, &headers, body, peer))
    }

    /// Has the function with this path answer.
    pub async fn serve(&self, path: &str, event: lambda_http::Request) -> Response<Body> {
        let edge = if self.event == Event::Alb { BEHIND_A_PROXY } else { Edge::default() };
        let now = self.now();
        match path {
            Token::PATH => serve(&self.token, edge, event, now).await,
            GetConfig::PATH => serve(&self.get_config, edge, event, now).await,
            Authenticate::PATH => serve(&self.authenticate, edge, event, now).await,
            Otp::PATH => serve(&self.otp, edge, event, now).await,
            Validate::PATH => serve(&self.validate, edge, event, now).await,
            Coverage::PATH => serve(&self.coverage, edge, event, now).await,
            path if path.starts_with(Enrich::PATH) => serve(&self.enrich, edge, event, now).await,
            path if path.starts_with(Callback::PATH) => serve(&self.callback, edge, event, now).await,
            _ => serve(&self.keys, edge, event, now).await,
        }
    }
}
