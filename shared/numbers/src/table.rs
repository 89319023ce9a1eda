//! Text tables of leading digits, cut into lines at compile time: nothing is parsed when a function starts, and a
//! lookup is a few binary searches over a slice in the read-only part of the binary.

/// One line of a data file: `<leading digits> <value>`.
pub(crate) struct Line {
    pub(crate) digits: &'static str,
    pub(crate) value: &'static str,
}

/// How many lines of `text` are not comments. Every line must end in a line feed.
pub(crate) const fn count(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut lines, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] != b'#' {
            lines += 1;
        }
        at = find(bytes, b'\n', at) + 1;
    }
    lines
}

/// The lines of `text` that are not comments; `N` is their [`count`]. A malformed file does not compile.
pub(crate) const fn parse<const N: usize>(text: &'static str) -> [Line; N] {
    let mut lines = [const { Line { digits: "", value: "" } }; N];
    let (mut rest, mut filled) = (text, 0);
    while !rest.is_empty() {
        let bytes = rest.as_bytes();
        let end = find(bytes, b'\n', 0);
        if bytes[0] != b'#' {
            let space = find(bytes, b' ', 0);
            assert!(0 < space && space + 1 < end, "a line is `<digits> <value>`");
            lines[filled] = Line { digits: rest.split_at(space).0, value: rest.split_at(end).0.split_at(space + 1).1 };
            filled += 1;
        }
        rest = rest.split_at(end + 1).1;
    }
    lines
}

const fn find(bytes: &[u8], wanted: u8, from: usize) -> usize {
    let mut at = from;
    while bytes[at] != wanted {
        at += 1;
    }
    at
}

/// The entry of a sorted `table` whose key is the longest that `digits` begin with.
pub(crate) fn longest<'t, T>(table: &'t [T], key: impl Fn(&T) -> &str, digits: &str) -> Option<&'t T> {
    (1..=digits.len()).rev().find_map(|length| {
        let prefix = digits.get(..length)?;
        let at = table.binary_search_by(|entry| key(entry).cmp(prefix)).ok()?;
        table.get(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\n1 US 11\n1242 BS 11\n44 GB 12\n";
    static LINES: [Line; count(TEXT)] = parse(TEXT);

    fn value(digits: &str) -> Option<&'static str> {
        longest(&LINES, |line| line.digits, digits).map(|line| line.value)
    }

    #[test]
    fn comments_are_not_lines() {
        assert_eq!(LINES.len(), 3);
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(value("12425551234"), Some("BS 11"));
        assert_eq!(value("12125551234"), Some("US 11"));
    }

    #[test]
    fn digits_without_a_prefix_are_not_found() {
        assert_eq!(value("99"), None);
        assert_eq!(value(""), None);
    }
}
