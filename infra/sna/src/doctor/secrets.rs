//! The secrets: readable, with the keys that functions look up in them, and fitting one another.

use std::collections::BTreeMap;

use sna_customers::Pepper;
use sna_tokens::{PublicKeys, SigningKey};

use super::Check;
use crate::{
    Error,
    keys::{Name, Pair, STATEMENTS, TOKENS, Vault, secrets_manager},
    place::Place,
};

type Values = BTreeMap<String, String>;

/// The checks; and all public keys, from wherever the functions have them.
pub(super) async fn checks(place: &Place) -> (Vec<Check>, Option<String>) {
    let check = |name: Name, shown: &str, found: Result<String, Error>| Check::of(shown, found, todo(name));
    let pepper_of = async |name: Name, value: &str| values(place, name).await.and_then(|values| pepper(&values, value));
    let any_of = async |name: Name| values(place, name).await.and_then(|values| any(&values));
    let (mut checks, mut published) = (Vec::new(), Vec::new());
    for (pair, keys_shown, signing_shown) in
        [(TOKENS, "secret keys", "secret signing"), (STATEMENTS, "secret statement-keys", "secret statement")]
    {
        let keys = values(place, pair.keys).await;
        let secret = keys.as_ref().ok().and_then(|values| values.get(pair.public)).map(String::as_str);
        let known = place.get(pair.public).or(secret).map(str::to_owned);
        checks.push(check(pair.keys, keys_shown, keys.and_then(|values| public(&values, pair))));
        checks.push(check(pair.signing, signing_shown, signing(place, pair, known.as_deref()).await));
        published.push(known);
    }
    checks.extend([
        check(Name::Customers, "secret customers", pepper_of(Name::Customers, "CUSTOMER_PEPPER").await),
        check(Name::Otp, "secret otp", pepper_of(Name::Otp, "OTP_PEPPER").await),
        // A table may need no credentials at all.
        check(Name::Operators, "secret operators", any_of(Name::Operators).await).doubtful(),
    ]);
    // The number lookup is optional, and its table says what it needs.
    if place.get(Name::Lookup.variable()).is_some() {
        checks.push(check(Name::Lookup, "secret lookup", any_of(Name::Lookup).await).doubtful());
    }
    let published: Option<Vec<String>> = published.into_iter().collect();
    (checks, published.map(|lists| lists.join(",")))
}

fn todo(name: Name) -> &'static str {
    match name {
        Name::Signing | Name::Keys => "run `sna keys rotate`",
        Name::Statement | Name::StatementKeys => "run `sna keys rotate --statements`",
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

fn public(values: &Values, pair: Pair) -> Result<String, Error> {
    let keys = PublicKeys::parse(need(values, pair.public)?).and_then(|keys| keys.published());
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

/// What signs must be published, or every token is refused, and no receipt can be checked.
async fn signing(place: &Place, pair: Pair, published: Option<&str>) -> Result<String, Error> {
    let values = values(place, pair.signing).await?;
    let key = SigningKey::parse(need(&values, pair.secret)?).map_err(Error::refused)?;
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
        assert_eq!(public(&values(TOKENS.public, &key), TOKENS).unwrap(), "1 published");
        assert!(public(&values(TOKENS.public, "k4.public."), TOKENS).is_err());
        assert!(public(&values(TOKENS.public, &key), STATEMENTS).is_err());
        assert!(any(&Values::new()).is_err());
    }
}
