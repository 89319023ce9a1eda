//! Is the number in a text that must not hold it?

use form_urlencoded::parse;

/// Does `text` hold the number, as it stands or percent-encoded, with its country code or without?
///
/// Its last digits are looked for: nine at most, and never the country code, which has at most three.
pub fn quotes(text: &str, msisdn: &str) -> bool {
    let digits = msisdn.trim_start_matches('+');
    let national = digits.len().saturating_sub(3).min(9);
    let tail = digits.get(digits.len() - national..).unwrap_or_default();
    !tail.is_empty()
        && (text.contains(tail)
            || parse(text.as_bytes()).any(|(name, value)| name.contains(tail) || value.contains(tail)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_number_hides_in_a_url(number in "[1-9][0-9]{7,14}", country in 0..=3_usize, encoded: Vec<bool>, zero: bool) {
            let written: String = number[country..]
                .bytes()
                .enumerate()
                .map(|(at, digit)| match encoded.get(at) {
                    Some(true) => format!("%{digit:02x}"),
                    _ => char::from(digit).to_string(),
                })
                .collect();
            let trunk = if zero { "0" } else { "" };
            let msisdn = format!("+{number}");
            for url in [format!("https://op.example/?a=b&n={trunk}{written}#x"), format!("/{trunk}{written}/x")] {
                prop_assert!(quotes(&url, &msisdn), "{}", url);
            }
        }

        #[test]
        fn any_text_without_digits_holds_no_number(text in "[^0-9%]*", number in "[1-9][0-9]{7,14}") {
            prop_assert!(!quotes(&text, &number));
        }
    }

    #[test]
    fn a_number_is_seen_in_every_spelling() {
        for text in [
            "https://op.example/?msisdn=+447700900601",
            "https://op.example/447700900601/check",
            "https://op.example/?login_hint=tel%3A%2B447700900601",
            "https://op.example/07700900601",
            "https://op.example/?n=%34%34%37%37%30%30%39%30%30%36%30%31",
        ] {
            assert!(quotes(text, "+447700900601"), "{text}");
        }
        assert!(quotes("x=12345678", "+4512345678"), "a short national number");
        for text in ["", "https://op.example/?msisdn=+447700900602", "https://op.example/?state=0601"] {
            assert!(!quotes(text, "+447700900601"), "{text}");
        }
        assert!(!quotes("anything", "") && !quotes("anything", "+44"), "no number is in no text");
    }
}
