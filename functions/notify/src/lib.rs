//! Tells customers' webhooks what has ended. It hears of an event twice: from the stream of the events' table, which is not to
//! wait for a customer's server, so that the event goes into a queue; and from that queue, until it is delivered.
//!
//! What may come twice does: the stream, the queue and the customer's answer can each be lost after the fact. So an event has an
//! id that is the same each time, and customers go by that.

mod deliver;
mod queue;
mod source;

use aws_sdk_dynamodb::Client;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sna_api::Listener;
use sna_config::{Aws, Env};
use sna_customers::{CustomerId, Customers};
use sna_sessions::Event;
use sna_tokens::{Issuer, SigningKey};
use tracing::Span;

use crate::{
    deliver::Webhooks,
    queue::Queue,
    source::{Message, Source},
};

pub struct Notify {
    customers: Customers,
    issuer: Issuer,
    webhooks: Webhooks,
    queue: Queue,
}

impl Notify {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        let key = env.parsed("STATEMENT_KEY", SigningKey::parse);
        let aws = Aws::read(env);
        let queue = Queue::new(aws_sdk_sqs::Client::new(&aws.sqs()), env.text("WEBHOOKS_QUEUE"));
        Some(Self {
            customers: Customers::new(Client::new(&aws.dynamodb()), env.text("CUSTOMERS_TABLE")),
            issuer: Issuer::new(key?, &url),
            webhooks: Webhooks::new(env.optional("WEBHOOKS_TO_LOOPBACK").as_deref() == Some("true")),
            queue,
        })
    }

    /// Is this message done with? If not, the queue hands it over again later.
    async fn deliver(&self, message: &Message, now: u64) -> bool {
        let Err(failed) = self.try_deliver(message, now).await else { return true };
        Span::current().record("webhooks_failed", 1);
        tracing::warn!(failed, attempt = message.attempt, "a webhook was not told");
        self.queue.put_off(message).await;
        false
    }

    async fn try_deliver(&self, message: &Message, now: u64) -> Result<(), String> {
        let event: Event = serde_json::from_str(&message.event).map_err(|_| "it is no event")?;
        let id = CustomerId::parse(&event.customer).map_err(|error| error.to_string())?;
        let customer = self.customers.fresh(&id, now).await.map_err(|error| error.to_string())?;
        // Whoever does not want it any more, or is a customer no more, is not told.
        let customer = customer.filter(|customer| customer.enabled);
        let Some(url) = customer.as_ref().and_then(|customer| customer.webhook_url.as_deref()) else { return Ok(()) };
        let claims = sna_tokens::Event {
            jti: event.id,
            user_id: event.customer,
            session: event.session,
            correlation_id: event.correlation_id.map(|id| id.as_str().to_owned()),
            service: event.service.as_str().to_owned(),
            verdict: event.reason.to_string(),
            network: event.network.map(|network| network.as_str().to_owned()),
        };
        let signed = self.issuer.event(&claims, event.at).ok_or("it cannot be signed")?;
        self.webhooks.post(url, &claims.jti, &signed).await.map_err(|why| format!("customer {id}: {why}"))?;
        Span::current().record("webhooks_delivered", 1);
        Ok(())
    }
}

impl Listener for Notify {
    const NAME: &'static str = "notify";

    async fn hear(&self, event: &Value, now: u64) -> Result<Value, String> {
        match Source::read(event)? {
            Source::Stream(events) => self.queue.put(&events).await.map(|()| Value::Null),
            Source::Queue(messages) => {
                let told = join_all(messages.iter().map(|message| self.deliver(message, now))).await;
                let failed = messages.iter().zip(told).filter(|(_, is_told)| !is_told);
                let failed: Vec<_> = failed.map(|(message, _)| json!({ "itemIdentifier": message.id })).collect();
                Ok(json!({ "batchItemFailures": failed }))
            }
        }
    }
}
