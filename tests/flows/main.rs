//! Whole flows: a customer's backend and a handset against the functions, the loaded adapters, the operators,
//! DynamoDB and SNS of the sandbox.

mod steps;

// A static build has no files that could fail.
#[cfg(not(feature = "static"))]
mod adapters;
mod answers;
mod checks;
mod edge;
mod leaks;
mod limits;
mod lookups;
mod networks;
mod one_time_password;
mod payloads;
mod silent;
mod strangers;
