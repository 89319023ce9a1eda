//! Number -> network by who was given the number range. This is a guess: a subscriber who changed network kept the
//! number, so the operator's word, or a portability lookup, outranks it.

use crate::{
    msisdn::Msisdn,
    network::Network,
    table::{self, Line},
};

const TEXT: &str = include_str!("../data/gb_ranges.txt");
static BRITISH: [Line; table::count(TEXT)] = table::parse(TEXT);

static EE: Network = Network::built_in("EE");
static O2: Network = Network::built_in("O2");
static THREE: Network = Network::built_in("THREE");
static VODAFONE: Network = Network::built_in("VODAFONE");

/// The built-in British ranges and the operator table's own.
#[derive(Debug, Default)]
pub struct Ranges {
    /// Sorted by digits, which are unique.
    extra: Vec<(String, Network)>,
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
    /// `extra` are prefixes (digits without `+`, calling code first) with their networks. The longest prefix counts;
    /// at the same length `extra` wins over what is built in.
    pub fn new(extra: impl IntoIterator<Item = (String, Network)>) -> Result<Self, InvalidRange> {
        let mut extra: Vec<_> = extra.into_iter().collect();
        if let Some((prefix, _)) = extra.iter().find(|(prefix, _)| !plausible(prefix)) {
            return Err(InvalidRange::Prefix(prefix.clone()));
        }
        extra.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some([(prefix, _), _]) = extra.array_windows().find(|[a, b]| a.0 == b.0) {
            return Err(InvalidRange::Duplicate(prefix.clone()));
        }
        Ok(Self { extra })
    }

    /// None where no range is known, or where its holder is no network that we know.
    pub fn network_of(&self, msisdn: &Msisdn) -> Option<&Network> {
        let extra = table::longest(&self.extra, |(prefix, _)| prefix, msisdn.digits());
        let built_in = table::longest(&BRITISH, |line| line.digits, msisdn.digits());
        match (extra, built_in) {
            (Some((prefix, network)), Some(line)) if prefix.len() >= line.digits.len() => Some(network),
            (_, Some(line)) => network_behind(line.value),
            (Some((_, network)), None) => Some(network),
            (None, None) => None,
        }
    }
}

fn plausible(prefix: &str) -> bool {
    (1..=15).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit())
}

/// Orange and T-Mobile became EE; Three is Hutchison 3G. A virtual operator authenticates through its host, as far as
/// that is public: where it moved, the operator table's own ranges correct this. Others are no mobile network of ours.
fn network_behind(holder: &str) -> Option<&'static Network> {
    match holder {
        "EE" | "Orange" | "T-Mobile" => Some(&EE),
        "O2" | "Lycamobile" | "Sky" | "Virgin Mobile" => Some(&O2),
        "Three" | "Hutchison" => Some(&THREE),
        "Vodafone" | "Lebara" | "TalkTalk" | "Truphone" => Some(&VODAFONE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn network(ranges: &Ranges, number: &str) -> Option<String> {
        ranges.network_of(&Msisdn::parse(number).unwrap()).map(|network| network.as_str().to_owned())
    }

    fn extra(pairs: &[(&str, &str)]) -> Result<Ranges, InvalidRange> {
        Ranges::new(pairs.iter().map(|(prefix, id)| ((*prefix).to_owned(), Network::parse(id).unwrap())))
    }

    #[test]
    fn the_table_is_sorted_and_every_prefix_is_a_british_mobile_one() {
        assert!(BRITISH.is_sorted_by(|a, b| a.digits < b.digits));
        assert!(BRITISH.iter().all(|line| line.digits.starts_with("447") && plausible(line.digits)));
    }

    #[test]
    fn built_in_networks_have_valid_ids() {
        for built_in in [&EE, &O2, &THREE, &VODAFONE] {
            assert_eq!(&Network::parse(built_in.as_str()).unwrap(), built_in);
        }
    }

    #[test]
    fn british_ranges_are_known() {
        let ranges = Ranges::default();
        for line in ["O2", "Three", "Vodafone", "EE", "Orange"] {
            let range = BRITISH.iter().find(|range| range.value == line).unwrap();
            let number = format!("+{:0<12}", range.digits);
            assert_eq!(network(&ranges, &number).as_deref(), network_behind(line).map(Network::as_str), "{number}");
        }
    }

    #[test]
    fn a_holder_that_is_no_network_hides_the_range_around_it() {
        let ranges = extra(&[("44", "WIDE")]).unwrap();
        let jersey = BRITISH.iter().find(|range| range.value == "JT").unwrap();
        assert_eq!(network(&ranges, &format!("+{:0<12}", jersey.digits)), None);
        assert_eq!(network(&ranges, "+447100000000").as_deref(), Some("WIDE"));
    }

    #[test]
    fn an_own_range_wins_over_an_equal_built_in_one_but_not_over_a_longer_one() {
        let line = BRITISH.iter().find(|range| range.value == "O2").unwrap();
        let number = format!("+{:0<12}", line.digits);
        let own = extra(&[(line.digits, "OWN")]).unwrap();
        assert_eq!(network(&own, &number).as_deref(), Some("OWN"));
        let shorter = extra(&[(&line.digits[..4], "OWN")]).unwrap();
        assert_eq!(network(&shorter, &number).as_deref(), Some("O2"));
    }

    #[test]
    fn own_ranges_work_for_other_countries() {
        let ranges = extra(&[("33639", "SFR"), ("336", "ORANGE_FR")]).unwrap();
        assert_eq!(network(&ranges, "+33639980120").as_deref(), Some("SFR"));
        assert_eq!(network(&ranges, "+33612345678").as_deref(), Some("ORANGE_FR"));
        assert_eq!(network(&ranges, "+33712345678"), None);
    }

    #[test]
    fn a_bad_own_range_is_refused() {
        for wrong in ["", "+44", "44x", "1234567890123456"] {
            assert_eq!(extra(&[(wrong, "A")]).unwrap_err(), InvalidRange::Prefix(wrong.to_owned()));
        }
        assert_eq!(
            extra(&[("44", "A"), ("33", "C"), ("44", "B")]).unwrap_err(),
            InvalidRange::Duplicate("44".to_owned())
        );
    }

    proptest! {
        #[test]
        fn the_binary_search_agrees_with_reading_the_whole_table(national in "7[1-57-9][0-9]{8}") {
            let number = Msisdn::parse(&format!("+44{national}")).unwrap();
            let slow = BRITISH.iter().filter(|line| number.digits().starts_with(line.digits))
                .max_by_key(|line| line.digits.len()).and_then(|line| network_behind(line.value));
            let ranges = Ranges::default();
            prop_assert_eq!(ranges.network_of(&number), slow);
        }
    }
}
