//! Environment to typed values. Every value is read through one [`Env`], which collects *all*
//! problems, so that a bad configuration is mended in one go and ends the process before the first request.

mod aws;
mod https;
mod reader;
mod secrets;

pub use aws::Aws;
pub use reader::{Env, Problems, variable};
pub use secrets::{Secrets, Values};
