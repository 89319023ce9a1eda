//! Address -> network, by public data of who announces which block. Coarse and a few months old: a cross-check, never proof.

use std::net::IpAddr;

use sna_operators::Table;

/// Of which release of the public data the tables are, and its date: `2.3.2026061719 2026-06-17`, and a line feed.
pub const RELEASE: &str = include_str!("../data/release.txt");

/// Records of first address, last address, and a place in [`NAMES`]; sorted, and none within another.
static V4: &[u8] = include_bytes!("../data/v4.bin");
/// The same, by the upper halves of addresses: nobody announces less than a /64.
static V6: &[u8] = include_bytes!("../data/v6.bin");
/// A network a line; the first is `-`, fixed lines.
const NAMES: &str = include_str!("../data/names.txt");

/// What is known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// A mobile network's handsets have it.
    Mobile(&'a str),
    /// A home or an office has it.
    Fixed,
    /// Nothing, or that it could be either.
    Unknown,
}

impl<'a> Address<'a> {
    /// The operator table's own addresses come first.
    pub fn of(address: IpAddr, table: &'a Table) -> Self {
        table.network_at(address).map_or_else(|| public(address), Self::Mobile)
    }
}

impl Address<'_> {
    /// Seen from a network: `same`, `other` (another mobile network's), `fixed` or `unknown`.
    pub fn beside(self, network: Option<&str>, table: &Table) -> &'static str {
        match self {
            Self::Mobile(found) if network.is_some_and(|network| table.same_network(found, network)) => "same",
            Self::Mobile(_) => "other",
            Self::Fixed => "fixed",
            Self::Unknown => "unknown",
        }
    }
}

/// Can no handset be seen there from outside? Private, local and special addresses that the operator table does not have.
pub fn is_reserved(address: IpAddr, table: &Table) -> bool {
    sna_outbound::is_special(address) && table.network_at(address).is_none()
}

fn public(address: IpAddr) -> Address<'static> {
    let place = match address.to_canonical() {
        IpAddr::V4(address) => find(V4, &address.octets()),
        IpAddr::V6(address) => address.octets().first_chunk::<8>().and_then(|upper| find(V6, upper)),
    };
    match place.and_then(|place| NAMES.lines().nth(place.into())) {
        None => Address::Unknown,
        Some("-") => Address::Fixed,
        Some(network) => Address::Mobile(network),
    }
}

/// The value of the record that holds `key`.
fn find(table: &[u8], key: &[u8]) -> Option<u8> {
    let width = key.len();
    let record = |place: usize| table.get(place * (2 * width + 1)..)?.get(..2 * width + 1);
    let (mut low, mut high) = (0, table.len() / (2 * width + 1));
    while low < high {
        let middle = low.midpoint(high);
        if record(middle)?.get(..width)? <= key { low = middle + 1 } else { high = middle }
    }
    let record = record(low.checked_sub(1)?)?;
    if key <= record.get(width..2 * width)? { record.last().copied() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;
    use sna_numbers::Network;

    use super::*;

    fn records(table: &'static [u8], width: usize) -> Vec<(&'static [u8], &'static [u8], u8)> {
        let records = table.chunks(2 * width + 1);
        records.map(|record| (&record[..width], &record[width..2 * width], record[2 * width])).collect()
    }

    #[test]
    fn the_tables_are_whole_sorted_and_small() {
        for (table, width) in [(V4, 4), (V6, 8)] {
            assert_eq!(table.len() % (2 * width + 1), 0);
            let records = records(table, width);
            assert!(!records.is_empty() && records.iter().all(|(first, last, _)| first <= last));
            assert!(records.is_sorted_by(|(_, last, _), (first, ..)| last < first));
            assert!(records.iter().all(|(.., place)| usize::from(*place) < NAMES.lines().count()));
        }
        assert!(V4.len() + V6.len() < 200_000);
        assert_eq!(NAMES.lines().next(), Some("-"));
        assert!(NAMES.lines().skip(1).all(|name| Network::parse(name).is_ok()));
    }

    #[test]
    fn addresses_are_known_by_who_announces_them() {
        for (address, wanted) in [
            ("148.252.128.20", Address::Mobile("VODAFONE")),
            ("::ffff:148.252.128.20", Address::Mobile("VODAFONE")),
            ("109.249.1.1", Address::Mobile("EE")),
            ("82.132.128.20", Address::Mobile("O2")),
            ("92.40.176.20", Address::Mobile("THREE")),
            ("2a02:7e8::1", Address::Unknown),
            ("172.58.27.20", Address::Mobile("TMOBILE_US")),
            ("2607:fb90::1", Address::Mobile("TMOBILE_US")),
            ("80.187.80.20", Address::Mobile("TELEKOM_DE")),
            // Old broadband of O2, British Telecom's lines, and a block that its operator sold.
            ("87.194.0.1", Address::Unknown),
            ("86.128.0.1", Address::Unknown),
            ("2.24.0.1", Address::Unknown),
            ("92.23.0.1", Address::Fixed),
            ("90.248.0.1", Address::Fixed),
            ("127.0.0.1", Address::Unknown),
            ("8.8.8.8", Address::Unknown),
        ] {
            assert_eq!(public(address.parse().unwrap()), wanted, "{address}");
        }
    }

    #[test]
    fn the_operator_tables_addresses_come_first_and_may_be_special_ones() {
        let json = r#"{"OWN": {"mobile_addresses": ["148.252.128.0/24", "198.18.31.0/24"]}}"#;
        let table = Table::parse(json, |_| None).unwrap();
        let of = |text: &str| Address::of(text.parse().unwrap(), &table);
        assert_eq!(of("148.252.128.20"), Address::Mobile("OWN"));
        assert_eq!(of("148.252.129.20"), Address::Mobile("VODAFONE"));
        let reserved = |text: &str| is_reserved(text.parse().unwrap(), &table);
        assert!(!reserved("198.18.31.1") && !reserved("148.252.128.20") && !reserved("2a00:23c0::1"));
        for address in
            ["198.18.32.1", "10.0.0.1", "192.168.0.1", "127.0.0.1", "::1", "fd00::1", "100.64.0.1", "::ffff:10.0.0.1"]
        {
            assert!(reserved(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn a_block_is_found_as_by_reading_all_of_them(address in any::<u32>(), at in any::<prop::sample::Index>(), off in -2i64..=2) {
            let edges: Vec<u32> = records(V4, 4).iter().flat_map(|(first, last, _)| [*first, *last])
                .map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap())).collect();
            let near = (i64::from(*at.get(&edges)) + off).clamp(0, u32::MAX.into()) as u32;
            for address in [address, near] {
                let key = address.to_be_bytes();
                let slow = records(V4, 4).into_iter().find(|(first, last, _)| *first <= &key[..] && &key[..] <= *last);
                prop_assert_eq!(find(V4, &key), slow.map(|(.., place)| place));
            }
        }
    }
}
