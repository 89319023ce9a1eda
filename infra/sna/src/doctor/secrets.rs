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

const PUBLIC: &str = "TOKEN_PUBLIC_KEYS";

type Values = BTreeMap<String, String>;

/// The checks; and `TOKEN_PUBLIC_KEYS`, from wherever the functions have it.
pub(super) async fn checks(place: &Place) -> (Vec<Check>, Option<String>) {
    let keys = values(place, Name::Keys).await;
    let secret = keys.as_ref().ok().and_then(|values| values.get(PUBLIC)).map(String::as_str);
    let published = place.get(PUBLIC).or(secret).map(str::to_owned);
    let check = |name: Name, shown: &str, found: Result<String, Error>| Check::of(shown, found, todo(name));
    let pepper_of = async |name: Name, value: &str| values(place, name).await.and_then(|values| pepper(&values, value));
    let any_of = async |name: Name| values(place, name).await.and_then(|values| any(&values));
    let mut checks = vec![
        check(Name::Keys, "secret keys", keys.and_then(|values| public(&values))),
        check(Name::Signing, "secret signing", signing(place, published.as_deref()).await),
        check(Name::Customers, "secret customers", pepper_of(Name::Customers, "CUSTOMER_PEPPER").await),
        check(Name::Otp, "secret otp", pepper_of(Name::Otp, "OTP_PEPPER").await),
        // A table may need no credentials at all.
        check(Name::Operators, "secret operators", any_of(Name::Operators).await).doubtful(),
    ];
    // The number lookup is optional, and its table says what it needs.
    if place.get(Name::Lookup.variable()).is_some() {
        checks.push(check(Name::Lookup, "secret lookup", any_of(Name::Lookup).await).doubtful());
    }
    (checks, published)
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

async fn values(place: &Place, name: Name) -> Result<Values, Error> {
    Ok(secrets_manager(place)?.read(name).await?.values)
}

fn public(values: &Values) -> Result<String, Error> {
    let keys = PublicKeys::parse(need(values, PUBLIC)?).and_then(|keys| keys.published());
    Ok(format!("{} published", keys.map_err(Error::refused)?.len()))
}

fn pepper(values: &Values, name: &str) -> Result<String, Error> {
    let pepper = Pepper::parse(need(values, name)?);
    pepper.map(|_| name.to_owned()).map_err(|error| Error::refused(format!("{name}: {error}")))
}

fn any(values: &Values) -> Result<String, Error> {
    // A new secret has one value that nobody reads, because it must have one.
    let names: Vec<&str> = values.keys().map(String::as_str).filter(|name| *name != "UNUSED").collect();
    if names.is_empty() { Err(Error::refused("it has no values")) } else { Ok(names.join(", ")) }
}

/// What signs must be published, or every token is refused.
async fn signing(place: &Place, published: Option<&str>) -> Result<String, Error> {
    let values = values(place, Name::Signing).await?;
    let key = SigningKey::parse(need(&values, "TOKEN_KEY")?).map_err(Error::refused)?;
    let public = key.public_paserk().map_err(Error::refused)?;
    match published.map(|keys| keys.split(',').any(|published| published.trim() == public)) {
        Some(true) => Ok(format!("{} signs, and is published", key.id())),
        Some(false) => Err(Error::refused(format!("{} signs, and is not published", key.id()))),
        None => Err(Error::refused(format!("{} signs, and no key is known to be published", key.id()))),
    }
}

fn need<'a>(values: &'a Values, name: &str) -> Result<&'a str, Error> {
    let value = values.get(name).map(String::as_str).filter(|value| !value.is_empty());
    value.ok_or_else(|| Error::refused(format!("it has no {name}")))
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
        assert_eq!(pepper_of(&"0b".repeat(32)).unwrap(), "OTP_PEPPER");
        for wrong in ["", "0b0b", &"xy".repeat(32)] {
            let error = pepper_of(wrong).unwrap_err().to_string();
            assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
        }
        let key = SigningKey::generate().unwrap().public_paserk().unwrap();
        assert_eq!(public(&values(PUBLIC, &key)).unwrap(), "1 published");
        assert!(public(&values(PUBLIC, "k4.public.")).is_err());
        assert!(any(&Values::new()).is_err());
    }
}
