//! Whole flows: a customer's backend and a handset against the functions, the loaded adapters, the operators,
//! DynamoDB and SNS of the sandbox.

mod starts;
mod steps;

// A static build has no files that could fail.
#[cfg(not(feature = "static"))]
mod adapters;
mod answers;
mod calls;
mod checks;
mod costs;
mod edge;
mod leaks;
mod limits;
mod lines;
mod lookups;
mod networks;
mod one_time_password;
mod payloads;
mod receipts;
mod refusals;
mod repeats;
mod secrets;
mod silent;
mod strangers;
mod webhooks;
