//! Rows that an outage brings: whatever is down, nothing is spent, and the request may be tried again.

use gateway_tests::{Event, Gateway, OPERATORS, rogue::Rogue, staged_adapters, steps::register};
use sandbox::inbox::Fault;
use serde_json::{Value, json};
use url::Url;

use crate::{
    answer::{invalid, unavailable},
    target::{Target, path_of, text},
};

const NUMBER: &str = "+447700900620";
const FORM: &str = "msisdn=%2B447700900620&client_ip=148.252.128.20";
/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

#[tokio::test(flavor = "multi_thread")]
async fn without_its_tables_the_gateway_is_unavailable() {
    let target = Target::of(Gateway::start().await);
    // The tokens of one gateway are good at another that has its keys.
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let env = target.gateway().world.env().clone();
    let mut variables: Vec<_> =
        ["TOKEN_KEY", "TOKEN_PUBLIC_KEYS", "PUBLIC_URL"].map(|name| (name, env[name].as_str())).into();
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB", NOWHERE));
    let down = Target::of(Gateway::with(Event::HttpApi, &staged_adapters(), &variables).await);
    let id_token = text(&config["id_token"]);
    let silent = target.get(&format!("/v1/authenticate?id_token={id_token}")).send().await;
    let location = Url::parse(silent.location()).expect("a URL");
    let (_, state) = location.query_pairs().find(|(name, _)| name == "state").expect("a state");
    let guess = json!({ "id_token": id_token, "otp_code": "123456" });
    // Together: each takes as long as the tries of the AWS SDK.
    let answers = tokio::join!(
        down.post("/v1/oauth/token").basic("anyone", "x").form("grant_type=client_credentials&scope=otp"),
        down.post("/v1/get_config").bearer(&access).form(FORM),
        down.get(&format!("/v1/authenticate?id_token={id_token}")).send(),
        down.get(&format!("/v1/authenticate/otp?id_token={id_token}")).send(),
        down.post("/v1/validate").bearer(&access).json(&guess),
        down.get(&format!("/v1/callback/vodafone?state={state}&code=x")).send(),
    );
    let (token, config, silent, otp, validate, callback) = answers;
    for answer in [token, config, silent, otp, validate, callback] {
        assert_eq!(answer, unavailable());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_sns_refuses_is_not_counted() {
    let target = Target::of(Gateway::start().await);
    let access = target.sign_in("otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let link = path_of(&target, &config["otp_authorization_uri"]);
    for fault in [Fault::Refuse, Fault::OptedOut, Fault::Throttle] {
        target.gateway().world.inbox().fail(NUMBER, fault);
        assert_eq!(target.get(link).send().await, unavailable(), "{fault:?}");
    }
    target.gateway().world.inbox().heal(NUMBER);
    assert_eq!(target.get(link).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_code_to_fall_back_on_an_operator_that_cannot_be_had_is_an_outage() {
    let directory = tempfile::tempdir().expect("a folder");
    let target = Target::of(Gateway::with(Event::HttpApi, directory.path(), &[]).await);
    let access = target.sign_in("authenticate").await;
    assert_eq!(target.post("/v1/get_config").bearer(&access).form(FORM).await, unavailable());
    let both = target.sign_in("authenticate+otp").await;
    let config = target.begin_for(&both, NUMBER, "").await;
    let object = json!({ "error": "temporarily_unavailable", "error_description": "Service is unavailable" });
    assert_eq!(config["authorize"], object);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_cannot_come_back_takes_no_redirect_uri() {
    let rogue = Rogue::by_payload().await;
    let target = Target::of(rogue.gateway);
    let access = target.sign_in("authenticate").await;
    assert_eq!(target.post("/v1/get_config").bearer(&access).form(FORM).await.status, 200);
    let form = format!("{FORM}&redirect_uri={}", target.customer.redirect_uri);
    let refused = invalid("Network does not support callback on redirect_uri");
    assert_eq!(target.post("/v1/get_config").bearer(&access).form(form.clone()).await, refused);
    // It is the request that is wrong, so that a code to fall back on makes no difference.
    let both = target.sign_in("authenticate+otp").await;
    assert_eq!(target.post("/v1/get_config").bearer(&both).form(form).await, refused);
}

/// The public ranges say who was given a number, and which virtual operators their hosts do not authenticate.
#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_operator_that_its_host_filters_gets_a_code_at_once() {
    let directory = tempfile::tempdir().expect("a folder");
    let table = directory.path().join("operators.json");
    let mut entry = serde_json::from_str::<Value>(OPERATORS).expect("JSON")["ORANGE_FR"].clone();
    entry["ranges"] = json!([]);
    std::fs::write(&table, json!({ "SFR_FR": entry }).to_string()).expect("written");
    let variable = format!("file:{}", table.display());
    // The sandbox's lookup knows the sandbox's numbers only.
    let variables = [("OPERATORS", variable.as_str()), ("LOOKUP", "")];
    let target = Target::of(Gateway::with(Event::HttpApi, &staged_adapters(), &variables).await);
    let secret = register(target.gateway(), "french", |record| record.countries = vec!["FR".into()]).await;
    let access = target.sign_in_as("french", &secret, "authenticate+otp").await;
    assert!(target.begin_for(&access, "+33612345678", "").await["authorize"]["authorization_uri"].is_string());
    let filtered = target.begin_for(&access, "+33641112345", "").await;
    let object = json!({ "error": "invalid_request", "error_description": "Network provided is invalid" });
    assert_eq!(filtered["authorize"], object);
    assert!(filtered["otp_authorization_uri"].is_string());
}
