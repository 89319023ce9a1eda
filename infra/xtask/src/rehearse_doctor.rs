//! `sna doctor`, asked of the rehearsed deployment: each row is shown, and is to be well unless the emulator cannot answer it.

use serde_json::Value;

use crate::{
    Error, Workspace,
    rehearse_cloud::{Cloud, STACK, answer, text},
};

/// The emulator knows none of the questions about SMS.
const UNANSWERED: &str = "SMS";

/// Rows that a deployment must have.
const EXPECTED: [&str; 5] = ["credentials", "clock", "stack", "layer", "API"];

/// # Errors
/// A row that is not well, or that is not there; and what `sna` said where it answered nothing.
pub(crate) fn check(workspace: &Workspace, cloud: &Cloud<'_>) -> Result<(), Error> {
    let mut run = cloud.run(workspace.built("sna")).words("--json doctor --stack").arg(STACK);
    let said = run.0.output().map_err(Error::file("sna"))?;
    // Rows that are not well are an answer, and a failure of `sna`.
    let rows = answer("sna doctor", &said)?;
    let (lines, wrong) = judged(rows.as_array().map(Vec::as_slice).unwrap_or_default());
    println!("{}", lines.join("\n"));
    if wrong.is_empty() { Ok(()) } else { Err(Error::failed(format!("sna doctor: not well: {}", wrong.join(", ")))) }
}

/// What is shown, and the names of the rows that are not as they should be.
fn judged(rows: &[Value]) -> (Vec<String>, Vec<String>) {
    let mut lines = Vec::new();
    let mut wrong: Vec<String> = EXPECTED.map(str::to_owned).into();
    wrong.retain(|name| rows.iter().all(|row| row["check"] != name.as_str()));
    for row in rows {
        let (name, state) = (text(&row["check"]), text(&row["state"]));
        let excepted = name.starts_with(UNANSWERED);
        let state = match state.as_str() {
            "FAILED" | "warning" if excepted => "excepted: the emulator cannot answer".to_owned(),
            "FAILED" | "left out" => {
                wrong.push(name.clone());
                state
            }
            _ => state,
        };
        lines.push(format!("    {name}: {state}: {}", text(&row["found"])));
    }
    (lines, wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(changed: &[(&str, &str)]) -> Vec<Value> {
        let well = EXPECTED.iter().map(|&name| (name, "ok")).filter(|(name, _)| changed.iter().all(|(c, _)| c != name));
        let all = well.chain(changed.iter().copied().filter(|(_, state)| !state.is_empty()));
        all.map(|(name, state)| json!({ "check": name, "state": state, "found": "it" })).collect()
    }

    #[test]
    fn what_the_emulator_cannot_answer_is_shown_and_excepted() {
        let (lines, wrong) =
            judged(&rows(&[("SMS: spend", "FAILED"), ("SMS: kind", "warning"), ("tables", "warning")]));
        assert!(wrong.is_empty(), "{wrong:?}");
        for name in ["SMS: spend", "SMS: kind"] {
            assert!(lines.contains(&format!("    {name}: excepted: the emulator cannot answer: it")), "{lines:?}");
        }
        assert!(lines.contains(&"    tables: warning: it".to_owned()), "{lines:?}");
    }

    #[test]
    fn a_row_that_failed_was_left_out_or_is_missing_is_wrong() {
        for changed in [("clock", "FAILED"), ("API", "left out"), ("layer", ""), ("secret keys", "FAILED")] {
            assert_eq!(judged(&rows(&[changed])).1, [changed.0]);
        }
        assert_eq!(judged(&[]).1, EXPECTED);
    }
}
