//! What is before the function, and whether a request came through it.

use lambda_http::http::HeaderMap;
use sha2::{Digest, Sha256};
use sna_config::Env;
use subtle::ConstantTimeEq;

use crate::request::said_once;

/// Said by a distribution with a firewall to its origin; the API itself is open to everyone.
const HEADER: &str = "x-origin-secret";

#[derive(Clone, Copy, Default)]
pub struct Edge {
    /// How many proxies append to `X-Forwarded-For` in front of us; 0: the event's own source address counts.
    pub(crate) trusted_proxies: usize,
    /// SHA-256 of what [`HEADER`] must say; `None`: requests come from everywhere.
    secret: Option<[u8; 32]>,
}

impl Edge {
    /// `trusted_proxies`: how many append to `X-Forwarded-For`. Requests come from everywhere.
    pub const fn behind(trusted_proxies: usize) -> Self {
        Self { trusted_proxies, secret: None }
    }

    /// `TRUSTED_PROXIES`, and `ORIGIN_SECRET` where something must not be passed by.
    pub fn from_env(env: &mut Env<'_>) -> Self {
        let secret = env.optional("ORIGIN_SECRET").map(|secret| hash(secret.as_bytes()));
        Self { trusted_proxies: env.number("TRUSTED_PROXIES", 0, 0..=8), secret }
    }

    /// Hashes are compared, so that neither time nor length says anything of the secret.
    pub(crate) fn lets_in(&self, headers: &HeaderMap) -> bool {
        self.secret.is_none_or(|secret| {
            let said = said_once(headers, HEADER).map(|said| hash(said.as_bytes()));
            said.is_some_and(|said| said.ct_eq(&secret).into())
        })
    }
}

fn hash(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use lambda_http::{Body, RequestExt};

    use super::*;
    use crate::{Answer, ApiError, Endpoint, Request, serve};

    struct Open;

    impl Endpoint for Open {
        const PATH: &'static str = "/v1/open";
        const METHODS: &'static [&'static str] = &["GET"];

        async fn handle(&self, _: &Request, _: u64) -> Result<Answer, ApiError> {
            Ok(Answer::redirect("https://shop.example".to_owned()))
        }
    }

    /// Status and body of what `Open` answers at `path`.
    async fn answer(path: &str, said: &str, edge: Edge) -> (u16, String) {
        let mut event = lambda_http::Request::default().with_raw_http_path(path);
        event.headers_mut().insert(HEADER, said.parse().unwrap());
        let answer = serve(&Open, edge, event, 0).await;
        let Body::Text(body) = answer.body() else { return (answer.status().as_u16(), String::new()) };
        (answer.status().as_u16(), body.clone())
    }

    #[tokio::test]
    async fn past_the_distribution_every_path_is_unknown() {
        let edge = edge("s3cret");
        assert_eq!(answer("/v1/open", "s3cret", edge).await.0, 302);
        let unknown = answer("/v1/unknown", "s3cret", edge).await;
        assert_eq!(unknown.0, 404);
        assert_eq!(answer("/v1/open", "guess", edge).await, unknown);
    }

    fn edge(secret: &str) -> Edge {
        Edge::from_env(&mut Env::from_fn(|name| (name == "ORIGIN_SECRET").then(|| secret.to_owned())))
    }

    fn lets_in(edge: Edge, said: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(HEADER, value.parse().unwrap());
        }
        edge.lets_in(&headers)
    }

    #[test]
    fn only_what_says_the_secret_once_is_let_in() {
        assert!(lets_in(edge("s3cret"), &["s3cret"]));
        for said in
            [&[] as &[&str], &[""], &["S3cret"], &["s3cret "], &["s3cre"], &["s3cret", "s3cret"], &["x", "s3cret"]]
        {
            assert!(!lets_in(edge("s3cret"), said), "{said:?}");
        }
    }

    #[test]
    fn without_a_secret_everyone_is_let_in() {
        for said in [&[] as &[&str], &["x"]] {
            assert!(lets_in(edge(""), said) && lets_in(Edge::behind(1), said), "{said:?}");
        }
    }
}
