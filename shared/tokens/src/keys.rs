//! Keys as PASERK: `k4.secret` signs, `k4.public` verifies, `k4.pid` names a key in a token's footer.
//! Parsed once at start.

use std::collections::BTreeMap;

use pasetors::{
    keys::{AsymmetricKeyPair, AsymmetricPublicKey, AsymmetricSecretKey, Generate},
    paserk::{FormatAsPaserk, Id},
    version4::V4,
};

/// Text that is not the PASERK expected. The text itself is never part of it.
#[derive(Debug, thiserror::Error)]
#[error("must be PASERK {0}")]
pub struct InvalidKey(&'static str);

/// The key that signs.
pub struct SigningKey {
    pub(crate) secret: AsymmetricSecretKey<V4>,
    pub(crate) id: String,
    public: AsymmetricPublicKey<V4>,
}

/// The keys that verify, by key id. Several while one is turned over.
pub struct PublicKeys(BTreeMap<String, AsymmetricPublicKey<V4>>);

impl SigningKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Result<Self, InvalidKey> {
        let pair = AsymmetricKeyPair::<V4>::generate().map_err(|_| InvalidKey("k4.secret"))?;
        Self::new(pair.secret)
    }

    /// Reads `k4.secret.…`.
    pub fn parse(paserk: &str) -> Result<Self, InvalidKey> {
        Self::new(AsymmetricSecretKey::try_from(paserk).map_err(|_| InvalidKey("k4.secret"))?)
    }

    fn new(secret: AsymmetricSecretKey<V4>) -> Result<Self, InvalidKey> {
        let public = AsymmetricPublicKey::try_from(&secret).map_err(|_| InvalidKey("k4.secret"))?;
        let id = key_id(&public)?;
        Ok(Self { secret, id, public })
    }

    /// `k4.pid.…`, as it stands in the footer of its tokens.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `k4.secret.…`: to be stored, never logged.
    pub fn paserk(&self) -> Result<String, InvalidKey> {
        format(&self.secret, "k4.secret")
    }

    /// `k4.public.…`.
    pub fn public_paserk(&self) -> Result<String, InvalidKey> {
        format(&self.public, "k4.public")
    }
}

impl PublicKeys {
    /// Reads `k4.public.…` texts, comma-separated; at least one.
    pub fn parse(paserks: &str) -> Result<Self, InvalidKey> {
        let mut keys = BTreeMap::new();
        for paserk in paserks.split(',').map(str::trim).filter(|paserk| !paserk.is_empty()) {
            let key = AsymmetricPublicKey::try_from(paserk).map_err(|_| InvalidKey("k4.public, comma-separated"))?;
            keys.insert(key_id(&key)?, key);
        }
        if keys.is_empty() { Err(InvalidKey("k4.public, at least one")) } else { Ok(Self(keys)) }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&AsymmetricPublicKey<V4>> {
        self.0.get(id)
    }

    /// Is a key of this id (`k4.pid.…`) among them?
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Key id (`k4.pid.…`) and key (`k4.public.…`) of each.
    pub fn published(&self) -> Result<Vec<(String, String)>, InvalidKey> {
        self.0.iter().map(|(id, key)| Ok((id.clone(), format(key, "k4.public")?))).collect()
    }
}

fn key_id(key: &AsymmetricPublicKey<V4>) -> Result<String, InvalidKey> {
    format(&Id::from(key), "k4.pid")
}

fn format(key: &impl FormatAsPaserk, kind: &'static str) -> Result<String, InvalidKey> {
    let mut text = String::new();
    key.fmt(&mut text).map_err(|_| InvalidKey(kind))?;
    Ok(text)
}
