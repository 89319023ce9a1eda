//! The forms that a lookup may have, over HTTP: TMT Verify's, and any other by JSON pointers.

use gateway_tests::{OPERATORS, profiles, staged_adapters};
use sandbox::{
    lookup::Fault,
    world::{Ports, Settings, World},
};
use serde_json::{Value, json};
use sna_config::Env;
use sna_networks::{Looked, Lookups, Portability};
use sna_numbers::{Msisdn, Network};
use sna_operators::Operators;

const NOW: u64 = 1_773_342_238_000;
const NUMBER: &str = "+447700900620";
const PORTED: &str = "+447700900649";

struct Bed {
    world: World,
    lookups: Lookups,
    _files: tempfile::TempDir,
}

impl Bed {
    /// `source` is made of the address of the world's lookup; the table names no carrier's id.
    async fn start(source: impl FnOnce(&str) -> Value) -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings {
            functions: None,
            public_url: "http://127.0.0.1:1".to_owned(),
            enrich_url: "http://127.0.0.1:1".to_owned(),
            profiles: vec![profiles()],
            ports: Ports::default(),
            operators: OPERATORS.to_owned(),
            directory: files.path().to_owned(),
            adapters: staged_adapters(),
            slow: std::time::Duration::ZERO,
        };
        let world = World::start(settings).await.expect("a world");
        world.write_tables().expect("the tables");
        let usual: Value = serde_json::from_str(world.lookup_table()).expect("JSON");
        let source = source(usual["source"]["url"].as_str().expect("a URL"));
        let own = json!({ "source": source, "allow_loopback": true, "deadline_ms": 2500 });
        let path = files.path().join("own.json");
        std::fs::write(&path, own.to_string()).expect("written");
        let mut env = Env::from_fn(|name| match name {
            "LOOKUP" => Some(format!("file:{}", path.display())),
            _ => world.env().get(name).cloned(),
        });
        let operators = Operators::from_env(&mut env, "http://127.0.0.1:1");
        let lookups = operators.and_then(|operators| Lookups::from_env(&mut env, &operators));
        let lookups = env.finish(lookups).expect("a good environment");
        Self { world, lookups, _files: files }
    }

    async fn look(&self, number: &str) -> Looked {
        self.lookups.look(&Msisdn::parse(number).expect("a number"), NOW).await
    }

    /// Nothing here knows the carriers' ids, so the codes of the manifests must say whose number it is.
    async fn answers_well(&self) {
        let found = |network: &str, ported| {
            Looked::Found(Portability { network: Some(Network::parse(network).expect("an id")), ported })
        };
        assert_eq!(self.look(NUMBER).await, found("VODAFONE", false));
        assert_eq!(self.look(PORTED).await, found("O2", true));
        assert_eq!(self.look("+447106000000").await, Looked::Unknown);
        for fault in [Fault::Down, Fault::Nonsense, Fault::OtherNumber] {
            self.world.lookup().fail(NUMBER, fault);
            assert_eq!(self.look(NUMBER).await, Looked::Unavailable, "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_takes_its_keys_as_headers_and_the_number_in_the_body() {
    let keys = ("env:LOOKUP_KEY", "env:LOOKUP_SECRET");
    let source =
        |url: &str| json!({ "kind": "verify", "url": format!("{url}/verify"), "key": keys.0, "secret": keys.1 });
    Bed::start(source).await.answers_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn velocity_takes_its_keys_in_the_path() {
    let source =
        |url: &str| json!({ "kind": "velocity", "url": url, "key": "env:LOOKUP_KEY", "secret": "env:LOOKUP_SECRET" });
    Bed::start(source).await.answers_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_api_is_described_by_pointers() {
    let source = |url: &str| {
        json!({
            "kind": "json",
            "url": format!("{url}/numbers/{{number}}"),
            "headers": { "authorization": "Bearer {key}" },
            "secrets": { "key": "env:LOOKUP_KEY" },
            "answer": { "number": "/msisdn", "mcc": "/mcc", "mnc": "/mnc", "ported": "/ported" },
        })
    };
    Bed::start(source).await.answers_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_an_outage_and_no_word_on_the_number() {
    let source =
        |url: &str| json!({ "kind": "velocity", "url": url, "key": "env:OTP_PEPPER", "secret": "env:OTP_PEPPER" });
    assert_eq!(Bed::start(source).await.look(NUMBER).await, Looked::Unavailable);
}
