//! Writing customers as an administrator does: a new record never covers an old one, and a change only what was read.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use serde_json::{Map, Value};

use crate::{Customer, CustomerId, Customers, StoreError, store::unavailable};

impl Customers {
    /// Writes a new customer, after [`Customer::check`].
    ///
    /// # Errors
    /// [`StoreError::Exists`]: the id is taken; nothing was written.
    pub async fn create(&self, customer: &Customer) -> Result<(), StoreError> {
        customer.check()?;
        let record = serde_json::to_string(customer).map_err(|_| StoreError::Damaged { id: customer.id.clone() })?;
        match self.swap(&customer.id, None, record).await? {
            true => Ok(()),
            false => Err(StoreError::Exists { id: customer.id.clone() }),
        }
    }

    /// Reads, changes and writes, if nobody else has written meanwhile. Fields of the record that this version does not
    /// know stay as they are. The customer as it is then.
    ///
    /// # Errors
    /// Those of `change`; [`StoreError::Absent`], [`StoreError::Conflict`], or what [`Customer::check`] refuses.
    /// Nothing was written then.
    pub async fn change<E: From<StoreError>>(
        &self,
        id: &CustomerId,
        change: impl FnOnce(&mut Customer) -> Result<(), E>,
    ) -> Result<Customer, E> {
        let damaged = || StoreError::Damaged { id: id.clone() };
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = request.key("pk", AttributeValue::S(id.to_string())).send().await.map_err(unavailable)?;
        let item = answer.item.ok_or_else(|| StoreError::Absent { id: id.clone() })?;
        let mut customer = Self::read(id, &item)?;
        let before = item.get("record").and_then(|record| record.as_s().ok()).ok_or_else(damaged)?;
        let known = object(&customer).ok_or_else(damaged)?;
        change(&mut customer)?;
        customer.check().map_err(StoreError::from)?;
        let mut record: Map<String, Value> = serde_json::from_str(before).map_err(|_| damaged())?;
        record.retain(|name, _| !known.contains_key(name));
        record.extend(object(&customer).ok_or_else(damaged)?);
        match self.swap(id, Some(before), Value::Object(record).to_string()).await? {
            true => Ok(customer),
            false => Err(StoreError::Conflict { id: id.clone() }.into()),
        }
    }

    /// Every customer, by id; a damaged record is named instead.
    pub async fn all(&self) -> Result<Vec<Result<Customer, StoreError>>, StoreError> {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let request = self.client.scan().table_name(&self.table).consistent_read(true);
            let page = request.set_exclusive_start_key(from).send().await.map_err(unavailable)?;
            for item in page.items.unwrap_or_default() {
                let key = item.get("pk").and_then(|key| key.as_s().ok());
                // Another key than a customer's is nobody's record.
                let Some(id) = key.and_then(|key| CustomerId::parse(key).ok()) else { continue };
                found.push((id.clone(), Self::read(&id, &item)));
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found.into_iter().map(|(_, customer)| customer).collect())
    }

    /// Puts `record` in the place of `before`. `false`: something else is there. What is there already is our own
    /// write, whose answer was lost and which the SDK tried again.
    async fn swap(&self, id: &CustomerId, before: Option<&str>, record: String) -> Result<bool, StoreError> {
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .key("pk", AttributeValue::S(id.to_string()))
            .update_expression("SET #record = :after")
            .expression_attribute_names("#record", "record")
            .expression_attribute_values(":after", AttributeValue::S(record.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match before {
            Some(before) => request
                .condition_expression("#record = :before")
                .expression_attribute_values(":before", AttributeValue::S(before.to_owned())),
            None => request.condition_expression("attribute_not_exists(pk)"),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                let UpdateItemError::ConditionalCheckFailedException(failed) = error.err() else { return Ok(false) };
                let there = failed.item().and_then(|item| item.get("record")?.as_s().ok());
                Ok(there == Some(&record))
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn object(customer: &Customer) -> Option<Map<String, Value>> {
    match serde_json::to_value(customer).ok()? {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::{
        customer::tests::customer,
        store::tests::{customers, put_raw},
    };

    /// Adds a redirect URI.
    async fn add(customers: &Customers, id: &CustomerId, uri: String) -> Result<Customer, StoreError> {
        let add = |customer: &mut Customer| {
            customer.redirect_uris.push(uri);
            Ok(())
        };
        customers.change(id, add).await
    }

    #[tokio::test]
    async fn a_new_customer_never_covers_another_one() {
        let (customers, shop) = (customers().await, customer("shop"));
        customers.create(&shop).await.unwrap();
        let other = Customer { name: "Other".to_owned(), ..shop.clone() };
        assert!(matches!(customers.create(&other).await, Err(StoreError::Exists { .. })));
        assert_eq!(customers.get(&shop.id).await.unwrap(), Some(shop.clone()));
        // The very same record is our own, whose answer was lost.
        customers.create(&shop).await.unwrap();
    }

    #[tokio::test]
    async fn of_changes_at_the_same_time_none_is_lost_without_a_word() {
        let (customers, shop) = (customers().await, customer("shop"));
        customers.create(&shop).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (customers, id) = (customers.clone(), shop.id.clone());
            tasks.spawn(async move { add(&customers, &id, format!("https://shop.example/{n}")).await });
        }
        let (mut done, mut lost) = (0, 0);
        while let Some(ended) = tasks.join_next().await {
            match ended.unwrap() {
                Ok(_) => done += 1,
                Err(StoreError::Conflict { .. }) => lost += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(done >= 1 && done + lost == 8);
        assert_eq!(customers.get(&shop.id).await.unwrap().unwrap().redirect_uris.len(), 1 + done);
    }

    #[tokio::test]
    async fn a_change_keeps_what_it_does_not_know_and_writes_nothing_that_is_wrong() {
        let (customers, shop) = (customers().await, customer("shop"));
        let mut record = serde_json::to_value(&shop).unwrap();
        record["colour"] = "green".into();
        put_raw(&customers, "shop", AttributeValue::S(record.to_string())).await;
        assert!(matches!(add(&customers, &shop.id, "ftp://x".to_owned()).await, Err(StoreError::Invalid(_))));
        assert_eq!(customers.get(&shop.id).await.unwrap(), Some(shop.clone()));
        add(&customers, &shop.id, "https://shop.example/2".to_owned()).await.unwrap();
        let request = customers.client.get_item().table_name("customers");
        let item = request.key("pk", AttributeValue::S("shop".to_owned())).send().await.unwrap().item.unwrap();
        let after: Value = serde_json::from_str(item["record"].as_s().unwrap()).unwrap();
        assert_eq!((&after["colour"], after["redirect_uris"].as_array().map(Vec::len)), (&"green".into(), Some(2)));
        let absent = CustomerId::parse("absent").unwrap();
        assert!(matches!(add(&customers, &absent, String::new()).await, Err(StoreError::Absent { .. })));
    }

    #[tokio::test]
    async fn all_customers_are_listed_and_a_damaged_one_is_named() {
        let customers = customers().await;
        for id in ["b", "a"] {
            customers.create(&customer(id)).await.unwrap();
        }
        put_raw(&customers, "c", AttributeValue::S("{".to_owned())).await;
        let all = customers.all().await.unwrap();
        let ids: Vec<String> = all.iter().flatten().map(|customer| customer.id.to_string()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert!(matches!(&all[2], Err(StoreError::Damaged { id }) if id.as_str() == "c"));
    }
}
