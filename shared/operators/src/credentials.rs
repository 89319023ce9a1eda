//! What we hold at an operator to prove who we are, as the table names it: secrets by reference only (`env:NAME`).

use std::sync::Arc;

use jsonwebtoken::Algorithm;
use secrecy::{SecretBox, SecretString};
use serde::Deserialize;

use crate::jwt;

/// 256 bits, in the environment as 64 hex digits.
pub(crate) type DecryptionKey = Arc<SecretBox<[u8; 32]>>;

#[derive(Clone, Default)]
pub(crate) struct Credentials {
    pub client_secret: Option<SecretString>,
    /// PKCS#8 PEM.
    pub private_key: Option<SecretString>,
    pub key_id: Option<String>,
    pub algorithm: Option<Algorithm>,
    pub api_key: Option<SecretString>,
    pub decryption_key: Option<DecryptionKey>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct References {
    client_secret: Option<String>,
    private_key: Option<String>,
    key_id: Option<String>,
    algorithm: Option<Algorithm>,
    api_key: Option<String>,
    decryption_key: Option<String>,
}

impl Credentials {
    /// Is there a secret of this name of the manifest's?
    pub fn have(&self, name: &str) -> bool {
        match name {
            "client_secret" => self.client_secret.is_some(),
            "private_key" => self.private_key.is_some(),
            "api_key" => self.api_key.is_some(),
            "decryption_key" => self.decryption_key.is_some(),
            _ => false,
        }
    }
}

impl References {
    /// These credentials, and where one is not named, that of `base`. What is wrong goes to `problems`.
    pub fn over(
        self,
        base: &Credentials,
        secret: &dyn Fn(&str) -> Option<String>,
        problems: &mut Vec<String>,
    ) -> Credentials {
        if self.algorithm.is_some_and(|algorithm| !jwt::ACCEPTED.contains(&algorithm)) {
            problems.push("algorithm is RS256, PS256 or ES256".into());
        }
        let mut read = |reference: Option<String>| resolve(&reference?, secret, problems);
        let texts = [self.client_secret, self.private_key, self.api_key].map(&mut read);
        let [client_secret, private_key, api_key] = texts.map(|text| text.map(SecretString::from));
        let decryption_key = read(self.decryption_key).and_then(|text| decryption_key(&text, problems));
        Credentials {
            client_secret: client_secret.or_else(|| base.client_secret.clone()),
            private_key: private_key.or_else(|| base.private_key.clone()),
            key_id: self.key_id.or_else(|| base.key_id.clone()),
            algorithm: self.algorithm.or(base.algorithm),
            api_key: api_key.or_else(|| base.api_key.clone()),
            decryption_key: decryption_key.or_else(|| base.decryption_key.clone()),
        }
    }
}

fn resolve(reference: &str, secret: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> Option<String> {
    let name = reference.strip_prefix("env:");
    let found = name.and_then(secret);
    if found.is_none() {
        // What does not begin with `env:` may be the secret itself.
        problems
            .push(name.map_or("a secret must be env:NAME".into(), |name| format!("the secret {name} is not there")));
    }
    found
}

fn decryption_key(text: &str, problems: &mut Vec<String>) -> Option<DecryptionKey> {
    let key = SecretBox::try_init_with(|| {
        let mut key = [0; 32];
        hex::decode_to_slice(text, &mut key).map(|()| key)
    });
    key.inspect_err(|_| problems.push("decryption_key is 64 hex digits".into())).ok().map(Arc::new)
}
