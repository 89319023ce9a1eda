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

use sna_numbers::{Network, Ranges};
use sna_operators::Table;

/// The public ranges and every operator's own.
///
/// # Errors
/// The first range or network of the table that is none.
pub fn ranges(table: &Table) -> Result<Ranges, String> {
    let own = table.ranges().iter();
    let own: Result<Vec<_>, _> =
        own.map(|(range, network)| Network::parse(network).map(|network| (range.clone(), network))).collect();
    Ranges::new(own.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}
