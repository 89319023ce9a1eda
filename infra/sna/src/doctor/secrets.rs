//! The secrets: readable, with the keys that functions look up in them, and fitting one another.

use std::collections::BTreeMap;

use sna_customers::Pepper;
use sna_tokens::{PublicKeys, SigningKey};

use super::Check;
use crate::{
    Error,
    keys::{Name, Vault, secrets_manager},
    place::Place,
};

type Values = BTreeMap<String, String>;

pub(super) async fn checks(place: &Place) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, shown, look) in [
        (Name::Keys, "secret keys", keys as fn(&Values) -> Result<String, String>),
        (Name::Customers, "secret customers", |values| pepper(values, "CUSTOMER_PEPPER")),
        (Name::Otp, "secret otp", |values| pepper(values, "OTP_PEPPER")),
        (Name::Operators, "secret operators", any),
    ] {
        let values = values(place, name).await;
        let found = values.and_then(|values| look(&values).map_err(Error::refused));
        let check = Check::asked(shown, found, todo(name));
        // A table may need no credentials at all.
        checks.push(if name == Name::Operators { check.doubtful() } else { check });
    }
    checks.push(Check::asked("secret signing", signing(place).await, todo(Name::Signing)));
    // The number lookup is optional, and its table says what it needs.
    if place.get(Name::Lookup.variable()).is_some() {
        let found = values(place, Name::Lookup).await.and_then(|values| any(&values).map_err(Error::refused));
        checks.push(Check::asked("secret lookup", found, todo(Name::Lookup)).doubtful());
    }
    checks
}

fn todo(name: Name) -> &'static str {
    match name {
        Name::Signing | Name::Keys => "run `sna keys rotate`",
        Name::Customers | Name::Otp => {
            "64 hex digits under that name; the template makes it. A new one ends all that it keyed"
        }
        Name::Operators => "put in what the operator table names as `env:NAME`; `sna operators check` says what",
        Name::Lookup => "put in LOOKUP_KEY and LOOKUP_SECRET, if the lookup's configuration names them",
    }
}

/// A deployment's secret, or in the local run the variables that stand for it.
async fn values(place: &Place, name: Name) -> Result<Values, Error> {
    Ok(secrets_manager(place)?.read(name).await?.values)
}

/// `TOKEN_PUBLIC_KEYS`, from wherever the functions have it.
pub(super) async fn public_keys(place: &Place) -> Result<String, Error> {
    if let Some(keys) = place.get("TOKEN_PUBLIC_KEYS") {
        return Ok(keys.to_owned());
    }
    let keys = values(place, Name::Keys).await?.remove("TOKEN_PUBLIC_KEYS");
    keys.ok_or_else(|| Error::refused("no key is published; run `sna keys rotate`"))
}

fn keys(values: &Values) -> Result<String, String> {
    let text = need(values, "TOKEN_PUBLIC_KEYS")?;
    let keys = PublicKeys::parse(text).and_then(|keys| keys.published()).map_err(|error| error.to_string())?;
    Ok(format!("{} published", keys.len()))
}

fn pepper(values: &Values, name: &str) -> Result<String, String> {
    Pepper::parse(need(values, name)?).map(|_| name.to_owned()).map_err(|error| format!("{name}: {error}"))
}

fn any(values: &Values) -> Result<String, String> {
    // A new secret has one value that nobody reads, because it must have one.
    let names: Vec<&str> = values.keys().map(String::as_str).filter(|name| *name != "UNUSED").collect();
    if names.is_empty() { Err("it has no values".to_owned()) } else { Ok(names.join(", ")) }
}

/// What signs must be published, or every token is refused.
async fn signing(place: &Place) -> Result<String, Error> {
    let values = values(place, Name::Signing).await?;
    let key = SigningKey::parse(need(&values, "TOKEN_KEY").map_err(Error::refused)?).map_err(Error::refused)?;
    let public = key.public_paserk().map_err(Error::refused)?;
    if public_keys(place).await?.split(',').any(|published| published.trim() == public) {
        Ok(format!("{} signs, and is published", key.id()))
    } else {
        Err(Error::refused(format!("{} signs, and is not published", key.id())))
    }
}

fn need<'a>(values: &'a Values, name: &str) -> Result<&'a str, String> {
    let value = values.get(name).map(String::as_str).filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("it has no {name}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn values(name: &str, value: &str) -> Values {
        Values::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_secret_is_held_to_what_the_functions_want_and_never_shown() {
        let pepper_of = |value: &str| pepper(&values("OTP_PEPPER", value), "OTP_PEPPER");
        assert_eq!(pepper_of(&"0b".repeat(32)), Ok("OTP_PEPPER".to_owned()));
        for wrong in ["", "0b0b", &"xy".repeat(32)] {
            let error = pepper_of(wrong).unwrap_err();
            assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
        }
        let public = SigningKey::generate().unwrap().public_paserk().unwrap();
        assert_eq!(keys(&values("TOKEN_PUBLIC_KEYS", &public)), Ok("1 published".to_owned()));
        assert!(keys(&values("TOKEN_PUBLIC_KEYS", "k4.public.")).is_err());
        assert!(any(&Values::new()).is_err());
    }
}
