//! Whole flows: a customer's backend and a handset against the functions, the loaded adapters, the operators,
//! DynamoDB and SNS of the sandbox.

mod steps;

mod adapters;
mod edge;
mod leaks;
mod limits;
mod one_time_password;
mod silent;
mod strangers;
