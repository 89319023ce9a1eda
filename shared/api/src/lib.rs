//! The HTTP edge of a function: from any of Lambda's HTTP events to a [`Request`], from an endpoint's
//! answer or [`ApiError`] to the wire, and one line of log for each request. It knows no domain.

mod answer;
mod authorization;
mod edge;
mod ending;
mod error;
mod event;
mod fields;
mod listen;
mod live;
mod log;
mod metrics;
mod process;
mod request;
mod run;
mod scalar;
mod trace;
pub mod wire;

pub use answer::Answer;
pub use edge::Edge;
pub use ending::ending;
pub use error::ApiError;
pub use event::tame;
pub use fields::Fields;
pub use listen::{Listener, hear};
pub use live::{Live, MAX_AGE_MS};
pub use log::log;
pub use metrics::{GROUPS, Group};
pub use process::{listen, main};
pub use request::Request;
pub use run::{Endpoint, serve};
pub use scalar::Scalar;
