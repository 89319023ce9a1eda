//! Who serves a number now, whoever was given its range.

use serde::{Deserialize, Serialize};

use crate::Network;

/// What a portability lookup says of a number that is in service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portability {
    /// `None`: a network that is not known here.
    pub network: Option<Network>,
    /// The number has left the network that its range was given to.
    pub ported: bool,
}
