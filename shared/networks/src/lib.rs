//! Which network holds a number, and is the handset on it? A wrong answer costs a failed attempt and an SMS.

mod address;
mod decide;
mod lookup;
mod reason;

pub use address::{Address, RELEASE, is_reserved};
pub use decide::{By, Confidence, Decision, Facts, check_arrival, decide};
pub use lookup::{Keep, Looked, Lookups};
pub use reason::{Reason, Reasons};
pub use sna_numbers::Portability;
