//! A stack's events, the newest first as CloudFormation gives them: what became of its resources, and why.

use serde_json::Value;

/// Why resources failed.
pub(crate) fn failures(events: &[Value]) -> Vec<String> {
    let failed = events.iter().filter(|event| text(event, "ResourceStatus").ends_with("_FAILED"));
    let why =
        failed.map(|event| format!("{}: {}", text(event, "LogicalResourceId"), text(event, "ResourceStatusReason")));
    why.collect()
}

/// Was the resource changed, and the stack rolled back after that? To be changed back is no such change.
pub(crate) fn updated(events: &[Value], resource: &str) -> bool {
    let before = events.iter().skip_while(|event| text(event, "ResourceStatus") != "UPDATE_ROLLBACK_IN_PROGRESS");
    let mut of_it = before.filter(|event| text(event, "LogicalResourceId") == resource);
    of_it.any(|event| text(event, "ResourceStatus") == "UPDATE_COMPLETE")
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// In the order in which they happened.
    fn events(happened: &[(&str, &str)]) -> Vec<Value> {
        let event = |(resource, status): &(&str, &str)| json!({ "LogicalResourceId": resource, "ResourceStatus": status, "ResourceStatusReason": "no such group" });
        happened.iter().rev().map(event).collect()
    }

    #[test]
    fn a_resource_that_was_only_changed_back_was_not_changed() {
        let rollback = ("stack", "UPDATE_ROLLBACK_IN_PROGRESS");
        let (changed, failed) = (("GetConfig", "UPDATE_COMPLETE"), ("Broken", "CREATE_FAILED"));
        assert!(updated(&events(&[changed, failed, rollback, changed]), "GetConfig"));
        assert!(!updated(&events(&[failed, rollback, changed]), "GetConfig"));
        assert!(!updated(&events(&[changed, rollback]), "Token"));
        assert!(!updated(&events(&[changed]), "GetConfig"));
        assert!(!updated(&events(&[("GetConfig", "UPDATE_IN_PROGRESS"), failed, rollback]), "GetConfig"));
    }

    #[test]
    fn what_failed_is_told_with_its_reason() {
        let events = events(&[("GetConfig", "UPDATE_COMPLETE"), ("Broken", "CREATE_FAILED")]);
        assert_eq!(failures(&events), ["Broken: no such group"]);
    }
}
