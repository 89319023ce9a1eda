//! Customers that were read a moment ago. A record counts for a minute at most; after half of it the next request that
//! uses it has it read again beside itself. Whoever is unknown or disabled, or has another secret, is refused by the table
//! and never by such a record.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Customer, CustomerId, Customers, StoreError};

/// The most that a record's age comes to, in milliseconds: so long a customer that was disabled is still served.
pub const MAX_AGE_MS: u64 = 60_000;

/// From this age on it is read again, in milliseconds; a try that failed is repeated after as long.
const REFRESH_MS: u64 = 30_000;

/// More than these are not kept: the least recent half makes room for others.
const MOST: usize = 1000;

#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<CustomerId, Record>>);

#[derive(Debug, Clone)]
struct Record {
    customer: Arc<Customer>,
    /// When it was asked for, in Unix milliseconds. What came back may be newer, never older.
    read_at: u64,
    /// When it was asked for again.
    tried_at: u64,
}

impl Kept {
    /// The record, if it is young enough at `now`, and whether the caller is to read it again.
    fn get(&self, id: &CustomerId, now: u64) -> Option<(Arc<Customer>, bool)> {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.get_mut(id)?;
        // A clock that was set back makes it no younger.
        now.checked_sub(record.read_at).filter(|age| *age < MAX_AGE_MS)?;
        let is_due = now.saturating_sub(record.tried_at) >= REFRESH_MS;
        if is_due {
            record.tried_at = now;
        }
        Some((Arc::clone(&record.customer), is_due))
    }

    /// Keeps what the table said at `now`. Nobody, and whoever is disabled, is not kept: there would be no end of unknown
    /// ids, and who is enabled again need not wait.
    fn put(&self, id: &CustomerId, found: Option<&Arc<Customer>>, now: u64) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.get(id).is_some_and(|record| record.read_at > now) {
            return;
        }
        let Some(customer) = found.filter(|customer| customer.enabled) else {
            records.remove(id);
            return;
        };
        if records.len() >= MOST && !records.contains_key(id) {
            let mut ages: Vec<u64> = records.values().map(|record| record.read_at).collect();
            let (_, middle, _) = ages.select_nth_unstable(MOST / 2);
            let middle = *middle;
            records.retain(|_, record| record.read_at > middle);
        }
        records.insert(id.clone(), Record { customer: Arc::clone(customer), read_at: now, tried_at: now });
    }
}

impl Customers {
    /// The customer as it was at most [`MAX_AGE_MS`] before `now` (Unix milliseconds), read if need be.
    ///
    /// # Errors
    /// Those of [`Customers::get`].
    pub async fn cached(&self, id: &CustomerId, now: u64) -> Result<Option<Arc<Customer>>, StoreError> {
        match self.kept(id, now) {
            Some(customer) => Ok(Some(customer)),
            None => self.fresh(id, now).await,
        }
    }

    /// The customer as it is.
    ///
    /// # Errors
    /// Those of [`Customers::get`].
    pub async fn fresh(&self, id: &CustomerId, now: u64) -> Result<Option<Arc<Customer>>, StoreError> {
        let found = self.get(id).await?.map(Arc::new);
        self.keep(id, found.as_ref(), now);
        Ok(found)
    }

    /// The customer as [`Customers::cached`], if no read is needed for it now. One that is in its second half-minute is
    /// read again beside the request, for those that come after it.
    pub fn kept(&self, id: &CustomerId, now: u64) -> Option<Arc<Customer>> {
        let (customer, is_due) = self.kept.get(id, now)?;
        if is_due {
            let (customers, id) = (self.clone(), id.clone());
            // Its failure is nobody's: it is tried again, and at the end of the minute by a request that waits.
            tokio::spawn(async move { customers.fresh(&id, now).await.is_ok() });
        }
        Some(customer)
    }

    /// Keeps what a request that began at `now` has found of the customer.
    pub fn keep(&self, id: &CustomerId, found: Option<&Arc<Customer>>, now: u64) {
        self.kept.put(id, found, now);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::{customer::tests::customer, store::tests::customers};

    #[tokio::test]
    async fn a_disabled_customer_is_out_after_a_minute() {
        let customers = customers().await;
        let mut shop = customer("shop");
        customers.put(&shop).await.unwrap();
        assert!(customers.cached(&shop.id, 1_000).await.unwrap().unwrap().enabled);
        shop.enabled = false;
        customers.put(&shop).await.unwrap();
        assert!(customers.kept(&shop.id, 1_000 + REFRESH_MS - 1).unwrap().enabled);
        assert!(!customers.cached(&shop.id, 1_000 + MAX_AGE_MS).await.unwrap().unwrap().enabled);
        shop.enabled = true;
        customers.put(&shop).await.unwrap();
        assert!(customers.cached(&shop.id, 1_001 + MAX_AGE_MS).await.unwrap().unwrap().enabled, "it need not wait");
    }

    #[tokio::test]
    async fn in_its_second_half_minute_a_record_is_read_again_beside_one_request() {
        let customers = customers().await;
        let mut shop = customer("shop");
        customers.put(&shop).await.unwrap();
        let first = customers.cached(&shop.id, 0).await.unwrap().unwrap();
        shop.name = "Renamed".to_owned();
        customers.put(&shop).await.unwrap();
        assert_eq!(customers.kept(&shop.id, REFRESH_MS).unwrap(), first, "the request does not wait");
        assert!(!customers.kept.get(&shop.id, REFRESH_MS + 1).unwrap().1, "nor does a second one ask");
        while customers.kept(&shop.id, REFRESH_MS + 1).unwrap().name == first.name {
            tokio::task::yield_now().await;
        }
        assert_eq!(customers.kept(&shop.id, REFRESH_MS + MAX_AGE_MS - 1).unwrap().name, "Renamed");
    }

    #[test]
    fn what_is_unknown_is_not_kept_and_what_is_kept_is_bounded() {
        let kept = Kept::default();
        let shop = Arc::new(customer("shop"));
        kept.put(&shop.id, None, 0);
        assert!(kept.get(&shop.id, 0).is_none());
        for number in 0..3 * MOST {
            let id = CustomerId::parse(&number.to_string()).unwrap();
            kept.put(&id, Some(&shop), number as u64);
            assert!(kept.get(&id, number as u64).is_some());
            assert!(kept.0.lock().unwrap().len() <= MOST);
        }
    }

    #[test]
    fn an_answer_that_comes_late_takes_the_place_of_no_newer_one() {
        let kept = Kept::default();
        let shop = Arc::new(customer("shop"));
        kept.put(&shop.id, Some(&shop), 50);
        kept.put(&shop.id, None, 40);
        assert!(kept.get(&shop.id, 50).is_some());
        assert!(kept.get(&shop.id, 49).is_none(), "a clock that was set back makes no record younger");
    }
}
