//! What each endpoint and each flow takes (by criterion, `benches/endpoints`), and how often each goes to DynamoDB.

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Error, Figure, Place, child::bench_target};

/// Microseconds of the processor, of our own code and with the store's and the operators', and of the clock. Where nothing
/// is said, the whole of it is one flow: an access token, and a sign-in.
pub fn endpoints(place: &Place) -> Result<Vec<Figure>, Error> {
    let measured = place.target.join("criterion");
    let mut run = Command::new(bench_target(place, "endpoints")?);
    run.arg("--bench").env("CRITERION_HOME", &measured).stdout(Stdio::null());
    if !run.status().map_err(Error::failed)?.success() {
        return Err(Error::failed("the endpoints cannot be measured"));
    }
    let mut figures = Vec::new();
    for clock in ["cpu", "cpu with the store", "wall"] {
        let group = measured.join(clock);
        let mut steps: Vec<_> = fs::read_dir(&group).map_err(Error::file(&group))?.flatten().collect();
        steps.sort_by_key(fs::DirEntry::file_name);
        for step in steps.iter().filter(|step| step.file_name() != "report") {
            let path = step.path().join("new/estimates.json");
            let estimates = fs::read(&path).map_err(Error::file(&path))?;
            let estimates: Value = serde_json::from_slice(&estimates).map_err(Error::failed)?;
            let median = estimates["median"]["point_estimate"].as_f64().unwrap_or(f64::NAN) / 1000.0;
            let name = step.file_name().to_string_lossy().into_owned();
            let figure = Figure::new(format!("{name}, {clock}"), median, "us");
            // The bar: what we add to a sign-in must not be felt.
            figures.push(if clock == "cpu" && name.ends_with("_flow") { figure.at_most(1000.0) } else { figure });
        }
    }
    Ok(figures)
}

/// The most that any request of an endpoint sends to DynamoDB; a process's first for a token is apart.
pub fn calls(place: &Place) -> Result<Vec<Figure>, Error> {
    let mut run = Command::new(bench_target(place, "endpoints")?);
    let said = run.arg("calls").stderr(Stdio::inherit()).output();
    let said: Value = serde_json::from_slice(&said.map_err(Error::failed)?.stdout).map_err(Error::failed)?;
    let counted: Vec<(String, u64)> = serde_json::from_value(said["calls"].clone()).map_err(Error::failed)?;
    let most: Vec<(String, u64)> = serde_json::from_value(said["most"].clone()).map_err(Error::failed)?;
    let (first, warm) = counted.split_first().ok_or_else(|| Error::failed("nothing was counted"))?;
    let mut figures = vec![Figure::new(format!("{}, the first", first.0), first.1 as f64, "calls")];
    for (path, bar) in most {
        let asked = warm.iter().filter(|(endpoint, _)| *endpoint == path).map(|(_, calls)| *calls).max();
        let asked = asked.map_or(f64::NAN, |calls| calls as f64);
        figures.push(Figure::new(path, asked, "calls").at_most(bar as f64));
    }
    Ok(figures)
}
