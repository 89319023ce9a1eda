//! `cargo xtask costs`: what a thousand authentications cost on AWS, without the SMS. What a flow takes is counted by a
//! test that walks one (`tests/flows/costs.rs`), or measured (`cargo xtask bench --only endpoints`); prices are AWS's own; what is
//! assumed has a name that says so.

use std::fmt::Write as _;

/// What one flow takes of AWS, in a deployment without a number lookup. Access tokens serve for an hour: none is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Through the HTTP API, and so of functions: get_config, authenticate, callback, validate; or get_config, otp, validate.
    pub requests: u32,
    /// DynamoDB's read request units.
    pub reads: f64,
    /// Its write request units.
    pub writes: u32,
    /// Requests to DynamoDB, as if none were made beside another.
    pub calls: u32,
    /// What the functions' own code takes of a whole processor, in microseconds; of this project's release build.
    pub(crate) cpu_us: u32,
    /// Of the functions' own lines of log, in bytes, to the hundred above.
    pub log_bytes: u32,
    /// Requests in which an operator, or SNS, is asked, and until it has answered: a function waits, and Lambda bills it.
    pub(crate) assumed_waits_ms: &'static [u32],
}

/// Of Vodafone: two requests to the operator.
pub const SILENT: Flow =
    Flow { requests: 4, reads: 3.0, writes: 8, calls: 8, cpu_us: 2200, log_bytes: 4600, assumed_waits_ms: &[1000] };
/// One send, one right guess.
pub const OTP: Flow =
    Flow { requests: 3, reads: 2.0, writes: 17, calls: 5, cpu_us: 1300, log_bytes: 2800, assumed_waits_ms: &[100] };
/// A silent attempt that finds another number, of which the customer learns; then a code for the same session.
pub const BOTH: Flow = Flow {
    requests: 6,
    reads: 5.0,
    writes: 27,
    calls: 11,
    cpu_us: 3200,
    log_bytes: 6200,
    assumed_waits_ms: &[1000, 100],
};

/// For one call of DynamoDB: AWS says "single-digit milliseconds", and no more.
const ASSUMED_STORE_MS: f64 = 5.0;
/// A function's part of a processor: one has 1769 MB (AWS Lambda, "Configure Lambda function memory").
const PROCESSOR: f64 = 256.0 / 1769.0;
/// What is logged of a request beside the functions' lines: START, END and REPORT of Lambda, and the API's access log.
const ASSUMED_LOG_BYTES: u32 = 700;
/// Of the functions: the template's Memory, 256 MB.
const GB: f64 = 0.25;

/// List prices in USD, us-east-1, of 2025, without free tiers.
/// <https://aws.amazon.com/api-gateway/pricing/> (HTTP APIs, the first 300 million)
const API_REQUESTS: f64 = 1.00 / 1e6;
/// <https://aws.amazon.com/lambda/pricing/>
const LAMBDA_REQUESTS: f64 = 0.20 / 1e6;
/// The same, arm64; x86_64 is a quarter more.
const LAMBDA_GB_SECONDS: f64 = 0.000_013_333_4;
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/> (since November 2024)
const READS: f64 = 0.125 / 1e6;
const WRITES: f64 = 0.625 / 1e6;
/// A GB for a month (the same).
pub(crate) const STORED: f64 = 0.25;
/// <https://aws.amazon.com/cloudwatch/pricing/> (standard logs, ingested)
const LOG_BYTES: f64 = 0.50 / 1e9;

impl Flow {
    /// What a request takes on average of a function, in milliseconds, without the waits for others.
    pub(crate) fn request_ms(&self) -> u32 {
        let own = f64::from(self.cpu_us) / 1000.0 / PROCESSOR + f64::from(self.calls) * ASSUMED_STORE_MS;
        (own / f64::from(self.requests)).ceil() as u32
    }

    fn gb_seconds(&self) -> f64 {
        let waits: u32 = self.assumed_waits_ms.iter().sum();
        f64::from(self.requests * self.request_ms() + waits) / 1000.0 * GB
    }

    pub(crate) fn all_log_bytes(&self) -> f64 {
        f64::from(self.log_bytes + self.requests * ASSUMED_LOG_BYTES)
    }

    /// What one costs, in USD.
    pub(crate) fn usd(&self) -> f64 {
        ITEMS.iter().map(|(_, much, price)| much(self) * price).sum()
    }
}

/// A kind of thing that is billed: its name, how much of it a flow takes, and what one costs.
type Item = (&'static str, fn(&Flow) -> f64, f64);

const ITEMS: [Item; 6] = [
    ("HTTP API, requests", |flow| f64::from(flow.requests), API_REQUESTS),
    ("Lambda, requests", |flow| f64::from(flow.requests), LAMBDA_REQUESTS),
    ("Lambda, GB-seconds", Flow::gb_seconds, LAMBDA_GB_SECONDS),
    ("DynamoDB, read units", |flow| flow.reads, READS),
    ("DynamoDB, write units", |flow| f64::from(flow.writes), WRITES),
    ("Logs, kB", |flow| flow.all_log_bytes() / 1e3, LOG_BYTES * 1e3),
];

/// A table in Markdown: how much of each a thousand flows take, and what that costs.
#[must_use]
pub fn table() -> String {
    let mut table = String::from("| Per 1000 | silent | USD | OTP | USD |\n|---|--:|--:|--:|--:|\n");
    for (name, much, price) in ITEMS {
        let [silent, otp] = [&SILENT, &OTP].map(|flow| 1000.0 * much(flow));
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {name} | {silent:.0} | {:.4} | {otp:.0} | {:.4} |", silent * price, otp * price);
    }
    let [silent, otp] = [&SILENT, &OTP].map(|flow| 1000.0 * flow.usd());
    let _ = writeln!(table, "| **together** | | **{silent:.4}** | | **{otp:.4}** |");
    table
}
