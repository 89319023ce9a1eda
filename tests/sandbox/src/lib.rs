//! The world around the gateway, for tests and for the local run: operators and their networks, DynamoDB, SNS,
//! handsets, a customer's backend and a page to try it all. Everything speaks its real protocol over loopback, so that
//! the functions hold no code for it; only addresses differ from production.

pub mod customer;
pub mod demo;
pub mod dynamodb;
pub mod edge;
pub mod flow;
pub mod gateway;
pub mod handset;
pub mod hop;
pub mod http;
pub mod inbox;
pub mod listen;
pub mod lookup;
pub mod operators;
pub mod page;
pub mod profiles;
pub mod radio;
pub mod scenarios;
pub mod secrets;
pub mod serve;
pub mod shop;
pub mod sns;
pub mod sqs;
pub mod wire;
pub mod world;
