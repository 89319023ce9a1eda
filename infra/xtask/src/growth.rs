//! Growth on paper: what so many flows a second take of AWS, and which of its quotas must be raised for that. It is
//! arithmetic over what `costs` knows of a flow; `infra/PERFORMANCE.md` shows these tables, and a test compares.

use std::fmt::Write as _;

use crate::costs::{BOTH, Flow, OTP, SILENT, STORED};

/// Flows a second.
const RATES: [f64; 3] = [10.0, 1000.0, 50_000.0];

/// Of all flows; they add up to one.
const ASSUMED_MIX: [(Flow, f64); 3] = [(SILENT, 0.80), (OTP, 0.15), (BOTH, 0.05)];
/// Of one SMS, in USD. Countries differ: <https://aws.amazon.com/sns/sms-pricing/>
const ASSUMED_SMS_USD: f64 = 0.04;
/// "Within a few days" (DynamoDB Developer Guide, "Using time to live"), beside the ten minutes of the session itself.
const ASSUMED_TTL_SECONDS: f64 = 2.0 * 86_400.0 + 600.0;

/// An execution takes ten requests a second, however short they are (Lambda Developer Guide, "Lambda quotas").
const LEAST_MS: u32 = 100;
/// Executions that a function may grow by in ten seconds (the same, "Lambda scaling behavior").
const GROWTH: f64 = 1000.0;
/// Units a second of one partition, and so of one item (DynamoDB Developer Guide, "Best practices for partition keys").
const PARTITION_WRITES: f64 = 1000.0;
const PARTITION_READS: f64 = 3000.0;
/// In seconds.
const MONTH: f64 = 730.0 * 3600.0;
/// How long an execution believes what it read of a customer.
const CUSTOMER_SECONDS: f64 = 60.0;

/// An item as it lies in a table, at its largest; `PREFIX` begins its key.
pub struct Item {
    pub what: &'static str,
    pub prefix: &'static str,
    /// What the key hashes over, which spreads the items over partitions.
    over: &'static str,
    /// Names and values, to the fifty above.
    pub bytes: u32,
}

/// All kinds of items, the last two each in a table of its own.
pub const ITEMS: [Item; 7] = [
    Item { what: "session, ended both ways", prefix: "session#", over: "122 random bits", bytes: 1200 },
    Item { what: "correlation id", prefix: "correlation#", over: "customer, and the name that it chose", bytes: 150 },
    Item { what: "idempotency key", prefix: "idempotency#", over: "customer, and a keyed hash of the key", bytes: 250 },
    Item { what: "cached lookup", prefix: "lookup#", over: "a keyed hash of the number", bytes: 150 },
    Item { what: "counter", prefix: "count#", over: "whom it counts, and the window", bytes: 150 },
    Item { what: "usage", prefix: "usage#", over: "customer, day, and two digits of the session's id", bytes: 150 },
    Item { what: "customer", prefix: "", over: "customer", bytes: 450 },
];

/// `OTP_SENDS_AN_HOUR_FOR_AN_ADDRESS`, unless it is set.
const SENDS_FOR_AN_ADDRESS: f64 = 10.0;

/// One line of the table of growth: how much is needed at so many flows a second, and what AWS gives unasked.
type Need = (&'static str, Option<f64>, fn(f64) -> f64);

/// Quotas are those of a usual account in a large region, and can be raised where nothing else is said:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>, the last two lines of DynamoDB
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html>,
/// <https://docs.aws.amazon.com/general/latest/gr/sns.html>.
const NEEDS: [Need; 18] = [
    ("HTTP API, requests a second", Some(10_000.0), |rate| rate * mean(|flow| f64::from(flow.requests))),
    ("of them to validate (`RouteRate`)", Some(100.0), |rate| {
        rate * mean(|flow| if *flow == BOTH { 2.0 } else { 1.0 })
    }),
    ("of them to otp (the template)", Some(20.0), messages),
    ("Lambda, executions at once", Some(1000.0), |rate| rate * mean(executions)),
    ("seconds until callback has grown to that", None, |rate| 10.0 * (callbacks(rate) / GROWTH).ceil()),
    ("DynamoDB, write units a second", Some(40_000.0), writes),
    ("of them borne by a new table", Some(4000.0), writes),
    ("partitions for them", None, |rate| (writes(rate) / PARTITION_WRITES).ceil()),
    ("DynamoDB, read units a second", Some(40_000.0), reads),
    ("of them borne by a new table", Some(12_000.0), reads),
    ("of one customer that has all flows, read each time", Some(PARTITION_READS), |rate| rate + messages(rate)),
    ("the same, read once a minute by each execution", Some(PARTITION_READS), customer_reads),
    ("stored until TTL has deleted it, GB", None, stored),
    ("logs, MB a second", None, |rate| rate * mean(Flow::all_log_bytes) / 1e6),
    ("SMS a second", Some(20.0), messages),
    ("client addresses that they must come from, evenly", None, |rate| 3600.0 * messages(rate) / SENDS_FOR_AN_ADDRESS),
    ("USD a month, without SMS", None, |rate| MONTH * rate * mean(Flow::usd) + stored(rate) * STORED),
    ("USD a month for SMS", Some(1.0), |rate| MONTH * messages(rate) * ASSUMED_SMS_USD),
];

/// Of the flow that there is on average.
fn mean(of: impl Fn(&Flow) -> f64) -> f64 {
    ASSUMED_MIX.iter().map(|(flow, share)| share * of(flow)).sum()
}

/// That a flow keeps busy, at one flow a second.
fn executions(flow: &Flow) -> f64 {
    let short = flow.requests - flow.assumed_waits_ms.len() as u32;
    let waits: u32 = flow.assumed_waits_ms.iter().map(|wait| LEAST_MS.max(flow.request_ms() + wait)).sum();
    f64::from(short * LEAST_MS.max(flow.request_ms()) + waits) / 1000.0
}

/// Executions of the function that waits for operators.
fn callbacks(rate: f64) -> f64 {
    let silent =
        |flow: &Flow| if *flow == OTP { 0.0 } else { f64::from(flow.request_ms() + flow.assumed_waits_ms[0]) / 1000.0 };
    rate * mean(silent)
}

fn messages(rate: f64) -> f64 {
    rate * mean(|flow| if *flow == SILENT { 0.0 } else { 1.0 })
}

fn writes(rate: f64) -> f64 {
    rate * mean(|flow| f64::from(flow.writes))
}

fn reads(rate: f64) -> f64 {
    rate * mean(|flow| flow.reads)
}

/// By the executions of get_config and otp, of one customer.
fn customer_reads(rate: f64) -> f64 {
    let otp = OTP.assumed_waits_ms[0] + OTP.request_ms();
    (rate * f64::from(LEAST_MS.max(SILENT.request_ms())) + messages(rate) * f64::from(LEAST_MS.max(otp)))
        / 1000.0
        / CUSTOMER_SECONDS
}

/// Sessions, each with a correlation id.
fn stored(rate: f64) -> f64 {
    rate * ASSUMED_TTL_SECONDS * f64::from(ITEMS[0].bytes + ITEMS[1].bytes) / 1e9
}

/// Tables in Markdown: the items, the flows, and growth. A need over its quota is bold.
#[must_use]
pub fn tables() -> [String; 3] {
    let mut items =
        String::from("| Item | key | hashes over | bytes | write units | read units |\n|---|---|---|--:|--:|--:|\n");
    for Item { what, prefix, over, bytes } in ITEMS {
        let (writes, reads) = (bytes.div_ceil(1024), bytes.div_ceil(4096));
        // Writing to a string cannot fail.
        let _ = writeln!(items, "| {what} | `{prefix}…` | {over} | {bytes} | {writes} | {reads} |");
    }
    let mut flows = String::from("| Flow | of 100 | requests | read units | write units |\n|---|--:|--:|--:|--:|\n");
    for (name, (flow, share)) in ["silent", "OTP", "silent, then OTP"].into_iter().zip(ASSUMED_MIX) {
        let Flow { requests, reads, writes, .. } = flow;
        let _ = writeln!(flows, "| {name} | {:.0} | {requests} | {reads} | {writes} |", 100.0 * share);
    }
    let mut growth = String::from("| Flows a second | unasked | 10 | 1000 | 50000 |\n|---|--:|--:|--:|--:|\n");
    for (what, quota, need) in NEEDS {
        let given = quota.map(digits).unwrap_or_default();
        let [few, more, most] = RATES.map(need).map(|need| {
            let over = quota.is_some_and(|quota| need > quota);
            if over { format!("**{}**", digits(need)) } else { digits(need) }
        });
        let _ = writeln!(growth, "| {what} | {given} | {few} | {more} | {most} |");
    }
    [items, flows, growth]
}

/// Whole from a hundred on, else what can be seen.
fn digits(value: f64) -> String {
    match value {
        _ if value.fract() == 0.0 || value >= 100.0 => format!("{value:.0}"),
        _ if value >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_an_execution_takes_ten_requests_a_second() {
        assert!((mean(|_| 1.0) - 1.0).abs() < 1e-9);
        // Three short requests and one of 1014 ms.
        assert!((executions(&SILENT) - 1.314).abs() < 1e-9);
        assert!((messages(100.0) - 20.0).abs() < 1e-9);
    }
}
