//! What SNS will do with an SMS: the sandbox, the limit of spending, the kind of message, who opted out.

use super::Check;
use crate::{Error, place::Place, signed::Service};

const DAY_MS: u64 = 86_400_000;

pub(super) async fn checks(place: &Place) -> Vec<Check> {
    // The sandbox takes messages, and has no account that could be looked at.
    if place.is_local {
        return vec![Check::asked("SMS", Err(Error::NotHere("an account of SNS")), "")];
    }
    let attributes = place.query(Service::SNS, "GetSMSAttributes", &[]).await;
    let entry = |name: &str| match &attributes {
        Ok(reply) => attribute(&reply.body, name).map_err(Error::refused),
        Err(Error::NotHere(service)) => Err(Error::NotHere(service)),
        Err(error) => Err(Error::refused(error)),
    };
    let kind = entry("DefaultSMSType").and_then(|kind| match kind.as_deref() {
        Some("Transactional") => Ok("Transactional".to_owned()),
        other => {
            Err(Error::refused(format!("{}; codes must not wait behind advertising", other.unwrap_or("Promotional"))))
        }
    });
    let transactional = "aws sns set-sms-attributes --attributes DefaultSMSType=Transactional";
    let raise =
        "ask AWS support for a higher limit, then `aws sns set-sms-attributes --attributes MonthlySpendLimit=…`";
    vec![
        Check::asked(
            "SMS: sandbox",
            sandboxed(place).await,
            "ask AWS to move the account out of the SMS sandbox (SNS console, Text messaging); until then only verified numbers get codes",
        ),
        Check::asked("SMS: spend", spend(place, entry("MonthlySpendLimit")).await, raise),
        Check::asked("SMS: kind", kind, transactional).doubtful(),
        Check::asked("SMS: opted out", opted_out(place).await, "see the cause").doubtful(),
    ]
}

async fn sandboxed(place: &Place) -> Result<String, Error> {
    let reply = place.query(Service::SNS, "GetSMSSandboxAccountStatus", &[]).await?;
    match reply.text("IsInSandbox")?.as_deref() {
        Some("false") => Ok("no".to_owned()),
        _ => Err(Error::refused("the account is in the SMS sandbox")),
    }
}

/// The limit and what this month has cost. AWS counts by itself, in us-east-1's time of the month: UTC.
async fn spend(place: &Place, limit: Result<Option<String>, Error>) -> Result<String, Error> {
    // What an account begins with.
    let limit = limit?.unwrap_or_else(|| "1".to_owned());
    let most: f64 = limit.parse().map_err(|_| Error::refused("the spend limit is not a number"))?;
    let at = |ms: u64| match crate::answer::time(ms) {
        serde_json::Value::String(text) => text,
        _ => String::new(),
    };
    let (from, to) = (at(place.now.saturating_sub(DAY_MS)), at(place.now));
    let fields = [
        ("Namespace", "AWS/SNS"),
        ("MetricName", "SMSMonthToDateSpentUSD"),
        ("StartTime", &from),
        ("EndTime", &to),
        ("Period", "86400"),
        ("Statistics.member.1", "Maximum"),
    ];
    let spent = place.query(Service::CLOUDWATCH, "GetMetricStatistics", &fields).await?.text("Maximum")?;
    judged(spent.and_then(|text| text.parse().ok()), most).map_err(Error::refused)
}

/// Nothing was sent yesterday where the metric has no value.
fn judged(spent: Option<f64>, most: f64) -> Result<String, String> {
    let spent = spent.unwrap_or(0.0);
    let found = format!("{spent:.2} of {most:.2} USD this month");
    if spent < 0.8 * most { Ok(found) } else { Err(found) }
}

/// How many; whose numbers is nobody's business here.
async fn opted_out(place: &Place) -> Result<String, Error> {
    let reply = place.query(Service::SNS, "ListPhoneNumbersOptedOut", &[]).await?;
    let (document, more) = (reply.xml()?, reply.text("nextToken")?.is_some());
    let numbers = document.descendants().filter(|node| node.has_tag_name("member")).count();
    Ok(format!("{numbers}{} numbers", if more { " or more" } else { "" }))
}

/// The value of an `<entry>` of an XML map.
fn attribute(xml: &str, name: &str) -> Result<Option<String>, String> {
    let document = roxmltree::Document::parse(xml).map_err(|error| error.to_string())?;
    let mut entries = document.descendants().filter(|node| node.has_tag_name("entry"));
    let text = |node: &roxmltree::Node<'_, '_>, tag: &str| {
        node.children().find(|child| child.has_tag_name(tag)).and_then(|child| child.text()).map(str::to_owned)
    };
    Ok(entries.find(|entry| text(entry, "key").as_deref() == Some(name)).and_then(|entry| text(&entry, "value")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_found_in_the_answer_as_sns_documents_it() {
        let xml = r#"<GetSMSAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetSMSAttributesResult>
            <attributes><entry><key>DefaultSMSType</key><value>Transactional</value></entry>
            <entry><key>MonthlySpendLimit</key><value>50</value></entry></attributes></GetSMSAttributesResult>
            </GetSMSAttributesResponse>"#;
        assert_eq!(attribute(xml, "MonthlySpendLimit"), Ok(Some("50".to_owned())));
        assert_eq!(attribute(xml, "DefaultSenderID"), Ok(None));
        assert!(attribute("{}", "x").is_err());
    }

    #[test]
    fn four_fifths_of_the_limit_is_a_failure() {
        assert_eq!(judged(Some(39.99), 50.0), Ok("39.99 of 50.00 USD this month".to_owned()));
        assert!(judged(Some(40.0), 50.0).is_err());
        assert!(judged(None, 1.0).is_ok() && judged(None, 0.0).is_err());
    }
}
