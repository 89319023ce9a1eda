//! What a function does before its first request.

use std::collections::BTreeMap;

use authenticate::Authenticate;
use callback::Callback;
use enrich::Enrich;
use gateway_tests::{
    Gateway,
    faults::{Fault, Faults, Proxy},
};
use get_config::GetConfig;
use otp::Otp;
use sna_api::{Endpoint, Live};
use sna_config::Env;
use token::Token;
use validate::Validate;

async fn warm<E: Endpoint>(env: &BTreeMap<String, String>, build: fn(&mut Env<'_>) -> Option<E>) {
    let env = env.clone();
    let live = Live::start(move |name| env.get(name).cloned(), build, 0).await;
    live.map_err(|problems| problems.to_string()).expect("a good environment").warm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_function_that_has_a_store_asks_it_once_and_does_not_mind_what_it_says() {
    let (gateway, faults) = (Gateway::start().await, Faults::default());
    let mut env = gateway.world.env().clone();
    let proxy = Proxy::start(&env["AWS_ENDPOINT_URL_DYNAMODB"], &faults).await;
    env.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), proxy.url.clone());
    for _ in 0..2 {
        warm(&env, Token::from_env).await;
        warm(&env, GetConfig::from_env).await;
        warm(&env, Authenticate::from_env).await;
        warm(&env, Callback::from_env).await;
        warm(&env, Enrich::from_env).await;
        warm(&env, Otp::from_env).await;
        warm(&env, Validate::from_env).await;
        assert_eq!((faults.asked("GetItem"), faults.asked("")), (7, 7));
        faults.heal();
        faults.always("", Fault::Refuse(400, "AccessDeniedException"));
    }
}
