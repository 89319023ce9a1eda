//! Who was given the range of a number, and which network stands behind that name.

use crate::{automaton::Automaton, msisdn::Msisdn, network::Network, table};

static HOLDERS: Automaton = Automaton::new(include_bytes!("../data/holders.bin"));

const NAMES_TEXT: &str = include_str!("../data/holders.txt");
/// The automaton's value is 1 + the place of a name.
static NAMES: [&str; table::count(NAMES_TEXT)] = table::lines(NAMES_TEXT);

const ALIASES_TEXT: &str = include_str!("../data/aliases.txt");
static ALIASES: [&str; table::count(ALIASES_TEXT)] = table::lines(ALIASES_TEXT);

/// Who was given the range of a number; not who serves it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// As the public data calls it; `None` for a range of the operator table.
    pub name: Option<&'static str>,
    /// The mobile network, for a virtual operator that of its host; `None` if the holder is neither.
    pub network: Option<Network>,
    pub is_mvno: bool,
    /// The host is known not to authenticate this virtual operator's subscribers.
    pub is_filtered: bool,
}

impl Holder {
    pub(crate) fn own(network: Network) -> Self {
        Self { name: None, network: Some(network), is_mvno: false, is_filtered: false }
    }

    /// By the public data; with the length of the prefix that says so.
    pub(crate) fn public(msisdn: &Msisdn) -> Option<(usize, Self)> {
        let longest = (1..).zip(HOLDERS.walk(msisdn.digits())).filter(|(_, value)| *value != 0).last();
        let (length, value) = longest?;
        let name = *NAMES.get(usize::from(value).checked_sub(1)?)?;
        let wanted = (msisdn.country().as_str(), name);
        let place = ALIASES.binary_search_by(|line| key(line).cmp(&wanted)).ok();
        let mut behind =
            place.and_then(|place| ALIASES.get(place)).into_iter().flat_map(|line| line.split('|').skip(2));
        let network = behind.next().map(Network::built_in);
        let mvno = behind.next();
        Some((
            length,
            Self { name: Some(name), network, is_mvno: mvno.is_some(), is_filtered: mvno == Some("filtered") },
        ))
    }
}

/// The country and the name.
fn key(alias: &'static str) -> (&'static str, &'static str) {
    let mut fields = alias.split('|');
    (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::Country;

    fn holder(number: &str) -> Holder {
        Holder::public(&Msisdn::parse(number).unwrap()).unwrap().1
    }

    fn network(number: &str) -> Option<String> {
        holder(number).network.map(String::from)
    }

    #[test]
    fn the_aliases_are_sorted_and_every_line_is_whole() {
        assert!(ALIASES.is_sorted_by(|a, b| key(a) < key(b)));
        for line in ALIASES {
            let fields: Vec<_> = line.split('|').collect();
            assert!(Country::parse(fields[0]).is_ok(), "{line}");
            assert!(NAMES.contains(&fields[1]), "{line}");
            assert!(Network::parse(fields[2]).is_ok(), "{line}");
            assert!(matches!(fields[3..], [] | ["mvno" | "filtered"]), "{line}");
        }
    }

    #[test]
    fn networks_are_known_by_their_ranges() {
        for (number, wanted) in [
            ("+447106000000", "O2"),
            ("+447300000000", "EE"),
            ("+447360000000", "THREE"),
            ("+447340000000", "VODAFONE"),
            ("+33607000000", "ORANGE_FR"),
            ("+34609000000", "MOVISTAR_ES"),
            ("+4915112345678", "TELEKOM_DE"),
            ("+4915212345678", "VODAFONE_DE"),
            ("+4917612345678", "O2_DE"),
            ("+916200012345", "JIO_IN"),
            ("+8613912345678", "CHINA_MOBILE"),
            ("+628111234567", "TELKOMSEL_ID"),
            ("+94771234567", "DIALOG_LK"),
        ] {
            assert_eq!(network(number).as_deref(), Some(wanted), "{number}");
        }
    }

    #[test]
    fn a_virtual_operator_has_its_hosts_network_and_is_marked() {
        let lebara = holder("+447343000000");
        assert_eq!(lebara.name, Some("Lebara"));
        assert!(lebara.network.is_some_and(|network| network.as_str() == "VODAFONE"));
        assert!(lebara.is_mvno && !lebara.is_filtered);
        assert!(ALIASES.iter().any(|line| line.ends_with("|filtered")));
    }

    #[test]
    fn a_holder_that_is_no_network_has_only_a_name() {
        assert_eq!(holder("+447797712345").name, Some("JT"));
        assert_eq!(network("+447797712345"), None);
    }
}
