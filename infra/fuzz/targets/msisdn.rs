//! Numbers, and the two other texts that a customer's request carries: what is accepted can only be what it says it is.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sna_customers::CustomerId;
use sna_numbers::{Msisdn, Network, Ranges};
use sna_sessions::CorrelationId;

static RANGES: LazyLock<Ranges> = LazyLock::new(|| Ranges::new([]).expect("the public ranges"));

fuzz_target!(|text: &str| {
    if let Ok(number) = Msisdn::parse(text) {
        let e164 = number.as_e164();
        let digits = e164.strip_prefix('+').expect("a plus");
        assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()), "{e164}");
        assert!(!digits.starts_with('0') && text.ends_with(digits), "{e164}");
        assert!(Msisdn::parse(e164).is_ok_and(|again| again.as_e164() == e164));
        assert_eq!(number.country().as_str().len(), 2);
        let _ = (RANGES.check(&number), RANGES.holder(&number));
    }
    if let Ok(id) = CorrelationId::parse(text) {
        assert!(id.as_str() == text && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let _ = (Network::parse(text), CustomerId::parse(text));
});
