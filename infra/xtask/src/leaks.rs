//! What must not stand in a log: numbers, codes, secrets and tokens of the run that wrote it.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use serde_json::Value;

use crate::{Error, routes};

/// Variables whose values are secret. One that is not there could not be searched for, and is a failure.
const SECRET: [&str; 10] = [
    "TOKEN_KEY",
    "STATEMENT_KEY",
    "CUSTOMER_PEPPER",
    "OTP_PEPPER",
    "OPERATOR_CLIENT_SECRET",
    "OPERATOR_PRIVATE_KEY",
    "OPERATOR_API_KEY",
    "OPERATOR_DECRYPTION_KEY",
    "LOOKUP_KEY",
    "LOOKUP_SECRET",
];
/// As secret, and there while keys rotate only.
const AT_TIMES: [&str; 2] = ["TOKEN_KEY_NEXT", "STATEMENT_KEY_NEXT"];

/// Searches the logs of a system in which flows have been walked: `gateway.json` and the environment say what is secret.
///
/// # Errors
/// Names what was found and where, without repeating it.
pub(crate) fn check(gateway: &Value, env: &BTreeMap<String, String>, logs: &[PathBuf]) -> Result<(), Error> {
    let forbidden = forbidden(gateway, env)?;
    let mut codes = 0;
    for log in logs {
        let text = String::from_utf8_lossy(&fs::read(log).map_err(Error::file(log))?).into_owned();
        for (what, value) in &forbidden {
            if contains(&text, value) {
                return Err(Error::failed(format!("{} holds {what}", log.display())));
            }
        }
        codes += text.matches(r#""message":"answered""#).count();
    }
    println!("    {} values searched for in the log of {codes} requests", forbidden.len());
    if codes == 0 { Err(Error::failed("the logs hold no request: they were not the ones to search")) } else { Ok(()) }
}

fn forbidden(gateway: &Value, env: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, Error> {
    let mut found = vec![
        ("the customer's secret".to_owned(), text(&gateway["customer"]["client_secret"])),
        ("a token".to_owned(), "v4.public.".to_owned()),
        ("an SMS".to_owned(), "is your code".to_owned()),
    ];
    found.extend(secrets(env)?);
    let agent = routes::agent(Duration::from_secs(5));
    for device in gateway["devices"].as_array().into_iter().flatten() {
        let msisdn = text(&device["msisdn"]);
        // Its last nine digits are found in every form that the number is written in.
        found.push(("a number".to_owned(), msisdn.chars().skip(msisdn.len().saturating_sub(9)).collect()));
        let url = format!("{}/inbox/{}", text(&gateway["sandbox"]), msisdn.trim_start_matches('+'));
        let failed = |error: ureq::Error| Error::failed(format!("the inbox does not answer: {error}"));
        let inbox = agent.get(&url).call().map_err(failed)?.body_mut().read_to_string().map_err(failed)?;
        let inbox: Vec<Value> = serde_json::from_str(&inbox).map_err(|error| Error::Json(url.into(), error))?;
        found.extend(inbox.iter().filter_map(|sms| Some(("a code".to_owned(), code(sms["text"].as_str()?)?))));
    }
    if found.iter().any(|(_, value)| value.is_empty()) {
        return Err(Error::failed("a value to search for is empty"));
    }
    Ok(found)
}

fn secrets(env: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, Error> {
    if let Some(missing) = SECRET.into_iter().find(|name| !env.contains_key(*name)) {
        return Err(Error::failed(format!("{missing} is not known, and cannot be searched for")));
    }
    let named = SECRET.into_iter().chain(AT_TIMES).filter_map(|name| Some((name, env.get(name)?)));
    // A key in lines is as secret in one of them.
    let lines = named.flat_map(|(name, value)| value.lines().map(move |line| (name.to_owned(), line.to_owned())));
    Ok(lines.filter(|(_, line)| !line.starts_with("-----")).collect())
}

/// The text ends in the code (`@shop.example #048213`).
fn code(sms: &str) -> Option<String> {
    sms.rsplit_once('#').map(|(_, code)| code.trim().to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// As a word: six digits of a timestamp's fraction or of an id, which may be hex, are no code.
fn contains(text: &str, value: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
    let is_code = value.len() < 9 && value.bytes().all(|byte| byte.is_ascii_digit());
    text.match_indices(value).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + value.len()..].chars().next());
        !is_code || !(inside(before) || inside(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_a_word_and_a_number_anywhere() {
        assert!(contains(r#"{"otp":"123456"}"#, "123456"));
        assert!(!contains(r#""timestamp":"2026-11-22T18:19:42.123456Z""#, "123456"));
        assert!(contains("msisdn=%2B447700900620", "7700900620"));
    }

    #[test]
    fn every_secret_is_searched_for_and_one_that_is_not_known_is_a_failure() {
        let mut env: BTreeMap<String, String> = SECRET.map(|name| (name.to_owned(), format!("{name}'s"))).into();
        env.insert("OPERATOR_PRIVATE_KEY".into(), "-----BEGIN\nfirst\nsecond\n-----END".into());
        env.insert(AT_TIMES[0].into(), "next".into());
        let found: Vec<String> = secrets(&env).into_iter().flatten().map(|(_, value)| value).collect();
        assert_eq!(found.len(), SECRET.len() + 2, "{found:?}");
        assert!(["first", "second", "next", "LOOKUP_KEY's"].iter().all(|value| found.iter().any(|one| one == value)));
        env.remove("TOKEN_KEY");
        assert!(secrets(&env).is_err_and(|error| error.to_string().contains("TOKEN_KEY")));
    }
}
