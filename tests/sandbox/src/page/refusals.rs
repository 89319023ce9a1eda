//! What the gateway refused, and why: what a developer is told by the log, and a caller is not.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::Page;

/// The functions' log, which whoever starts them writes beside `gateway.json`.
const LOG: &str = "gateway.log";
/// Of its end, in bytes.
const READ: u64 = 512 * 1024;
const SHOWN: usize = 50;

/// `GET /refusals`: the last answers of 400 to 499, newest first. `field` is the parameter or header that is wrong.
pub async fn refusals(State(Page(page)): State<Page>) -> Json<Vec<Value>> {
    Json(last(&page.reference.directory.join(LOG)))
}

fn last(log: &Path) -> Vec<Value> {
    let end = tail(log).unwrap_or_default();
    let lines = end.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let refused = lines.filter(|line| line["status"].as_u64().is_some_and(|status| (400..500).contains(&status)));
    refused.take(SHOWN).map(|line| shown(&line)).collect()
}

fn shown(line: &Value) -> Value {
    json!({ "at": line["timestamp"], "method": line["method"], "path": line["endpoint"], "status": line["status"],
        "field": line["field"], "why": line["error"], "trace_id": line["trace_id"] })
}

/// There may be no log: a test has its functions in its own process.
fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let from = file.metadata()?.len().saturating_sub(READ);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(READ).read_to_end(&mut bytes)?;
    // The first line may have lost its beginning.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_newest_refusals_are_read_from_the_end_of_a_log_of_any_length() {
        let path = std::env::temp_dir().join(format!("sandbox-refusals-{}.log", std::process::id()));
        let line = |status: u16, why: &str| {
            let line = json!({ "timestamp": "now", "method": "POST", "endpoint": "/v1/validate", "status": status,
                "field": "code", "error": why, "trace_id": "t", "customer": "shop" });
            format!("{line}\n")
        };
        let many: String = (0..4000).map(|index| line(400, &format!("{index}"))).collect();
        assert!(many.len() as u64 > READ);
        std::fs::write(&path, format!("{many}INFO no JSON\n{}{}{}", line(200, ""), line(503, ""), line(429, "last")))
            .unwrap();
        let found = last(&path);
        std::fs::remove_file(&path).unwrap();
        let expected = json!({ "at": "now", "method": "POST", "path": "/v1/validate", "status": 429, "field": "code",
            "why": "last", "trace_id": "t" });
        assert_eq!((found.len(), &found[0], &found[1]["why"]), (SHOWN, &expected, &json!("3999")));
        assert!(last(&path).is_empty(), "no log, no refusals");
    }
}
