//! What the text must look like, and what it must refuse.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::*;

fn render(template: Option<&str>, name: &str, domain: Option<&str>) -> Result<Text, TextError> {
    Text::render(template, name, 5, domain, &Code::parse("012345", 6).unwrap())
}

#[test]
fn the_default_names_the_customer_and_warns() {
    let text = render(None, "Shop", None).unwrap();
    assert_eq!(text.expose(), "012345 is your Shop code. It expires in 5 min. Do not share it with anyone.");
    assert_eq!((text.encoding(), text.units()), (Encoding::Gsm7, 75));
}

#[test]
fn the_last_line_names_the_host_and_the_code() {
    let text = render(Some("{name}: {code}"), "Shop", Some("shop.example")).unwrap();
    assert_eq!(text.expose(), "Shop: 012345\n\n@shop.example #012345");
}

#[test]
fn braces_in_the_name_are_no_placeholders() {
    assert_eq!(render(Some("{name} {code}"), "{code}", None).unwrap().expose(), "{code} 012345");
}

#[test]
fn the_code_must_stand_exactly_once() {
    for template in ["", "{name}", "{code}{code}"] {
        assert_eq!(render(Some(template), "Shop", None).unwrap_err(), TextError::CodeOnce, "{template}");
    }
}

#[test]
fn any_other_brace_is_refused() {
    for template in ["{code} {x}", "{code} {", "{code} }", "{{code}}", "{ code}", "{code} {}", "{CODE}", "}{code}"] {
        assert_eq!(render(Some(template), "Shop", None).unwrap_err(), TextError::Placeholder, "{template}");
    }
}

#[test]
fn control_characters_are_refused_but_for_new_lines_of_the_template() {
    for name in ["Shop\n", "Sh\0op", "\u{1b}", "\u{85}"] {
        assert_eq!(render(None, name, None).unwrap_err(), TextError::Control, "{name:?}");
    }
    assert_eq!(render(Some("{code}\r\n"), "Shop", None).unwrap_err(), TextError::Control);
    assert!(render(Some("{name}\n{code}"), "Shop", None).is_ok());
}

#[test]
fn a_domain_is_a_plain_host_name() {
    let long = format!("{}.example", "a".repeat(64));
    for domain in ["", ".", "a..b", "-a.example", "a-.example", "a b", "a\n@b", "shop.example #1", "é.example", &long]
    {
        assert_eq!(render(None, "Shop", Some(domain)).unwrap_err(), TextError::Domain, "{domain:?}");
    }
    assert!(render(None, "Shop", Some("localhost")).is_ok());
}

#[test]
fn a_text_of_the_gsm_alphabet_has_160_septets() {
    let exact = format!("{}{{code}}", "a".repeat(154));
    assert_eq!(render(Some(&exact), "", None).unwrap().units(), 160);
    let error = render(Some(&format!("a{exact}")), "", None).unwrap_err();
    assert_eq!(error, TextError::TooLong { units: 161, limit: 160 });
    assert_eq!(render(Some("€{code}"), "", None).unwrap().units(), 8);
}

#[test]
fn one_character_outside_the_alphabet_leaves_70_units() {
    let exact = format!("я{}{{code}}", "a".repeat(63));
    let text = render(Some(&exact), "", None).unwrap();
    assert_eq!((text.encoding(), text.units()), (Encoding::Ucs2, 70));
    assert_eq!(render(Some(&format!("a{exact}")), "", None).unwrap_err(), TextError::TooLong { units: 71, limit: 70 });
    assert_eq!(render(Some("🔑{code}"), "", None).unwrap().units(), 8, "a surrogate pair is two units");
}

#[test]
fn debug_hides_the_text() {
    assert_eq!(format!("{:?}", render(None, "Shop", None).unwrap()), "Text(Gsm7, 75 units)");
}

proptest! {
    #[test]
    fn whatever_is_accepted_fits_and_ends_in_the_line_of_the_domain(
        template in "[a-z€я{}\n]{0,20}(\\{code\\}|)[a-z{}]{0,20}", name in any::<String>(), domain in "[a-z.-]{1,20}"
    ) {
        if let Ok(text) = render(Some(&template), &name, Some(&domain)) {
            prop_assert!(text.units() <= text.encoding().limit());
            let last_line = format!("@{domain} #012345");
            prop_assert_eq!(text.expose().lines().last(), Some(last_line.as_str()));
        }
    }

    #[test]
    fn nothing_makes_the_renderer_panic(template in any::<String>(), name in any::<String>(), domain in any::<String>()) {
        let _ = render(Some(&template), &name, Some(&domain));
    }
}
