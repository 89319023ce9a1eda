//! One session per get_config: its rules (pure, in `session.rs` and beside it) and its store (DynamoDB).
//!
//! A session changes only by compare-and-swap, and a result leaves only after its write has won; so
//! whatever runs at the same time, at most five guesses are judged and one answer is "true".

mod cache;
mod event;
mod item;
mod limit;
#[cfg(test)]
mod model_tests;
mod once;
mod otp;
mod reason;
mod secrets;
mod session;
mod silent;
mod store;
#[cfg(test)]
mod tests;
mod trace;
mod transact;
mod usage;

pub use cache::{Heard, Recall, Recalled};
pub use event::{Event, Service};
pub use item::Item;
pub use limit::{Count, Counters, DAY, HOUR, Limit, subscriber};
pub use once::Once;
pub use otp::{Guess, SendClaim, SendLimits};
pub use reason::Reason;
pub use secrets::{Entropy, Handshake, Proof};
pub use session::{Begin, CorrelationId, InvalidCorrelationId, Refusal, Session};
pub use silent::Way;
pub use store::{Created, Store, StoreError, UpdateError, Which};
pub use trace::Progress;
pub use usage::{KEPT_DAYS, Usage, Used};
