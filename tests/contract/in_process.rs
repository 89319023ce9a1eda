//! Rows that need what a running system does not give: a clock to move, faults to order, other customers, other events.

mod clock;
mod coverage;
mod customers;
mod events;
mod faults;
mod payloads;
