//! How a signing key is replaced without a token or a statement being refused that is good.
//!
//! Functions hold secrets for five minutes at most. So a public key is out six minutes before its key signs, or eleven where
//! others verify, who may hold the published document for five minutes more. It stays until five minutes and the longest
//! life of a token after its key was replaced. What was done is read from the secrets themselves: a run that ends anywhere
//! is gone on with by the next one.

use std::collections::BTreeMap;

use sna_tokens::{PublicKeys, SigningKey};

use super::{Name, Vault, Version};
use crate::Error;

/// A pair of keys: the secrets that hold its halves, and the names of their values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) signing: Name,
    pub(crate) keys: Name,
    pub(crate) secret: &'static str,
    pub(super) next: &'static str,
    pub(crate) public: &'static str,
    /// How long whoever verifies may not know a key that is published, in milliseconds.
    pub(super) unknown_ms: u64,
    /// What it signs.
    pub(super) signs: &'static str,
    /// What makes a command of `sna keys` mean this pair.
    pub(super) flag: &'static str,
}

pub(crate) const TOKENS: Pair = Pair {
    signing: Name::Signing,
    keys: Name::Keys,
    secret: "TOKEN_KEY",
    next: "TOKEN_KEY_NEXT",
    public: "TOKEN_PUBLIC_KEYS",
    unknown_ms: CACHED_MS,
    signs: "tokens",
    flag: "",
};

/// Receipts: what shows something, and opens nothing.
pub(crate) const STATEMENTS: Pair = Pair {
    signing: Name::Statement,
    keys: Name::StatementKeys,
    secret: "STATEMENT_KEY",
    next: "STATEMENT_KEY_NEXT",
    public: "STATEMENT_PUBLIC_KEYS",
    unknown_ms: CACHED_MS + ANSWER_MS,
    signs: "statements",
    flag: " --statements",
};

/// What the template puts into a secret that must have a value; functions take a name in two secrets for a mistake.
const PLACEHOLDER: &str = "UNUSED";

/// How old a function's secrets may be, in milliseconds.
pub(super) const CACHED_MS: u64 = 300_000;
/// How old the published document may be where it was fetched: its `max-age`.
const ANSWER_MS: u64 = 300_000;
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
    /// A value of the secret that signs: the next key, or the next key as the one that signs.
    Signing(BTreeMap<String, String>),
    Keys(BTreeMap<String, String>),
    Wait(u64),
}

/// Does what is due: makes and publishes the next key, or signs with the one that has been published for long enough.
/// The first key of all signs at once. `force`: a new key does, whatever was published before.
pub(super) async fn rotate(vault: &impl Vault, pair: Pair, now: u64, force: bool) -> Result<Rotated, Error> {
    let (mut published, mut made) = (false, false);
    for _ in 0..TRIES {
        // The public keys first: a key that is published later than this read shows in the second one, so that nothing
        // is decided by a `signing` that is older than the `keys` beside it.
        let (keys, signing) = (vault.read(pair.keys).await?, vault.read(pair.signing).await?);
        // Whoever has the key that signs has read the next one beside it.
        let next = key(&signing, pair.next)?.filter(|_| made || !force);
        match step(pair, &keys, &signing, next.as_ref(), now, force)? {
            Step::Wait(ms) if published => return Ok(Rotated::Published(id(next.as_ref()), ms)),
            Step::Wait(ms) => {
                let minutes = ms.div_ceil(60_000);
                return Err(Error::refused(format!(
                    "the next key was published a moment ago, and functions may not know it yet; run this again in \
                     {minutes} minutes, or with --force if {} may be refused meanwhile",
                    pair.signs
                )));
            }
            Step::Keys(values) => published |= vault.replace(pair.keys, &keys, &values).await?,
            Step::Signing(values) => {
                let signs = !values.contains_key(pair.next);
                let done = vault.replace(pair.signing, &signing, &values).await?;
                if done && signs {
                    return Ok(Rotated::Signs(id(next.as_ref())));
                }
                made |= done;
            }
        }
    }
    Err(changing())
}

fn step(
    pair: Pair,
    keys: &Version,
    signing: &Version,
    next: Option<&SigningKey>,
    now: u64,
    force: bool,
) -> Result<Step, Error> {
    let mut values = used(signing);
    let Some(next) = next else {
        let made = SigningKey::generate().and_then(|key| key.paserk()).map_err(Error::refused)?;
        values.insert(pair.next.to_owned(), made);
        return Ok(Step::Signing(values));
    };
    let current = key(signing, pair.secret)?;
    let listed = public(keys, pair)?;
    let wanted = [current.as_ref(), Some(next)].into_iter().flatten().map(paserk).collect::<Result<Vec<_>, _>>()?;
    let missing: Vec<String> = wanted.iter().filter(|key| !listed.contains(key)).cloned().collect();
    if !missing.is_empty() {
        let list = [listed, missing].concat().join(",");
        return Ok(Step::Keys(with(keys, pair, list)));
    }
    // Whoever verifies has a list, and if no other key was ever on one, this one is on each.
    let is_first = current.is_none() && listed.len() == 1;
    let wait_ms = (keys.since + pair.unknown_ms + MARGIN_MS).saturating_sub(now);
    if wait_ms > 0 && !is_first && !force {
        return Ok(Step::Wait(wait_ms));
    }
    values.insert(pair.secret.to_owned(), values.get(pair.next).cloned().unwrap_or_default());
    values.remove(pair.next);
    Ok(Step::Signing(values))
}

/// Takes away the public keys that only dead tokens were signed with; `seconds` is the longest life of one, or the time that
/// whoever is shown a statement has to check it by the published keys. The ids of what was taken away.
pub(super) async fn retire(
    vault: &impl Vault,
    pair: Pair,
    now: u64,
    seconds: u64,
    force: bool,
) -> Result<Vec<String>, Error> {
    for _ in 0..TRIES {
        let (keys, signing) = (vault.read(pair.keys).await?, vault.read(pair.signing).await?);
        let first = || Error::refused(format!("no key signs; run `sna keys rotate{}`", pair.flag));
        let current = key(&signing, pair.secret)?.ok_or_else(first)?;
        let next = key(&signing, pair.next)?;
        let kept = [Some(&current), next.as_ref()].into_iter().flatten().map(paserk).collect::<Result<Vec<_>, _>>()?;
        let (stay, old): (Vec<_>, Vec<_>) = public(&keys, pair)?.into_iter().partition(|key| kept.contains(key));
        if old.is_empty() {
            return Ok(Vec::new());
        }
        let wait_ms = (signing.since + CACHED_MS + MARGIN_MS + seconds * 1000).saturating_sub(now);
        if wait_ms > 0 && !force {
            let sooner = if pair.keys == Name::Keys { "with --token-seconds if yours live shorter, " } else { "" };
            return Err(Error::refused(format!(
                "{} that the old key signed may still be good; run this again in {} minutes, {sooner}or with --force if \
                 they shall be refused",
                pair.signs,
                wait_ms.div_ceil(60_000)
            )));
        }
        if stay.is_empty() {
            let what = format!("the key that signs is not published; run `sna keys rotate{}` first", pair.flag);
            return Err(Error::refused(what));
        }
        if vault.replace(pair.keys, &keys, &with(&keys, pair, stay.join(","))).await? {
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
fn public(keys: &Version, pair: Pair) -> Result<Vec<String>, Error> {
    let text = keys.values.get(pair.public).map(String::as_str).unwrap_or_default();
    let list: Vec<String> = text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect();
    if !list.is_empty() {
        PublicKeys::parse(text).map_err(|error| Error::refused(format!("{} {error}", pair.public)))?;
    }
    Ok(list)
}

fn with(keys: &Version, pair: Pair, list: String) -> BTreeMap<String, String> {
    let mut values = used(keys);
    values.insert(pair.public.to_owned(), list);
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
