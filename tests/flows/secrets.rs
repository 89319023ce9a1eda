//! Secrets that are read when a function starts and again while it runs: what changes there is used, what is broken there
//! breaks nothing.

use std::time::Duration;

use futures_util::future::join_all;
use gateway_tests::{
    Captured, Event, Gateway, Vault,
    faults::{DOWN, Fault},
    staged_adapters,
};
use sna_api::{Live, MAX_AGE_MS};
use sna_tokens::SigningKey;
use token::Token;
use tracing::Level;

use crate::steps::{Customer, answer, claims, client, device, error};

const NUMBER: &str = "+447700900620";
const SECRETS: &str = "secretsmanager:signing,secretsmanager:keys";
const AGE: Duration = Duration::from_millis(MAX_AGE_MS);
const RETRY: Duration = Duration::from_secs(30);

fn key() -> SigningKey {
    SigningKey::generate().expect("randomness")
}

/// The keys' secrets of a deployment, and what stands in them.
struct Scene {
    vault: Vault,
    gateway: Gateway,
}

impl Scene {
    async fn start(signs: &SigningKey) -> Self {
        let vault = Vault::start().await;
        sign(&vault, signs);
        publish(&vault, &[signs]);
        let variables = [
            ("TOKEN_KEY", ""),
            ("TOKEN_PUBLIC_KEYS", ""),
            ("SECRETS", SECRETS),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", vault.url()),
        ];
        let gateway = Gateway::with(Event::HttpApi, &staged_adapters(), &variables).await;
        Self { vault, gateway }
    }

    /// The token, and whether get_config takes it.
    async fn sign_in(&self) -> (String, u16) {
        let customer = Customer::sign_in(&self.gateway).await;
        let device = device(&self.gateway, NUMBER);
        let client_ip = device.client_ip.to_string();
        let (status, _) = customer.get_config(&[("msisdn", NUMBER), ("client_ip", &client_ip)]).await;
        (customer.token, status)
    }

    async fn get_config(&self, token: &str) -> (u16, serde_json::Value) {
        let form = [("msisdn", NUMBER), ("client_ip", "148.252.128.20")];
        let request = client().post(format!("{}/v1/get_config", self.gateway.url)).bearer_auth(token).form(&form);
        answer(request.send().await.expect("an answer")).await
    }
}

fn sign(vault: &Vault, key: &SigningKey) {
    vault.set("signing", "TOKEN_KEY", &key.paserk().expect("a key"));
}

fn publish(vault: &Vault, keys: &[&SigningKey]) {
    let keys: Vec<_> = keys.iter().map(|key| key.public_paserk().expect("a key")).collect();
    vault.set("keys", "TOKEN_PUBLIC_KEYS", &keys.join(","));
}

/// The footer of a token names its key.
fn footer(token: &str) -> &str {
    token.rsplit('.').next().expect("a footer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_turned_over_by_publish_wait_sign_wait_retire() {
    let (old, new) = (key(), key());
    let scene = Scene::start(&old).await;
    let (first, status) = scene.sign_in().await;
    assert_eq!(status, 200);
    publish(&scene.vault, &[&old, &new]);
    scene.gateway.advance(AGE);
    let (second, status) = scene.sign_in().await;
    assert_eq!((status, footer(&second) == footer(&first)), (200, true));
    sign(&scene.vault, &new);
    // Some sign with the new key already, some still with the old one: everyone knows both.
    let (still, status) = scene.sign_in().await;
    assert_eq!((status, footer(&still) == footer(&first)), (200, true), "it is read again after five minutes");
    scene.gateway.advance(AGE);
    let (third, status) = scene.sign_in().await;
    assert_eq!((status, footer(&third) == footer(&first)), (200, false));
    assert_eq!(scene.get_config(&second).await.0, 200, "the old key's tokens live to their end");
    publish(&scene.vault, &[&new]);
    scene.gateway.advance(AGE);
    assert_eq!(scene.sign_in().await.1, 200);
    assert_eq!(scene.get_config(&second).await, error(401, "unauthorized_client", "Authentication required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_signs_before_it_is_published_is_refused_until_it_is() {
    let (old, new) = (key(), key());
    let scene = Scene::start(&old).await;
    sign(&scene.vault, &new);
    scene.gateway.advance(AGE);
    assert_eq!(scene.sign_in().await.1, 401);
    publish(&scene.vault, &[&old, &new]);
    scene.gateway.advance(AGE);
    assert_eq!(scene.sign_in().await.1, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_under_load_loses_no_request() {
    let (old, new) = (key(), key());
    let scene = Scene::start(&old).await;
    publish(&scene.vault, &[&old, &new]);
    scene.gateway.advance(AGE);
    assert_eq!(scene.sign_in().await.1, 200);
    sign(&scene.vault, &new);
    scene.gateway.advance(AGE);
    let load = join_all((0..64).map(|_| scene.sign_in())).await;
    assert!(load.iter().all(|(_, status)| *status == 200));
    let known = [&old, &new].map(|key| claims_key(&scene, key));
    assert!(load.iter().all(|(token, _)| known.contains(&footer(token).to_owned())));
    assert_eq!(footer(&scene.sign_in().await.0), known[1]);
}

/// The footer of that key's tokens.
fn claims_key(scene: &Scene, key: &SigningKey) -> String {
    let key = SigningKey::parse(&key.paserk().expect("a key")).expect("a key");
    let token = sna_tokens::AccessToken { user_id: "x".into(), scope: sna_tokens::Scope::Otp, native: false };
    let token = sna_tokens::Issuer::new(key, &scene.gateway.url).access(&token, 1, 60).expect("a token");
    assert_eq!(claims(&token)["user_id"], "x");
    footer(&token).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_read_an_old_secret_once_and_one_that_is_the_same_changes_nothing() {
    let log = Captured::begin(Level::INFO);
    let scene = Scene::start(&key()).await;
    // Nothing is built of it by `keys`, which then reads two secrets for itself.
    let url = format!("{}/v1/.well-known/paseto-keys", scene.gateway.url);
    let before = scene.vault.asked();
    let ask = || async { client().get(&url).send().await.expect("an answer").status().as_u16() };
    assert!(join_all((0..20).map(|_| ask())).await.iter().all(|status| *status == 200));
    assert_eq!(scene.vault.asked(), before, "they are new enough");
    scene.gateway.advance(AGE);
    assert!(join_all((0..20).map(|_| ask())).await.iter().all(|status| *status == 200));
    assert_eq!(scene.vault.asked(), before + 2);
    assert!(!log.functions().contains("a secret has changed"));
    publish(&scene.vault, &[&key()]);
    scene.gateway.advance(AGE);
    assert_eq!(ask().await, 200);
    assert_eq!(log.functions().matches("a secret has changed").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_cannot_be_read_again_stay_as_they_are_and_are_tried_every_half_minute() {
    let log = Captured::begin(Level::INFO);
    let (old, new) = (key(), key());
    let scene = Scene::start(&old).await;
    let (first, _) = scene.sign_in().await;
    publish(&scene.vault, &[&old, &new]);
    for fault in [DOWN, Fault::Refuse(400, "AccessDeniedException"), Fault::Hang] {
        scene.vault.faults.heal();
        scene.vault.faults.always("GetSecretValue", fault);
        scene.gateway.advance(AGE);
        let (token, status) = scene.sign_in().await;
        assert_eq!((status, footer(&token)), (200, footer(&first)), "{fault:?}");
        let asked = scene.vault.asked();
        assert_eq!(scene.sign_in().await.1, 200);
        assert_eq!(scene.vault.asked(), asked, "{fault:?}");
        scene.gateway.advance(RETRY);
        assert_eq!(scene.sign_in().await.1, 200);
        assert!(scene.vault.asked() > asked, "{fault:?}");
    }
    for why in ["AccessDeniedException", "no answer in time"] {
        assert!(log.functions().contains(&format!("SECRETS has keys, which cannot be read: {why}")), "{why}");
    }
    assert!(log.requests().iter().any(|line| line["secrets_stale"] == 1), "it is a metric");
    scene.vault.faults.heal();
    sign(&scene.vault, &new);
    scene.gateway.advance(RETRY);
    let (token, status) = scene.sign_in().await;
    assert!(status == 200 && footer(&token) != footer(&first), "it works again at the next try");
}

/// What a secret may have become, and what is said of it.
fn broken() -> [(String, &'static str); 6] {
    [
        ("{\"TOKEN_KEY\": \"quite-secret".to_owned(), "is not a JSON object of strings"),
        ("{\"TOKEN_KEY\": [\"quite-secret\"]}".to_owned(), "is not a JSON object of strings"),
        ("\"quite-secret\"".to_owned(), "is not a JSON object of strings"),
        (format!("{{\"TOKEN_KEY\": \"quite-secret{}\"}}", "x".repeat(65_536)), "is larger than 64 KiB"),
        ("{\"TOKEN_KEY\": \"quite-secret\"}".to_owned(), "TOKEN_KEY"),
        ("{\"OTHER\": \"quite-secret\"}".to_owned(), "TOKEN_KEY is not set"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_broken_later_leaves_the_old_one_and_is_not_quoted() {
    let log = Captured::begin(Level::INFO);
    let old = key();
    let scene = Scene::start(&old).await;
    for (text, told) in broken() {
        scene.vault.put("signing", text);
        scene.gateway.advance(AGE);
        assert_eq!(scene.sign_in().await.1, 200, "{told}");
        assert!(log.functions().contains(told), "{told}");
    }
    assert!(!log.functions().contains("quite-secret"));
}

/// What `token` says of its configuration at its start.
async fn problems(vault: &Vault, secrets: &str) -> String {
    let world = sandbox::dynamodb::CREDENTIALS;
    let variables = [
        ("SECRETS", secrets.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", vault.url().to_owned()),
        ("AWS_REGION", sandbox::dynamodb::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", world.0.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", world.1.to_owned()),
        ("CUSTOMERS_TABLE", "c".to_owned()),
        ("SESSIONS_TABLE", "s".to_owned()),
        ("CUSTOMER_PEPPER", "0".repeat(64)),
        ("PUBLIC_URL", "https://auth.example".to_owned()),
    ];
    let read = move |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let started = Live::start(read, Token::from_env, 0).await;
    started.err().map(|problems| problems.to_string()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_read_at_the_start_is_a_bad_configuration() {
    let vault = Vault::start().await;
    sign(&vault, &key());
    vault.set("second", "TOKEN_KEY", "no key; the first that is listed counts");
    assert_eq!(problems(&vault, "secretsmanager:signing, secretsmanager:second").await, "");
    for (secrets, told) in [
        ("signing", "SECRETS must be secretsmanager:<name or ARN>, comma-separated\nTOKEN_KEY is not set"),
        ("secretsmanager:", "SECRETS must be secretsmanager:<name or ARN>, comma-separated\nTOKEN_KEY is not set"),
        (
            "secretsmanager:none,secretsmanager:nil",
            "SECRETS has none, which cannot be read: ResourceNotFoundException\n\
             SECRETS has nil, which cannot be read: ResourceNotFoundException\nTOKEN_KEY is not set",
        ),
    ] {
        assert_eq!(problems(&vault, secrets).await, told);
    }
    for (text, told) in broken() {
        vault.put("signing", text);
        let said = problems(&vault, "secretsmanager:signing").await;
        assert!(said.contains(told) && !said.contains("quite-secret"), "{said}");
    }
    vault.faults.always("", DOWN);
    let said = problems(&vault, "secretsmanager:signing").await;
    assert_eq!(said, "SECRETS has signing, which cannot be read: ServiceUnavailable\nTOKEN_KEY is not set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_of_the_environment_comes_before_a_secret() {
    let (scene, other) = (Scene::start(&key()).await, key().paserk().expect("a key"));
    let variables =
        [("TOKEN_KEY", other.as_str()), ("SECRETS", SECRETS), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", scene.vault.url())];
    let gateway = Gateway::with(Event::HttpApi, &staged_adapters(), &variables).await;
    let token = Customer::sign_in(&gateway).await.token;
    assert_ne!(footer(&token), footer(&scene.sign_in().await.0));
}
