//! The tables: there, with their key, and kept as they must be.

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus},
};

use super::Check;
use crate::{Error, error::cause, place::Place};

pub(super) async fn checks(place: &Place) -> Vec<Check> {
    let client = match place.dynamodb() {
        Ok(client) => client,
        Err(error) => return vec![Check::of("tables", Err(error), "see credentials and region")],
    };
    let mut checks = Vec::new();
    for (what, variable) in [("customers", "CUSTOMERS_TABLE"), ("sessions", "SESSIONS_TABLE"), ("usage", "USAGE_TABLE")]
    {
        match place.need(variable) {
            Ok(table) => checks.extend(one(&client, what, &table, place.is_local).await),
            Err(error) => checks.push(Check::of(format!("table {what}"), Err(error), "name the stack")),
        }
    }
    checks
}

async fn one(client: &Client, what: &str, table: &str, is_local: bool) -> Vec<Check> {
    let described = client.describe_table().table_name(table).send().await.map_err(|error| failed(table, &error));
    let described = described.map(|answer| answer.table.unwrap_or_else(|| TableDescription::builder().build()));
    let is_protected = described.as_ref().is_ok_and(|table| table.deletion_protection_enabled == Some(true));
    let found = described.and_then(|description| key(table, &description));
    let there = found.is_ok();
    let mut checks = vec![Check::of(format!("table {what}"), found, "deploy the stack; a table is never made by hand")];
    if !there {
        return checks;
    }
    if what != "customers" {
        let todo = "deploy again; until then what is dead stays for ever, and costs";
        checks.push(Check::of(format!("table {what}: ttl"), ttl(client, table).await, todo));
    }
    // An engine in memory has nothing to lose.
    if what == "customers" && !is_local {
        let todo = "deploy again with the parameter for production; a lost table is lost customers";
        checks.push(Check::of("table customers: backups", backups(client, table).await, todo).doubtful());
        let found = if is_protected { Ok("on".to_owned()) } else { Err(Error::refused("off")) };
        checks.push(Check::of("table customers: deletion protection", found, todo).doubtful());
    }
    checks
}

fn key(table: &str, description: &TableDescription) -> Result<String, Error> {
    match description.key_schema() {
        [key] if key.attribute_name() == "pk" && key.key_type().as_str() == "HASH" => Ok(table.to_owned()),
        _ => Err(Error::refused(format!("{table}: its key is not the partition key pk alone"))),
    }
}

async fn ttl(client: &Client, table: &str) -> Result<String, Error> {
    let answer =
        client.describe_time_to_live().table_name(table).send().await.map_err(|error| failed(table, &error))?;
    let ttl = answer.time_to_live_description;
    let ttl = ttl
        .filter(|ttl| matches!(ttl.time_to_live_status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)));
    match ttl.and_then(|ttl| ttl.attribute_name).as_deref() {
        Some("ttl") => Ok("on, by `ttl`".to_owned()),
        Some(name) => Err(Error::refused(format!("on, by `{name}` and not `ttl`"))),
        None => Err(Error::refused("off")),
    }
}

async fn backups(client: &Client, table: &str) -> Result<String, Error> {
    let answer = client.describe_continuous_backups().table_name(table).send().await;
    let answer = answer.map_err(|error| failed(table, &error))?;
    let status = answer.continuous_backups_description.and_then(|backups| backups.point_in_time_recovery_description);
    match status.and_then(|recovery| recovery.point_in_time_recovery_status) {
        Some(PointInTimeRecoveryStatus::Enabled) => Ok("point-in-time recovery".to_owned()),
        _ => Err(Error::refused("no point-in-time recovery")),
    }
}

/// A table that is not there is a finding; anything else is in the way of one.
fn failed<E: ProvideErrorMetadata, R>(table: &str, error: &SdkError<E, R>) -> Error {
    let failed = Error::Service { service: "dynamodb", cause: format!("{table}: {}", cause(error)) };
    if error.code() == Some("ResourceNotFoundException") { Error::refused(failed) } else { failed }
}
