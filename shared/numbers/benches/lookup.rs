//! How long a number takes: the first one of a process, which a cold start pays, and every later one.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use sna_numbers::{Holder, Msisdn, RELEASE, Ranges};

const NUMBERS: [&str; 8] = [
    "+447500123456",
    "+33607123456",
    "+4915112345678",
    "+12125551234",
    "+916200012345",
    "+8613912345678",
    "+628111234567",
    "+5511961234567",
];
const ROUNDS: u32 = 200_000;

fn main() {
    // Nothing of the tables was touched before this.
    let first = timed(|| judge(NUMBERS[0]));
    let second = timed(|| judge(NUMBERS[1]));
    let steady = timed(|| {
        for _ in 0..ROUNDS {
            for number in NUMBERS {
                black_box(judge(black_box(number)));
            }
        }
    });
    let each = steady / (ROUNDS * u32::try_from(NUMBERS.len()).unwrap());
    println!("parse, check and range holder of a number (libphonenumber {}):", RELEASE.trim());
    println!("  the first of a process {first:?}, the second {second:?}, later ones {each:?} each");
}

fn judge(number: &str) -> Option<Holder> {
    let ranges = Ranges::default();
    let msisdn = Msisdn::parse(number).unwrap();
    ranges.check(&msisdn).unwrap();
    ranges.holder(&msisdn)
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    black_box(work());
    started.elapsed()
}
