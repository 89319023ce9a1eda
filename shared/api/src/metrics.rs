//! The metrics of a request, in CloudWatch's embedded metric format: which fields of its line are metrics, and by what
//! they are counted.

use serde::Serialize;

const NAMESPACE: &str = "SilentAuthGateway";

/// Metrics that are counted by the same dimensions: each set is a series of its own.
pub struct Group {
    pub dimensions: &'static [&'static [&'static str]],
    /// Name and unit.
    pub metrics: &'static [(&'static str, &'static str)],
}

/// All that a request's line can have; what counts it elsewhere is held to this.
pub static GROUPS: [Group; 5] = [
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
            ("webhooks_delivered", "Count"),
            ("webhooks_failed", "Count"),
        ],
    },
    Group { dimensions: &[&["stack", "cause"]], metrics: &[("sms_failures", "Count")] },
];

/// What stands as `_aws` in a line that has metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Embedded {
    timestamp: u64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: Vec<Directive>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: Vec<&'static [&'static str]>,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

/// The metrics that are among a request's fields. `now`: Unix milliseconds.
pub(crate) fn embedded(known: impl Fn(&str) -> bool, now: u64) -> Embedded {
    Embedded { timestamp: now, directives: GROUPS.iter().filter_map(|group| directive(group, &known)).collect() }
}

/// What of a group is there: CloudWatch refuses a line that names a metric or a dimension which it has not.
fn directive(group: &'static Group, known: &impl Fn(&str) -> bool) -> Option<Directive> {
    let metrics = group.metrics.iter().filter(|(name, _)| known(name));
    let metrics: Vec<_> = metrics.map(|&(name, unit)| Metric { name, unit }).collect();
    let dimensions: Vec<_> =
        group.dimensions.iter().copied().filter(|set| set.iter().all(|name| known(name))).collect();
    let is_empty = metrics.is_empty() || dimensions.is_empty();
    (!is_empty).then_some(Directive { namespace: NAMESPACE, dimensions, metrics })
}
