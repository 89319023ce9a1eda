//! What each service answers of a healthy deployment, in the shape that its reference documents.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sna_tokens::{PublicKeys, SigningKey};

pub const REGION: &str = "eu-west-2";
pub const STACK: &str = "gw";

/// The functions; the first one loads no adapters.
pub const FUNCTIONS: [&str; 3] = ["gw-token", "gw-get-config", "gw-validate"];

/// The answers, by what they are asked with.
pub fn answers(url: &str) -> BTreeMap<String, String> {
    let pair = || {
        let key = SigningKey::generate().expect("a key");
        (key.paserk().expect("its text"), key.public_paserk().expect("its public key"))
    };
    let ((secret, public), (statement, statement_public)) = (pair(), pair());
    let pepper = "0b".repeat(32);
    let mut answers = BTreeMap::from([
        ("DescribeStacks".to_owned(), stack(url, "UPDATE_COMPLETE", &[], &[])),
        ("ListStackResources".to_owned(), resources(&FUNCTIONS[..2], Some("more"))),
        ("ListStackResources more".to_owned(), resources(&FUNCTIONS[2..], None)),
        ("GetCallerIdentity".to_owned(), xml("GetCallerIdentity", "<Arn>arn:aws:iam::1:user/admin</Arn>")),
        (
            "GetSMSSandboxAccountStatus".to_owned(),
            xml("GetSMSSandboxAccountStatus", "<IsInSandbox>false</IsInSandbox>"),
        ),
        ("GetSMSAttributes".to_owned(), attributes(Some("50"))),
        (layers("gw-adapters"), versions(&[7, 6])),
        ("/v1/.well-known/paseto-keys".to_owned(), published(&format!("{public},{statement_public}"))),
    ]);
    for name in FUNCTIONS {
        answers.insert(function_path(name), function(name != FUNCTIONS[0], &[&layer(7)]));
    }
    for (secret, name, value) in [
        ("gw/signing", "TOKEN_KEY", &secret),
        ("gw/keys", "TOKEN_PUBLIC_KEYS", &public),
        ("gw/statement", "STATEMENT_KEY", &statement),
        ("gw/statement-keys", "STATEMENT_PUBLIC_KEYS", &statement_public),
        ("gw/customers", "CUSTOMER_PEPPER", &pepper),
        ("gw/otp", "OTP_PEPPER", &pepper),
        ("gw/operators", "OPERATOR_CLIENT_SECRET", &pepper),
    ] {
        answers.insert(format!("GetSecretValue {secret}"), self::secret(name, value));
    }
    for table in ["gw-customers", "gw-sessions", "gw-usage"] {
        let description = json!({ "TableName": table, "TableStatus": "ACTIVE", "DeletionProtectionEnabled": true,
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }] });
        answers.insert(format!("DescribeTable {table}"), json!({ "Table": description }).to_string());
    }
    let ttl = json!({ "TimeToLiveDescription": { "TimeToLiveStatus": "ENABLED", "AttributeName": "ttl" } });
    for table in ["gw-sessions", "gw-usage"] {
        answers.insert(format!("DescribeTimeToLive {table}"), ttl.to_string());
    }
    let backups = json!({ "ContinuousBackupsDescription": { "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "ENABLED" } } });
    answers.insert("DescribeContinuousBackups gw-customers".to_owned(), backups.to_string());
    answers
}

/// An answer of a service that speaks XML.
pub fn xml(action: &str, result: &str) -> String {
    let namespace = format!("https://{}.amazonaws.com/doc/", action.to_lowercase());
    format!("<{action}Response xmlns=\"{namespace}\"><{action}Result>{result}</{action}Result></{action}Response>")
}

pub fn stack(url: &str, status: &str, without: &[&str], with: &[(&str, &str)]) -> String {
    let layer = layer(7);
    let own = [
        ("Url", url),
        ("CustomersTable", "gw-customers"),
        ("SessionsTable", "gw-sessions"),
        ("UsageTable", "gw-usage"),
        ("SigningSecret", "gw/signing"),
        ("KeysSecret", "gw/keys"),
        ("StatementSecret", "gw/statement"),
        ("StatementKeysSecret", "gw/statement-keys"),
        ("CustomersSecret", "gw/customers"),
        ("OtpSecret", "gw/otp"),
        ("OperatorsSecret", "gw/operators"),
        ("AdaptersLayer", &layer),
    ];
    let outputs = own.iter().filter(|(name, _)| !without.contains(name)).chain(with);
    let output = |(name, value): &(&str, &str)| {
        format!("<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = outputs.map(output).collect();
    let stack =
        format!("<StackName>{STACK}</StackName><StackStatus>{status}</StackStatus><Outputs>{outputs}</Outputs>");
    xml("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
}

/// One page of a stack's resources; a token, if there are more.
pub fn resources(functions: &[&str], next: Option<&str>) -> String {
    let member = |kind: &str, id: &str| {
        let id = format!("<PhysicalResourceId>{id}</PhysicalResourceId>");
        format!("<member><ResourceType>{kind}</ResourceType>{id}</member>")
    };
    let functions: String = functions.iter().map(|name| member("AWS::Lambda::Function", name)).collect();
    let table = member("AWS::DynamoDB::Table", "gw-customers");
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    let list = format!("<StackResourceSummaries>{table}{functions}</StackResourceSummaries>{next}");
    xml("ListStackResources", &list)
}

/// A version of the layer.
pub fn layer(version: u32) -> String {
    format!("arn:aws:lambda:{REGION}:1:layer:gw-adapters:{version}")
}

/// Where a layer's versions are listed.
pub fn layers(name: &str) -> String {
    format!("/2018-10-31/layers/{name}/versions")
}

pub fn function_path(name: &str) -> String {
    format!("/2015-03-31/functions/{name}/configuration")
}

/// A function's configuration.
pub fn function(has_adapters: bool, layers: &[&str]) -> String {
    let variables = if has_adapters { json!({ "ADAPTERS": "/opt/adapters" }) } else { json!({ "STACK": STACK }) };
    let layers: Vec<Value> = layers.iter().map(|arn| json!({ "Arn": arn, "CodeSize": 1 })).collect();
    let layers = if has_adapters { json!(layers) } else { Value::Null };
    json!({ "Environment": { "Variables": variables }, "Layers": layers }).to_string()
}

/// The layer's versions, the newest first.
pub fn versions(numbers: &[u32]) -> String {
    let version = |number: &u32| json!({ "LayerVersionArn": layer(*number), "Version": number });
    json!({ "LayerVersions": numbers.iter().map(version).collect::<Vec<_>>() }).to_string()
}

/// The limit of spending, as SNS has it among an account's attributes.
pub fn attributes(limit: Option<&str>) -> String {
    let entry = |key: &str, value: &str| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let limit = limit.map(|limit| entry("MonthlySpendLimit", limit)).unwrap_or_default();
    xml("GetSMSAttributes", &format!("<attributes>{}{limit}</attributes>", entry("DefaultSenderID", "Bank")))
}

pub fn secret(name: &str, value: &str) -> String {
    let values = json!({ name: value }).to_string();
    json!({ "SecretString": values, "VersionId": "1", "CreatedDate": 1_700_000_000 }).to_string()
}

/// What the gateway's own endpoint answers.
fn published(public: &str) -> String {
    let keys = PublicKeys::parse(public).and_then(|keys| keys.published()).expect("keys");
    let keys: Vec<Value> = keys.into_iter().map(|(kid, key)| json!({ "kid": kid, "paserk": key })).collect();
    json!({ "issuer": "https://auth.example", "keys": keys }).to_string()
}
