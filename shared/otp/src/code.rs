//! The code that is sent: decimal digits, all combinations equally likely (NIST SP 800-63B-4 3.1.3: at least 6 digits).

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// 6 to 10 ASCII digits; leading zeros count. `Debug` hides them.
pub struct Code(SecretString);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("a code has 6 to 10 digits")]
    Digits,
    #[error("not a code of the expected length in ASCII digits")]
    Malformed,
    #[error("the operating system gives no randomness")]
    NoRandomness,
}

impl Code {
    /// A new code of `digits` (6 to 10) digits from the operating system's randomness.
    pub fn generate(digits: u8) -> Result<Self, CodeError> {
        if !(6..=10).contains(&digits) {
            return Err(CodeError::Digits);
        }
        let count = 10_u64.pow(digits.into());
        loop {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).map_err(|_| CodeError::NoRandomness)?;
            if let Some(number) = fair(u64::from_ne_bytes(bytes), count) {
                return Ok(Self(format!("{number:0width$}", width = usize::from(digits)).into()));
            }
        }
    }

    /// What a customer passes on from a person: exactly `digits` ASCII digits, no spaces around them.
    pub fn parse(input: &str, digits: u8) -> Result<Self, CodeError> {
        if !(6..=10).contains(&digits) {
            return Err(CodeError::Digits);
        }
        if input.len() != usize::from(digits) || !input.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeError::Malformed);
        }
        Ok(Self(input.into()))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// `random` reduced below `count`, or none if it lies in the incomplete last run of `count` values, which would make
/// small numbers likelier.
fn fair(random: u64, count: u64) -> Option<u64> {
    let whole_runs = u64::MAX - u64::MAX % count;
    (random < whole_runs).then_some(random % count)
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_generated_code_has_its_digits_and_parses() {
        for digits in 6..=10 {
            for _ in 0..200 {
                let code = Code::generate(digits).unwrap();
                assert_eq!(Code::parse(code.expose(), digits).unwrap().expose(), code.expose());
            }
        }
    }

    #[test]
    fn leading_zeros_occur() {
        assert!((0..1000).any(|_| Code::generate(6).unwrap().expose().starts_with('0')));
    }

    #[test]
    fn other_lengths_are_not_made() {
        for digits in [0, 5, 11, 255] {
            assert_eq!(Code::generate(digits).unwrap_err(), CodeError::Digits);
            assert_eq!(Code::parse("12345", digits).unwrap_err(), CodeError::Digits);
        }
    }

    #[test]
    fn what_is_not_exactly_the_digits_is_refused() {
        for wrong in ["", "12345", "1234567", " 123456", "12345 ", "12345a", "-12345", "+12345", "１２", "12345\0"] {
            assert_eq!(Code::parse(wrong, 6).unwrap_err(), CodeError::Malformed, "{wrong:?}");
        }
    }

    #[test]
    fn debug_hides_the_code() {
        assert_eq!(format!("{:?}", Code::parse("123456", 6).unwrap()), "Code(…)");
    }

    #[test]
    fn the_incomplete_last_run_is_drawn_again() {
        let count = 1_000_000;
        let whole_runs = u64::MAX / count * count;
        assert_eq!(fair(whole_runs - 1, count), Some(count - 1));
        assert_eq!(fair(whole_runs, count), None);
        assert_eq!(fair(u64::MAX, count), None);
        assert_eq!(fair(0, count), Some(0));
    }

    proptest! {
        #[test]
        fn nothing_makes_the_parser_panic(input in any::<String>(), digits in any::<u8>()) {
            if let Ok(code) = Code::parse(&input, digits) {
                prop_assert_eq!(code.expose().len(), usize::from(digits));
            }
        }
    }
}
