//! `GET /v1/coverage`, from an operator table of the test's own.

use gateway_tests::{Event, Gateway, OPERATORS, staged_adapters, steps::register};
use serde_json::{Value, json};
use sna_customers::WireTypes;

use crate::{answer::json as expected_json, target::Target};

#[tokio::test(flavor = "multi_thread")]
async fn each_network_says_what_it_can_do_for_this_customer() {
    let known: Value = serde_json::from_str(OPERATORS).expect("JSON");
    let mut vodafone = known["VODAFONE"].clone();
    vodafone["only_listed"] = true.into();
    vodafone["customers"] = json!({ "listed": {} });
    let table = json!({
        "O2": known["O2"],
        "VODAFONE": vodafone,
        "GIFFGAFF": { "mvno_of": "O2" },
        "TESCO": { "mvno_of": "O2", "filtered": true },
        "TELKOMSEL_ID": known["TELKOMSEL_ID"],
        "CHINA_MOBILE": known["CHINA_MOBILE"],
        "FREE": { "countries": ["FR"] },
    });
    let gateway = Gateway::build(Event::HttpApi, &staged_adapters(), &[], &table.to_string()).await;
    let target = Target::of(gateway);
    let network = |name: &str, silent: bool, callback: bool, wifi: bool| {
        let otp_only = !silent;
        format!(
            r#"{{"network":"{name}","silent":"{silent}","callback":"{callback}","wifi":"{wifi}","otp_only":"{otp_only}"}}"#
        )
    };
    let whole = |vodafone: bool| {
        let gb = [
            network("GIFFGAFF", true, true, false),
            network("O2", true, true, false),
            network("TESCO", false, false, false),
            network("VODAFONE", vodafone, vodafone, false),
        ];
        let (cn, id) = (network("CHINA_MOBILE", true, false, false), network("TELKOMSEL_ID", true, false, true));
        let (fr, gb) = (network("FREE", false, false, false), gb.join(","));
        let country = |code: &str, networks: &str| format!(r#"{{"country":"{code}","networks":[{networks}]}}"#);
        let countries = [country("CN", &cn), country("FR", &fr), country("GB", &gb), country("ID", &id)];
        format!(r#"{{"countries":[{}]}}"#, countries.join(","))
    };
    let access = target.sign_in("otp").await;
    assert_eq!(target.get("/v1/coverage").bearer(&access).send().await, expected_json(200, whole(false)));
    // A customer of its own account there, and of JSON's own types.
    let secret = register(target.gateway(), "listed", |record| record.wire_types = WireTypes::Native).await;
    let access = target.sign_in_as("listed", &secret, "otp").await;
    let native = whole(true).replace("\"true\"", "true").replace("\"false\"", "false");
    assert_eq!(target.get("/v1/coverage").bearer(&access).send().await, expected_json(200, native));
}
