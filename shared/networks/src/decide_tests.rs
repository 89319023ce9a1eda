//! Every combination of facts, against the rules written a second time; and the reasons as the log has them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::{prelude::*, sample::select};

use super::*;

fn table() -> Table {
    let json = r#"{
        "A": { "adapter": "a" }, "B": { "adapter": "b" }, "KNOWN": {},
        "MVNO": { "mvno_of": "A" }, "FILTERED": { "mvno_of": "A", "filtered": true }
    }"#;
    Table::parse(json, |_| None).unwrap()
}

fn network(id: &str) -> Network {
    Network::parse(id).unwrap()
}

fn holder(id: Option<&str>, is_mvno: bool, is_filtered: bool) -> Holder {
    Holder { name: None, network: id.map(network), is_mvno, is_filtered }
}

fn found(id: &str, ported: bool) -> Option<Looked> {
    Some(Looked::Found(Portability { network: Some(network(id)), ported }))
}

const IDS: [Option<&str>; 7] =
    [None, Some("A"), Some("B"), Some("KNOWN"), Some("MVNO"), Some("FILTERED"), Some("ELSEWHERE")];

fn holders() -> impl Strategy<Value = Option<Holder>> {
    prop::option::of(
        (select(&IDS[..]), any::<bool>(), any::<bool>())
            .prop_map(|(id, is_mvno, is_filtered)| holder(id, is_mvno || is_filtered, is_filtered)),
    )
}

fn portabilities() -> impl Strategy<Value = Option<Looked>> {
    let said = (select(&IDS[..]), any::<bool>())
        .prop_map(|(id, ported)| Looked::Found(Portability { network: id.map(network), ported }));
    prop::option::of(prop_oneof![4 => said, 1 => Just(Looked::Unknown), 1 => Just(Looked::Unavailable)])
}

fn addresses() -> impl Strategy<Value = Address<'static>> {
    let mobile = select(vec!["A", "B", "MVNO", "FILTERED", "ELSEWHERE"]).prop_map(Address::Mobile);
    prop_oneof![4 => mobile, 1 => Just(Address::Fixed), 1 => Just(Address::Unknown)]
}

fn host(id: &str) -> &str {
    if matches!(id, "MVNO" | "FILTERED") { "A" } else { id }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_silent_attempt_is_made_where_every_rule_allows_it_and_nowhere_else(
        holder in holders(), portability in portabilities(), address in addresses(), is_cached: bool, tries: bool,
        need in select(vec![MobileIp::Never, MobileIp::Prefer, MobileIp::Require]),
    ) {
        let table = table();
        let needs = |id: &str| table.get(id).map(|_| need);
        let facts = Facts {
            holder: holder.clone(), portability: portability.clone(), is_cached, address, tries, table: &table, needs: &needs,
        };
        let Decision { network, by, silent, reasons, confidence } = decide(facts);

        let held = holder.as_ref().and_then(|holder| holder.network.clone());
        let (wanted, said) = match &portability {
            Some(Looked::Found(said)) => (said.network.clone(), Some(said)),
            Some(Looked::Unknown) => (None, None),
            Some(Looked::Unavailable) | None => (held.clone(), None),
        };
        prop_assert_eq!(&network, &wanted);
        prop_assert_eq!(confidence == Confidence::High, said.is_some());
        prop_assert_eq!(by == By::Range, said.is_none() && wanted.is_some());

        let id = wanted.as_ref().map_or("", Network::as_str);
        let stayed = said.is_none_or(|said| {
            !said.ported && held.as_ref().is_some_and(|held| host(held.as_str()) == host(id))
        });
        let filtered = id == "FILTERED" || (stayed && holder.is_some_and(|holder| holder.is_filtered));
        let near = match address {
            _ if need == MobileIp::Never => true,
            Address::Mobile(at) => host(at) == host(id),
            Address::Fixed | Address::Unknown => tries,
        };
        prop_assert_eq!(silent.is_ok(), matches!(id, "A" | "B" | "MVNO") && !filtered && near);

        if let Err(reason) = silent {
            prop_assert!(reasons.has(reason));
        }
        let words = reasons.to_string();
        prop_assert!(!words.is_empty() && words.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b' ')), "{}", words);
        prop_assert_eq!(reasons.has(Reason::LookupUnavailable), portability == Some(Looked::Unavailable));
    }
}

#[test]
fn the_reasons_as_the_log_has_them() {
    let o2 = || Some(holder(Some("A"), false, false));
    let at_a = Address::Mobile("A");
    for (holder, portability, address, wanted) in [
        (o2(), None, at_a, "range_holder same_network"),
        (o2(), None, Address::Mobile("B"), "range_holder another_mobile_network"),
        (o2(), None, Address::Fixed, "range_holder fixed_line policy_skips"),
        (o2(), None, Address::Unknown, "range_holder address_unknown policy_skips"),
        (o2(), Some(Looked::Unavailable), at_a, "lookup_unavailable range_holder same_network"),
        (o2(), found("A", false), at_a, "lookup same_network"),
        (o2(), found("B", true), at_a, "lookup ported another_mobile_network"),
        (o2(), found("MVNO", true), at_a, "lookup ported mvno same_network"),
        (o2(), found("KNOWN", true), at_a, "lookup ported nobody_serves"),
        (o2(), Some(Looked::Unknown), at_a, "lookup no_such_subscriber"),
        (Some(holder(Some("A"), true, true)), None, at_a, "range_holder mvno filtered_by_host"),
        (Some(holder(Some("A"), true, true)), found("A", false), at_a, "lookup mvno filtered_by_host"),
        (Some(holder(Some("A"), true, true)), found("A", true), at_a, "lookup ported same_network"),
        (None, None, at_a, "network_unknown"),
    ] {
        let table = table();
        let needs = |id: &str| table.get(id).map(|_| MobileIp::Require);
        let facts =
            Facts { holder, portability, is_cached: false, address, tries: false, table: &table, needs: &needs };
        assert_eq!(decide(facts).reasons.to_string(), wanted);
    }
}

#[test]
fn an_operator_that_recognises_handsets_anywhere_does_not_care_about_the_address() {
    let table = table();
    let facts = Facts {
        holder: Some(holder(Some("A"), false, false)),
        portability: None,
        is_cached: false,
        address: Address::Mobile("B"),
        tries: false,
        table: &table,
        needs: &|_| Some(MobileIp::Never),
    };
    let decision = decide(facts);
    assert_eq!(
        (decision.silent, decision.reasons.to_string().as_str()),
        (Ok(()), "range_holder address_does_not_matter")
    );
}

#[test]
fn a_handset_that_has_come_is_refused_where_its_operator_cannot_know_it() {
    let other = Err(Reason::AnotherMobileNetwork);
    for (address, never, prefer, require) in [
        (Address::Mobile("A"), Ok(()), Ok(()), Ok(())),
        (Address::Mobile("MVNO"), Ok(()), Ok(()), Ok(())),
        (Address::Mobile("B"), Ok(()), other, other),
        (Address::Fixed, Ok(()), Ok(()), Err(Reason::FixedLine)),
        (Address::Unknown, Ok(()), Ok(()), Ok(())),
    ] {
        for (needs, wanted) in [(MobileIp::Never, never), (MobileIp::Prefer, prefer), (MobileIp::Require, require)] {
            assert_eq!(check_arrival("A", needs, address, &table()), wanted, "{address:?} {needs:?}");
        }
    }
}
