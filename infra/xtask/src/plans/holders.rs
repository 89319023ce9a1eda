//! Who was given which numbers: libphonenumber's `carrier/en/<calling code>.txt`, lines of `<leading digits>|<name>`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::automaton::Automaton;
use crate::Error;

pub(super) struct Holders {
    /// Leading digits, calling code first, without those that say what shorter ones already say.
    ranges: BTreeMap<String, String>,
}

impl Holders {
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let mut ranges = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
            let path = entry.map_err(Error::file(folder))?.path();
            let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let (digits, name) = split(line)
                    .ok_or_else(|| Error::failed(format!("{}: not `<digits>|<name>`: {line}", path.display())))?;
                ranges.insert(digits.to_owned(), name.to_owned());
            }
        }
        Ok(Self::new(&ranges))
    }

    fn new(ranges: &BTreeMap<String, String>) -> Self {
        let news = |(digits, name): &(&String, &String)| {
            let shorter = (1..digits.len()).rev().find_map(|length| ranges.get(&digits[..length]));
            shorter != Some(*name)
        };
        Self { ranges: ranges.iter().filter(news).map(|(digits, name)| (digits.clone(), name.clone())).collect() }
    }

    /// Sorted, each once.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.ranges.values().map(String::as_str).collect()
    }

    /// The value of a node is 1 + the place of the holder's name, or 0 where the digits before it decide.
    pub(super) fn automaton(&self) -> Option<Automaton> {
        let places = self.names().into_iter().zip(1..).collect();
        let mut automaton = Automaton::new();
        self.node("", &places, &mut automaton)?;
        Some(automaton)
    }

    fn node(&self, digits: &str, places: &BTreeMap<&str, u16>, automaton: &mut Automaton) -> Option<u16> {
        let mut next = [0; 10];
        for (digit, node) in ('0'..='9').zip(&mut next) {
            let digits = format!("{digits}{digit}");
            let mut behind = self.ranges.range(digits.clone()..);
            if behind.next().is_some_and(|(range, _)| range.starts_with(&digits)) {
                *node = self.node(&digits, places, automaton)?;
            }
        }
        let value = self.ranges.get(digits).and_then(|name| places.get(name.as_str()));
        automaton.node(value.copied().unwrap_or(0), next)
    }
}

fn split(line: &str) -> Option<(&str, &str)> {
    let (digits, name) = line.split_once('|')?;
    let plain = !name.is_empty() && !name.contains('|') && !name.starts_with('#');
    ((1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && plain)
        .then_some((digits, name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_longer_range_says_only_what_the_shorter_one_does_not() {
        let lines = ["44|Wide", "447|O2", "4470|O2", "4471|Wide", "33|SFR"];
        let ranges = lines.into_iter().map(|line| split(line).unwrap());
        let holders = Holders::new(&ranges.map(|(digits, name)| (digits.to_owned(), name.to_owned())).collect());
        assert_eq!(holders.names().into_iter().collect::<Vec<_>>(), ["O2", "SFR", "Wide"]);
        let automaton = holders.automaton().unwrap();
        let said = ["33", "44", "447", "4470", "4471", "4"].map(|digits| automaton.value(digits));
        assert_eq!(said, [2, 3, 1, 0, 3, 0]);
    }

    #[test]
    fn a_line_is_digits_and_a_name() {
        assert_eq!(split("447|O2"), Some(("447", "O2")));
        for wrong in ["447", "447|", "|O2", "44x|O2", "447|O2|x", "447|#", "1234567890123456|O2"] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
