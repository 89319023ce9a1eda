//! The engines that the store is tested on: the embedded one, `ministack` at MINISTACK_URL, and whatever is at
//! AWS_ENDPOINT_URL_DYNAMODB. They share tables between tests, so nothing here may rely on an empty one.

use std::env;

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
        TimeToLiveSpecification,
    },
};
use sandbox::{
    dynamodb,
    listen::{Bound, Servers},
};
use sna_config::{Aws, Env};
use sna_customers::Customers;
use sna_sessions::{Counters, Store, Usage};

const SESSIONS: &str = "sna-suite-sessions";
const CUSTOMERS: &str = "sna-suite-customers";
const USAGE: &str = "sna-suite-usage";
const EVENTS: &str = "sna-suite-events";

/// A running engine with the tables of the suite.
pub struct Engine {
    pub name: &'static str,
    pub url: String,
    /// Those of an embedded one end with it.
    _servers: Servers,
}

impl Engine {
    /// Every engine that there is here, and a line for each that is not.
    pub async fn all() -> Vec<Self> {
        let mut engines = vec![Self::embedded().await];
        for (name, variable) in [("ministack", "MINISTACK_URL"), ("endpoint", "AWS_ENDPOINT_URL_DYNAMODB")] {
            match env::var(variable).ok().filter(|url| !url.is_empty()) {
                Some(url) => engines.push(Self::at(name, url, Servers::new()).await),
                None => eprintln!("left out: {name}, because {variable} is not set"),
            }
        }
        engines
    }

    /// An engine of this test's own.
    pub async fn embedded() -> Self {
        let (mut servers, bound) = (Servers::new(), Bound::at(0).await.expect("a free port"));
        let url = bound.url();
        dynamodb::start(bound, &mut servers).expect("an engine");
        Self::at("embedded", url, servers).await
    }

    async fn at(name: &'static str, url: String, servers: Servers) -> Self {
        let engine = Self { name, url, _servers: servers };
        let client = engine.client();
        for table in [SESSIONS, CUSTOMERS, USAGE, EVENTS] {
            create(&client, table).await;
        }
        println!("engine: {name}");
        engine
    }

    /// What the functions must know to use this engine.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let (id, key) = dynamodb::CREDENTIALS;
        // Only a real DynamoDB looks at them; they are then in the environment of the test.
        let known = |name: &'static str, other: &str| (name, env::var(name).unwrap_or_else(|_| other.to_owned()));
        vec![
            known("AWS_REGION", dynamodb::REGION),
            known("AWS_ACCESS_KEY_ID", id),
            known("AWS_SECRET_ACCESS_KEY", key),
            known("AWS_SESSION_TOKEN", ""),
            ("SESSIONS_TABLE", SESSIONS.to_owned()),
            ("CUSTOMERS_TABLE", CUSTOMERS.to_owned()),
            ("USAGE_TABLE", USAGE.to_owned()),
            ("EVENTS_TABLE", EVENTS.to_owned()),
        ]
    }

    /// The functions' own client: their time-outs, their retries.
    pub fn client(&self) -> Client {
        self.client_at(&self.url)
    }

    /// The same, through a proxy at `url`.
    pub fn client_at(&self, url: &str) -> Client {
        let variables = self.variables();
        let mut env = Env::from_fn(|name| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(url.to_owned()),
            _ => variables.iter().find(|(known, value)| *known == name && !value.is_empty()).map(|(_, v)| v.clone()),
        });
        let aws = Aws::read(&mut env);
        env.finish(Some(Client::new(&aws.dynamodb()))).expect("a good environment")
    }

    pub fn store(&self) -> Store {
        self.store_at(&self.url)
    }

    pub fn store_at(&self, url: &str) -> Store {
        Store::new(self.client_at(url), SESSIONS, USAGE).telling(EVENTS)
    }

    pub fn counters_at(&self, url: &str) -> Counters {
        Counters::new(self.client_at(url), SESSIONS)
    }

    pub fn usage(&self) -> Usage {
        Usage::new(self.client(), USAGE)
    }

    pub fn customers(&self) -> Customers {
        Customers::new(self.client(), CUSTOMERS)
    }

    pub fn sessions_table(&self) -> &'static str {
        SESSIONS
    }

    /// An item of the sessions' table as it lies there: attribute name and text of its value.
    pub async fn item(&self, key: &str) -> Option<Vec<(String, String)>> {
        let key = aws_sdk_dynamodb::types::AttributeValue::S(key.to_owned());
        let request = self.client().get_item().table_name(SESSIONS).consistent_read(true).key("pk", key);
        let item = request.send().await.expect("an item").item?;
        let text = |value: &aws_sdk_dynamodb::types::AttributeValue| {
            value.as_s().or_else(|_| value.as_n()).cloned().unwrap_or_default()
        };
        let mut item: Vec<_> = item.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        item.sort();
        Some(item)
    }
}

/// Creates a table if it is absent, and waits until it is there: another test may be creating it.
async fn create(client: &Client, table: &str) {
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().expect("a key");
    let attribute = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let request = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    let request = request.attribute_definitions(attribute.build().expect("an attribute")).key_schema(key);
    let created = request.send().await;
    if let Err(error) = &created {
        let error = error.as_service_error().expect("an answer of the engine");
        assert!(error.is_resource_in_use_exception(), "{error}");
    }
    let mut waits = 0;
    while describe(client, table).await != Some(TableStatus::Active) {
        waits += 1;
        assert!(waits < 300, "{table} does not become active");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    if created.is_ok() {
        let ttl = TimeToLiveSpecification::builder().attribute_name("ttl").enabled(true).build().expect("a ttl");
        client.update_time_to_live().table_name(table).time_to_live_specification(ttl).send().await.expect("a ttl");
    }
}

async fn describe(client: &Client, table: &str) -> Option<TableStatus> {
    client.describe_table().table_name(table).send().await.ok()?.table?.table_status
}
