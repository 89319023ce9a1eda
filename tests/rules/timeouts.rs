//! Each function may take longer than everything that it waits for, and less than whoever calls it waits. The longest waits
//! are constants of the code, which are looked up here; how often a function meets them was counted by hand: without lost
//! races for a session, whose end is the function's own, and safe (`tests/histories/kills.rs`).

use std::fs;

use crate::{root, template::template};

/// File, where the wait stands in it, and how long it is in milliseconds.
type Wait = (&'static str, &'static str, u64);

const SECRETS: Wait = ("shared/api/src/live.rs", "LONGEST: Duration = Duration::from_secs(1);", 1000);
/// Lambda tries a start that took too long again, and then within the function's time (AWS Lambda, "Init phase").
const START: [Wait; 2] =
    [("shared/api/src/live.rs", "LONGEST_AT_START: Duration = Duration::from_secs(5);", 5000), SECRETS];
/// A read or a write of DynamoDB or SQS, tries again included.
const STORE: Wait = ("shared/config/src/aws.rs", ".operation_timeout(Duration::from_millis(2500))", 2500);
const STEP: Wait = ("shared/adapter/src/manifest.rs", "(100..=15_000).contains(&self.deadlines.step)", 15_000);
const SMS: Wait = ("shared/otp/src/sms.rs", "LONGEST: Duration = Duration::from_secs(3);", 3000);
const WEBHOOK: Wait = ("functions/notify/src/deliver.rs", "LONGEST: Duration = Duration::from_secs(5);", 5000);
const LOOKUP: Wait = ("shared/networks/src/lookup/config.rs", "(100..=2_500).contains(&entry.deadline_ms)", 2500);

/// An HTTP API waits 30 s for a function (Amazon API Gateway quotas, "Maximum integration timeout").
const API_MS: u64 = 30_000;

/// Function of the template -> what it may have to wait for, one after another.
const WAITS: [(&str, &[(Wait, u64)]); 10] = [
    // The customer, the counter of failures.
    ("Token", &[(SECRETS, 1), (STORE, 2)]),
    // What is known, the lookup, the plan, the session; and where its key was used meanwhile, by what, and what that one is.
    ("GetConfig", &[(SECRETS, 1), (STORE, 4), (LOOKUP, 1), (STEP, 1)]),
    // The claim, the step, the record of what it kept or of how it ended: each change is a read and a write.
    ("Authenticate", &[(SECRETS, 1), (STORE, 4), (STEP, 1)]),
    ("Callback", &[(SECRETS, 1), (STORE, 4), (STEP, 1)]),
    ("Enrich", &[(SECRETS, 1), (STORE, 4), (STEP, 1)]),
    // The customer, the claim, the message, the claim given back.
    ("Otp", &[(SECRETS, 1), (STORE, 5), (SMS, 1)]),
    // What is to be judged, the claim, the operator's judgement, the record.
    ("Validate", &[(SECRETS, 1), (STORE, 5), (STEP, 1)]),
    ("Coverage", &[(SECRETS, 1)]),
    ("Keys", &[(SECRETS, 1)]),
    // The customer, its server, the queue; of several messages at the same time.
    ("Notify", &[(SECRETS, 1), (STORE, 2), (WEBHOOK, 1)]),
];

#[test]
fn every_function_outlives_its_waits_and_not_its_caller() {
    let template = template("template.yaml");
    for (function, waits) in WAITS {
        for (file, said, _) in waits.iter().map(|(wait, _)| wait).chain(&START) {
            let text = fs::read_to_string(root().join(file)).expect("a file");
            assert!(text.contains(said), "{file} does not say {said}");
        }
        let longest: u64 = waits.iter().map(|((_, _, ms), times)| ms * times).sum();
        let longest = longest.max(START.iter().map(|(_, _, ms)| ms).sum());
        let seconds = template["Resources"][function]["Properties"]["Timeout"].as_u64();
        let timeout = seconds.unwrap_or_else(|| panic!("{function} has no Timeout")) * 1000;
        assert!(longest < timeout && timeout < API_MS, "{function} may wait {longest} ms, and ends after {timeout} ms");
    }
}
