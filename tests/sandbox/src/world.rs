//! The whole world but the gateway, in one value. The gateway's public URL is a setting, because operators and customer
//! must know it before the gateway starts, and the gateway's environment is known only after the world did.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::Router;
use sna_sessions::Usage;
use url::Url;

use crate::{
    dynamodb,
    gateway::{Gateway, devices},
    inbox::Inbox,
    listen::{Bound, Servers},
    lookup::Lookup,
    operators::{self, Operators, Unforced},
    page,
    profiles::{self, ProfileError},
    secrets::{NoKey, Secrets},
    shop::{self, NotRegistered},
    sns,
    sqs::{self, Queue},
    wire::{At, Wire},
};

/// The files of [`World::write_tables`].
const OPERATORS: &str = "operators.json";
const LOOKUP: &str = "lookup.json";

/// What differs between worlds.
pub struct Settings {
    /// Where the gateway will be: `http://127.0.0.1:9000`, no path, no slash at the end.
    pub public_url: String,
    /// Where the gateway's plain-http listener will be, at which a mobile gateway adds its header: no path, no slash.
    pub enrich_url: String,
    /// The folders of the profiles: each holds adapters, or is one's own.
    pub profiles: Vec<PathBuf>,
    pub ports: Ports,
    /// The operator table, with the default addresses in it; the world puts its own in their place.
    pub operators: String,
    /// Where `operators.json` and `lookup.json` are for the functions, see [`World::write_tables`]; and in `docs` the API
    /// reference, if it is built.
    pub directory: PathBuf,
    /// The adapters' directory for the functions.
    pub adapters: PathBuf,
    /// How long the slow operator takes.
    pub slow: Duration,
    /// Where functions are invoked that hear events; with none the demo's customer has no webhook.
    pub functions: Option<String>,
}

/// The world's ports on 127.0.0.1. The default of each is 0, a free one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// The page, its API and the inbox.
    pub sandbox: u16,
    /// The operators' public host.
    pub operators: u16,
    /// The mobile gateways' plain-http hop.
    pub hop: u16,
    /// The operators' header-enrichment origin behind it.
    pub origin: u16,
    /// The number lookup.
    pub lookup: u16,
    pub dynamodb: u16,
    pub sns: u16,
    pub sqs: u16,
}

/// What an SMS may cost here, in USD.
pub(crate) const SMS_USD: f64 = 0.20;

/// Why a world did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("a port of 127.0.0.1 cannot be bound: {0}")]
    Port(#[from] io::Error),
    #[error("the profiles: {0}")]
    Profiles(#[from] ProfileError),
    #[error(transparent)]
    Key(#[from] NoKey),
    #[error("the tables cannot be made: {0}")]
    Tables(#[from] dynoxide::DynoxideError),
    #[error(transparent)]
    Operators(#[from] operators::StartError),
    #[error("an address is none: {0}")]
    Address(#[from] url::ParseError),
    #[error("the HTTP client cannot be made: {0}")]
    HttpClient(#[from] reqwest::Error),
    #[error(transparent)]
    Customer(#[from] NotRegistered),
    #[error("the devices cannot be listed: {0}")]
    Devices(#[from] serde_json::Error),
}

/// A running world; dropping it ends it.
pub struct World {
    servers: Servers,
    operators: Operators,
    lookup: Lookup,
    operators_table: String,
    lookup_table: String,
    directory: PathBuf,
    inbox: Inbox,
    queue: Queue,
    wire: Wire,
    gateway: Gateway,
    env: BTreeMap<String, String>,
}

impl World {
    /// Binds every port, makes keys, tables and the demo customer, and serves.
    ///
    /// # Errors
    /// [`StartError`] says what is missing; nothing keeps running then.
    pub async fn start(settings: Settings) -> Result<World, StartError> {
        let mut servers = Servers::new();
        let networks = profiles::load(&settings.profiles)?;
        let secrets = Secrets::generate()?;
        let bound = Listeners::bind(settings.ports).await?;
        let (dynamodb, sns, sqs, sandbox) =
            (bound.dynamodb.url(), bound.sns.url(), bound.sqs.url(), bound.sandbox.url());

        let devices = devices(&networks, &bound.operators.url())?;
        let engine = dynamodb::start(bound.dynamodb, &mut servers)?;
        let queue = Queue::default();
        servers.serve(bound.sqs, queue.clone().router());
        let webhook = settings.functions.as_ref().map(|_| format!("{sandbox}/webhook"));
        if let Some(functions) = settings.functions {
            let stopped = servers.stopped();
            servers.run(sqs::sources(engine, queue.clone(), functions, stopped));
        }
        let inbox = Inbox::default();

        let operators_table = settings
            .operators
            .replace("127.0.0.1:9410", authority(&bound.operators.url()))
            .replace("127.0.0.1:9411", authority(&bound.hop.url()))
            .replace("127.0.0.1:9412", authority(&bound.origin.url()));
        let operators = Operators::new(operators::Settings {
            networks: networks.clone(),
            public: Url::parse(&bound.operators.url())?,
            hop: Url::parse(&bound.hop.url())?,
            origin: Url::parse(&bound.origin.url())?,
            client_id: "gateway".to_owned(),
            client_secret: secrets.operator_client_secret.clone(),
            public_key_pem: secrets.operator_public_key.clone(),
            api_key: secrets.operator_api_key.clone(),
            decryption_key: secrets.operator_decryption_key.clone(),
            callbacks: format!("{}/v1/callback", settings.public_url),
            enrich_url: settings.enrich_url.clone(),
            slow: settings.slow,
        })?;
        let wire = Wire::default();
        let tap = |router, at| wire.tap(router, at, &operators);
        servers.serve(bound.operators, tap(operators.public_router(), At::Operators));
        servers.serve(bound.hop, tap(operators.hop_router(), At::Carriers));
        servers.serve(bound.origin, tap(operators.origin_router(), At::Operators));
        servers.serve(bound.sns, tap(sns::router(inbox.clone()), At::Sms));

        let lookup = Lookup::new(networks.clone(), secrets.lookup_key.clone(), secrets.lookup_secret.clone());
        let lookup_table = lookup.configuration(&bound.lookup.url()).to_string();
        servers.serve(bound.lookup, tap(lookup.router(), At::Lookup));

        let redirect_uri = format!("{sandbox}/customer/callback");
        let gateway = Gateway {
            url: settings.public_url,
            sandbox,
            customer: shop::register(&dynamodb, &secrets.customer_pepper, redirect_uri, webhook, &networks).await?,
            devices,
        };
        let directory = settings.directory;
        let usage = Usage::new(dynamodb::client(&dynamodb), dynamodb::USAGE);
        let reference = page::Reference { directory: directory.clone(), enrich_url: settings.enrich_url };
        let page = page::router(gateway.clone(), inbox.clone(), operators.clone(), wire.clone(), usage, reference)?;
        servers.serve(bound.sandbox, page);
        let (stopped, last) = (servers.stopped(), wire.clone());
        servers.run(async move {
            stopped.await;
            last.end();
        });

        let env = environment(&gateway, secrets, &directory, &settings.adapters, [dynamodb, sns, sqs]);
        Ok(World {
            servers,
            operators,
            lookup,
            operators_table,
            lookup_table,
            directory,
            inbox,
            queue,
            wire,
            gateway,
            env,
        })
    }

    /// The environment of every function. Secret: the keys are in it.
    #[must_use]
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// The operator table with this world's addresses.
    #[must_use]
    pub fn operators_table(&self) -> &str {
        &self.operators_table
    }

    /// Writes the operator table and the lookup's configuration to where the functions' environment says they are.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_tables(&self) -> io::Result<()> {
        std::fs::write(self.directory.join(OPERATORS), &self.operators_table)?;
        std::fs::write(self.directory.join(LOOKUP), &self.lookup_table)
    }

    /// The lookup's configuration with this world's addresses.
    #[must_use]
    pub fn lookup_table(&self) -> &str {
        &self.lookup_table
    }

    /// Addresses, devices, and the demo customer's credentials.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The SMS of this world, and its faults.
    #[must_use]
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// The queue of webhooks.
    #[must_use]
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The number lookup, and its faults.
    #[must_use]
    pub fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// The operators, for their request log.
    #[must_use]
    pub fn operators(&self) -> &Operators {
        &self.operators
    }

    /// What is said in this world.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A listener of the gateway's, so that the page shows what is said there too. Serve it with the peer's address.
    pub fn tap_gateway(&self, router: Router) -> Router {
        self.wire.tap(router, At::Gateway, &self.operators)
    }

    /// Puts a scenario in the place of a device's own, for the device with this number; none gives it back.
    ///
    /// # Errors
    /// [`Unforced`] says what is not known, or not the operator's to do.
    pub fn force(&self, msisdn: &str, scenario: Option<u8>) -> Result<(), Unforced> {
        let device = self.gateway.device(msisdn).ok_or(Unforced::Device)?;
        self.operators.force(device.source_ip, scenario)
    }

    /// Ends the world, and waits for requests that are still running (two seconds at most).
    pub async fn stop(self) {
        self.servers.stop().await;
    }
}

struct Listeners {
    sandbox: Bound,
    operators: Bound,
    hop: Bound,
    origin: Bound,
    lookup: Bound,
    dynamodb: Bound,
    sns: Bound,
    sqs: Bound,
}

impl Listeners {
    async fn bind(ports: Ports) -> io::Result<Listeners> {
        Ok(Listeners {
            sandbox: Bound::at(ports.sandbox).await?,
            operators: Bound::at(ports.operators).await?,
            hop: Bound::at(ports.hop).await?,
            origin: Bound::at(ports.origin).await?,
            lookup: Bound::at(ports.lookup).await?,
            dynamodb: Bound::at(ports.dynamodb).await?,
            sns: Bound::at(ports.sns).await?,
            sqs: Bound::at(ports.sqs).await?,
        })
    }
}

fn authority(url: &str) -> &str {
    url.trim_start_matches("http://")
}

fn environment(
    gateway: &Gateway,
    secrets: Secrets,
    directory: &Path,
    adapters: &Path,
    [dynamodb, sns, sqs]: [String; 3],
) -> BTreeMap<String, String> {
    let (key_id, key) = dynamodb::CREDENTIALS;
    let variables = [
        ("PUBLIC_URL", gateway.url.clone()),
        ("TOKEN_KEY", secrets.token_key),
        ("TOKEN_PUBLIC_KEYS", secrets.token_public_key),
        ("STATEMENT_KEY", secrets.statement_key),
        ("STATEMENT_PUBLIC_KEYS", secrets.statement_public_key),
        ("SESSIONS_TABLE", dynamodb::SESSIONS.to_owned()),
        ("CUSTOMERS_TABLE", dynamodb::CUSTOMERS.to_owned()),
        ("USAGE_TABLE", dynamodb::USAGE.to_owned()),
        ("EVENTS_TABLE", dynamodb::EVENTS.to_owned()),
        ("WEBHOOKS_QUEUE", sqs.clone()),
        ("WEBHOOKS_TO_LOOPBACK", "true".to_owned()),
        ("OPERATORS", format!("file:{}", directory.join(OPERATORS).display())),
        ("LOOKUP", format!("file:{}", directory.join(LOOKUP).display())),
        ("LOOKUP_KEY", secrets.lookup_key),
        ("LOOKUP_SECRET", secrets.lookup_secret),
        ("ADAPTERS", adapters.display().to_string()),
        ("CUSTOMER_PEPPER", secrets.customer_pepper),
        ("OTP_PEPPER", secrets.otp_pepper),
        ("OPERATOR_CLIENT_SECRET", secrets.operator_client_secret),
        ("OPERATOR_PRIVATE_KEY", secrets.operator_private_key),
        ("OPERATOR_API_KEY", secrets.operator_api_key),
        ("OPERATOR_DECRYPTION_KEY", secrets.operator_decryption_key),
        ("TRUSTED_PROXIES", "1".to_owned()),
        ("HOME_COUNTRIES", "GB".to_owned()),
        ("SMS_SENDER_ID", "DemoShop".to_owned()),
        ("SMS_MAX_PRICE", format!("{SMS_USD:.2}")),
        ("AWS_REGION", dynamodb::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", key_id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", key.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SNS", sns),
        ("AWS_ENDPOINT_URL_SQS", sqs),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
#[path = "world_tests.rs"]
pub(crate) mod tests;
