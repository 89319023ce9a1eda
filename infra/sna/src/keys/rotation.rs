//! How a signing key is replaced without a token being refused that is good.
//!
//! Functions hold secrets for five minutes at most. So a public key is out six minutes before its key signs, and stays
//! until five minutes and the longest life of a token after its key was replaced. What was done is read from the secrets
//! themselves: a run that ends anywhere is gone on with by the next one.

use std::collections::BTreeMap;

use sna_tokens::{PublicKeys, SigningKey};

use super::{Name, Vault, Version};
use crate::Error;

pub(super) const SECRET: &str = "TOKEN_KEY";
pub(super) const NEXT: &str = "TOKEN_KEY_NEXT";
pub(super) const PUBLIC: &str = "TOKEN_PUBLIC_KEYS";

/// What the template puts into a secret that must have a value; functions take a name in two secrets for a mistake.
const PLACEHOLDER: &str = "UNUSED";

/// How old a function's secrets may be, in milliseconds.
pub(super) const CACHED_MS: u64 = 300_000;
/// For clocks that differ, and for the time that a write takes.
const MARGIN_MS: u64 = 60_000;
/// Lost races; each means that another administrator was faster.
const TRIES: usize = 8;

/// How far a rotation came; the key's id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rotated {
    Signs(String),
    /// It signs after so many milliseconds at the earliest.
    Published(String, u64),
}

enum Step {
    /// A value of the secret `signing`: the next key, or the next key as the one that signs.
    Signing(BTreeMap<String, String>),
    Keys(BTreeMap<String, String>),
    Wait(u64),
}

/// Does what is due: makes and publishes the next key, or signs with the one that has been published for long enough.
/// The first key of all signs at once. `force`: a new key does, whatever was published before.
pub(super) async fn rotate(vault: &impl Vault, now: u64, force: bool) -> Result<Rotated, Error> {
    let (mut published, mut made) = (false, false);
    for _ in 0..TRIES {
        // The public keys first: a key that is published later than this read shows in the second one, so that nothing
        // is decided by a `signing` that is older than the `keys` beside it.
        let (keys, signing) = (vault.read(Name::Keys).await?, vault.read(Name::Signing).await?);
        // Whoever has the key that signs has read the next one beside it.
        let next = key(&signing, NEXT)?.filter(|_| made || !force);
        match step(&keys, &signing, next.as_ref(), now, force)? {
            Step::Wait(ms) if published => return Ok(Rotated::Published(id(next.as_ref()), ms)),
            Step::Wait(ms) => {
                let minutes = ms.div_ceil(60_000);
                return Err(Error::refused(format!(
                    "the next key was published a moment ago, and functions may not know it yet; run this again in \
                     {minutes} minutes, or with --force if tokens may be refused meanwhile"
                )));
            }
            Step::Keys(values) => published |= vault.replace(Name::Keys, &keys, &values).await?,
            Step::Signing(values) => {
                let signs = !values.contains_key(NEXT);
                let done = vault.replace(Name::Signing, &signing, &values).await?;
                if done && signs {
                    return Ok(Rotated::Signs(id(next.as_ref())));
                }
                made |= done;
            }
        }
    }
    Err(changing())
}

fn step(keys: &Version, signing: &Version, next: Option<&SigningKey>, now: u64, force: bool) -> Result<Step, Error> {
    let mut values = used(signing);
    let Some(next) = next else {
        let made = SigningKey::generate().and_then(|key| key.paserk()).map_err(Error::refused)?;
        values.insert(NEXT.to_owned(), made);
        return Ok(Step::Signing(values));
    };
    let current = key(signing, SECRET)?;
    let listed = public(keys)?;
    let wanted = [current.as_ref(), Some(next)].into_iter().flatten().map(paserk).collect::<Result<Vec<_>, _>>()?;
    let missing: Vec<String> = wanted.iter().filter(|key| !listed.contains(key)).cloned().collect();
    if !missing.is_empty() {
        let list = [listed, missing].concat().join(",");
        return Ok(Step::Keys(with(keys, list)));
    }
    // Whoever verifies has a list, and if no other key was ever on one, this one is on each.
    let is_first = current.is_none() && listed.len() == 1;
    let wait_ms = (keys.since + CACHED_MS + MARGIN_MS).saturating_sub(now);
    if wait_ms > 0 && !is_first && !force {
        return Ok(Step::Wait(wait_ms));
    }
    values.insert(SECRET.to_owned(), values.get(NEXT).cloned().unwrap_or_default());
    values.remove(NEXT);
    Ok(Step::Signing(values))
}

/// Takes away the public keys that only dead tokens were signed with; `token_seconds` is the longest life of one. The
/// ids of what was taken away.
pub(super) async fn retire(
    vault: &impl Vault,
    now: u64,
    token_seconds: u64,
    force: bool,
) -> Result<Vec<String>, Error> {
    for _ in 0..TRIES {
        let (keys, signing) = (vault.read(Name::Keys).await?, vault.read(Name::Signing).await?);
        let current = key(&signing, SECRET)?.ok_or_else(|| Error::refused("no key signs; run `sna keys rotate`"))?;
        let next = key(&signing, NEXT)?;
        let kept = [Some(&current), next.as_ref()].into_iter().flatten().map(paserk).collect::<Result<Vec<_>, _>>()?;
        let (stay, old): (Vec<_>, Vec<_>) = public(&keys)?.into_iter().partition(|key| kept.contains(key));
        if old.is_empty() {
            return Ok(Vec::new());
        }
        let wait_ms = (signing.since + CACHED_MS + MARGIN_MS + token_seconds * 1000).saturating_sub(now);
        if wait_ms > 0 && !force {
            return Err(Error::refused(format!(
                "tokens that the old key signed may still be good; run this again in {} minutes, with --token-seconds if \
                 yours live shorter, or with --force if they shall be refused",
                wait_ms.div_ceil(60_000)
            )));
        }
        if stay.is_empty() {
            return Err(Error::refused("the key that signs is not published; run `sna keys rotate` first"));
        }
        if vault.replace(Name::Keys, &keys, &with(&keys, stay.join(","))).await? {
            let retired =
                PublicKeys::parse(&old.join(",")).and_then(|keys| keys.published()).map_err(Error::refused)?;
            return Ok(retired.into_iter().map(|(id, _)| id).collect());
        }
    }
    Err(changing())
}

/// The key of this name, if there is one.
pub(super) fn key(signing: &Version, name: &str) -> Result<Option<SigningKey>, Error> {
    let text = signing.values.get(name).filter(|text| !text.is_empty());
    let parsed = text.map(|text| SigningKey::parse(text)).transpose();
    parsed.map_err(|error| Error::refused(format!("{name} of the signing secret {error}")))
}

/// The published keys, in their order.
fn public(keys: &Version) -> Result<Vec<String>, Error> {
    let text = keys.values.get(PUBLIC).map(String::as_str).unwrap_or_default();
    let list: Vec<String> = text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect();
    if !list.is_empty() {
        PublicKeys::parse(text).map_err(|error| Error::refused(format!("{PUBLIC} {error}")))?;
    }
    Ok(list)
}

fn with(keys: &Version, list: String) -> BTreeMap<String, String> {
    let mut values = used(keys);
    values.insert(PUBLIC.to_owned(), list);
    values
}

fn used(secret: &Version) -> BTreeMap<String, String> {
    let mut values = secret.values.clone();
    values.remove(PLACEHOLDER);
    values
}

fn paserk(key: &SigningKey) -> Result<String, Error> {
    key.public_paserk().map_err(Error::refused)
}

fn id(key: Option<&SigningKey>) -> String {
    key.map(|key| key.id().to_owned()).unwrap_or_default()
}

fn changing() -> Error {
    Error::refused("the keys are being changed by someone else; look at `sna keys list`, then run this again")
}
