//! The queue of webhooks, and what of Lambda stands between it and the function: `SendMessageBatch` and
//! `ChangeMessageVisibility` in the AWS JSON protocol, the event source that takes messages out, and the one that reads the
//! stream of the events' table. Sources: Amazon SQS API Reference; AWS Lambda Developer Guide, "Using AWS Lambda with Amazon SQS"
//! and "with Amazon DynamoDB".

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use crate::dynamodb;

/// Where Lambda's API has a function invoked; `cargo lambda watch` has it too.
pub const INVOCATIONS: &str = "/2015-03-31/functions/notify/invocations";

/// What template.yaml says of the queue: how long a message is hidden that was handed over, and how often that happens.
const HIDDEN: Duration = Duration::from_secs(120);
const MOST: u32 = 7;
/// Messages that are handed over at once.
const BATCH: usize = 10;
/// How often the sources look for something new, as Lambda does it.
const POLL: Duration = Duration::from_millis(250);

/// One queue in memory, with its dead letters.
#[derive(Clone, Default)]
pub struct Queue {
    messages: Arc<Mutex<Messages>>,
    handled: watch::Sender<usize>,
}

#[derive(Default)]
struct Messages {
    waiting: Vec<Message>,
    dead: Vec<String>,
}

struct Message {
    id: String,
    receipt: String,
    body: String,
    visible: Instant,
    received: u32,
    /// Seconds, as the function last wanted it.
    put_off: Option<u64>,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The endpoint, `POST /`.
    pub fn router(self) -> Router {
        Router::new().route("/", post(answer)).with_state(self)
    }

    /// The messages that nobody took in the end, oldest first.
    #[must_use]
    pub fn dead(&self) -> Vec<String> {
        self.state().dead.clone()
    }

    /// How many messages are not done with.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Ends when the function has handled so many batches.
    pub async fn handled(&self, batches: usize) {
        // The sender is ours: it cannot be gone.
        let _ = self.handled.subscribe().wait_for(|handled| *handled >= batches).await;
    }

    /// Hands all over at once that waits, and says for how many seconds the function had put each off.
    pub fn hasten(&self) -> Vec<Option<u64>> {
        let hasten = |message: &mut Message| {
            message.visible = Instant::now();
            message.put_off.take()
        };
        self.state().waiting.iter_mut().map(hasten).collect()
    }

    fn send(&self, body: &str) -> String {
        let id = Uuid::new_v4().to_string();
        let (receipt, body, visible) = (String::new(), body.to_owned(), Instant::now());
        self.state().waiting.push(Message { id: id.clone(), receipt, body, visible, received: 0, put_off: None });
        id
    }

    /// Hands over what is due, as the function sees it. What was handed over too often is a dead letter instead.
    fn receive(&self) -> Vec<Value> {
        let (mut state, now) = (self.state(), Instant::now());
        let dead = state.waiting.extract_if(.., |message| message.visible <= now && message.received >= MOST);
        let dead: Vec<String> = dead.map(|message| message.body).collect();
        state.dead.extend(dead);
        let due = state.waiting.iter_mut().filter(|message| message.visible <= now).take(BATCH);
        due.map(|message| {
            message.received += 1;
            message.visible = now + HIDDEN;
            message.receipt = Uuid::new_v4().to_string();
            json!({ "eventSource": "aws:sqs", "messageId": message.id, "receiptHandle": message.receipt,
                "body": message.body, "attributes": { "ApproximateReceiveCount": message.received.to_string() } })
        })
        .collect()
    }

    /// The messages of a batch are done with, but for those that the function says have failed.
    fn done(&self, batch: &[Value], failed: &Value) {
        let failed = failed["batchItemFailures"].as_array().cloned().unwrap_or_default();
        let has_failed = |id: &str| failed.iter().any(|item| item["itemIdentifier"] == id);
        let is_done = |id: &str| batch.iter().any(|message| message["messageId"] == id) && !has_failed(id);
        self.state().waiting.retain(|message| !is_done(&message.id));
        self.handled.send_modify(|handled| *handled += 1);
    }
}

async fn answer(State(queue): State<Queue>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    match target {
        "AmazonSQS.SendMessageBatch" => {
            let entries = body["Entries"].as_array().cloned().unwrap_or_default();
            if entries.is_empty() || entries.len() > BATCH {
                return refusal("AWS.SimpleQueueService.EmptyBatchRequest");
            }
            let sent = entries.iter().map(|entry| {
                let id = queue.send(entry["MessageBody"].as_str().unwrap_or_default());
                json!({ "Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": "" })
            });
            Json(json!({ "Successful": sent.collect::<Vec<_>>(), "Failed": [] })).into_response()
        }
        "AmazonSQS.ChangeMessageVisibility" => {
            let seconds = body["VisibilityTimeout"].as_u64().filter(|seconds| *seconds <= 43_200);
            let Some(seconds) = seconds else { return refusal("InvalidParameterValue") };
            let mut state = queue.state();
            let Some(message) = state.waiting.iter_mut().find(|message| body["ReceiptHandle"] == message.receipt)
            else {
                return refusal("ReceiptHandleIsInvalid");
            };
            message.visible = Instant::now() + Duration::from_secs(seconds);
            message.put_off = Some(seconds);
            Json(json!({})).into_response()
        }
        _ => refusal("InvalidAction"),
    }
}

fn refusal(code: &str) -> Response {
    let body = json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": code });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Both event sources of the function at `functions`, until `stopped`.
pub(crate) async fn sources(
    database: Database,
    queue: Queue,
    functions: String,
    stopped: impl Future<Output = ()> + Send,
) {
    let Ok(http) = crate::http::builder().build() else { return };
    let invoke = async |records: &[Value]| -> Option<Value> {
        let request = http.post(format!("{functions}{INVOCATIONS}")).json(&json!({ "Records": records }));
        // A function's failure is an answer with this header.
        let answer = request.send().await.ok().filter(|answer| answer.status().is_success())?;
        if answer.headers().contains_key("x-amz-function-error") { None } else { answer.json().await.ok() }
    };
    let work = async {
        let mut stream = dynamodb::stream(&database);
        let mut tick = tokio::time::interval(POLL);
        loop {
            tick.tick().await;
            if let Some((records, next)) = dynamodb::records(&database, stream.as_deref(), BATCH) {
                // What was not taken comes again, first of all.
                if records.is_empty() || invoke(&records).await.is_some() {
                    stream = Some(next);
                }
            }
            let batch = queue.receive();
            if !batch.is_empty()
                && let Some(failed) = invoke(&batch).await
            {
                queue.done(&batch, &failed);
            }
        }
    };
    tokio::select! {
        () = stopped => {}
        () = work => {}
    }
}
