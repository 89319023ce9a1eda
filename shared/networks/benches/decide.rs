//! How long a decision takes without a lookup, from the number's text to the reasons, and what it allocates.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::{hint::black_box, time::Instant};

use sna_networks::{Address, Decision, Facts, decide};
use sna_numbers::{Msisdn, Ranges};
use sna_operators::{MobileIp, Table};

const CASES: [(&str, &str); 4] = [
    ("+447106000000", "82.132.128.20"),
    ("+447500123456", "2607:fb90::1"),
    ("+33607123456", "81.2.69.99"),
    ("+12125551234", "172.58.27.20"),
];
const ROUNDS: u32 = 100_000;

fn main() {
    let table = Table::parse(r#"{"O2": {"adapter": "o2"}, "EE": {"adapter": "ee"}}"#, |_| None).unwrap();
    let ranges = Ranges::default();
    let started = Instant::now();
    black_box(judge(&ranges, &table, CASES[0]));
    let first = started.elapsed();
    let started = Instant::now();
    for _ in 0..ROUNDS {
        for case in CASES {
            black_box(judge(&ranges, &table, black_box(case)));
        }
    }
    let each = started.elapsed() / (ROUNDS * u32::try_from(CASES.len()).unwrap());
    println!("the decision without a lookup, from the texts of number and address to the reasons:");
    println!("  the first of a process {first:?}, later ones {each:?} each");
    for case in CASES {
        let used = allocation_counter::measure(|| drop(black_box(judge(&ranges, &table, case))));
        println!("  {} allocations of {} bytes in all", used.count_total, used.bytes_total);
    }
}

fn judge(ranges: &Ranges, table: &Table, (number, address): (&str, &str)) -> Decision {
    let msisdn = Msisdn::parse(number).unwrap();
    ranges.check(&msisdn).unwrap();
    let needs = |network: &str| table.get(network).map(|_| MobileIp::Require);
    decide(Facts {
        holder: ranges.holder(&msisdn),
        portability: None,
        is_cached: false,
        address: Address::of(address.parse().unwrap(), table),
        tries: true,
        table,
        needs: &needs,
    })
}
