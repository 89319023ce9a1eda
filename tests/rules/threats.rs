//! infra/THREATS.md says which test tries which attack: each of them must exist.

use std::{collections::BTreeSet, fs};

use crate::root;

fn document() -> String {
    fs::read_to_string(root().join("infra/THREATS.md")).expect("the threats")
}

/// `file.rs::test`, between backticks.
fn references(text: &str) -> Vec<(&str, &str)> {
    text.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once("::")).collect()
}

#[test]
fn every_test_that_the_threats_name_exists() {
    let document = document();
    let named = references(&document);
    assert!(named.len() > 80, "the document names {} tests", named.len());
    let missing: BTreeSet<_> = named
        .into_iter()
        .filter(|(file, test)| {
            let text = fs::read_to_string(root().join(file)).unwrap_or_default();
            !text.contains(&format!("fn {test}("))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_threat_in_a_table_names_a_test() {
    let document = document();
    let rows = document.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| Test |"));
    let without: Vec<_> = rows.filter(|row| references(row).is_empty()).collect();
    assert!(without.is_empty(), "{without:#?}");
}
