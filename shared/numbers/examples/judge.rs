//! What we say of numbers, for whoever wants to compare: a number a line in, `<country>|<holder>` out, or `-` where
//! the number is refused.
#![allow(clippy::expect_used, reason = "a tool of the checks fails by panicking")]

use std::io::{BufWriter, Write, stdin, stdout};

use sna_numbers::{Msisdn, Ranges};

fn main() {
    let ranges = Ranges::default();
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lines() {
        let number = Msisdn::parse(&line.expect("a line of text"));
        let said = match number.and_then(|number| ranges.check(&number).map(|()| number)) {
            Ok(number) => {
                let holder = ranges.holder(&number).and_then(|holder| holder.name);
                format!("{}|{}", number.country(), holder.unwrap_or_default())
            }
            Err(_) => "-".to_owned(),
        };
        writeln!(out, "{said}").expect("somebody listens");
    }
}
