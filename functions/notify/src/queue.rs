//! The queue of events that are to be delivered.

use std::time::Duration;

use aws_sdk_sqs::{Client, error::ProvideErrorMetadata, types::SendMessageBatchRequestEntry};

use crate::source::Message;

/// How long after the first try that failed comes the second, and so on, in seconds: nine hours in all. Template.yaml's
/// `maxReceiveCount` is one more than these; then a message goes to the dead letters.
const WAITS: [i32; 6] = [10, 60, 300, 1800, 7200, 21_600];

pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Puts events into the queue: at most ten, which is what the stream hands over at once.
    pub async fn put(&self, events: &[String]) -> Result<(), String> {
        if events.is_empty() {
            return Ok(());
        }
        let entries = events.iter().enumerate().map(|(at, event)| {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(event);
            entry.build().map_err(|error| error.to_string())
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let sent = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        match sent {
            Ok(sent) if sent.failed.is_empty() => Ok(()),
            // All of them come again: one that is told twice has the same id.
            Ok(sent) => Err(format!("the queue refused {} of {}", sent.failed.len(), events.len())),
            Err(error) => Err(format!("the queue: {}", error.code().unwrap_or("no answer"))),
        }
    }

    /// Has the queue wait before it hands the message over again; if that fails, it waits as long as template.yaml says.
    pub async fn put_off(&self, message: &Message) {
        let Some(seconds) = WAITS.get(message.attempt.saturating_sub(1)) else { return };
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&message.receipt);
        if let Err(error) = change.visibility_timeout(*seconds).send().await {
            tracing::warn!(code = error.code(), wait = ?Duration::from_secs(*seconds as u64), "a message was not put off");
        }
    }
}
