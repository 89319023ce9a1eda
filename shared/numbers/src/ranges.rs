//! Which numbers are served, and number -> network by who was given the number range. The latter is a guess: a subscriber
//! who changed network kept the number, so the operator's word, or a portability lookup, outranks it.

use crate::{
    holder::Holder,
    msisdn::{InvalidMsisdn, Msisdn},
    network::Network,
};

/// The public ranges of all countries and the operator table's own.
#[derive(Debug, Default)]
pub struct Ranges {
    /// Sorted by digits, which are unique.
    own: Vec<(String, Network)>,
}

/// Why a range of the operator table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    #[error("{0:?} is not a prefix of 1 to 15 digits, without +")]
    Prefix(String),
    #[error("the prefix {0} stands twice")]
    Duplicate(String),
}

impl Ranges {
    /// `own` are prefixes (digits without `+`, calling code first) with their networks. The longest prefix counts;
    /// at the same length `own` wins over what is built in.
    pub fn new(own: impl IntoIterator<Item = (String, Network)>) -> Result<Self, InvalidRange> {
        let mut own: Vec<_> = own.into_iter().collect();
        if let Some((prefix, _)) = own.iter().find(|(prefix, _)| !plausible(prefix)) {
            return Err(InvalidRange::Prefix(prefix.clone()));
        }
        own.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some([(prefix, _), _]) = own.array_windows().find(|[a, b]| a.0 == b.0) {
            return Err(InvalidRange::Duplicate(prefix.clone()));
        }
        Ok(Self { own })
    }

    /// # Errors
    /// `NotMobile` unless the number is a mobile one by its country's plan, or in a range of the operator table.
    pub fn check(&self, msisdn: &Msisdn) -> Result<(), InvalidMsisdn> {
        if msisdn.is_mobile() || self.own(msisdn).is_some() { Ok(()) } else { Err(InvalidMsisdn::NotMobile) }
    }

    /// None where no range is known. The longest prefix counts.
    pub fn holder(&self, msisdn: &Msisdn) -> Option<Holder> {
        let public = Holder::public(msisdn);
        match (self.own(msisdn), &public) {
            (Some((prefix, _)), Some((length, _))) if prefix.len() < *length => {}
            (Some((_, network)), _) => return Some(Holder::own(network.clone())),
            (None, _) => {}
        }
        public.map(|(_, holder)| holder)
    }

    /// The longest range of the operator table.
    fn own(&self, msisdn: &Msisdn) -> Option<&(String, Network)> {
        let digits = msisdn.digits();
        (1..=digits.len()).rev().find_map(|length| {
            let place = self.own.binary_search_by(|(prefix, _)| prefix.as_str().cmp(&digits[..length])).ok()?;
            self.own.get(place)
        })
    }
}

fn plausible(prefix: &str) -> bool {
    (1..=15).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn network(ranges: &Ranges, number: &str) -> Option<String> {
        ranges.holder(&Msisdn::parse(number).unwrap())?.network.map(String::from)
    }

    fn own(pairs: &[(&str, &str)]) -> Result<Ranges, InvalidRange> {
        Ranges::new(pairs.iter().map(|(prefix, id)| ((*prefix).to_owned(), Network::parse(id).unwrap())))
    }

    #[test]
    fn a_number_of_no_plan_is_served_where_the_operator_table_has_it() {
        let film = Msisdn::parse("+447700900620").unwrap();
        assert_eq!(Ranges::default().check(&film), Err(InvalidMsisdn::NotMobile));
        assert_eq!(own(&[("4477009006", "A")]).unwrap().check(&film), Ok(()));
        assert_eq!(own(&[("4477009007", "A")]).unwrap().check(&film), Err(InvalidMsisdn::NotMobile));
        assert_eq!(Ranges::default().check(&Msisdn::parse("+447911123456").unwrap()), Ok(()));
        assert_eq!(Ranges::default().check(&Msisdn::parse("+442079460731").unwrap()), Err(InvalidMsisdn::NotMobile));
    }

    #[test]
    fn an_own_range_wins_over_an_equal_public_one_but_not_over_a_longer_one() {
        assert_eq!(network(&Ranges::default(), "+447106000000").as_deref(), Some("O2"));
        assert_eq!(network(&own(&[("447106", "OWN")]).unwrap(), "+447106000000").as_deref(), Some("OWN"));
        assert_eq!(network(&own(&[("44710", "OWN")]).unwrap(), "+447106000000").as_deref(), Some("O2"));
    }

    #[test]
    fn a_holder_that_is_no_network_hides_the_range_around_it() {
        let ranges = own(&[("44", "WIDE"), ("1", "WIDE")]).unwrap();
        assert_eq!(network(&ranges, "+447797712345"), None);
        assert_eq!(network(&ranges, "+12125551234").as_deref(), Some("WIDE"));
    }

    #[test]
    fn own_ranges_work_for_other_countries() {
        let ranges = own(&[("336123", "A"), ("3361234", "B")]).unwrap();
        assert_eq!(network(&ranges, "+33612345678").as_deref(), Some("B"));
        assert_eq!(network(&ranges, "+33612399999").as_deref(), Some("A"));
    }

    #[test]
    fn a_bad_own_range_is_refused() {
        for wrong in ["", "+44", "44x", "1234567890123456"] {
            assert_eq!(own(&[(wrong, "A")]).unwrap_err(), InvalidRange::Prefix(wrong.to_owned()));
        }
        assert_eq!(
            own(&[("44", "A"), ("33", "C"), ("44", "B")]).unwrap_err(),
            InvalidRange::Duplicate("44".to_owned())
        );
    }

    proptest! {
        #[test]
        fn the_longest_own_range_is_found_as_by_reading_all_of_them(
            prefixes in prop::collection::btree_set("4477[0-2]{0,4}", 0..20), national in "77[0-2]{8}",
        ) {
            let number = Msisdn::parse(&format!("+44{national}")).unwrap();
            let slow = prefixes.iter().filter(|prefix| number.digits().starts_with(*prefix)).max_by_key(|prefix| prefix.len());
            let ranges = Ranges::new(prefixes.iter().map(|prefix| (prefix.clone(), Network::parse("A").unwrap()))).unwrap();
            prop_assert_eq!(ranges.own(&number).map(|(prefix, _)| prefix), slow);
        }

        #[test]
        fn what_the_plan_has_as_mobile_is_served_whatever_the_table_says(raw in "[1-9][0-9]{6,14}") {
            if let Ok(number) = Msisdn::parse(&raw) {
                prop_assert_eq!(Ranges::default().check(&number).is_ok(), number.is_mobile());
                let _ = Ranges::default().holder(&number);
            }
        }
    }
}
