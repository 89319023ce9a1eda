//! What counts as a trace, and what does not.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use lambda_http::Context;
use proptest::prelude::*;

use super::*;

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

fn request(parents: &[&str], xray: Option<&str>) -> lambda_http::Request {
    let mut event = lambda_http::Request::default();
    for parent in parents {
        event.headers_mut().append("traceparent", parent.parse().unwrap());
    }
    let mut context = Context::default();
    context.xray_trace_id = xray.map(str::to_owned);
    event.with_lambda_context(context)
}

#[test]
fn the_caller_s_trace_goes_before_x_ray_s_and_both_are_kept() {
    let parent = format!("00-{ID}-00f067aa0ba902b7-01");
    let header = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0");
    let trace = Trace::of(&request(&[&parent], Some(&header))).unwrap();
    assert_eq!((trace.id.as_str(), trace.xray.as_deref()), (ID, Some(ROOT)));
    assert_eq!(trace.response(), format!("00-{ID}-{}-01", trace.span));
    let trace = Trace::of(&request(&[], Some(&header))).unwrap();
    assert_eq!(trace.id, "5759e988bd862e3fe1be46a994272793");
    assert!(trace.response().ends_with("-00"));
}

#[test]
fn without_a_good_header_a_new_trace_begins() {
    let good = format!("00-{ID}-00f067aa0ba902b7-01");
    for parents in [vec![], vec!["nonsense"], vec![&good, &good], vec!["00-4bf9", ""]] {
        let (one, two) = (Trace::of(&request(&parents, None)).unwrap(), Trace::of(&request(&parents, None)).unwrap());
        assert_ne!(one.id, two.id);
        assert_ne!(one.id, ID);
        assert_eq!(one.xray, None);
        let response = one.response();
        assert_eq!(trace_parent(&response), Some((one.id.as_str(), false)), "our own answer is of the format");
    }
}

#[test]
fn a_traceparent_is_of_the_format_word_by_word() {
    let span = "00f067aa0ba902b7";
    for (value, found) in [
        (format!("00-{ID}-{span}-00"), Some(false)),
        (format!("00-{ID}-{span}-01"), Some(true)),
        (format!("00-{ID}-{span}-09"), Some(true)),
        (format!("cc-{ID}-{span}-01"), Some(true)),
        (format!("cc-{ID}-{span}-01-what-the-future"), Some(true)),
        (format!("cc-{ID}-{span}-01.what"), None),
        (format!("00-{ID}-{span}-01-what"), None),
        (format!("00-{ID}-{span}-01-"), None),
        (format!("ff-{ID}-{span}-01"), None),
        (format!("00-{}-{span}-01", ID.to_uppercase()), None),
        (format!("00-{}-{span}-01", "0".repeat(32)), None),
        (format!("00-{ID}-{}-01", "0".repeat(16)), None),
        (format!("00-{ID}-{span}-1"), None),
        (format!("00_{ID}_{span}_01"), None),
        (format!(" 00-{ID}-{span}-01"), None),
        (format!("00-{ID}-{span}-01,00-{ID}-{span}-01"), None),
        (format!("00-{}é-{span}-01", &ID[2..]), None),
    ] {
        assert_eq!(trace_parent(&value), found.map(|sampled| (ID, sampled)), "{value}");
    }
}

#[test]
fn an_x_ray_root_is_of_its_format_too() {
    assert_eq!(xray(&format!("Self=1-0;Root={ROOT};Sampled=1")), Some((ROOT, true)));
    for bad in
        ["", "Root", "Root=", "Root=1-5759e988", "Root=2-5759e988-bd862e3fe1be46a994272793", "Root=+447700900620"]
    {
        assert_eq!(xray(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn of_any_header_only_hex_digits_are_taken(value in "\\PC{0,80}|[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.{0,5})?") {
        if let Some((id, _)) = trace_parent(&value) {
            prop_assert!(id.len() == 32 && value[3..].starts_with(id) && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        if let Some((root, _)) = xray(&value) {
            prop_assert!(root.len() == 35);
        }
    }

    #[test]
    fn every_parent_of_the_format_is_taken(id in any::<u128>(), span in any::<u64>(), flags in any::<u8>()) {
        let value = format!("00-{id:032x}-{span:016x}-{flags:02x}");
        let expected = (id != 0 && span != 0).then(|| (format!("{id:032x}"), flags & 1 == 1));
        prop_assert_eq!(trace_parent(&value).map(|(id, sampled)| (id.to_owned(), sampled)), expected);
    }
}
