//! Customers, MVNOs and networks: who is served by whom, with which account, and what is told of it.

use axum::response::IntoResponse;
use serde_json::{Value, json};
use sna_operators::{Coverage, Operation, Operators, Session, Verdict};

use crate::{
    bed::{NOW, callback, operators, session},
    layer::{Layer, built},
    operator::Operator,
};

async fn asked_for(operators: &Operators, network: &str, customer: &str) -> Option<Verdict> {
    let session = Session { customer: customer.into(), ..session() };
    operators.run(network, callback(), session, NOW).await.err()
}

#[tokio::test]
async fn each_customer_is_known_to_the_operator_by_its_own_account() {
    let operator = Operator::start(|_| "{}".into_response()).await;
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let ask = |client: &str| {
        json!({ "type": "http", "method": "POST", "url": operator.url,
            "auth": { "type": "client_secret_post", "client_id": client } })
    };
    let relay = |client: &str| json!({ "fault": "relay", "asks": [ask(client)] });
    let table = json!({ "X": {
        "adapter": "rogue", "origins": [operator.url], "allow_loopback": true, "config": relay("gateway"),
        "credentials": { "client_secret": "env:OURS" },
        "customers": { "bank": { "config": relay("bank"), "credentials": { "client_secret": "env:BANK" } } },
    } });
    let operators = operators(layer.path(), &table, &[("OURS", "our-secret"), ("BANK", "bank-secret")]);
    for customer in ["bank", "shop", ""] {
        let session = Session { customer: customer.into(), ..session() };
        assert!(operators.run("X", crate::bed::arrive(), session, NOW).await.is_ok());
    }
    let bodies: Vec<_> = operator.seen().into_iter().map(|seen| seen.body).collect();
    let [own, ours] = ["client_id=bank&client_secret=bank-secret", "client_id=gateway&client_secret=our-secret"];
    assert_eq!(bodies, [own, ours, ours]);
}

fn of_many() -> Value {
    let at = |adapter: &str| json!({ "adapter": adapter, "config": { "fault": "none", "url": "https://op.example" } });
    let mut by_list = at("rogue");
    by_list["only_listed"] = json!(true);
    by_list["customers"] = json!({ "bank": { "credentials": { "client_secret": "env:BANK" } } });
    json!({
        "HOST": at("rogue"),
        "VIRTUAL": { "mvno_of": "HOST" },
        "FILTERED": { "mvno_of": "HOST", "filtered": true },
        "LISTED": by_list,
        "VIRTUAL_LISTED": { "mvno_of": "LISTED" },
        "BROKEN": at("not_there"),
        "NEEDY": at("needy"),
        "KNOWN": { "countries": ["IE"] },
    })
}

fn layer() -> Layer {
    let layer = Layer::empty();
    let change = json!({ "countries": ["GB", "IE"], "needs_mobile_ip": "never" });
    layer.put_as("rogue", &built("rogue"), &change);
    layer.put_as("needy", b"never loaded", &json!({ "secrets": ["api_key"] }));
    layer
}

#[tokio::test]
async fn a_customer_that_an_operator_has_not_approved_gets_no_step_of_it() {
    let layer = layer();
    let operators = operators(layer.path(), &of_many(), &[("BANK", "secret")]);
    for (network, customer, expected) in [
        // The operator is not there to be called: the step was begun.
        ("HOST", "shop", Verdict::ConfigError),
        ("VIRTUAL", "shop", Verdict::ConfigError),
        ("FILTERED", "shop", Verdict::NetworkUnsupported),
        ("LISTED", "bank", Verdict::ConfigError),
        ("LISTED", "shop", Verdict::NetworkUnsupported),
        ("LISTED", "", Verdict::NetworkUnsupported),
        ("VIRTUAL_LISTED", "bank", Verdict::ConfigError),
        ("VIRTUAL_LISTED", "shop", Verdict::NetworkUnsupported),
        ("KNOWN", "shop", Verdict::NetworkUnsupported),
    ] {
        assert_eq!(asked_for(&operators, network, customer).await, Some(expected), "{network} {customer}");
    }
}

#[tokio::test]
async fn coverage_is_what_a_customer_can_use() {
    let layer = layer();
    let operators = operators(layer.path(), &of_many(), &[("BANK", "secret")]);
    let covered = |network: &str, countries: &[&str], silent: bool| Coverage {
        network: network.into(),
        countries: countries.iter().map(|country| (*country).to_owned()).collect(),
        silent,
        callback: silent,
        wifi: silent,
    };
    for (customer, listed) in [("bank", true), ("shop", false)] {
        let expected = [
            covered("BROKEN", &[], false),
            covered("FILTERED", &["GB", "IE"], false),
            covered("HOST", &["GB", "IE"], true),
            covered("KNOWN", &["IE"], false),
            covered("LISTED", &["GB", "IE"], listed),
            covered("NEEDY", &["GB"], false),
            covered("VIRTUAL", &["GB", "IE"], true),
            covered("VIRTUAL_LISTED", &["GB", "IE"], listed),
        ];
        assert_eq!(operators.coverage(customer), expected, "{customer}");
    }
}

#[tokio::test]
async fn coverage_loads_nothing() {
    let layer = layer();
    std::fs::write(layer.file("rogue"), b"no adapter").unwrap();
    let operators = operators(layer.path(), &of_many(), &[("BANK", "secret")]);
    assert!(operators.coverage("shop").iter().any(|covered| covered.network == "HOST" && covered.silent));
    let session = Session { customer: "shop".into(), ..session() };
    assert_eq!(operators.run("HOST", Operation::Plan, session, NOW).await.err(), Some(Verdict::ConfigError));
}
