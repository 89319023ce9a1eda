//! Text files, cut into lines by the compiler: nothing is parsed when a function starts.

/// How many lines of `text` are not comments. Every line must end in a line feed.
pub(crate) const fn count(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut lines, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] != b'#' {
            lines += 1;
        }
        at = end(bytes, at) + 1;
    }
    lines
}

/// The lines of `text` that are not comments; `N` is their [`count`].
pub(crate) const fn lines<const N: usize>(text: &'static str) -> [&'static str; N] {
    let mut lines = [""; N];
    let (mut rest, mut filled) = (text, 0);
    while !rest.is_empty() {
        let (line, after) = rest.split_at(end(rest.as_bytes(), 0));
        if rest.as_bytes()[0] != b'#' {
            lines[filled] = line;
            filled += 1;
        }
        rest = after.split_at(1).1;
    }
    lines
}

const fn end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while bytes[at] != b'\n' {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\nUS 11\n# another\nBS 11\n";
    static LINES: [&str; count(TEXT)] = lines(TEXT);

    #[test]
    fn comments_are_not_lines() {
        assert_eq!(LINES, ["US 11", "BS 11"]);
    }
}
