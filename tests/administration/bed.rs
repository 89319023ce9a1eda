//! Running `sna` in process, as its `main` does, in an environment of the test's own.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use gateway_tests::Gateway;
use serde_json::Value;
use sna::{Arguments, Error, run};

/// What a run answered: whether all was good, and its JSON.
pub type Told = Result<(bool, Value), String>;

/// Unix milliseconds.
pub fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    u64::try_from(time.as_millis()).expect("a time")
}

/// `sna --env …` in the local run's environment, with `variables` over it, `ahead_ms` from now.
pub async fn local_at(gateway: &Gateway, variables: &[(&str, &str)], words: &[&str], ahead_ms: u64) -> Told {
    let files = tempfile::tempdir().expect("a temporary folder");
    let path = files.path().join("env.json");
    let mut env = gateway.world.env().clone();
    env.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    std::fs::write(&path, serde_json::to_vec(&env).expect("JSON")).expect("a file");
    let path = path.display().to_string();
    told([&["--env", &path], words].concat(), BTreeMap::new(), ahead_ms).await
}

pub async fn local(gateway: &Gateway, words: &[&str]) -> Told {
    local_at(gateway, &[], words, 0).await
}

/// `sna` in the environment `variables` and no other.
pub async fn told(words: Vec<&str>, variables: BTreeMap<String, String>, ahead_ms: u64) -> Told {
    told_at(words, variables, now() + ahead_ms).await
}

/// The same, at a time of the test's own.
pub async fn told_at(words: Vec<&str>, variables: BTreeMap<String, String>, now: u64) -> Told {
    let arguments = ["sna", "--json"].into_iter().chain(words);
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| error.to_string())?;
    let answer = run(arguments, variables, now).await.map_err(|error: Error| error.to_string())?;
    Ok((answer.good, serde_json::from_str(&answer.json()).expect("JSON")))
}

/// One answer's text.
pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}
