//! The two types on the wire: quoted scalars as in the published samples, or JSON's own.

use std::fmt::Display;

use serde::{Serialize, Serializer};

/// A number or boolean of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<T> {
    value: T,
    native: bool,
}

impl<T> Scalar<T> {
    /// `native`: the customer's choice of JSON numbers and booleans.
    pub fn new(value: T, native: bool) -> Self {
        Self { value, native }
    }
}

impl<T: Display + Serialize> Serialize for Scalar<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.native { self.value.serialize(serializer) } else { serializer.collect_str(&self.value) }
    }
}
