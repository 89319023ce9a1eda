//! The administrator's tool against what it administers: the real functions, the sandbox's DynamoDB, and `ministack` where
//! a service of AWS is needed that the sandbox has not; the doctor, against an account that is wrong to order.

mod bed;
mod customers;
mod deployment;
mod doctor;
mod keys;
mod operators;
mod receipts;
mod sessions;
mod usage;
