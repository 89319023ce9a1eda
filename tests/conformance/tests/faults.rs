//! The kit finds what is wrong: an adapter with each fault is caught by the check that is for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use conformance::{Subject, check};
use serde_json::json;
use tempfile::TempDir;
use xtask::locate::Located;

/// The rogue adapter as a crate's folder has it, with this fault; `url` is what it calls and sends handsets to.
fn rogue(fault: &str, url: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let built = own.ancestors().map(|folder| folder.join("librogue.so")).find(|path| path.is_file());
    let file = folder.path().join("librogue.so");
    fs::copy(built.expect("librogue.so: run `cargo build -p rogue`"), &file).unwrap();
    let manifest = json!({
        "abi": 1, "id": "rogue", "name": "Rogue", "family": "other", "countries": ["GB"], "mcc_mnc": [], "hosts": [],
        "request_type": "GET", "ajax": false, "supports_callback": true, "needs_mobile_ip": "require",
        "number_form": "plain", "secrets": ["client_secret"],
    });
    let entry = json!({
        "adapter": "rogue", "origins": ["https://operator.example"], "config": { "fault": fault, "url": url },
        "credentials": { "client_secret": "env:SECRET" },
    });
    for (name, json) in [
        ("manifest.json", manifest),
        ("operator.json", json!({ "ROGUE": entry })),
        ("sandbox.json", json!({ "block": "+4477009001" })),
    ] {
        fs::write(folder.path().join(name), json.to_string()).unwrap();
    }
    (folder, file)
}

fn subject(folder: &TempDir, file: &Path) -> Subject {
    let located = Located::with(file, &folder.path().join("manifest.json")).unwrap();
    let profile = located.profile();
    Subject::new(located, profile, &folder.path().join("operator.json")).unwrap()
}

/// What the check finds in an adapter with this fault.
fn found(name: &str, fault: &str) -> Vec<String> {
    let (folder, file) = rogue(fault, "https://operator.example/login");
    (check(name).unwrap().run)(&subject(&folder, &file))
}

#[test]
fn each_fault_is_found_by_the_check_that_is_for_it() {
    for (name, fault, told) in [
        ("replies", "panics", "it panicked"),
        ("replies", "claims_a_panic", "it panicked"),
        ("replies", "writes_nothing", "wrote 0 times"),
        ("replies", "writes_twice", "wrote 2 times"),
        ("replies", "unknown_code", "returned 77"),
        ("replies", "reply_of_2_mib", "not a known one"),
        ("replies", "reply_is_null", "not a known one"),
        ("replies", "reply_is_not_json", "not a known one"),
        ("replies", "unknown_reply", "not a known one"),
        ("replies", "unknown_verdict", "not a known one"),
        ("replies", "unknown_ask", "not a known one"),
        ("replies", "not_understood_with_the_number", "does not understand"),
        ("replies", "match_whatever_is_asked", "a plan must end"),
        ("garbage", "writes_twice", "wrote 2 times"),
        ("number", "not_understood_with_the_number", "into the log"),
        ("number", "fails_with_the_number", "into the log"),
        ("number", "shows_the_number", "in a URL"),
        ("verdicts", "fails_with_match", "MATCH"),
        ("verdicts", "match_whatever_is_asked", "no operator said so"),
        ("verdicts", "any answer is a yes", "no operator said so"),
        ("replay", "asks_something_else", "another reply"),
        ("replay", "leaves_an_answer_unread", ""),
        ("limits", "asks_without_end", "a seventh time"),
        ("limits", "keeps_5_kib", "more than 4 KiB"),
        ("limits", "keeps_5_kib_unchecked", "it keeps 5120 bytes"),
    ] {
        let faults = found(name, fault);
        assert!(faults.iter().any(|found| found.contains(told)), "{name}, {fault}: {faults:?}");
    }
}

#[test]
fn a_url_on_another_host_is_found() {
    let (folder, file) = rogue("", "https://operator.example.evil/login");
    let faults = (check("hosts").unwrap().run)(&subject(&folder, &file));
    assert!(faults[0].contains("https://operator.example.evil/login is not on"), "{faults:?}");
}

#[test]
fn what_is_not_at_fault_is_not_blamed() {
    for (name, fault) in [
        ("file", "panics"),
        ("descriptor", "panics"),
        ("manifest", "panics"),
        ("hosts", "keeps_5_kib"),
        ("limits", "fails_with_match"),
        ("replay", "keeps_5_kib"),
        ("replies", "any answer is a yes"),
        ("number", "asks_without_end"),
        ("garbage", "any answer is a yes"),
    ] {
        assert_eq!(found(name, fault), [""; 0], "{name}, {fault}");
    }
}

#[test]
fn a_manifest_that_does_not_fit_its_entry_is_found() {
    let (folder, file) = rogue("", "https://operator.example");
    let mut subject = subject(&folder, &file);
    subject.manifest.secrets.push("private_key".into());
    subject.manifest.hosts.push("other.example".into());
    subject.manifest.countries.clear();
    subject.entry["origins"] = json!(["https://operator.example", "http://other.example"]);
    let faults = (check("manifest").unwrap().run)(&subject).join("\n");
    for told in [
        "credential private_key",
        "no origin https://operator.example",
        "no origin http://other.example",
        "countries are",
    ] {
        assert!(faults.contains(told), "{told}: {faults}");
    }
}

#[test]
fn a_file_that_is_no_adapter_is_found() {
    let (folder, file) = rogue("", "https://operator.example");
    let foreign = std::env::current_exe().unwrap();
    fs::copy(foreign, &file).unwrap();
    for name in ["file", "descriptor", "garbage", "replies"] {
        let faults = (check(name).unwrap().run)(&subject(&folder, &file));
        assert!(faults.iter().any(|fault| fault.contains("instead of SNA_ADAPTER_V1 alone")), "{name}: {faults:?}");
    }
}

/// In C, with a descriptor of the contract's layout, and a library of our own that nobody else has.
#[test]
fn a_file_that_will_not_load_in_lambda_is_found() {
    let (folder, file) = rogue("", "https://operator.example");
    let compile = |arguments: &[&str]| {
        let done = Command::new("cc").current_dir(folder.path()).args(arguments).output().expect("a C compiler");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    fs::write(folder.path().join("own.c"), "int own(void) { return 0; }").unwrap();
    compile(&["-shared", "-fPIC", "-o", "libown.so", "own.c"]);
    let adapter = "extern int own(void);
        static int step(void) { return own(); }
        const struct { unsigned magic, size; const char *name; unsigned long name_len; const char *version;
            unsigned long version_len; int (*step)(void); }
            SNA_ADAPTER_V1 = { 0x534e4131, 48, \"rogue\", 5, \"1.2.3\", 5, step };";
    fs::write(folder.path().join("rogue.c"), adapter).unwrap();
    compile(&["-shared", "-fPIC", "-o", "librogue.so", "rogue.c", "-L.", "-lown"]);
    let faults = (check("file").unwrap().run)(&subject(&folder, &file));
    assert_eq!(faults, ["needs libown.so, which Lambda's image does not have"]);
    let descriptor = xtask::descriptor::read(&fs::read(&file).unwrap()).unwrap();
    assert_eq!((descriptor.name.as_str(), descriptor.version.as_str()), ("rogue", "1.2.3"));
}

#[test]
fn an_adapter_that_ends_the_process_is_a_line_of_the_table() {
    let (_folder, file) = rogue("ends_the_process", "https://operator.example");
    let output = Command::new(env!("CARGO_BIN_EXE_conformance")).arg(&file).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{table}");
    let lines: Vec<&str> = table.lines().collect();
    let at = lines.iter().position(|line| line.contains("  replies ")).unwrap();
    assert!(lines[at].contains("FAULT") && lines[at + 1].contains("signal: 6"), "{table}");
    assert!(table.contains("  file        ok ") && table.contains("  descriptor  ok "), "{table}");
}
