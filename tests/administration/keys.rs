//! Keys in a stack's real secrets, on `ministack` where MINISTACK_URL says where it is. Every interleaving is tried in
//! `infra/sna/src/keys/rotation_tests.rs`; here it is the services' own words.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
};

use gateway_tests::steps::client;
use serde_json::{Value, json};
use sna_tokens::{AccessToken, Issuer, PublicKeys, Scope, SigningKey, Verifier};

use crate::bed::{Told, now, text, told};

const REGION: &str = "eu-west-2";
const MINUTE: u64 = 60_000;
const URL: &str = "https://auth.example";

/// A stack with the gateway's tables and secrets, as the template makes them; deleted by the engine's end.
struct Stack {
    url: String,
    name: String,
}

/// `None`, and a line that says so, without the engine.
async fn stack(name: &str) -> Option<Stack> {
    let Some(url) = env::var("MINISTACK_URL").ok().filter(|url| !url.is_empty()) else {
        eprintln!("left out: ministack, because MINISTACK_URL is not set");
        return None;
    };
    let name = format!("{name}-{}", now());
    // The engine does not keep to the alphabet of GenerateSecretString, which the peppers need.
    let secret = |key: &str| {
        let value = json!({ key: "0b".repeat(32) }).to_string();
        json!({ "Type": "AWS::SecretsManager::Secret", "Properties": { "SecretString": value } })
    };
    let table = json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }] } });
    let resources = json!({
        "SigningSecret": secret("UNUSED"), "KeysSecret": secret("UNUSED"), "OperatorsSecret": secret("UNUSED"),
        "StatementSecret": secret("UNUSED"), "StatementKeysSecret": secret("UNUSED"),
        "CustomersSecret": secret("CUSTOMER_PEPPER"), "OtpSecret": secret("OTP_PEPPER"),
        "CustomersTable": table, "SessionsTable": table, "UsageTable": table,
    });
    let resource = |name: &String| (name.clone(), json!({ "Value": { "Ref": name } }));
    let mut outputs: BTreeMap<String, Value> = resources.as_object().expect("resources").keys().map(resource).collect();
    // Nobody answers there, and nobody asks for it.
    outputs.insert("Url".to_owned(), json!({ "Value": "http://127.0.0.1:1" }));
    let layer = format!("arn:aws:lambda:{REGION}:000000000000:layer:{name}-adapters:1");
    outputs.insert("AdaptersLayer".to_owned(), json!({ "Value": layer }));
    let template = json!({ "Resources": resources, "Outputs": outputs }).to_string();
    let stack = Stack { url, name };
    let created = stack.query("cloudformation", &[("Action", "CreateStack"), ("TemplateBody", &template)]).await;
    assert!(created.contains("StackId"), "{created}");
    loop {
        let described = stack.query("cloudformation", &[("Action", "DescribeStacks")]).await;
        match () {
            () if described.contains("CREATE_COMPLETE") => return Some(stack),
            () if described.contains("CREATE_IN_PROGRESS") => tokio::task::yield_now().await,
            () => panic!("{described}"),
        }
    }
}

impl Stack {
    async fn query(&self, service: &str, fields: &[(&str, &str)]) -> String {
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, Signature=0");
        let request = client().post(&self.url).header("authorization", scope);
        let form = [fields, &[("StackName", self.name.as_str()), ("Version", "2010-05-15")]].concat();
        request.form(&form).send().await.expect("an answer").text().await.expect("a text")
    }

    async fn sna(&self, words: &[&str], ahead_ms: u64) -> Told {
        let variables = [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("SNA_STACK", &self.name),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        told(words.to_vec(), variables.into(), ahead_ms).await
    }

    /// A secret's values as a function would read them.
    async fn secret(&self, name: &str) -> BTreeMap<String, String> {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/secretsmanager/aws4_request, Signature=0");
        let listed = |target: &'static str, body: Value| {
            let request = client().post(&self.url).header("authorization", scope.clone());
            let request = request.header("x-amz-target", format!("secretsmanager.{target}"));
            let request = request.header("content-type", "application/x-amz-json-1.1").body(body.to_string());
            async { request.send().await.expect("an answer").json::<Value>().await.expect("JSON") }
        };
        let described = self.query("cloudformation", &[("Action", "DescribeStackResources")]).await;
        let (_, after) = described.split_once(&format!("<LogicalResourceId>{name}</LogicalResourceId>")).expect("it");
        let (_, id) = after.split_once("<PhysicalResourceId>").expect("an id");
        let (id, _) = id.split_once('<').expect("an id");
        let value = listed("GetSecretValue", json!({ "SecretId": id })).await;
        serde_json::from_str(value["SecretString"].as_str().expect("a value")).expect("strings")
    }

    /// Does what signs now sign what all that verify accept?
    async fn signs(&self) -> bool {
        let (signing, keys) = (self.secret("SigningSecret").await, self.secret("KeysSecret").await);
        let (Some(key), Some(keys)) = (signing.get("TOKEN_KEY"), keys.get("TOKEN_PUBLIC_KEYS")) else { return false };
        let issuer = Issuer::new(SigningKey::parse(key).expect("a key"), URL);
        let token = AccessToken { user_id: "bank".into(), scope: Scope::Otp, native: false };
        let token = issuer.access(&token, now(), 60).expect("a token");
        Verifier::new(PublicKeys::parse(keys).expect("keys"), URL).access(&token, now()).is_ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_put_in_rotated_and_retired_in_a_stacks_secrets() {
    let Some(stack) = stack("rotation").await else { return };
    assert!(!stack.signs().await);
    let (_, first) = stack.sna(&["keys", "rotate"], 0).await.expect("a key");
    assert!(stack.signs().await, "the first key of a stack signs at once");
    let (_, next) = stack.sna(&["keys", "rotate"], 0).await.expect("a key");
    let early = stack.sna(&["keys", "rotate"], 5 * MINUTE).await.expect_err("too early");
    assert!(early.contains("minutes") && early.contains("--force"), "{early}");
    let (_, rotated) = stack.sna(&["keys", "rotate"], 7 * MINUTE).await.expect("rotated");
    assert_eq!(text(&rotated, "signs"), text(&next, "published"));
    assert!(stack.signs().await);
    let (_, list) = stack.sna(&["keys", "list"], 0).await.expect("keys");
    let whats: BTreeSet<&str> = list.as_array().expect("rows").iter().map(|row| text(row, "what")).collect();
    assert_eq!(whats, ["signs", "verifies"].into());
    stack.sna(&["keys", "retire"], 60 * MINUTE).await.expect_err("too early");
    let (_, retired) = stack.sna(&["keys", "retire"], 25 * 60 * MINUTE).await.expect("retired");
    assert_eq!(text(&retired[0], "retired"), text(&first, "signs"));
    assert!(stack.signs().await);
    let printed = format!("{first}{next}{rotated}{list}{retired}");
    assert!(!printed.contains("k4.secret"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_statements_are_rotated_and_retired_without_touching_those_of_tokens() {
    let Some(stack) = stack("statements").await else { return };
    let (_, tokens) = stack.sna(&["keys", "rotate"], 0).await.expect("a key");
    let of_tokens = async || (stack.secret("SigningSecret").await, stack.secret("KeysSecret").await);
    let before = of_tokens().await;
    let statements = async |words: &[&str], ahead| stack.sna(&[words, &["--statements"]].concat(), ahead).await;
    let (_, first) = statements(&["keys", "rotate"], 0).await.expect("a key");
    let (_, list) = stack.sna(&["keys", "list"], 0).await.expect("keys");
    let rows: BTreeSet<_> =
        list.as_array().expect("rows").iter().map(|row| (text(row, "of"), text(row, "kid"))).collect();
    assert_eq!(rows, [("tokens", text(&tokens, "signs")), ("statements", text(&first, "signs"))].into());
    statements(&["keys", "rotate"], 0).await.expect("the next key");
    statements(&["keys", "rotate"], 10 * MINUTE).await.expect_err("the document may be that old where it was fetched");
    let (_, rotated) = statements(&["keys", "rotate"], 12 * MINUTE).await.expect("rotated");
    let early = statements(&["keys", "retire"], 60 * MINUTE).await.expect_err("too early");
    assert!(early.contains("statements") && !early.contains("--token-seconds"), "{early}");
    let (_, retired) = statements(&["keys", "retire"], 25 * 60 * MINUTE).await.expect("retired");
    assert_eq!(text(&retired[0], "retired"), text(&first, "signs"));
    assert!(text(&retired[0], "note").contains("a copy of the keys"), "{retired}");
    let (signing, keys) = (stack.secret("StatementSecret").await, stack.secret("StatementKeysSecret").await);
    let signs = SigningKey::parse(&signing["STATEMENT_KEY"]).expect("a key");
    assert_eq!(signs.id(), text(&rotated, "signs"));
    assert_eq!(keys["STATEMENT_PUBLIC_KEYS"], signs.public_paserk().expect("its public key"));
    assert_eq!(of_tokens().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_who_rotate_at_the_same_time_leave_one_next_key() {
    let Some(stack) = stack("race").await else { return };
    stack.sna(&["keys", "rotate"], 0).await.expect("a key");
    let words = ["keys", "rotate"];
    let told = futures_util::future::join_all((0..4).map(|_| stack.sna(&words, 0))).await;
    let published: BTreeSet<String> =
        told.iter().flatten().map(|(_, told)| text(told, "published").to_owned()).collect();
    assert_eq!(published.len(), 1, "{told:?}");
    let (_, list) = stack.sna(&["keys", "list"], 0).await.expect("keys");
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
    assert!(stack.signs().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stacks_outputs_are_enough_to_add_a_customer_and_to_look_at_it() {
    let Some(stack) = stack("outputs").await else { return };
    stack.sna(&["keys", "rotate"], 0).await.expect("a key");
    stack.sna(&["keys", "rotate", "--statements"], 0).await.expect("a key");
    let add = ["customers", "add", "--id", "bank", "--name", "Bank", "--scope", "otp"];
    let (_, added) = stack.sna(&add, 0).await.expect("a customer");
    assert_eq!(text(&added, "secret").len(), 43);
    let (_, checks) = stack.sna(&["doctor"], 0).await.expect("checks");
    for name in [
        "credentials",
        "clock",
        "stack",
        "table customers",
        "table sessions",
        "secret customers",
        "secret keys",
        "secret otp",
        "secret signing",
        "secret statement",
        "secret statement-keys",
    ] {
        let row = checks.as_array().and_then(|rows| rows.iter().find(|row| row["check"] == name)).expect("the check");
        assert_eq!(row["state"], "ok", "{row}");
    }
    let operators = checks.as_array().and_then(|rows| rows.iter().find(|row| row["check"] == "secret operators"));
    assert_eq!(operators.expect("the check")["state"], "warning", "nothing was put in yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_is_not_there_is_named() {
    let Some(stack) = stack("there").await else { return };
    let error = stack.sna(&["--stack", "absent", "customers", "list"], 0).await.expect_err("no stack");
    assert!(error.contains("cloudformation") && error.contains("absent"), "{error}");
}

#[tokio::test]
async fn a_generated_pair_fits_and_is_another_each_time() {
    for (words, secret, public) in [
        (vec!["keys", "generate"], "TOKEN_KEY", "TOKEN_PUBLIC_KEYS"),
        (vec!["keys", "generate", "--statements"], "STATEMENT_KEY", "STATEMENT_PUBLIC_KEYS"),
    ] {
        let generate = async || told(words.clone(), BTreeMap::new(), 0).await.expect("a pair").1;
        let (one, other) = (generate().await, generate().await);
        let key = SigningKey::parse(text(&one, secret)).expect("a key");
        assert_eq!(key.public_paserk().expect("its public key"), text(&one, public));
        assert_ne!(one["kid"], other["kid"]);
    }
}
