//! The HTTP edge of a function: from any of Lambda's HTTP events to a [`Request`], from an endpoint's
//! answer or [`ApiError`] to the wire, and one line of log for each request. It knows no domain.

mod answer;
mod authorization;
mod ending;
mod error;
mod event;
mod fields;
mod request;
mod run;
mod scalar;
pub mod wire;

pub use answer::Answer;
pub use ending::ending;
pub use error::ApiError;
pub use event::tame;
pub use fields::Fields;
pub use request::Request;
pub use run::{Edge, Endpoint, main, serve};
pub use scalar::Scalar;
