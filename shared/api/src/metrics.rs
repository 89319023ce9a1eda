//! The metrics of a request, in CloudWatch's embedded metric format: which fields of its line are metrics, and by what
//! they are counted.

use serde_json::{Map, Value, json};

const NAMESPACE: &str = "SilentAuthGateway";

/// Metrics that are counted by the same dimensions: each set is a series of its own.
pub struct Group {
    pub dimensions: &'static [&'static [&'static str]],
    /// Name and unit.
    pub metrics: &'static [(&'static str, &'static str)],
}

/// All that a request's line can have; what counts it elsewhere is held to this.
pub const GROUPS: [Group; 5] = [
    Group {
        dimensions: &[&["stack", "endpoint"]],
        metrics: &[
            ("requests", "Count"),
            ("ms", "Milliseconds"),
            ("errors", "Count"),
            ("limited", "Count"),
            ("cold_starts", "Count"),
            ("dynamodb_calls", "Count"),
            ("secrets_stale", "Count"),
        ],
    },
    Group {
        dimensions: &[&["stack", "verdict"], &["stack", "network", "verdict"]],
        metrics: &[("silent_attempts", "Count")],
    },
    Group {
        dimensions: &[&["stack", "network"]],
        metrics: &[("operator_ms", "Milliseconds"), ("operator_failures", "Count")],
    },
    Group {
        dimensions: &[&["stack"]],
        metrics: &[
            ("otp_sent", "Count"),
            ("otp_verified", "Count"),
            ("otp_refused", "Count"),
            ("sms_usd_at_most", "None"),
        ],
    },
    Group { dimensions: &[&["stack", "cause"]], metrics: &[("sms_failures", "Count")] },
];

/// Adds `_aws` to a request's fields, for the metrics that are among them. `now`: Unix milliseconds.
pub(crate) fn embed(fields: &mut Map<String, Value>, now: u64) {
    let directives: Vec<Value> = GROUPS.iter().filter_map(|group| directive(group, fields)).collect();
    fields.insert("_aws".to_owned(), json!({ "Timestamp": now, "CloudWatchMetrics": directives }));
}

/// What of a group is there: CloudWatch refuses a line that names a metric or a dimension which it has not.
fn directive(group: &Group, fields: &Map<String, Value>) -> Option<Value> {
    let known = |name: &&str| fields.contains_key(*name);
    let metrics: Vec<Value> = group.metrics.iter().filter(|(name, _)| known(name)).map(metric).collect();
    let dimensions: Vec<_> = group.dimensions.iter().filter(|set| set.iter().all(known)).collect();
    let is_empty = metrics.is_empty() || dimensions.is_empty();
    (!is_empty).then(|| json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics }))
}

fn metric((name, unit): &(&str, &str)) -> Value {
    json!({ "Name": name, "Unit": unit })
}
