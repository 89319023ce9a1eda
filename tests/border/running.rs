//! An adapter in use, and what happens to its file meanwhile.

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    path::Path,
    sync::Arc,
};

use serde_json::{Map, Value, json};
use sna_operators::{Operation, Operators, Outcome, Verdict};

use crate::{
    bed::{Logs, NOW, callback, only, operators, run, session},
    layer::{Layer, built},
};

async fn plans(operators: &Operators) -> bool {
    matches!(run(operators, Operation::Plan).await.map(|done| done.outcome), Ok(Outcome::Authorize(_)))
}

/// Cut short in place, overwritten in place with another adapter, and deleted, in turn.
fn disturb(layer: &Layer, turn: u32) {
    match turn % 3 {
        0 => drop(OpenOptions::new().write(true).create(true).truncate(true).open(layer.file("vodafone")).unwrap()),
        1 => fs::write(layer.file("vodafone"), built("o2")).unwrap(),
        _ => drop(fs::remove_file(layer.file("vodafone"))),
    }
}

#[tokio::test]
async fn a_loaded_adapter_outlives_its_file() {
    let layer = Layer::of(&[("vodafone", &built("vodafone"))]);
    let operators = only(layer.path(), "vodafone");
    assert!(plans(&operators).await);
    for turn in 0..3 {
        disturb(&layer, turn);
        assert!(plans(&operators).await, "turn {turn}");
    }
    fs::remove_dir_all(layer.path()).unwrap();
    assert!(plans(&operators).await, "without its directory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_calls_do_not_notice_what_happens_to_the_file() {
    let layer = Layer::of(&[("vodafone", &built("vodafone"))]);
    let operators = Arc::new(only(layer.path(), "vodafone"));
    assert!(plans(&operators).await);
    let callers = (0..4).map(|_| {
        let operators = Arc::clone(&operators);
        tokio::spawn(async move {
            for _ in 0..200 {
                assert!(plans(&operators).await);
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    for turn in 0..12 {
        disturb(&layer, turn);
        tokio::task::yield_now().await;
    }
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_first_load_beside_a_swap_gives_an_answer_whichever_file_it_meets() {
    let layer = Layer::of(&[("vodafone", &built("vodafone"))]);
    for turn in 0..6 {
        let operators = Arc::new(only(layer.path(), "vodafone"));
        let callers = (0..4).map(|_| {
            let operators = Arc::clone(&operators);
            tokio::spawn(async move {
                match run(&operators, Operation::Plan).await {
                    Ok(done) => assert!(matches!(done.outcome, Outcome::Authorize(_))),
                    Err(verdict) => assert_eq!(verdict, Verdict::ConfigError),
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        disturb(&layer, turn);
        for caller in callers {
            caller.await.unwrap();
        }
        layer.put("vodafone", &built("vodafone"));
        assert!(plans(&operators).await, "repaired");
    }
}

#[tokio::test]
async fn adapters_live_beside_each_other_and_one_that_fails_is_alone_with_it() {
    let layer = Layer::of(&[("vodafone", &built("vodafone")), ("rogue", &built("rogue"))]);
    let table = json!({
        "VODAFONE": { "adapter": "vodafone" },
        "ROGUE": { "adapter": "rogue", "config": { "fault": "panics" } },
        "O2": { "adapter": "o2" },
    });
    let operators = operators(layer.path(), &table, &[]);
    let at = |network: &'static str, operation| operators.run(network, operation, session(), NOW);
    assert!(at("VODAFONE", Operation::Plan).await.is_ok());
    assert_eq!(at("ROGUE", callback()).await.err(), Some(Verdict::ConfigError));
    assert_eq!(at("O2", Operation::Plan).await.err(), Some(Verdict::ConfigError), "not there yet");
    assert_eq!(at("EE", Operation::Plan).await.err(), Some(Verdict::NetworkUnsupported));
    layer.put("o2", &built("o2"));
    for network in ["VODAFONE", "O2", "ROGUE"] {
        assert!(at(network, Operation::Plan).await.is_ok(), "{network}");
    }
}

/// Every adapter of the repository as its own manifest describes it: several of one family among them, each with the
/// family's code and data in a file of its own.
#[tokio::test]
async fn all_our_adapters_live_in_one_process() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters");
    let manifests = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("manifest.json"));
    let manifests = manifests.filter_map(|path| fs::read(path).ok());
    let manifests: Vec<Value> = manifests.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect();
    let families: HashSet<_> = manifests.iter().map(|manifest| manifest["family"].as_str().unwrap()).collect();
    assert!(families.len() < manifests.len(), "no two of one family");
    let (layer, mut table) = (Layer::empty(), Map::new());
    for manifest in &manifests {
        let id = manifest["id"].as_str().unwrap();
        layer.put_as(id, &built(id), manifest);
        let secrets = manifest["secrets"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
        let credentials: Map<_, _> = secrets.map(|name| (name.to_owned(), json!("env:SECRET"))).collect();
        let mut entry = json!({ "adapter": id, "credentials": credentials });
        if manifest["family"] == "header_enrichment" {
            entry["enrichment"] =
                json!({ "uri": "http://he.example", "header": "x-msisdn", "proxies": ["10.0.0.0/8"] });
        }
        table.insert(id.to_owned(), entry);
    }
    let logs = Logs::capture();
    let operators = operators(layer.path(), &Value::Object(table), &[("SECRET", &"00".repeat(32))]);
    for round in 0..2 {
        for manifest in &manifests {
            let id = manifest["id"].as_str().unwrap();
            let planned = operators.run(id, Operation::Plan, session(), NOW).await;
            assert!(matches!(planned, Ok(_) | Err(Verdict::ConfigError)), "{id} in round {round}");
        }
    }
    // The table's `config` is missing, and an adapter that needs it says so itself: its code has run.
    let causes = logs.causes();
    assert!(causes.iter().all(|cause| cause.starts_with("operator table: ")), "{causes:?}");
}
