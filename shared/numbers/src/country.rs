//! Countries, by the codes that stand in policies ("who may get an SMS") and behind calling codes.
//!
//! Where countries share a calling code the number tells which it is of, so that a permission for the United States (+1)
//! or the United Kingdom (+44) is none for the Bahamas or Jersey, whose SMS cost many times more.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::table;

const TEXT: &str = include_str!("../data/countries.txt");
/// Sorted lines: `<code> <digits of a whole mobile number>,…`.
static COUNTRIES: [&str; table::count(TEXT)] = table::lines(TEXT);

/// An ISO 3166-1 alpha-2 code (`GB`), or one reserved there (`XK`), of a country that has a calling code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(&'static str);

/// Not the code of a country that has telephone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 3166 alpha-2 code in capitals")]
pub struct InvalidCountry;

impl Country {
    /// Takes exactly two capitals: `gb` and `UK` are refused.
    pub fn parse(code: &str) -> Result<Self, InvalidCountry> {
        let place = COUNTRIES.binary_search_by(|line| split(line).0.cmp(code)).map_err(|_| InvalidCountry)?;
        COUNTRIES.get(place).map(|line| Self(split(line).0)).ok_or(InvalidCountry)
    }

    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

/// The country of a value of the plan, which counts from 1, and the lengths of its mobile numbers.
pub(crate) fn at(value: u16) -> Option<(Country, &'static str)> {
    let (code, lengths) = split(COUNTRIES.get(usize::from(value).checked_sub(1)?)?);
    Some((Country(code), lengths))
}

fn split(line: &'static str) -> (&'static str, &'static str) {
    line.split_once(' ').unwrap_or((line, ""))
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
    use crate::plan::Plan;

    #[test]
    fn the_table_is_sorted_and_every_line_is_whole() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a < b));
        for line in COUNTRIES {
            let (code, lengths) = line.split_once(' ').unwrap();
            assert!(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()), "{code}");
            // Tristan da Cunha has no mobile network.
            let mut lengths = lengths.split(',').filter(|_| code != "TA");
            assert!(lengths.all(|length| (7..=15).contains(&length.parse::<usize>().unwrap())), "{line}");
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
    fn a_shared_calling_code_is_told_apart_by_the_number() {
        let country = |digits| Plan::of(digits).map(|plan| (plan.country.as_str(), plan.is_mobile));
        assert_eq!(country("12125551234"), Some(("US", true)));
        assert_eq!(country("14165551234"), Some(("CA", true)));
        assert_eq!(country("12423591234"), Some(("BS", true)));
        assert_eq!(country("77012345678"), Some(("KZ", true)));
        assert_eq!(country("447500123456"), Some(("GB", true)));
        assert_eq!(country("447781234567"), Some(("GG", true)));
        assert_eq!(country("447797712345"), Some(("JE", true)));
        assert_eq!(country("447624123456"), Some(("IM", true)));
        assert_eq!(country("447700900620"), Some(("GB", false)));
        assert_eq!(country("80012345678"), None);
        assert_eq!(country("99012345678"), None);
    }
}
