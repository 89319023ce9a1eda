//! `sna usage`: what a customer has used, by day and network, as the functions have counted it.

use clap::Args;
use serde_json::json;
use sna_customers::CustomerId;
use sna_sessions::{KEPT_DAYS, Used};
use time::{Date, Duration, OffsetDateTime, format_description::well_known::Iso8601};

use crate::{Answer, Error, place::Place};

#[derive(Args)]
pub(crate) struct Usage {
    /// The customer's id
    #[arg(long)]
    customer: String,
    /// The first day, of UTC, such as 2026-11-01; else the thirtieth before the last
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<Date>,
    /// The last day; else today
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<Date>,
    /// What one SMS costs, in USD; else SMS_MAX_PRICE of the deployment, which is the most that one may cost
    #[arg(long)]
    sms_usd: Option<f64>,
    /// Answer in comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| "not a day such as 2026-11-01".to_owned())
}

pub(crate) async fn run(usage: Usage, mut place: Place) -> Result<Answer, Error> {
    let customer = CustomerId::parse(&usage.customer).map_err(Error::refused)?;
    let now = i64::try_from(place.now / 1000).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let today = now.ok_or_else(|| Error::refused("this machine's clock shows no day"))?.date();
    let to = usage.to.unwrap_or(today);
    let from = usage.from.unwrap_or_else(|| to.saturating_sub(Duration::days(30)));
    if from > to || (to - from).whole_days() >= i64::from(KEPT_DAYS) {
        return Err(Error::refused(format!("from {from} to {to}: 1 to {KEPT_DAYS} days can be asked for")));
    }
    place.reach().await?;
    let price = usage.sms_usd.or_else(|| place.get("SMS_MAX_PRICE")?.parse().ok());
    let used = place.usage()?.days(customer.as_str(), from, to, price).await.map_err(Error::refused)?;
    let rows = used.into_iter().map(|used| {
        let Used { day, network, silent_attempts, matches, mismatches, otp_sent, otp_verified, sms_usd_saved } = used;
        vec![
            ("day", json!(day)),
            ("network", json!(network)),
            ("silent_attempts", json!(silent_attempts)),
            ("matches", json!(matches)),
            ("mismatches", json!(mismatches)),
            ("otp_sent", json!(otp_sent)),
            ("otp_verified", json!(otp_verified)),
            ("sms_usd_saved", json!(sms_usd_saved)),
        ]
    });
    let answer = Answer::many(rows.collect());
    Ok(if usage.csv { answer.into_csv() } else { answer })
}
