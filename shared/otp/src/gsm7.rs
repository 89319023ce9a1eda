//! The GSM 7-bit default alphabet (3GPP TS 23.038 6.2.1): decides whether an SMS holds 160 characters or 70.

/// 3GPP TS 23.038 6.2.1 without the escape, which is no character of its own.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// 3GPP TS 23.038 6.2.1.1: an escape and one more septet.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How many septets `text` takes, or none if a character is in neither table.
pub(crate) fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            c if BASIC.contains(c) => Some(1),
            c if EXTENSION.contains(c) => Some(2),
            _ => None,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basic_table_has_127_characters_and_the_escape() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(septets(BASIC), Some(127));
    }

    #[test]
    fn an_extended_character_takes_two_septets() {
        assert_eq!(septets(EXTENSION), Some(20));
        assert_eq!(septets("a€"), Some(3));
    }

    #[test]
    fn other_characters_are_not_in_the_alphabet() {
        for other in ["ç", "ê", "’", "`", "\t", "я", "🔑"] {
            assert_eq!(septets(other), None, "{other:?}");
        }
    }
}
