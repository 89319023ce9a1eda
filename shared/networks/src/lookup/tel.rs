//! The answer of an ENUM tree: a NAPTR record (RFC 3403 4.1) whose text is a `tel:` URI with number portability's
//! parameters (RFC 4694) and the provider's: `tel:…;npdi;np=no;cic=4018720;mcc=226;mnc=01`.

use super::{Carrier, Fault, codes};

/// What the regular expression of a NAPTR record says of the number with these digits.
pub fn carrier(regexp: &[u8], digits: &str) -> Result<Carrier, Fault> {
    let text = std::str::from_utf8(regexp).ok().and_then(replacement).ok_or(Fault::Broken("not a NAPTR text"))?;
    let mut parts = text.strip_prefix("tel:").ok_or(Fault::Broken("not a tel URI"))?.split(';');
    let number = parts.next().unwrap_or_default();
    if number.strip_prefix('+').unwrap_or(number) != digits {
        return Err(Fault::Broken("another number's"));
    }
    let (mut carrier, mut mcc, mut mnc) = (Carrier::default(), "", "");
    for part in parts {
        match part.split_once('=') {
            Some(("cic" | "spid", id)) if !id.is_empty() => carrier.spid = Some(id.to_owned()),
            Some(("mcc", code)) => mcc = code,
            Some(("mnc", code)) => mnc = code,
            Some(("np", told)) => carrier.ported = told == "yes",
            _ => {}
        }
    }
    carrier.mcc_mnc = codes(mcc, mnc);
    Ok(carrier)
}

/// The text between the second and the third delimiter of a substitution that takes the whole number: `!^.*$!text!`.
/// Others would need a regular expression's run over what a stranger wrote.
fn replacement(regexp: &str) -> Option<&str> {
    let delimiter = regexp.chars().next()?;
    let mut parts = regexp.split(delimiter).skip(1);
    let (pattern, text, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = matches!(pattern, "^.*$" | "^(.*)$" | ".*");
    (whole && !text.contains('\\') && matches!(flags, "" | "i") && parts.next().is_none()).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_answer_is_read() {
        let text = b"!^.*$!tel:40766610060;npdi;np=yes;cic=4018720;cc=ro;cn=VODA;nt=mobile;mcc=226;mnc=01!";
        let expected = Carrier { spid: Some("4018720".into()), mcc_mnc: Some((226, 1)), ported: true };
        assert_eq!(carrier(text, "40766610060"), Ok(expected));
    }

    #[test]
    fn an_answer_about_another_number_or_of_another_form_is_refused() {
        for text in [
            "!^.*$!tel:40766610061;npdi;mcc=226;mnc=01!",
            "!^.*$!sip:40766610060@example.net!",
            r"!^(.*)$!tel:\1;mcc=226;mnc=01!",
            "!^4(.*)$!tel:40766610060;mcc=226;mnc=01!",
            "!^.*$!tel:40766610060",
            "tel:40766610060",
            "",
        ] {
            assert!(carrier(text.as_bytes(), "40766610060").is_err(), "{text}");
        }
        assert!(carrier(b"!\xff!", "40766610060").is_err());
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "!.{0,60}!.{0,200}!") {
            let _ = carrier(&bytes, "40766610060");
            let _ = carrier(text.as_bytes(), "40766610060");
        }
    }
}
