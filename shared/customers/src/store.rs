//! Customers in DynamoDB: the partition key `pk` is the customer's id, the attribute `record` its JSON.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};

use crate::{Customer, CustomerId, Problems, kept::Kept};

/// The table of customers.
#[derive(Debug, Clone)]
pub struct Customers {
    pub(crate) client: Client,
    pub(crate) table: String,
    pub(crate) kept: Arc<Kept>,
}

/// Why a customer could not be read or written. `cause` is a code of the service or of the network, never data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the table of customers is not available: {cause}")]
    Unavailable { cause: String },
    #[error("the record of customer {id} is damaged")]
    Damaged { id: CustomerId },
    #[error("the customer cannot be written: {0}")]
    Invalid(#[from] Problems),
    #[error("there is a customer {id} already")]
    Exists { id: CustomerId },
    #[error("there is no customer {id}")]
    Absent { id: CustomerId },
    #[error("customer {id} was changed by someone else at the same time; nothing was written")]
    Conflict { id: CustomerId },
}

impl StoreError {
    /// Worth another try?
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl Customers {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), kept: Arc::default() }
    }

    /// Reads consistently: a customer or a secret that was just taken away is refused at once.
    pub async fn get(&self, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = request.key("pk", AttributeValue::S(id.to_string())).send().await.map_err(unavailable)?;
        answer.item.map(|item| Self::read(id, &item)).transpose()
    }

    /// Opens the connection by a read of nobody: no id has that key. What comes of it does not matter.
    pub async fn warm(&self) {
        let nobody = AttributeValue::S("#warm".to_owned());
        let _ = self.client.get_item().table_name(&self.table).key("pk", nobody).send().await;
    }

    /// The table's name, for who reads a customer's item together with others.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The customer in an item of the table.
    pub fn read(id: &CustomerId, item: &HashMap<String, AttributeValue>) -> Result<Customer, StoreError> {
        let record = item.get("record").and_then(|record| record.as_s().ok());
        let customer = record.and_then(|record| serde_json::from_str::<Customer>(record).ok());
        // A record under another customer's key would lend that customer its rights.
        customer.filter(|customer| customer.id == *id).ok_or_else(|| StoreError::Damaged { id: id.clone() })
    }

    /// Writes the whole record, over an older one if there is one, after [`Customer::check`].
    pub async fn put(&self, customer: &Customer) -> Result<(), StoreError> {
        customer.check()?;
        let record = serde_json::to_string(customer).map_err(|_| StoreError::Damaged { id: customer.id.clone() })?;
        let request = self.client.put_item().table_name(&self.table);
        let request = request.item("pk", AttributeValue::S(customer.id.to_string()));
        request.item("record", AttributeValue::S(record)).send().await.map_err(unavailable)?;
        Ok(())
    }
}

pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> StoreError {
    let cause = error.code().map_or_else(|| error.to_string(), str::to_owned);
    StoreError::Unavailable { cause }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use aws_sdk_dynamodb::{
        Config,
        config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
        types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
    };
    use tokio::net::TcpListener;

    use super::*;
    use crate::customer::tests::customer;

    /// A table in an engine of its own, on a free port.
    pub(crate) async fn customers() -> Customers {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let customers = Customers::new(client(listener.local_addr().unwrap().port()), "customers");
        tokio::spawn(dynoxide::server::serve_on(listener, dynoxide::Database::memory().unwrap()));
        let (name, kind) = ("pk", ScalarAttributeType::S);
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap();
        let key = KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().unwrap();
        let request = customers.client.create_table().table_name("customers").billing_mode(BillingMode::PayPerRequest);
        request.attribute_definitions(attribute).key_schema(key).send().await.unwrap();
        customers
    }

    fn client(port: u16) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-2"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .endpoint_url(format!("http://127.0.0.1:{port}"));
        Client::from_conf(config.build())
    }

    pub(crate) async fn put_raw(customers: &Customers, key: &str, record: AttributeValue) {
        let request = customers.client.put_item().table_name("customers");
        let request = request.item("pk", AttributeValue::S(key.to_owned()));
        request.item("record", record).send().await.unwrap();
    }

    #[tokio::test]
    async fn what_was_put_is_got_and_the_last_put_stays() {
        let customers = customers().await;
        let mut shop = customer("shop");
        assert_eq!(customers.get(&shop.id).await.unwrap(), None);
        customers.put(&shop).await.unwrap();
        assert_eq!(customers.get(&shop.id).await.unwrap(), Some(shop.clone()));
        shop.enabled = false;
        customers.put(&shop).await.unwrap();
        assert_eq!(customers.get(&shop.id).await.unwrap(), Some(shop));
    }

    #[tokio::test]
    async fn a_damaged_record_is_an_error_and_not_an_absent_customer() {
        let customers = customers().await;
        let id = CustomerId::parse("shop").unwrap();
        let strangers = serde_json::to_string(&customer("other")).unwrap();
        for damaged in ["", "{", "[]", r#"{"id":"shop"}"#, &strangers] {
            put_raw(&customers, "shop", AttributeValue::S(damaged.to_owned())).await;
            assert!(matches!(customers.get(&id).await, Err(StoreError::Damaged { .. })), "{damaged}");
        }
        put_raw(&customers, "shop", AttributeValue::N("1".to_owned())).await;
        assert!(matches!(customers.get(&id).await, Err(StoreError::Damaged { .. })));
    }

    #[tokio::test]
    async fn a_bad_record_is_not_written() {
        let customers = customers().await;
        let mut shop = customer("shop");
        shop.redirect_uris = vec!["http://shop.example/".to_owned()];
        assert!(matches!(customers.put(&shop).await, Err(StoreError::Invalid(_))));
        assert_eq!(customers.get(&shop.id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_missing_table_and_a_dead_service_are_unavailable() {
        let mut customers = customers().await;
        customers.table = "absent".to_owned();
        let error = customers.get(&CustomerId::parse("shop").unwrap()).await.unwrap_err();
        assert_eq!(error.to_string(), "the table of customers is not available: ResourceNotFoundException");
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let dead = Customers::new(client(port), "customers");
        assert!(matches!(dead.put(&customer("shop")).await, Err(StoreError::Unavailable { .. })));
    }
}
