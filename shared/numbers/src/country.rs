//! Countries, by the codes that stand in policies ("who may get an SMS") and behind calling codes.
//!
//! Where countries share a calling code the country is that of the longer prefix, so that a permission for the United
//! States (+1) or the United Kingdom (+44) is none for the Bahamas or Jersey, whose SMS cost many times more.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::table::{self, Line};

const TEXT: &str = include_str!("../data/calling_codes.txt");
static CALLING_CODES: [Line; table::count(TEXT)] = table::parse(TEXT);

/// An ISO 3166-1 alpha-2 code (`GB`), or one reserved there (`XK`), of a country that has a calling code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(&'static str);

/// Not the code of a country that has telephone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 3166 alpha-2 code in capitals")]
pub struct InvalidCountry;

/// What the calling codes say about a number.
pub(crate) struct Plan {
    pub(crate) country: Country,
    lengths: &'static str,
}

impl Country {
    /// Takes exactly two capitals: `gb` and `UK` are refused.
    pub fn parse(code: &str) -> Result<Self, InvalidCountry> {
        CALLING_CODES.iter().map(|line| plan(line).country).find(|country| country.0 == code).ok_or(InvalidCountry)
    }

    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl Plan {
    /// `digits` is a whole number without the `+`; none for codes of no country (satellites, +800, unassigned).
    pub(crate) fn of(digits: &str) -> Option<Self> {
        table::longest(&CALLING_CODES, |line| line.digits, digits).map(plan)
    }

    /// Whether a mobile number of this country may have so many digits, calling code included.
    pub(crate) fn allows(&self, length: usize) -> bool {
        self.lengths.split(',').any(|allowed| allowed.parse() == Ok(length))
    }
}

fn plan(line: &Line) -> Plan {
    let (code, lengths) = line.value.split_once(' ').unwrap_or((line.value, ""));
    Plan { country: Country(code), lengths }
}

impl TryFrom<String> for Country {
    type Error = InvalidCountry;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0.to_owned()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_line_is_whole() {
        assert!(CALLING_CODES.is_sorted_by(|a, b| a.digits < b.digits));
        for line in &CALLING_CODES {
            let (code, lengths) = line.value.split_once(' ').unwrap();
            assert!(line.digits.bytes().all(|b| b.is_ascii_digit()), "{}", line.digits);
            assert!(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()), "{code}");
            assert!(lengths.split(',').all(|l| (8..=15).contains(&l.parse::<usize>().unwrap())), "{lengths}");
        }
    }

    #[test]
    fn a_code_is_two_capitals_of_a_real_country() {
        assert_eq!(Country::parse("GB").unwrap().as_str(), "GB");
        for wrong in ["", "G", "gb", "UK", "GBR", "ZZ", " GB", "G\u{0}", "GB 12"] {
            assert_eq!(Country::parse(wrong), Err(InvalidCountry), "{wrong:?}");
        }
    }

    #[test]
    fn json_holds_the_bare_code_and_is_checked() {
        let country = Country::parse("FR").unwrap();
        assert_eq!(serde_json::to_string(&country).unwrap(), r#""FR""#);
        assert_eq!(serde_json::from_str::<Country>(r#""FR""#).unwrap(), country);
        assert!(serde_json::from_str::<Country>(r#""UK""#).is_err());
    }

    #[test]
    fn a_shared_calling_code_is_told_apart_by_the_longer_prefix() {
        let country = |digits| Plan::of(digits).map(|plan| plan.country.as_str());
        assert_eq!(country("12125551234"), Some("US"));
        assert_eq!(country("14165551234"), Some("CA"));
        assert_eq!(country("12425551234"), Some("BS"));
        assert_eq!(country("77012345678"), Some("KZ"));
        assert_eq!(country("447700900620"), Some("GB"));
        assert_eq!(country("447781234567"), Some("GG"));
        assert_eq!(country("447797712345"), Some("JE"));
        assert_eq!(country("447624123456"), Some("IM"));
        assert_eq!(country("80012345678"), None);
        assert_eq!(country("99012345678"), None);
    }
}
