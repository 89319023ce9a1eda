//! Tables of leading digits as `cargo xtask numbers refresh` packs them: a walk of one step a digit over the read-only
//! part of the binary. Nothing is parsed when a function starts, so the first lookup costs what every lookup costs.

/// Rows of eleven little-endian 16-bit words: a value, then the rows behind the digits 0 to 9. Row 0 stands for "nothing
/// begins so"; the last row is the root.
pub(crate) struct Automaton(&'static [u8]);

const ROW: usize = 11;

impl Automaton {
    pub(crate) const fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// The value after each digit, as long as anything begins with those so far; 0 is no value.
    pub(crate) fn walk(&self, digits: &str) -> impl Iterator<Item = u16> {
        let mut row = (self.0.len() / (2 * ROW)).checked_sub(1);
        digits.bytes().map_while(move |byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            let next = self.word(row?, 1 + usize::from(digit))?;
            row = Some(usize::from(next)).filter(|row| *row != 0);
            self.word(row?, 0)
        })
    }

    fn word(&self, row: usize, column: usize) -> Option<u16> {
        let (words, _) = self.0.as_chunks::<2>();
        words.get(row * ROW + column).copied().map(u16::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accepts 4 (value 1), 47 (none) and 479 (value 2).
    const BYTES: [u8; 5 * 2 * ROW] = {
        let mut bytes = [0; 5 * 2 * ROW];
        let words = [(1, 0, 2), (2, 10, 1), (3, 8, 2), (3, 0, 1), (4, 5, 3)];
        let mut at = 0;
        while at < words.len() {
            let (row, column, word) = words[at];
            bytes[2 * (row * ROW + column)] = word;
            at += 1;
        }
        bytes
    };

    fn values(digits: &str) -> Vec<u16> {
        Automaton::new(&BYTES).walk(digits).collect()
    }

    #[test]
    fn a_walk_gives_the_values_on_its_way_and_ends_where_nothing_follows() {
        assert_eq!(values("479"), [1, 0, 2]);
        assert_eq!(values("4791"), [1, 0, 2]);
        assert_eq!(values("471"), [1, 0]);
        assert!(values("5").is_empty());
        assert!(values("").is_empty());
    }

    #[test]
    fn what_is_no_digit_ends_the_walk() {
        assert_eq!(values("4x9"), [1]);
        assert_eq!(values("4:9"), [1]);
        assert!(Automaton::new(&[]).walk("4").next().is_none());
    }

    #[test]
    fn the_rows_of_our_tables_lead_to_rows_before_them() {
        let tables: [&[u8]; 2] = [include_bytes!("../data/plan.bin"), include_bytes!("../data/holders.bin")];
        for bytes in tables {
            let words: Vec<_> = bytes.as_chunks::<2>().0.iter().copied().map(u16::from_le_bytes).collect();
            let (rows, rest) = words.as_chunks::<ROW>();
            assert!(rest.is_empty() && rows.len() > 1000 && rows[0] == [0; ROW]);
            for (row, words) in rows.iter().enumerate().skip(1) {
                assert!(words[1..].iter().all(|next| usize::from(*next) < row), "{row}");
            }
        }
    }
}
