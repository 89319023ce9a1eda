//! What template.yaml grants and gives to a function is what its crates use, no less and no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    packages, root, rust_files,
    template::{each, environment, references, resources, template},
};

/// A call of the stores, as the functions write it, and what DynamoDB must allow for it.
const CALLS: [(&str, &str, &[&str]); 22] = [
    ("customers.fresh(", "Customers", &["GetItem"]),
    ("customers.cached(", "Customers", &["GetItem"]),
    // It is read again beside the request.
    ("customers.kept(", "Customers", &["GetItem"]),
    (".recall(", "Customers", &["BatchGetItem"]),
    (".recall(", "Sessions", &["BatchGetItem"]),
    ("attempts.warm(", "Sessions", &["GetItem"]),
    ("store().get(", "Sessions", &["GetItem"]),
    (".create(", "Sessions", &["GetItem", "PutItem"]),
    ("attempts.update(", "Sessions", &["GetItem", "PutItem"]),
    ("store().update(", "Sessions", &["GetItem", "PutItem"]),
    (".update_counting(", "Sessions", &["GetItem", "PutItem"]),
    (".counters.count(", "Sessions", &["UpdateItem"]),
    // What ends a silent attempt, sends a code or finds it right is counted as used.
    ("attempts.end(", "Usage", &["UpdateItem"]),
    (".answer_payload(", "Usage", &["UpdateItem"]),
    (".guess(", "Usage", &["UpdateItem"]),
    (".claim_send(", "Usage", &["UpdateItem"]),
    // What ends an attempt is told.
    ("attempts.end(", "Events", &["PutItem"]),
    (".answer_payload(", "Events", &["PutItem"]),
    (".guess(", "Events", &["PutItem"]),
    ("Count::Add", "Sessions", &["UpdateItem"]),
    ("Count::GiveBack", "Sessions", &["UpdateItem"]),
    ("Count::Check", "Sessions", &["ConditionCheckItem"]),
];

/// What a function reads that stands in a secret, and in which. What an operator table or a lookup's configuration
/// refers to is read by whoever reads that.
const SECRETS: [(&str, &str); 8] = [
    ("\"TOKEN_KEY\"", "SigningSecret"),
    ("\"TOKEN_PUBLIC_KEYS\"", "KeysSecret"),
    ("\"STATEMENT_KEY\"", "StatementSecret"),
    ("\"STATEMENT_PUBLIC_KEYS\"", "StatementKeysSecret"),
    ("\"CUSTOMER_PEPPER\"", "CustomersSecret"),
    ("\"OTP_PEPPER\"", "OtpSecret"),
    ("Attempts::", "OperatorsSecret"),
    ("Lookups::from_env", "LookupSecret"),
];

/// The variables without which something is missing. Others have defaults, stand in a secret, or are set by Lambda.
const MUST_BE_GIVEN: [&str; 10] = [
    "STACK",
    "PUBLIC_URL",
    "SESSIONS_TABLE",
    "USAGE_TABLE",
    "EVENTS_TABLE",
    "WEBHOOKS_QUEUE",
    "CUSTOMERS_TABLE",
    "OPERATORS",
    "ADAPTERS",
    "SMS_MAX_PRICE",
];

/// The only way to send an SMS.
const SMS: &str = "sna_otp::client(";

/// What hears events, and what Lambda must be allowed in its name so that it does (AWS Lambda, "Using AWS Lambda with Amazon
/// DynamoDB" and "with Amazon SQS"); and its own two calls of the queue.
const LISTENER: &str = "implListenerfor";
const SOURCES: [(&str, &str); 2] = [
    ("Events", "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams"),
    (
        "Webhooks",
        "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes sqs:SendMessage sqs:ChangeMessageVisibility",
    ),
];

/// The sources under these folders, as one text without white space.
fn sources(folders: &[&Path]) -> String {
    let mut files = Vec::new();
    for folder in folders {
        rust_files(&root().join(folder).join("src"), &mut files);
    }
    let texts = files.iter().map(|file| fs::read_to_string(file).expect("a file"));
    texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A function's package: its name, its own sources, and of all that it uses the texts in capitals, such as names of
/// variables, and those variables that are read.
struct Crate {
    name: String,
    own: String,
    words: BTreeSet<String>,
    read: BTreeSet<String>,
}

impl Crate {
    fn new(name: &str, folder: &Path, all: &[&Path]) -> Self {
        let whole = sources(all);
        let is_name =
            |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
        let words = whole.split('"').filter(is_name).map(str::to_owned).collect();
        let readers = ["env.text(\"", "env.parsed(\"", "env.origin(\"", "env.optional(\"", "variable(\""];
        let read = readers.iter().flat_map(|reader| whole.split(reader).skip(1));
        let read = read.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
        Self { name: name.to_owned(), own: sources(&[folder]), words, read }
    }
}

fn crates() -> Vec<Crate> {
    let packages = packages();
    let functions = packages.iter().filter(|(_, (folder, _))| folder.starts_with("functions"));
    let functions = functions.map(|(name, (folder, _))| {
        let mut used = BTreeSet::from([name.as_str()]);
        loop {
            let more: BTreeSet<&str> =
                used.iter().flat_map(|name| packages[*name].1.iter().map(String::as_str)).collect();
            if more.is_subset(&used) {
                break;
            }
            used.extend(more);
        }
        let folders: Vec<&Path> = used.iter().map(|name| packages[*name].0.as_path()).collect();
        Crate::new(name, folder, &folders)
    });
    functions.collect()
}

/// What a package's role must allow: `action resource`.
fn needed(package: &Crate, log: &str) -> BTreeSet<String> {
    let mut needed: BTreeSet<String> =
        ["logs:CreateLogStream", "logs:PutLogEvents"].iter().map(|action| format!("{action} {log}")).collect();
    for (call, table, actions) in CALLS {
        if package.own.contains(call) {
            needed.extend(actions.iter().map(|action| format!("dynamodb:{action} {table}")));
        }
    }
    needed.extend(secrets(package).iter().map(|secret| format!("secretsmanager:GetSecretValue {secret}")));
    if package.own.contains(SMS) {
        needed.insert("sns:Publish not arn:${AWS::Partition}:sns:*:*:*".to_owned());
    }
    if package.own.contains(LISTENER) {
        let both = SOURCES.iter().flat_map(|(source, actions)| actions.split(' ').map(move |action| (action, source)));
        needed.extend(both.map(|(action, source)| format!("{action} {source}")));
    }
    needed
}

fn secrets(package: &Crate) -> BTreeSet<String> {
    let read = SECRETS.iter().filter(|(read, _)| package.own.contains(read));
    read.map(|(_, secret)| (*secret).to_owned()).collect()
}

/// What a role allows, in the same words.
fn granted(role: &Value) -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    for policy in each(&role["Policies"]) {
        for statement in each(&policy["PolicyDocument"]["Statement"]) {
            let mut resources: BTreeSet<String> = references(&statement["Resource"]);
            // Beside a name, whatever stands there as text.
            resources.extend(statement["Resource"].as_str().map(str::to_owned));
            let but = statement["NotResource"]["!Sub"].as_str();
            resources.extend(but.map(|but| format!("not {but}")));
            for action in each(&statement["Action"]) {
                let action = action.as_str().unwrap_or_default();
                granted.extend(resources.iter().map(|resource| format!("{action} {resource}")));
            }
        }
    }
    granted
}

/// All that is wrong with the functions of a template.
fn faults(template: &Value, crates: &[Crate]) -> Vec<String> {
    let mut faults = Vec::new();
    let roles: BTreeMap<&str, &Value> = resources(template, "AWS::IAM::Role").collect();
    let logs: BTreeMap<&str, &Value> = resources(template, "AWS::Logs::LogGroup").collect();
    let functions: Vec<_> = resources(template, "AWS::Serverless::Function").collect();
    let traces = &json!({ "!If": ["IsTraced", [{ "!Ref": "TracePolicy" }], { "!Ref": "AWS::NoValue" }] });
    let lambda =
        json!({ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" });
    let for_lambda = &json!({ "Version": "2012-10-17", "Statement": [lambda] });
    // What `granted` reads of roles is all that there is, but for this one of traces.
    let traced = json!([{ "Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*" }]);
    for kind in ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"] {
        for (name, policy) in resources(template, kind) {
            if (kind, name) != ("AWS::IAM::ManagedPolicy", "TracePolicy")
                || policy["PolicyDocument"]["Statement"] != traced
            {
                faults.push(format!("{name} grants what no role shows"));
            }
        }
    }
    if functions.len() != crates.len() || roles.len() != crates.len() {
        faults.push(format!("{} functions with {} roles for {} crates", functions.len(), roles.len(), crates.len()));
    }
    for (logical, function) in functions {
        let mut fault = |what: String| faults.push(format!("{logical} {what}"));
        let code = function["CodeUri"].as_str().and_then(|code| code.strip_prefix("target/package/current/"));
        let Some(package) = crates.iter().find(|package| Some(package.name.as_str()) == code) else {
            fault(format!("has the code of nobody: {code:?}"));
            continue;
        };
        // Below the API's 30 s.
        if !function["Timeout"].as_u64().is_some_and(|seconds| (1..30).contains(&seconds)) {
            fault(format!("has no timeout below the API's: {}", function["Timeout"]));
        }
        let log = format!("{logical}Log");
        let keeps = logs.get(log.as_str()).is_some_and(|log| !log["RetentionInDays"].is_null());
        if references(&function["LoggingConfig"]) != BTreeSet::from([log.clone()]) || !keeps {
            fault("has no log group of its own with a retention".to_owned());
        }
        let role = format!("{logical}Role");
        if references(&function["Role"]) != BTreeSet::from([role.clone()]) {
            fault("has another's role".to_owned());
        }
        let role = roles.get(role.as_str()).copied().unwrap_or(&Value::Null);
        if role["AssumeRolePolicyDocument"] != *for_lambda || role["ManagedPolicyArns"] != *traces {
            fault("has a role for others, or with more policies than its own and that of traces".to_owned());
        }
        if !function["Policies"].is_null() || !function["Events"].is_null() {
            fault("has policies or events beside its role and its route".to_owned());
        }
        let granted = granted(role);
        let needed = needed(package, &log);
        let both = [("may not, but must:", &needed, &granted), ("may, but never does:", &granted, &needed)];
        for (what, one, other) in both {
            let missing: Vec<_> = one.difference(other).collect();
            if !missing.is_empty() {
                fault(format!("{what} {missing:?}"));
            }
        }
        let environment = environment(template, function);
        let read = environment.get("SECRETS").map(references).unwrap_or_default();
        let read: BTreeSet<_> = read.into_iter().filter(|name| name.ends_with("Secret")).collect();
        if read != secrets(package) {
            fault(format!("reads the secrets {read:?} instead of {:?}", secrets(package)));
        }
        for variable in environment.keys().filter(|variable| !package.words.contains(*variable)) {
            fault(format!("is given {variable}, which it does not read"));
        }
        for variable in MUST_BE_GIVEN.iter().filter(|variable| package.read.contains(**variable)) {
            if !environment.contains_key(*variable) {
                fault(format!("is not given {variable}"));
            }
        }
    }
    faults
}

/// The counters of failed sign-ins, and nothing else of the table.
fn counts_failures_alone(template: &Value) -> bool {
    let statements = &template["Resources"]["TokenRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let own = each(statements).into_iter().filter(|statement| references(&statement["Resource"]).contains("Sessions"));
    let keys = json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["count#token#*"] } });
    let conditions: Vec<_> = own.map(|statement| &statement["Condition"]).collect();
    conditions == [&keys]
}

#[test]
fn a_function_may_do_what_its_crates_do_and_nothing_else() {
    let faults = faults(&template("template.yaml"), &crates());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn token_reaches_no_session() {
    assert!(counts_failures_alone(&template("template.yaml")));
    let limit = fs::read_to_string(root().join("shared/sessions/src/limit.rs")).expect("a file");
    assert!(limit.contains("\"count#{}#"), "the prefix of counters' keys");
    let token = fs::read_to_string(root().join("functions/token/src/lib.rs")).expect("a file");
    assert!(token.contains("format!(\"token#{"), "the prefix of this counter");
}

#[test]
fn every_call_of_the_stores_is_known_here() {
    let crates = crates();
    let known: String = CALLS.iter().map(|(call, ..)| format!("{call} ")).collect();
    for file in ["shared/sessions/src", "shared/customers/src"] {
        let mut files = Vec::new();
        rust_files(&root().join(file), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).expect("a file");
            for method in text.split("    pub async fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()) {
                let is_known = known.contains(&format!(".{method}("));
                // What only administration calls.
                let calls = ["customers", "store", "store()", "counters"].map(|whose| format!("{whose}.{method}("));
                let is_called = crates.iter().any(|package| calls.iter().any(|call| package.own.contains(call)));
                assert!(is_known || !is_called, "{method} of {file:?}");
            }
        }
    }
}

#[test]
fn a_template_that_grants_or_gives_something_else_is_found() {
    let (whole, crates) = (template("template.yaml").to_string(), crates());
    for (right, wrong) in [
        // More than is needed,
        ("\"dynamodb:ConditionCheckItem\"", "\"dynamodb:DeleteItem\""),
        ("\"dynamodb:BatchGetItem\"", "\"dynamodb:*\""),
        ("{\"!GetAtt\":\"Customers.Arn\"}", "\"*\""),
        ("\"sns:Publish\"", "\"sns:*\""),
        ("\"sqs:DeleteMessage\"", "\"sqs:PurgeQueue\""),
        ("sns:*:*:*", "sns:*:*:alerts"),
        ("secretsmanager:GetSecretValue", "secretsmanager:*"),
        (
            "\"secretsmanager:${OperatorsSecret}\"",
            "\"secretsmanager:${OperatorsSecret},secretsmanager:${SigningSecret}\"",
        ),
        ("{\"!GetAtt\":\"OtpLog.Arn\"}", "{\"!GetAtt\":\"AccessLog.Arn\"}"),
        ("\"!Ref\":\"TracePolicy\"", "\"!Ref\":\"AnotherPolicy\""),
        ("\"xray:PutTelemetryRecords\"", "\"xray:*\""),
        ("\"AWS::IAM::ManagedPolicy\"", "\"AWS::IAM::Policy\""),
        ("lambda.amazonaws.com", "ec2.amazonaws.com"),
        // less,
        ("secretsmanager:${SigningSecret},secretsmanager:${CustomersSecret}", "secretsmanager:${SigningSecret}"),
        ("\"dynamodb:UpdateItem\"", "\"dynamodb:GetItem\""),
        // or another's.
        ("\"NotResource\"", "\"Resource\""),
        ("\"!GetAtt\":\"KeysRole.Arn\"", "\"!GetAtt\":\"TokenRole.Arn\""),
        ("{\"!Ref\":\"OtpLog\"}", "{\"!Ref\":\"TokenLog\"}"),
        ("target/package/current/keys", "target/package/current/coverage"),
        ("\"RetentionInDays\"", "\"Retention\""),
        ("\"STACK\"", "\"STAGE\""),
        ("\"CUSTOMERS_TABLE\"", "\"CUSTOMER_TABLE\""),
        ("\"Timeout\":28", "\"Timeout\":30"),
    ] {
        let broken = whole.replace(right, wrong);
        assert!(broken != whole, "{right} is not there");
        let broken = serde_json::from_str(&broken).expect("JSON");
        assert!(!faults(&broken, &crates).is_empty(), "{wrong} passes");
    }
    let broken = whole.replace("count#token#*", "*");
    assert!(!counts_failures_alone(&serde_json::from_str(&broken).expect("JSON")));
}

#[test]
fn only_otp_sends_only_two_sign_tokens_and_only_two_sign_statements() {
    let template = template("template.yaml");
    let roles: Vec<_> = resources(&template, "AWS::IAM::Role").map(|(name, role)| (name, granted(role))).collect();
    let who = |what: &str| {
        let may = roles.iter().filter(|(_, granted)| granted.iter().any(|granted| granted.contains(what)));
        may.map(|(name, _)| *name).collect::<BTreeSet<_>>()
    };
    assert_eq!(who("sns:"), ["OtpRole"].into());
    assert_eq!(who("SigningSecret"), ["GetConfigRole", "TokenRole"].into());
    assert_eq!(who("StatementSecret"), ["NotifyRole", "ValidateRole"].into());
    assert_eq!(who("CustomersSecret"), ["TokenRole"].into());
    for nobody in ["dynamodb:Delete", "Scan", "Query", "BatchWrite", "iam:", "kms:", "lambda:", "CreateTable"] {
        assert!(who(nobody).is_empty(), "{nobody}");
    }
}

#[test]
fn a_wildcard_has_its_reason_in_the_line_before() {
    let text = fs::read_to_string(root().join("template.yaml")).expect("the template");
    assert_eq!(bare_wildcards(&text), [""; 0]);
    for (reason, line) in [("# SMS only", "sns:Publish"), ("# X-Ray has no", "xray:Put")] {
        let without: Vec<_> = text.lines().filter(|line| !line.contains(reason)).collect();
        assert!(bare_wildcards(&without.join("\n")).iter().any(|bare| bare.contains(line)), "{line}");
    }
}

/// Statements with a wildcard for an action or a resource and no comment right before them.
fn bare_wildcards(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).filter(|pair| !pair[0].trim_start().starts_with('#'));
    let statements = pairs.map(|pair| pair[1]).filter(|line| line.contains("Effect: Allow") && !line.contains("sts:"));
    statements.filter(|line| line.split(", Condition:").next().is_some_and(|line| line.contains('*'))).collect()
}

#[test]
fn peppers_are_64_hex_digits_and_outlive_what_they_protect() {
    let template = template("template.yaml");
    for (secret, key) in [("CustomersSecret", "CUSTOMER_PEPPER"), ("OtpSecret", "OTP_PEPPER")] {
        let generate = &template["Resources"][secret]["Properties"]["GenerateSecretString"];
        let expected = json!({
            "SecretStringTemplate": "{}", "GenerateStringKey": key, "PasswordLength": 64, "RequireEachIncludedType": false,
            "ExcludePunctuation": true, "ExcludeUppercase": true, "ExcludeCharacters": ('g'..='z').collect::<String>(),
        });
        assert_eq!(*generate, expected, "{secret}");
    }
    for kept in ["Customers", "CustomersSecret", "Usage"] {
        assert_eq!(template["Resources"][kept]["DeletionPolicy"], "RetainExceptOnCreate", "{kept}");
    }
}
