//! Adapters that are missing, damaged, swapped or of another version: the operator is unavailable, the cause is
//! told once, nothing dies, and a repaired file is found without a restart.

use std::process::Command;

use serde_json::json;
use sna_operators::{Operation, Operators, Verdict};

use crate::{
    bed::{Logs, only, run, verdict},
    layer::{Layer, built, compiled, in_c, in_rust, manifest},
};

async fn is_up(operators: &Operators) -> bool {
    run(operators, Operation::Plan).await.is_ok()
}

/// Down at every attempt, and the log says why once.
async fn assert_down(operators: &Operators, logs: &Logs, cause: &str) {
    let before = logs.causes().len();
    for _ in 0..3 {
        assert_eq!(verdict(operators, Operation::Plan).await, Verdict::ConfigError, "{cause}");
    }
    let causes = logs.causes();
    assert_eq!(causes.len(), before + 1, "once each: {causes:?}");
    assert!(causes[before].contains(cause), "{} is not {cause}", causes[before]);
}

#[tokio::test]
async fn each_cause_is_told_once_and_a_repaired_layer_works_at_once() {
    let (vodafone, o2) = (built("vodafone"), built("o2"));
    let layer = Layer::empty();
    let operators = only(&layer.path().join("layer-that-is-not-there"), "vodafone");
    let logs = Logs::capture();
    assert_down(&operators, &logs, "manifest cannot be read: entity not found").await;

    let operators = only(layer.path(), "vodafone");
    assert_down(&operators, &logs, "manifest cannot be read: entity not found").await;
    std::fs::write(layer.manifest(), "{ not json").unwrap();
    assert_down(&operators, &logs, "manifest cannot be read: key must be").await;
    std::fs::write(layer.manifest(), "[]").unwrap();
    assert_down(&operators, &logs, "manifest cannot be read: invalid type").await;
    std::fs::write(layer.manifest(), "{}").unwrap();
    assert_down(&operators, &logs, "does not name it").await;
    layer.list("vodafone", &manifest("vodafone", &vodafone, &json!({ "built": { "file": "vodafone.so" } })));
    assert_down(&operators, &logs, "missing field `sha256`").await;
    layer.list("vodafone", &manifest("vodafone", &vodafone, &json!({ "built": null })));
    assert_down(&operators, &logs, "does not name it").await;
    layer.put_as("vodafone", &vodafone, &json!({ "abi": 2, "id": "o2" }));
    assert_down(&operators, &logs, "not sound: abi must be 1; it is another adapter's").await;
    layer.put("vodafone", &vodafone);
    std::fs::remove_file(layer.file("vodafone")).unwrap();
    assert_down(&operators, &logs, "file cannot be read: entity not found").await;
    std::fs::write(layer.file("vodafone"), &vodafone[..vodafone.len() / 2]).unwrap();
    assert_down(&operators, &logs, "SHA-256").await;
    layer.put("vodafone", b"#!/bin/sh\necho no library\n");
    assert_down(&operators, &logs, "not a whole ELF file").await;
    layer.put("vodafone", &o2);
    assert_down(&operators, &logs, "magic, size or name").await;
    // The other operator's file, with the manifest as it was: back to a cause that was told before another.
    layer.put("vodafone", &vodafone);
    std::fs::write(layer.file("vodafone"), &o2).unwrap();
    assert_down(&operators, &logs, "SHA-256").await;

    layer.put("vodafone", &vodafone);
    assert!(is_up(&operators).await, "no restart is needed: {:?}", logs.causes());
}

#[tokio::test]
async fn an_adapter_written_in_c_is_an_adapter() {
    let layer = Layer::of(&[("plain", &in_c(&[]))]);
    let operators = only(layer.path(), "plain");
    assert_eq!(verdict(&operators, Operation::Plan).await, Verdict::SubscriberUnknown);
}

#[tokio::test]
async fn a_foreign_descriptor_is_refused_before_its_code_runs() {
    let plain = in_c(&[]);
    let foreign: [(&str, &[&str]); 8] = [
        ("lacks the symbol", &["-DSYMBOL=other"]),
        ("has a newer version only", &["-DSYMBOL=SNA_ADAPTER_V2"]),
        ("has a function for a descriptor", &["-DAS_FUNCTION"]),
        ("wrong magic", &["-DMAGIC=0x534e4132u"]),
        ("magic of the other byte order", &["-DMAGIC=0x31414e53u"]),
        ("smaller", &["-DSIZE=40"]),
        ("another name", &["-DNAME=\"o2\""]),
        ("no step", &["-DSTEP=0"]),
    ];
    for (what, definitions) in foreign {
        let logs = Logs::capture();
        let layer = Layer::of(&[("plain", &in_c(definitions))]);
        let operators = only(layer.path(), "plain");
        assert_down(&operators, &logs, "magic, size or name").await;
        layer.put("plain", &plain);
        assert_eq!(verdict(&operators, Operation::Plan).await, Verdict::SubscriberUnknown, "repaired: {what}");
    }
}

#[tokio::test]
async fn a_descriptor_that_has_grown_is_still_of_version_one() {
    let layer = Layer::of(&[("plain", &in_c(&["-DSIZE=sizeof(sna_adapter_v1)+8"]))]);
    assert_eq!(verdict(&only(layer.path(), "plain"), Operation::Plan).await, Verdict::SubscriberUnknown);
}

#[tokio::test]
async fn what_the_loader_refuses_leaves_the_process_alive() {
    let mut other_machine = in_c(&[]);
    other_machine[18] ^= 0xff;
    let whole = built("vodafone");
    for (cause, bytes) in [
        ("an executable and not a library", compiled(&[])),
        ("an executable and not a library", compiled(&["-no-pie"])),
        ("cannot be loaded: vodafone: cannot dynamically load position-independent", compiled(&["-static-pie"])),
        ("cannot be loaded: vodafone: ", other_machine),
        ("not a whole ELF file", compiled(&["-c"])),
        ("not a whole ELF file", whole[..whole.len() / 8].to_vec()),
        ("not a whole ELF file", whole[..64].to_vec()),
        ("not a whole ELF file", Vec::new()),
    ] {
        let logs = Logs::capture();
        let layer = Layer::of(&[("vodafone", &bytes)]);
        let operators = only(layer.path(), "vodafone");
        assert_down(&operators, &logs, cause).await;
    }
}

#[tokio::test]
async fn a_rust_file_whose_panics_end_the_process_is_refused_before_it_is_loaded() {
    for optimised in [&[] as &[&str], &["-Copt-level=3", "-Clto=fat", "-Cstrip=symbols"]] {
        for (way, cause) in [("-Cpanic=unwind", "it panicked"), ("-Cpanic=abort", "built with panic = \"abort\"")] {
            let logs = Logs::capture();
            let layer = Layer::of(&[("plain", &in_rust(&[&[way], optimised].concat()))]);
            assert_down(&only(layer.path(), "plain"), &logs, cause).await;
        }
    }
}

#[tokio::test]
async fn the_manifest_names_files_of_its_own_directory_only() {
    let bytes = built("vodafone");
    let (outside, layer) = (Layer::of(&[("vodafone", &bytes)]), Layer::of(&[("vodafone", &bytes)]));
    let operators = only(layer.path(), "vodafone");
    for file in [outside.file("vodafone").to_str().unwrap(), "../vodafone.so", "./vodafone.so", "..", "", "a\0b"] {
        let mut listed = manifest("vodafone", &bytes, &json!({}));
        listed["built"]["file"] = json!(file);
        layer.list("vodafone", &listed);
        assert_eq!(verdict(&operators, Operation::Plan).await, Verdict::ConfigError, "{file:?}");
    }
}

#[tokio::test]
async fn a_pipe_in_the_place_of_an_adapter_does_not_hang_the_gateway() {
    let layer = Layer::of(&[("vodafone", &built("vodafone"))]);
    std::fs::remove_file(layer.file("vodafone")).unwrap();
    assert!(Command::new("mkfifo").arg(layer.file("vodafone")).status().unwrap().success());
    assert_eq!(verdict(&only(layer.path(), "vodafone"), Operation::Plan).await, Verdict::ConfigError);
}

#[tokio::test]
async fn a_refused_adapter_costs_no_file_and_no_memory_at_the_next_attempt() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let layer = Layer::of(&[("plain", &in_c(&["-DMAGIC=1"]))]);
    let operators = only(layer.path(), "plain");
    assert_eq!(verdict(&operators, Operation::Plan).await, Verdict::ConfigError);
    let before = open();
    for _ in 0..100 {
        assert_eq!(verdict(&operators, Operation::Plan).await, Verdict::ConfigError);
    }
    assert!(open() < before + 50, "other tests may open files, but not one at each attempt");
}

#[tokio::test]
async fn one_broken_entry_of_the_manifest_is_its_own_operators_trouble() {
    let layer = Layer::of(&[("vodafone", &built("vodafone"))]);
    layer.list("o2", &json!({ "file": 7 }));
    assert!(is_up(&only(layer.path(), "vodafone")).await);
    assert_eq!(verdict(&only(layer.path(), "o2"), Operation::Plan).await, Verdict::ConfigError);
}
