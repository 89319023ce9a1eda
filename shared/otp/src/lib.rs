//! One-time codes by SMS: the code, its MAC, the text around it, and the sending through SNS.
//!
//! The code itself lives only in the text message: what a session keeps is a MAC under a pepper, and nothing here shows
//! a code, a text or a number in `Debug` or in an error. How often one may try is the session's rule, not this crate's.

mod code;
mod failure;
mod gsm7;
mod mac;
mod sms;
mod text;

pub use code::{Code, CodeError};
pub use failure::{Cause, SendError};
pub use mac::{InvalidPepper, Pepper, mac, matches};
pub use sms::{MessageId, Sms, client};
pub use text::{Encoding, Text, TextError};
