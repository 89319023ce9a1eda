//! Counters of a window, beside the sessions: a new session or a new code does not reset them
//! (NIST SP 800-63B-4 3.2.2).

use std::net::IpAddr;

use aws_sdk_dynamodb::{Client, types::AttributeValue as Value};

use crate::{
    StoreError,
    item::{number, ttl},
    store::unavailable,
};

/// At most `most` of something in a window.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is counted, and for whom; nothing personal, so a number or an address only as its keyed hash.
    pub key: String,
    pub window_ms: u64,
    pub most: u64,
}

/// What a change does to a counter. It happens together with the change or not at all.
#[derive(Clone, Debug)]
pub enum Count {
    /// One more, if the limit allows it.
    Add(Limit),
    /// None more, but the limit must not be reached.
    Check(Limit),
    /// One less.
    GiveBack(Limit),
}

pub const HOUR: u64 = 3_600_000;
pub const DAY: u64 = 24 * HOUR;

impl Limit {
    /// The window is in the key: a new one begins at zero, and the old one is left to the TTL.
    pub(crate) fn item_key(&self, now: u64) -> String {
        format!("count#{}#{}#{}", self.key, self.window_ms, now / self.window_ms)
    }

    /// When the window of `now` ends.
    pub(crate) fn ends(&self, now: u64) -> u64 {
        (now / self.window_ms + 1) * self.window_ms
    }
}

impl Count {
    pub(crate) fn limit(&self) -> &Limit {
        match self {
            Self::Add(limit) | Self::Check(limit) | Self::GiveBack(limit) => limit,
        }
    }
}

/// Counters that no session goes with.
pub struct Counters {
    client: Client,
    table: String,
}

impl Counters {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// One more of `limit`. `Some`: the limit was reached already; milliseconds until its window ends.
    pub async fn count(&self, limit: &Limit, now: u64) -> Result<Option<u64>, StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", Value::S(limit.item_key(now)))
            .update_expression("ADD n :by SET #ttl = :ttl")
            .condition_expression("attribute_not_exists(n) OR n < :most")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":by", number(1))
            .expression_attribute_values(":ttl", number(ttl(limit.ends(now))))
            .expression_attribute_values(":most", number(limit.most));
        match request.send().await {
            Ok(_) => Ok(None),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(Some(limit.ends(now).saturating_sub(now)))
            }
            Err(error) => Err(unavailable(&error)),
        }
    }
}

/// Whom an address is counted as: an IPv6 subscriber has a whole /64.
pub fn subscriber(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_its_64() {
        let at = |text: &str| text.parse().map(subscriber).unwrap_or_default();
        assert_eq!(at("2a00:23c0:1:2:3:4:5:6"), at("2a00:23c0:1:2::1"));
        assert_ne!(at("2a00:23c0:1:2::1"), at("2a00:23c0:1:3::1"));
        assert_eq!(at("::ffff:8.8.8.8"), "8.8.8.8");
    }

    #[test]
    fn a_window_ends_where_the_next_begins() {
        let limit = Limit { key: "k".into(), window_ms: HOUR, most: 1 };
        let (now, end) = (10 * HOUR + 5, 11 * HOUR);
        assert_eq!(limit.ends(now), end);
        assert_eq!(limit.item_key(now), limit.item_key(end - 1));
        assert_ne!(limit.item_key(now), limit.item_key(end));
    }
}
