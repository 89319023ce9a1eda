//! `sna keys`: the signing key and the public keys, in two secrets that no function reads together.

mod rotation;
#[cfg(test)]
mod rotation_tests;
mod vault;

use clap::{Args, Subcommand};
use serde_json::json;
use sna_tokens::{PublicKeys, SigningKey};

pub(crate) use self::vault::{Name, Vault, Version};
use self::{
    rotation::{NEXT, PUBLIC, Rotated, SECRET},
    vault::SecretsManager,
};
use crate::{Answer, Error, answer::time, place::Place};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print a new pair of keys; nothing is stored
    Generate,
    /// Publish the next key; run again six minutes later, sign with it
    Rotate(Force),
    /// Take away the public keys that no living token needs
    Retire(Retire),
    /// Show the keys' ids, and what each is for
    List,
}

#[derive(Args)]
pub(crate) struct Force {
    /// Do not wait: tokens are refused meanwhile. For a key that others have
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(crate) struct Retire {
    #[command(flatten)]
    force: Force,
    /// The longest life of a token: the deployment's ACCESS_TOKEN_SECONDS
    #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(60..=86_400))]
    token_seconds: u64,
}

pub(crate) async fn run(command: Command, mut place: Place) -> Result<Answer, Error> {
    let now = place.now;
    match command {
        Command::Generate => generate(),
        Command::Rotate(Force { force }) => {
            let vault = reach(&mut place).await?;
            let rotated = rotation::rotate(&vault, now, force).await?;
            Ok(Answer::one(match rotated {
                Rotated::Signs(id) => vec![
                    ("signs", json!(id)),
                    ("next", json!("`sna keys retire` a day from now takes the old public key away")),
                ],
                Rotated::Published(id, wait_ms) => vec![
                    ("published", json!(id)),
                    ("next", json!(format!("run `sna keys rotate` again in {} minutes", wait_ms.div_ceil(60_000)))),
                ],
            }))
        }
        Command::Retire(Retire { force: Force { force }, token_seconds }) => {
            let vault = reach(&mut place).await?;
            let retired = rotation::retire(&vault, now, token_seconds, force).await?;
            Ok(Answer::many(retired.into_iter().map(|id| vec![("retired", json!(id))]).collect()))
        }
        Command::List => list(&reach(&mut place).await?).await,
    }
}

async fn reach(place: &mut Place) -> Result<impl Vault + use<'_>, Error> {
    place.reach().await?;
    secrets_manager(place)
}

fn generate() -> Result<Answer, Error> {
    let key = SigningKey::generate().map_err(Error::refused)?;
    let (secret, public) = (key.paserk().map_err(Error::refused)?, key.public_paserk().map_err(Error::refused)?);
    Ok(Answer::one(vec![("kid", json!(key.id())), (SECRET, json!(secret)), (PUBLIC, json!(public))]))
}

async fn list(vault: &impl Vault) -> Result<Answer, Error> {
    let (keys, signing) = (vault.read(Name::Keys).await?, vault.read(Name::Signing).await?);
    let id_of = |name| Ok::<_, Error>(rotation::key(&signing, name)?.map(|key| key.id().to_owned()));
    let (signs, next) = (id_of(SECRET)?, id_of(NEXT)?);
    let mut published: Vec<String> = Vec::new();
    if let Some(text) = keys.values.get(PUBLIC).filter(|text| !text.is_empty()) {
        let all = PublicKeys::parse(text).and_then(|keys| keys.published()).map_err(Error::refused)?;
        published = all.into_iter().map(|(id, _)| id).collect();
    }
    let mut ids = published.clone();
    ids.extend([&signs, &next].into_iter().flatten().cloned());
    ids.sort();
    ids.dedup();
    let row = |id: String| {
        let (what, since) = match &id {
            id if signs.as_ref() == Some(id) => ("signs", signing.since),
            id if next.as_ref() == Some(id) => ("signs next", signing.since),
            _ => ("verifies", keys.since),
        };
        let is_published = published.contains(&id);
        vec![("kid", json!(id)), ("what", json!(what)), ("published", json!(is_published)), ("since", time(since))]
    };
    Ok(Answer::many(ids.into_iter().map(row).collect()))
}

/// Makes the values of a deployment's secret readable by name, where `wanted` is not set already.
pub(crate) async fn read_secret(place: &mut Place, name: Name, wanted: &str) -> Result<(), Error> {
    if place.get(wanted).is_some() || place.get(name.variable()).is_none() {
        return Ok(());
    }
    let values = secrets_manager(place)?.read(name).await?.values;
    place.add(values);
    Ok(())
}

/// The deployment's secrets.
pub(crate) fn secrets_manager(place: &Place) -> Result<impl Vault + use<'_>, Error> {
    SecretsManager::new(place)
}
