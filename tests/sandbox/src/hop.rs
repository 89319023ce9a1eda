//! One request and its answer, as a handset or a backend saw it; and the short form of it that may be shown.
//! Tokens and codes are credentials even in a sandbox, so everything that prints goes through [`shorten`].

use std::sync::Arc;

use reqwest::{
    RequestBuilder, Response, Url,
    header::{LOCATION, RETRY_AFTER},
};
use serde::Serialize;
use serde_json::Value;

/// Bytes kept of an answer.
const BODY: usize = 64 * 1024;
/// From this length on, a run of token characters is taken for a secret.
const SECRET: usize = 24;
/// In the place of a secret that is not shown at all.
pub(crate) const DOTS: &str = "••••";

/// What was asked and what came.
#[derive(Clone, Debug)]
pub struct Hop {
    pub method: String,
    pub url: String,
    /// HTTP status; 0 when no answer came, and then `body` says why.
    pub status: u16,
    /// The `Location` header as an absolute URL.
    pub location: Option<String>,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// At most 64 KiB of it.
    pub body: String,
    /// `Set-Cookie` headers, for the one who keeps cookies.
    pub(crate) cookies: Vec<String>,
}

impl Hop {
    /// Sends the request and records what happens; never fails, because a failure is a result too.
    pub(crate) async fn make(method: &str, url: &str, request: RequestBuilder) -> Hop {
        let mut hop = Hop { method: method.to_owned(), url: url.to_owned(), ..Hop::nothing("") };
        match request.send().await {
            Ok(response) => hop.fill(response).await,
            Err(error) if error.is_timeout() => hop.body = "no answer in time".to_owned(),
            Err(error) if error.is_connect() => hop.body = "cannot connect".to_owned(),
            Err(_) => hop.body = "the connection broke".to_owned(),
        }
        hop
    }

    /// No request was made, or no answer came.
    pub(crate) fn nothing(why: &str) -> Hop {
        let (method, url, body) = (String::new(), String::new(), why.to_owned());
        Hop { method, url, status: 0, location: None, retry_after: None, body, cookies: Vec::new() }
    }

    async fn fill(&mut self, mut response: Response) {
        self.status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().ok().map(str::to_owned);
        self.retry_after = response.headers().get(RETRY_AFTER).and_then(text);
        let location = response.headers().get(LOCATION).and_then(text);
        self.location = location.and_then(|to| absolute(response.url(), &to));
        self.cookies = response.headers().get_all("set-cookie").iter().filter_map(text).collect();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = BODY - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == BODY {
                break;
            }
        }
        self.body = String::from_utf8_lossy(&body).into_owned();
    }

    /// The answer as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

fn absolute(from: &Url, location: &str) -> Option<String> {
    from.join(location).ok().map(String::from)
}

/// A hop as it is shown: who asked whom, and both sides in one line each.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// `phone` or `customer`.
    pub by: &'static str,
    pub method: String,
    pub url: String,
    pub status: u16,
    pub answer: String,
}

/// Where steps are shown as they happen.
pub type Trace = Arc<dyn Fn(Step) + Send + Sync>;

impl Step {
    #[must_use]
    pub fn of(by: &'static str, hop: &Hop) -> Step {
        let answer = match &hop.location {
            Some(location) => format!("go to {}", shorten(location)),
            None if hop.body.trim_start().starts_with('<') => "a page".to_owned(),
            None => shorten(&hop.body.chars().take(4000).collect::<String>()),
        };
        Step { by, method: hop.method.clone(), url: shorten(&hop.url), status: hop.status, answer }
    }
}

/// The text with every token, code and key cut to its beginning and end.
#[must_use]
pub fn shorten(text: &str) -> String {
    // A run is ASCII, so every index is a character's.
    replace(text, |token| format!("{}…{}", &token[..10], &token[token.len() - 4..]))
}

/// The text with dots in the place of every token, code and key.
pub(crate) fn mask(text: &str) -> String {
    replace(text, |_| DOTS.to_owned())
}

fn replace(text: &str, by: impl Fn(&str) -> String) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(run);
        if run < SECRET || is_word(token) {
            short.push_str(token);
        } else {
            short.push_str(&by(token));
        }
        let other = after.find(is_token).unwrap_or(after.len());
        short.push_str(&after[..other]);
        rest = &after[other..];
    }
    short
}

/// Names of errors and outcomes are long, too; but no key is all in one case and without a digit.
fn is_word(run: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| run.as_bytes().iter().any(kind);
    !(has(u8::is_ascii_digit) || has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn tokens_are_cut_and_the_rest_is_left_alone() {
        let url = "http://127.0.0.1:9000/v1/authenticate?id_token=v4.public.eyJhbGciOiJub25lIn0.c2lnbmF0dXJl&a=b";
        assert_eq!(shorten(url), "http://127.0.0.1:9000/v1/authenticate?id_token=v4.public.…dXJl&a=b");
        let plain = r#"+447700900620 é {"reason":"IP_NUMBER_NETWORK_MISMATCH"}"#;
        assert_eq!(shorten(plain), plain);
    }
}
