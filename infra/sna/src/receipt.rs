//! `sna receipt`: what validate said, checked by whoever was shown it. The public keys are enough, and a copy of them needs
//! no network.

use std::fs;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use sna_numbers::Msisdn;
use sna_otp::Pepper;
use sna_tokens::{InvalidToken, PublicKeys, Verifier};

use crate::{
    Answer, Error,
    answer::time,
    place::Place,
    signed::{Reply, send},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check a receipt: signature, issuer, and with --number whose it is
    Verify {
        /// `receipt` of validate's answer
        receipt: String,
        /// A number that it may be of, with its country code
        #[arg(long, requires = "salt")]
        number: Option<String>,
        /// `receipt_salt` of the same answer
        #[arg(long, requires = "number")]
        salt: Option<String>,
        /// The public keys: a file, or an address such as https://auth.example.com/v1/.well-known/paseto-keys; else the deployment's
        #[arg(long, value_name = "URL|FILE")]
        keys: Option<String>,
    },
}

/// What `/v1/.well-known/paseto-keys` answers.
#[derive(Deserialize)]
pub(crate) struct Published {
    issuer: String,
    pub(crate) keys: Vec<Key>,
}

#[derive(Deserialize)]
pub(crate) struct Key {
    pub(crate) kid: String,
    paserk: String,
}

impl Published {
    /// Where a gateway publishes them.
    pub(crate) fn address(public_url: &str) -> String {
        format!("{}/v1/.well-known/paseto-keys", public_url.trim_end_matches('/'))
    }

    pub(crate) async fn at(url: &str) -> Result<Self, Error> {
        let reply: Reply = send("the gateway", "GET", url, &[], String::new()).await?;
        if reply.status != 200 {
            return Err(Error::refused(format!("{url} answers {}", reply.status)));
        }
        serde_json::from_str(&reply.body).map_err(|_| reply.broken())
    }

    fn of_file(path: &str) -> Result<Self, Error> {
        let text = fs::read(path).map_err(|error| Error::refused(format!("{path}: {error}")))?;
        serde_json::from_slice(&text).map_err(|_| Error::refused(format!("{path}: not an answer of paseto-keys")))
    }

    fn verifier(&self) -> Result<Verifier, Error> {
        let paserks: Vec<&str> = self.keys.iter().map(|key| key.paserk.as_str()).collect();
        let keys =
            PublicKeys::parse(&paserks.join(",")).map_err(|error| Error::refused(format!("the keys: {error}")))?;
        Ok(Verifier::new(keys, &self.issuer))
    }
}

pub(crate) async fn run(command: Command, mut place: Place) -> Result<Answer, Error> {
    let Command::Verify { receipt, number, salt, keys } = command;
    let published = match keys {
        Some(url) if url.starts_with("https://") || url.starts_with("http://") => Published::at(&url).await?,
        Some(file) => Published::of_file(&file)?,
        None => {
            place.reach().await?;
            Published::at(&Published::address(&place.need("PUBLIC_URL")?)).await?
        }
    };
    let (receipt, at) = published.verifier()?.receipt(&receipt, place.now).map_err(refused)?;
    let is_of = match (&number, &salt) {
        (Some(number), Some(salt)) => Some(is_of(number, salt, &receipt.msisdn_hash)?),
        _ => None,
    };
    if is_of == Some(false) {
        return Err(Error::refused("the receipt is genuine, and is not of this number, or this is not its salt"));
    }
    Ok(Answer::one(vec![
        ("issuer", json!(published.issuer)),
        ("at", time(at)),
        ("customer", json!(receipt.user_id)),
        ("correlation_id", json!(receipt.correlation_id)),
        ("session", json!(receipt.jti)),
        ("service", json!(receipt.service)),
        ("verdict", json!(receipt.verdict)),
        ("network", json!(receipt.network)),
        ("of_the_number", json!(is_of)),
    ]))
}

fn is_of(number: &str, salt: &str, hash: &str) -> Result<bool, Error> {
    let number = Msisdn::parse(number).map_err(|error| Error::refused(format!("--number: {error}")))?;
    let salt = Pepper::parse(salt).map_err(|_| Error::refused("--salt: 64 hex digits, as receipt_salt has them"))?;
    Ok(salt.hmac(number.as_e164().as_bytes()) == hash)
}

fn refused(error: InvalidToken) -> Error {
    Error::refused(match error {
        InvalidToken::Format => "this is no v4.public token",
        InvalidToken::Key => {
            "none of these keys signed it: it is another gateway's, or its key was retired since; \
             then a copy of the keys from the time of the receipt still checks it"
        }
        InvalidToken::Signature => "the signature does not hold, or this is another token than a receipt",
        InvalidToken::Audience => "another issuer than that of these keys",
        InvalidToken::NotYetValid => "it is of a time to come; is this machine's clock right?",
        InvalidToken::Claims | InvalidToken::Expired => "it does not say what a receipt says",
    })
}
