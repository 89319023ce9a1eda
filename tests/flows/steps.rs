//! The steps that a flow is made of: the same for every suite.

pub use gateway_tests::steps::*;
