//! The record of a customer, as JSON in the table, and what must hold before it is written.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{CustomerId, SecretHash, redirect};

/// A customer. Fields that a record lacks get the default that permits least; unknown fields are ignored, so that a
/// newer writer does not lock out an older reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    /// What a person reads in the text message.
    pub name: String,
    /// One, or two while a secret is replaced, the older first.
    #[serde(default)]
    pub secret_hashes: Vec<SecretHash>,
    /// Unix seconds from which the older of two secrets is no longer good; none: it is until it is taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<u64>,
    #[serde(default)]
    pub scopes: BTreeSet<Scope>,
    /// Compared byte by byte (RFC 9700 2.1); see [`Customer::allows_redirect`].
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// ISO 3166 alpha-2, capitals. Empty: the home countries of the deployment.
    #[serde(default)]
    pub countries: Vec<String>,
    #[serde(default)]
    pub wire_types: WireTypes,
    /// The text of the SMS with `{name}`, `{code}` and `{minutes}`; whoever sends it checks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_template: Option<String>,
    /// The host whose page may read the code from the SMS (WebOTP); whoever sends it checks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_domain: Option<String>,
    /// Where the customer is told that an attempt has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Numbers that are never sent to anyone, for the customer's own tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_numbers: Vec<TestNumber>,
    /// Where the reported address is no mobile network's.
    #[serde(default)]
    pub address_policy: AddressPolicy,
    /// What differs from the deployment's limits.
    #[serde(default)]
    pub limits: Limits,
    #[serde(default = "enabled")]
    pub enabled: bool,
}

/// A number whose code is fixed: neither SNS nor an operator ever hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestNumber {
    /// E.164 with `+`.
    pub msisdn: String,
    /// As many digits as the deployment's codes have.
    pub code: String,
    /// Unix seconds; from then on the number is like any other. A code that everybody knows must not stay for ever.
    pub expires_at: u64,
}

/// A customer's own limits; what is absent is the deployment's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// SMS to one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends_an_hour: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends_a_day: Option<u64>,
    /// SMS for one client_ip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends_an_hour_for_an_address: Option<u64>,
    /// Wrong codes for one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_codes_a_day: Option<u64>,
}

/// What a customer may ask a token for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Authenticate,
    Otp,
}

/// How numbers and booleans look in answers: `"3600"` as in the published samples, or `3600` as in its schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireTypes {
    #[default]
    Quoted,
    Native,
}

/// What is offered where `client_ip` is a fixed line's, or nobody knows whose it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressPolicy {
    /// A silent attempt: the backend may have seen the handset on Wi-Fi, and an app can still use mobile data.
    #[default]
    Try,
    /// A code at once, as suits a web page that cannot choose.
    Skip,
}

/// All that is wrong with a record, in sentences for whoever writes it; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<String>);

impl Customer {
    /// What must hold before the record is written. Names every problem, not just the first.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Vec::new();
        let length = self.name.chars().count();
        if !(1..=64).contains(&length) || self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            problems.push("name: must be 1 to 64 printable characters".to_owned());
        }
        if !(1..=2).contains(&self.secret_hashes.len()) {
            problems.push("secret_hashes: must be one, or two while a secret is replaced".to_owned());
        }
        if self.scopes.is_empty() {
            problems.push("scopes: must be authenticate, otp or both".to_owned());
        }
        for uri in &self.redirect_uris {
            if let Err(problem) = redirect::check(uri) {
                problems.push(format!("redirect_uris: {uri:?} {problem}"));
            }
        }
        if let Some(url) = &self.webhook_url
            && let Err(problem) = redirect::check_webhook(url)
        {
            problems.push(format!("webhook_url: {url:?} {problem}"));
        }
        for country in &self.countries {
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
                problems.push(format!("countries: {country:?} is not an ISO 3166 alpha-2 code in capitals"));
            }
        }
        for number in &self.test_numbers {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if !(6..=10).contains(&number.code.len()) || !digits(&number.code) {
                problems.push("test_numbers: a code is 6 to 10 digits".to_owned());
            }
            if !number.msisdn.strip_prefix('+').is_some_and(digits) {
                problems.push("test_numbers: a number is E.164 with its +".to_owned());
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// The fixed code of a test number at `now` (Unix milliseconds).
    pub fn test_code(&self, msisdn: &str, now: u64) -> Option<&str> {
        let living = |number: &&TestNumber| number.msisdn == msisdn && number.expires_at > now / 1000;
        self.test_numbers.iter().find(living).map(|number| number.code.as_str())
    }

    /// Whether `uri` is on the list, byte for byte: every looser comparison has been an open redirect somewhere
    /// (RFC 9700 2.1 and 4.1).
    pub fn allows_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|allowed| allowed == uri)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

fn enabled() -> bool {
    true
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::secret::tests::pepper;

    pub(crate) fn customer(id: &str) -> Customer {
        Customer {
            id: CustomerId::parse(id).unwrap(),
            name: "Shop".to_owned(),
            secret_hashes: vec![SecretHash::of("secret", &pepper())],
            old_secret_until: None,
            scopes: [Scope::Authenticate, Scope::Otp].into(),
            redirect_uris: vec!["https://shop.example/cb".to_owned()],
            countries: vec!["GB".to_owned()],
            wire_types: WireTypes::Quoted,
            otp_template: None,
            otp_domain: None,
            webhook_url: None,
            test_numbers: Vec::new(),
            address_policy: AddressPolicy::Try,
            limits: Limits::default(),
            enabled: true,
        }
    }

    #[test]
    fn a_bare_record_may_do_nothing() {
        let customer: Customer = serde_json::from_str(r#"{"id":"shop","name":"Shop"}"#).unwrap();
        assert!(customer.scopes.is_empty() && customer.secret_hashes.is_empty() && customer.redirect_uris.is_empty());
        assert_eq!((customer.wire_types, customer.address_policy), (WireTypes::Quoted, AddressPolicy::Try));
        assert!(customer.enabled);
    }

    #[test]
    fn a_record_survives_json_and_may_hold_fields_of_the_future() {
        let before = customer("shop");
        let mut json = serde_json::to_value(&before).unwrap();
        assert_eq!(json["scopes"], serde_json::json!(["authenticate", "otp"]));
        assert_eq!(json["wire_types"], "quoted");
        json["colour"] = "green".into();
        assert_eq!(serde_json::from_value::<Customer>(json).unwrap(), before);
    }

    #[test]
    fn a_good_record_passes_the_check() {
        assert_eq!(customer("shop").check(), Ok(()));
    }

    #[test]
    fn the_check_names_every_problem() {
        let mut customer = customer("shop");
        customer.name = "Shop\n@evil.example".to_owned();
        customer.secret_hashes.clear();
        customer.scopes.clear();
        customer.redirect_uris = vec!["https://shop.example/cb#top".to_owned(), "http://shop.example/cb".to_owned()];
        customer.countries = vec!["GB".to_owned(), "gb".to_owned()];
        customer.webhook_url = Some("http://shop.example/hook".to_owned());
        let Problems(problems) = customer.check().unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
        assert_eq!(
            fields,
            ["name", "secret_hashes", "scopes", "redirect_uris", "redirect_uris", "webhook_url", "countries"]
        );
    }

    #[test]
    fn a_redirect_is_allowed_only_byte_for_byte() {
        let customer = customer("shop");
        assert!(customer.allows_redirect("https://shop.example/cb"));
        for other in [
            "https://shop.example/cb/",
            "https://shop.example/cb?x=1",
            "https://SHOP.example/cb",
            "https://shop.example:443/cb",
            "https://shop.example/c",
            "",
        ] {
            assert!(!customer.allows_redirect(other), "{other}");
        }
    }
}
