//! What Lambda hands over (AWS Lambda, "Using AWS Lambda with Amazon DynamoDB" and "with Amazon SQS"): what is new in the table
//! of events, or messages of the queue. Each is an event, as JSON.

use serde::Deserialize;
use serde_json::Value;

pub enum Source {
    Stream(Vec<String>),
    Queue(Vec<Message>),
}

/// A message of the queue.
pub struct Message {
    pub id: String,
    /// By which SQS knows that it was handed over this time.
    pub receipt: String,
    pub event: String,
    /// How often it was handed over, this time included.
    pub attempt: usize,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(tag = "eventSource")]
enum Record {
    #[serde(rename = "aws:dynamodb")]
    Stream { dynamodb: Changed },
    #[serde(rename = "aws:sqs", rename_all = "camelCase")]
    Queue { message_id: String, receipt_handle: String, body: String, attributes: Attributes },
}

#[derive(Deserialize)]
struct Changed {
    /// Absent of what was taken away.
    #[serde(rename = "NewImage")]
    new: Option<Image>,
}

#[derive(Deserialize)]
struct Image {
    event: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount")]
    received: String,
}

impl Source {
    /// # Errors
    /// It is neither.
    pub fn read(event: &Value) -> Result<Self, String> {
        let batch = Batch::deserialize(event).map_err(|_| "neither a stream's records nor a queue's".to_owned())?;
        let (mut events, mut messages) = (Vec::new(), Vec::new());
        for record in batch.records {
            match record {
                Record::Stream { dynamodb } => events.extend(dynamodb.new.map(|image| image.event.text)),
                Record::Queue { message_id, receipt_handle, body, attributes } => messages.push(Message {
                    id: message_id,
                    receipt: receipt_handle,
                    event: body,
                    attempt: attributes.received.parse().unwrap_or(1),
                }),
            }
        }
        Ok(if messages.is_empty() { Self::Stream(events) } else { Self::Queue(messages) })
    }
}
