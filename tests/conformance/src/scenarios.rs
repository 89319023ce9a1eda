//! Every device of the adapter's sandbox profile, through the whole gateway: token, get_config, the handset's way over its
//! operator, validate. The other networks' profiles are there too, because a handset may be in one of them.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use gateway_tests::{Gateway, OPERATORS, profiles};
use sandbox::{
    customer::Customer,
    flow::Flow,
    gateway::{Device, OTP_ONLY},
    hop::Trace,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{runtime::Builder, task::JoinSet, time::timeout};

use crate::Subject;

/// How many handsets are on their way at a time.
const TOGETHER: usize = 8;

/// Each device's outcome, and in how much time: that of a whole step of the manifest for the sum of its steps.
pub(crate) fn scenarios(subject: &Subject) -> Vec<String> {
    let all = || {
        let (adapters, own) = (subject.staged()?, tempfile::tempdir().map_err(|error| error.to_string())?);
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
        runtime.block_on(walk_all(subject, &adapters, &own))
    };
    all().unwrap_or_else(|fault| vec![fault])
}

async fn walk_all(subject: &Subject, adapters: &TempDir, own: &TempDir) -> Result<Vec<String>, String> {
    fs::copy(&subject.profile, own.path().join("sandbox.json")).map_err(|error| error.to_string())?;
    let mut table: Map<String, Value> = serde_json::from_str(OPERATORS).map_err(|error| error.to_string())?;
    table.extend(subject.table.clone());
    let mut folders = others(subject)?;
    folders.push(own.path().to_owned());
    let gateway = Gateway::with_adapters(adapters.path(), &json!(table).to_string(), folders).await;
    let known = gateway.world.gateway();
    let customer = Arc::new(Customer::of(known).map_err(|error| error.to_string())?);
    let patience = Duration::from_millis(subject.manifest.deadlines.step);
    let mut devices = known.devices.iter().filter(|device| device.network == subject.network).cloned();
    let (mut running, mut faults, mut walked) = (JoinSet::new(), Vec::new(), 0);
    loop {
        while running.len() < TOGETHER
            && let Some(device) = devices.next()
        {
            running.spawn(judge(device, Arc::clone(&customer), patience));
            walked += 1;
        }
        match running.join_next().await {
            Some(Ok(fault)) => faults.extend(fault),
            Some(Err(error)) => faults.push(error.to_string()),
            None => break,
        }
    }
    if walked == 0 {
        faults.push("the profile has no device".into());
    }
    Ok(faults)
}

/// The folders of the repository's other profiles.
fn others(subject: &Subject) -> Result<Vec<PathBuf>, String> {
    let folders = fs::read_dir(profiles()).map_err(|error| error.to_string())?.flatten();
    let folders = folders.filter(|folder| folder.file_name() != *subject.id).map(|folder| folder.path());
    Ok(folders.filter(|folder| folder.join("sandbox.json").is_file()).collect())
}

/// What is wrong with a device's first attempt, or with a second one, where that may end otherwise.
async fn judge(device: Device, customer: Arc<Customer>, patience: Duration) -> Option<String> {
    let attempts = if device.later.is_some() { 2 } else { 1 };
    for attempt in 1..=attempts {
        let place = format!("scenario {} ({})", device.scenario, device.name);
        let ended = timeout(patience, outcome(device.clone(), Arc::clone(&customer))).await;
        let outcome = match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => return Some(format!("{place}: {error}")),
            Err(_) => return Some(format!("{place}: not ended in {} ms", patience.as_millis())),
        };
        let good = if attempt == 1 { outcome == device.expected } else { device.expects(&outcome) };
        if !good {
            return Some(format!("{place}: {outcome} instead of {} in attempt {attempt}", device.expected));
        }
    }
    None
}

async fn outcome(device: Device, customer: Arc<Customer>) -> Result<String, String> {
    let trace: Trace = Arc::new(drop);
    let mut flow = Flow::new(device, None, customer, trace).map_err(|error| error.to_string())?;
    let offer = flow.begin().await;
    match (offer.silent, offer.refusal) {
        (false, _) if offer.otp => Ok(OTP_ONLY.to_owned()),
        (false, refusal) => Ok(refusal.map_or_else(String::new, |refusal| refusal.error)),
        (true, _) => {
            flow.open_silent().await;
            Ok(flow.validate_silent().await.outcome)
        }
    }
}
