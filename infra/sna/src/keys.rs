//! `sna keys`: the keys that sign tokens and those that sign statements, each with its public keys. No function that signs
//! with the one reads the other.

mod rotation;
#[cfg(test)]
mod rotation_tests;
mod vault;

use clap::{Args, Subcommand};
use serde_json::json;
use sna_tokens::{PublicKeys, SigningKey};

use self::{rotation::Rotated, vault::SecretsManager};
pub(crate) use self::{
    rotation::{Pair, STATEMENTS, TOKENS},
    vault::{Name, Vault, Version},
};
use crate::{
    Answer, Error,
    answer::{Row, time},
    place::Place,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print a new pair of keys; nothing is stored
    Generate(Which),
    /// Publish the next key; run again six minutes later (eleven for statements), sign with it
    Rotate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        force: Force,
    },
    /// Take away the public keys that no living token needs. Receipts never end: under a key that was taken away they can be
    /// checked with a copy of the published keys only
    Retire {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        force: Force,
        /// The longest life of a token: the deployment's ACCESS_TOKEN_SECONDS
        #[arg(long, default_value_t = DAY_S, value_parser = clap::value_parser!(u64).range(60..=DAY_S), conflicts_with = "statements")]
        token_seconds: u64,
    },
    /// Show the keys' ids, and what each is for
    List,
}

/// The longest life of an access token, and how long a statement's old key stays at least, in seconds.
const DAY_S: u64 = 86_400;

#[derive(Args)]
pub(crate) struct Which {
    /// The keys of statements (receipts and events), not those of tokens
    #[arg(long)]
    statements: bool,
}

impl Which {
    fn pair(&self) -> Pair {
        if self.statements { STATEMENTS } else { TOKENS }
    }
}

#[derive(Args)]
pub(crate) struct Force {
    /// Do not wait: what was signed is refused meanwhile. For a key that others have
    #[arg(long)]
    force: bool,
}

pub(crate) async fn run(command: Command, mut place: Place) -> Result<Answer, Error> {
    let now = place.now;
    match command {
        Command::Generate(which) => generate(which.pair()),
        Command::Rotate { which, force: Force { force } } => {
            let (vault, pair) = (reach(&mut place).await?, which.pair());
            let rotated = rotation::rotate(&vault, pair, now, force).await?;
            let flag = pair.flag;
            Ok(Answer::one(match rotated {
                Rotated::Signs(id) => vec![
                    ("signs", json!(id)),
                    ("next", json!(format!("`sna keys retire{flag}` a day from now takes the old public key away"))),
                ],
                Rotated::Published(id, wait_ms) => {
                    let minutes = wait_ms.div_ceil(60_000);
                    let next = format!("run `sna keys rotate{flag}` again in {minutes} minutes");
                    vec![("published", json!(id)), ("next", json!(next))]
                }
            }))
        }
        Command::Retire { which, force: Force { force }, token_seconds } => {
            let vault = reach(&mut place).await?;
            let retired = rotation::retire(&vault, which.pair(), now, token_seconds, force).await?;
            let row = |id| {
                let note =
                    "the published document no longer checks receipts under it; a copy of the keys of their time does";
                let note = which.statements.then(|| ("note", json!(note)));
                [("retired", json!(id))].into_iter().chain(note).collect()
            };
            Ok(Answer::many(retired.into_iter().map(row).collect()))
        }
        Command::List => list(&reach(&mut place).await?).await,
    }
}

async fn reach(place: &mut Place) -> Result<impl Vault + use<'_>, Error> {
    place.reach().await?;
    secrets_manager(place)
}

fn generate(pair: Pair) -> Result<Answer, Error> {
    let key = SigningKey::generate().map_err(Error::refused)?;
    let (secret, public) = (key.paserk().map_err(Error::refused)?, key.public_paserk().map_err(Error::refused)?);
    Ok(Answer::one(vec![("kid", json!(key.id())), (pair.secret, json!(secret)), (pair.public, json!(public))]))
}

async fn list(vault: &impl Vault) -> Result<Answer, Error> {
    let mut rows = Vec::new();
    for pair in [TOKENS, STATEMENTS] {
        rows.extend(of_pair(vault, pair).await?);
    }
    Ok(Answer::many(rows))
}

async fn of_pair(vault: &impl Vault, pair: Pair) -> Result<Vec<Row>, Error> {
    let (keys, signing) = (vault.read(pair.keys).await?, vault.read(pair.signing).await?);
    let id_of = |name| Ok::<_, Error>(rotation::key(&signing, name)?.map(|key| key.id().to_owned()));
    let (signs, next) = (id_of(pair.secret)?, id_of(pair.next)?);
    let mut published: Vec<String> = Vec::new();
    if let Some(text) = keys.values.get(pair.public).filter(|text| !text.is_empty()) {
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
        vec![
            ("kid", json!(id)),
            ("of", json!(pair.signs)),
            ("what", json!(what)),
            ("published", json!(is_published)),
            ("since", time(since)),
        ]
    };
    Ok(ids.into_iter().map(row).collect())
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
