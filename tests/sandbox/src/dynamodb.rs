//! DynamoDB: an embedded engine in memory, spoken to over the real protocol, with the tables of the gateway.
//! Created empty at every start, so no run can depend on what another one left.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region},
};
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, from_value, json};

use crate::listen::{Bound, Servers};

/// Table of the sessions; partition key `pk`, time to live `ttl` (Unix seconds).
pub const SESSIONS: &str = "sna-sessions";
/// Table of the customers; partition key `pk`, the record as JSON in `record`.
pub const CUSTOMERS: &str = "sna-customers";
/// Table of the usage; partition key `pk`, time to live `ttl` (Unix seconds).
pub const USAGE: &str = "sna-usage";
/// Table of what has ended, for webhooks; partition key `pk`, time to live `ttl`, and a stream of new items.
pub const EVENTS: &str = "sna-events";
/// Any region does; this is the one that a British deployment would take.
pub const REGION: &str = "eu-west-2";
/// The engine wants credentials in the shape of AWS's, and believes any.
pub const CREDENTIALS: (&str, &str) = ("sandbox", "sandbox");

/// Creates the tables and serves them until the servers stop; the engine, for whoever reads its stream.
///
/// # Errors
/// When the engine refuses to start or to make a table.
pub fn start(bound: Bound, servers: &mut Servers) -> Result<Database, DynoxideError> {
    let database = Database::memory()?;
    for name in [SESSIONS, CUSTOMERS, USAGE] {
        database.create_table(request(table(name))?)?;
    }
    let mut events = table(EVENTS);
    events["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
    database.create_table(request(events)?)?;
    for name in [SESSIONS, USAGE, EVENTS] {
        database.update_time_to_live(request(json!({
            "TableName": name,
            "TimeToLiveSpecification": { "AttributeName": "ttl", "Enabled": true },
        }))?)?;
    }
    let (stopped, engine) = (servers.stopped(), database.clone());
    servers.run(async move {
        if let Err(error) = dynoxide::server::serve_with_shutdown(bound.listener, database, stopped).await {
            tracing::error!(%error, "the DynamoDB listener ended");
        }
    });
    Ok(engine)
}

/// Where the stream of events begins.
pub(crate) fn stream(database: &Database) -> Option<String> {
    let described = database.describe_table(request(json!({ "TableName": EVENTS })).ok()?).ok()?;
    let arn = described.table.latest_stream_arn?;
    let shard = dynoxide::streams::shard_id(EVENTS);
    let from = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    database.get_shard_iterator(request(from).ok()?).ok()?.shard_iterator
}

/// What comes next in the stream, and what after that.
pub(crate) fn records(database: &Database, at: Option<&str>, limit: usize) -> Option<(Vec<Value>, String)> {
    let from = json!({ "ShardIterator": at?, "Limit": limit });
    let found = database.get_records(request(from).ok()?).ok()?;
    let records = found.records.iter().filter_map(|record| serde_json::to_value(record).ok());
    Some((records.collect(), found.next_shard_iterator?))
}

/// A client for the engine at `url`, with the credentials above.
#[must_use]
pub fn client(url: &str) -> Client {
    let (id, secret) = CREDENTIALS;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(Credentials::new(id, secret, None, None, "sandbox"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

fn table(name: &str) -> Value {
    json!({
        "TableName": name,
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    })
}

fn request<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, DynoxideError> {
    from_value(value).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
