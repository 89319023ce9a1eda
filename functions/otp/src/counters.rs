//! The limits of sending that outlive a session: every SMS costs money, and a number that gets too many is under attack.

use sna_config::Env;
use sna_customers::Customer;
use sna_otp::Pepper;
use sna_sessions::{DAY, HOUR, Limit, Session, subscriber};

/// The deployment's limits; a customer's record may say others.
pub struct Counters {
    number_hour: u64,
    number_day: u64,
    address_hour: u64,
}

impl Counters {
    pub fn from_env(env: &mut Env<'_>) -> Self {
        Self {
            number_hour: env.number("OTP_SENDS_AN_HOUR", 5, 1..=1_000_000),
            number_day: env.number("OTP_SENDS_A_DAY", 10, 1..=1_000_000),
            address_hour: env.number("OTP_SENDS_AN_HOUR_FOR_AN_ADDRESS", 10, 1..=1_000_000),
        }
    }

    /// What one SMS of this session counts for: its number, over all customers, and its client_ip.
    pub fn of(&self, session: &Session, customer: &Customer, pepper: &Pepper) -> Vec<Limit> {
        let number = format!("sends#{}", pepper.pseudonym("msisdn", session.msisdn.as_e164().as_bytes()));
        let address = format!("address#{}", pepper.pseudonym("address", subscriber(session.client_ip).as_bytes()));
        let own = &customer.limits;
        vec![
            Limit { key: number.clone(), window_ms: HOUR, most: own.sends_an_hour.unwrap_or(self.number_hour) },
            Limit { key: number, window_ms: DAY, most: own.sends_a_day.unwrap_or(self.number_day) },
            Limit {
                key: address,
                window_ms: HOUR,
                most: own.sends_an_hour_for_an_address.unwrap_or(self.address_hour),
            },
        ]
    }
}
