//! `GET /v1/.well-known/paseto-keys`: the public keys that our tokens and our statements verify with, for whoever checks them.

use serde::Serialize;
use sna_api::{Answer, ApiError, Endpoint, Request};
use sna_config::Env;
use sna_tokens::PublicKeys;

pub struct Keys {
    issuer: String,
    tokens: PublicKeys,
    statements: PublicKeys,
}

#[derive(Serialize)]
struct Published {
    issuer: String,
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    /// PASERK `k4.pid`, as in a token's footer.
    kid: String,
    /// PASERK `k4.public`.
    paserk: String,
    version: &'static str,
    purpose: &'static str,
}

impl Keys {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let issuer = env.origin("PUBLIC_URL");
        let tokens = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let statements = env.parsed("STATEMENT_PUBLIC_KEYS", PublicKeys::parse);
        let (tokens, statements) = (tokens?, statements?);
        for (id, _) in statements.published().unwrap_or_default() {
            if tokens.contains(&id) {
                env.problem("STATEMENT_PUBLIC_KEYS", &format!("has {id}, which is in TOKEN_PUBLIC_KEYS too"));
            }
        }
        Some(Self { issuer, tokens, statements })
    }
}

impl Endpoint for Keys {
    const PATH: &'static str = "/v1/.well-known/paseto-keys";
    const METHODS: &'static [&'static str] = &["GET"];

    async fn handle(&self, _: &Request, _: u64) -> Result<Answer, ApiError> {
        let keys = self.tokens.published()?.into_iter().chain(self.statements.published()?);
        let keys = keys.map(|(kid, paserk)| Key { kid, paserk, version: "v4", purpose: "public" }).collect();
        let published = Published { issuer: self.issuer.clone(), keys };
        // Long enough to spare us calls, short enough that a new key is known before it signs alone.
        Ok(Answer::json(&published)?.header("cache-control", "public, max-age=300"))
    }
}
