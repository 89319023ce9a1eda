//! What SNS will do with an SMS: the sandbox, and the limit of spending. The kind of a message is said with each.

use super::Check;
use crate::{
    Error,
    place::Place,
    signed::{Reply, Service},
};

const DAY_S: u64 = 86_400;

pub(super) async fn checks(place: &Place) -> Vec<Check> {
    // The sandbox takes messages, and has no account that could be looked at.
    if place.is_local {
        return vec![Check::of("SMS", Err(Error::NotHere("an account of SNS")), "")];
    }
    vec![
        Check::of(
            "SMS: sandbox",
            sandboxed(place).await,
            "ask AWS to move the account out of the SMS sandbox (SNS console, Text messaging); until then only verified numbers get codes",
        ),
        Check::of(
            "SMS: spend",
            spend(place).await,
            "ask AWS support for a higher limit, then `aws sns set-sms-attributes --attributes MonthlySpendLimit=…`",
        ),
    ]
}

async fn sandboxed(place: &Place) -> Result<String, Error> {
    let reply = place.query(Service::SNS, "GetSMSSandboxAccountStatus", &[]).await?;
    match reply.text("IsInSandbox")?.as_deref() {
        Some("false") => Ok("no".to_owned()),
        Some("true") => Err(Error::refused("the account is in the SMS sandbox")),
        _ => Err(reply.broken()),
    }
}

/// The limit, and what this month has cost. AWS's month is UTC's.
async fn spend(place: &Place) -> Result<String, Error> {
    let attributes = place.query(Service::SNS, "GetSMSAttributes", &[]).await?;
    // What an account begins with.
    let most = limit(&attributes)?.unwrap_or(1.0);
    let (from, to) = month(place.now);
    let fields = [
        ("Namespace", "AWS/SNS"),
        ("MetricName", "SMSMonthToDateSpentUSD"),
        ("StartTime", &from),
        ("EndTime", &to),
        ("Period", "86400"),
        ("Statistics.member.1", "Maximum"),
    ];
    let spent = greatest(&place.query(Service::CLOUDWATCH, "GetMetricStatistics", &fields).await?)?;
    judged(spent, most).map_err(Error::refused)
}

/// From the month's beginning, because what was spent stays spent on a day without SMS. To a little after `now`: the two
/// must differ.
fn month(now: u64) -> (String, String) {
    let at = |seconds: u64| match crate::answer::time(seconds * 1000) {
        serde_json::Value::String(text) => text,
        _ => String::new(),
    };
    let seconds = now / 1000;
    let day = i64::try_from(seconds).ok().and_then(|now| time::OffsetDateTime::from_unix_timestamp(now).ok());
    let before = u64::from(day.map_or(1, time::OffsetDateTime::day) - 1);
    (at((seconds / DAY_S - before) * DAY_S), at(seconds + 60))
}

/// The greatest of the values, which come in no order. Nothing was sent where there is none.
fn greatest(reply: &Reply) -> Result<f64, Error> {
    let document = reply.xml()?;
    let values = document.descendants().filter(|node| node.tag_name().name() == "Maximum");
    values
        .map(|node| number(node.text()).ok_or_else(|| reply.broken()))
        .try_fold(0.0, |most, value| Ok(value?.max(most)))
}

fn judged(spent: f64, most: f64) -> Result<String, String> {
    let found = format!("{spent:.2} of {most:.2} USD this month");
    if spent < 0.8 * most { Ok(found) } else { Err(found) }
}

/// The attribute MonthlySpendLimit, an `<entry>` of an XML map.
fn limit(reply: &Reply) -> Result<Option<f64>, Error> {
    let document = reply.xml()?;
    let text = |node: &roxmltree::Node<'_, '_>, tag: &str| {
        node.children().find(|child| child.tag_name().name() == tag).and_then(|child| child.text()).map(str::to_owned)
    };
    let mut entries = document.descendants().filter(|node| node.tag_name().name() == "entry");
    let entry = entries.find(|entry| text(entry, "key").as_deref() == Some("MonthlySpendLimit"));
    entry.map(|entry| number(text(&entry, "value").as_deref()).ok_or_else(|| reply.broken())).transpose()
}

fn number(text: Option<&str>) -> Option<f64> {
    text?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_on_its_first_day_at_midnight_in_utc() {
        let month_at = |now| month(now).0;
        // 2026-03-01T00:00:00Z, 2026-02-28T23:59:59Z, 2024-02-29T12:00:00Z.
        assert_eq!(month_at(1_772_323_200_000), "2026-03-01T00:00:00Z");
        assert_eq!(month_at(1_772_323_199_000), "2026-02-01T00:00:00Z");
        assert_eq!(month_at(1_709_208_000_000), "2024-02-01T00:00:00Z");
        assert_eq!(month(1_772_323_200_000).1, "2026-03-01T00:01:00Z");
    }
}
