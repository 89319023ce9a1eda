//! The SNS endpoint over a real connection: what it accepts, what it refuses, and how it fails on order.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use reqwest::{RequestBuilder, Response};

use crate::{
    inbox::{Fault, Inbox},
    listen::{Bound, Servers},
};

const NUMBER: &str = "+447700900620";
type Field = (&'static str, &'static str);

struct Endpoint {
    inbox: Inbox,
    url: String,
    _servers: Servers,
}

impl Endpoint {
    async fn start() -> Endpoint {
        let (inbox, mut servers, bound) = (Inbox::default(), Servers::new(), Bound::at(0).await.unwrap());
        let url = bound.url();
        servers.serve(bound, super::router(inbox.clone()));
        Endpoint { inbox, url, _servers: servers }
    }

    /// A valid publish; `changes` replace or add fields.
    fn request(&self, changes: &[Field]) -> RequestBuilder {
        let valid = [
            ("Action", "Publish"),
            ("Version", "2010-03-31"),
            ("PhoneNumber", NUMBER),
            ("Message", "Your code is 123456"),
        ];
        let fields: Vec<Field> = valid.iter().chain(changes).copied().collect();
        crate::http::client().post(&self.url).header("authorization", "AWS4-HMAC-SHA256 Credential=x").form(&fields)
    }

    async fn publish(&self, changes: &[Field]) -> (u16, String) {
        answer(self.request(changes).send().await.unwrap()).await
    }
}

async fn answer(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

fn attribute(value: &'static str, kind: &'static str, name: &'static str) -> [Field; 3] {
    [
        ("MessageAttributes.entry.1.Name", name),
        ("MessageAttributes.entry.1.Value.DataType", kind),
        ("MessageAttributes.entry.1.Value.StringValue", value),
    ]
}

#[tokio::test]
async fn a_published_message_is_in_the_inbox_of_its_number() {
    let sns = Endpoint::start().await;
    let (status, xml) = sns.publish(&attribute("DemoShop", "String", "AWS.SNS.SMS.SenderID")).await;
    assert_eq!(status, 200);
    assert!(xml.contains("<PublishResult><MessageId>"), "{xml}");
    let sms = sns.inbox.messages(NUMBER).remove(0);
    assert_eq!((sms.text.as_str(), sms.sender.as_deref()), ("Your code is 123456", Some("DemoShop")));
    assert_eq!(sns.inbox.publishes(NUMBER), 1);
}

#[tokio::test]
async fn an_unsigned_request_is_refused() {
    let sns = Endpoint::start().await;
    let unsigned = crate::http::client().post(&sns.url).form(&[("Action", "Publish")]).send().await.unwrap();
    let (status, xml) = answer(unsigned).await;
    assert_eq!(status, 403);
    assert!(xml.contains("<Code>MissingAuthenticationToken</Code>"), "{xml}");
}

#[tokio::test]
async fn what_sns_calls_invalid_is_refused_and_not_delivered() {
    let sns = Endpoint::start().await;
    let bad: [&[Field]; 9] = [
        &[("PhoneNumber", "07700900620")],
        &[("PhoneNumber", "+44 7700 900620")],
        &[("Message", "")],
        &[("Action", "PublishBatch")],
        &attribute("TwelveLetters", "String", "AWS.SNS.SMS.SenderID"),
        &attribute("12345", "String", "AWS.SNS.SMS.SenderID"),
        &attribute("Urgent", "String", "AWS.SNS.SMS.SMSType"),
        &attribute("0.20", "String", "AWS.SNS.SMS.MaxPrice"),
        &attribute("-1", "Number", "AWS.SNS.SMS.MaxPrice"),
    ];
    for changes in bad {
        let (status, xml) = sns.publish(changes).await;
        assert_eq!(status, 400, "{changes:?}: {xml}");
    }
    assert_eq!(sns.inbox.messages(NUMBER), []);
}

#[tokio::test]
async fn a_fault_before_the_sending_sends_nothing_and_counts_the_publish() {
    let sns = Endpoint::start().await;
    let faults = [
        (Fault::Refuse, 403),
        (Fault::OptedOut, 400),
        (Fault::SpendLimit, 400),
        (Fault::Sandboxed, 400),
        (Fault::Throttle, 400),
        (Fault::Internal, 500),
        (Fault::Lose, 200),
    ];
    for (fault, expected) in faults {
        sns.inbox.fail(NUMBER, fault);
        assert_eq!(sns.publish(&[]).await.0, expected, "{fault:?}");
    }
    assert_eq!((sns.inbox.messages(NUMBER).len(), sns.inbox.publishes(NUMBER)), (0, 7));
    sns.inbox.heal(NUMBER);
    assert_eq!(sns.publish(&[]).await.0, 200);
}

#[tokio::test]
async fn a_dropped_connection_loses_the_answer_and_keeps_the_message() {
    let sns = Endpoint::start().await;
    sns.inbox.fail(NUMBER, Fault::Drop);
    let lost = sns.request(&[]).send().await;
    assert!(lost.is_err_and(|error| !error.is_status() && !error.is_connect()));
    assert_eq!(sns.inbox.messages(NUMBER).len(), 1);
}
