//! A subscriber's number: strict E.164, a known country, and a length that its mobile numbers have.
//!
//! Strict, because a lenient parser turns two spellings into one subscriber (limits are counted by number) or one
//! spelling into two. Whether it may be called is more than its form: the operator table has numbers of its own, and a
//! number that a session holds stays one when the plans change. So [`crate::Ranges::check`] says that, once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{country::Country, plan::Plan};

/// A number in E.164 (ITU-T E.164 6.2): `+`, then 7 to 15 digits of which the first is not 0. It identifies a person,
/// so `Debug` hides it and there is no `Display`; JSON holds the E.164 string.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Msisdn {
    e164: String,
    country: Country,
    is_mobile: bool,
}

/// Why a number is refused. Never contains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMsisdn {
    #[error("not an E.164 number")]
    Malformed,
    #[error("the calling code is of no country")]
    UnknownCountry,
    #[error("the country's mobile numbers have another length")]
    Length,
    #[error("not in a mobile range")]
    NotMobile,
}

impl Msisdn {
    /// Two repairs, both of what form encoding does to a `+`: a leading space counts as one, and it may be missing.
    /// Everything else that is not a digit, and `00` or `0` in front, is refused.
    pub fn parse(raw: &str) -> Result<Self, InvalidMsisdn> {
        let digits = raw.strip_prefix(['+', ' ']).unwrap_or(raw);
        // Niue and Tokelau have numbers of seven digits; no country has shorter ones.
        let plausible =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if !plausible {
            return Err(InvalidMsisdn::Malformed);
        }
        let plan = Plan::of(digits).ok_or(InvalidMsisdn::UnknownCountry)?;
        if !plan.allows(digits.len()) {
            return Err(InvalidMsisdn::Length);
        }
        Ok(Self { e164: format!("+{digits}"), country: plan.country, is_mobile: plan.is_mobile })
    }

    /// `+447700900620`.
    pub fn as_e164(&self) -> &str {
        &self.e164
    }

    /// `447700900620`: without the `+`.
    pub fn digits(&self) -> &str {
        self.e164.trim_start_matches('+')
    }

    /// Of a number that is no mobile one, the main country of its calling code.
    pub fn country(&self) -> Country {
        self.country
    }

    /// Whether its country's plan has it as a mobile number.
    pub(crate) fn is_mobile(&self) -> bool {
        self.is_mobile
    }
}

impl TryFrom<String> for Msisdn {
    type Error = InvalidMsisdn;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::parse(&raw)
    }
}

impl From<Msisdn> for String {
    fn from(msisdn: Msisdn) -> Self {
        msisdn.e164
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Msisdn(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_spellings_of_the_plus_are_one_number() {
        for raw in ["+447700900620", " 447700900620", "447700900620"] {
            let msisdn = Msisdn::parse(raw).unwrap();
            assert_eq!(msisdn.as_e164(), "+447700900620");
            assert_eq!(msisdn.digits(), "447700900620");
            assert_eq!(msisdn.country().as_str(), "GB");
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let wrong = [
            "",
            "+",
            " ",
            "+ 447700900620",
            "  447700900620",
            " +447700900620",
            "++447700900620",
            "+447700900620 ",
            "+44 7700 900620",
            "+44-7700-900620",
            "00447700900620",
            "07700900620",
            "+0447700900620",
            "+447700900620\0",
            "+44７７００９００６２０",
            "+4477009006２0",
            "tel:+447700900620",
            "+44770090062o",
            "+123456",
            "+4477009006201234",
        ];
        for raw in wrong {
            assert_eq!(Msisdn::parse(raw), Err(InvalidMsisdn::Malformed), "{raw:?}");
        }
    }

    #[test]
    fn a_calling_code_of_no_country_is_refused() {
        for raw in ["+80012345678", "+881612345678", "+999123456789", "+2101234567"] {
            assert_eq!(Msisdn::parse(raw), Err(InvalidMsisdn::UnknownCountry), "{raw}");
        }
    }

    #[test]
    fn the_length_must_be_one_of_the_countrys() {
        for (raw, country) in
            [("+33639980120", "FR"), ("+4931700900120", "DE"), ("+31699108020", "NL"), ("+12015550123", "US")]
        {
            assert_eq!(Msisdn::parse(raw).map(|msisdn| msisdn.country().as_str()), Ok(country));
        }
        for raw in ["+44770090062", "+4477009006201", "+3363998012", "+120155501234", "+2908123"] {
            assert_eq!(Msisdn::parse(raw), Err(InvalidMsisdn::Length), "{raw}");
        }
    }

    #[test]
    fn only_a_mobile_number_is_mobile() {
        let is_mobile = |raw| Msisdn::parse(raw).unwrap().is_mobile();
        for raw in ["+447100000000", "+447500000000", "+447624123456", "+447911123456", "+12015550123", "+6835123"] {
            assert!(is_mobile(raw), "{raw}");
        }
        // Personal, pager, London, national rate, freephone, premium, Ofcom's for films, Paris, American freephone.
        for raw in [
            "+447012345678",
            "+447640123456",
            "+442079460000",
            "+443031237300",
            "+448001111000",
            "+449098790000",
            "+447700900620",
            "+33142685300",
            "+18005550123",
        ] {
            assert!(!is_mobile(raw), "{raw}");
        }
    }

    #[test]
    fn debug_hides_the_number_and_errors_do_not_carry_it() {
        assert_eq!(format!("{:?}", Msisdn::parse("+447700900620").unwrap()), "Msisdn(…)");
        let error = serde_json::from_str::<Msisdn>(r#""+4420794600""#).unwrap_err().to_string();
        assert!(!error.contains("4420"), "{error}");
    }

    #[test]
    fn json_holds_the_e164_string_and_is_checked() {
        let msisdn = Msisdn::parse("447700900620").unwrap();
        assert_eq!(serde_json::to_string(&msisdn).unwrap(), r#""+447700900620""#);
        assert_eq!(serde_json::from_str::<Msisdn>(r#""+447700900620""#).unwrap(), msisdn);
        assert!(serde_json::from_str::<Msisdn>(r#""+44207946000""#).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_the_parser_panic(raw in any::<String>()) {
            let _ = Msisdn::parse(&raw);
        }

        #[test]
        fn what_is_accepted_is_strict_e164_and_stays_as_it_is(raw in "[+ ]?[1-9][0-9]{5,15}") {
            if let Ok(msisdn) = Msisdn::parse(&raw) {
                let digits = msisdn.digits();
                prop_assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
                prop_assert_eq!(msisdn.as_e164(), format!("+{digits}"));
                prop_assert!(raw.ends_with(digits));
                prop_assert_eq!(Msisdn::parse(msisdn.as_e164()), Ok(msisdn.clone()));
            }
        }

        #[test]
        fn one_foreign_character_spoils_a_number(at in 1usize..13, c in any::<char>().prop_filter("a digit", |c| !c.is_ascii_digit())) {
            let mut raw = String::from("+447700900620");
            raw.insert(at, c);
            prop_assert!(Msisdn::parse(&raw).is_err());
        }
    }
}
