//! Minting and verifying. The payload is not looked at before the signature holds, and the footer only
//! to look its key id up; both have a cap.

use pasetors::{
    Public,
    token::UntrustedToken,
    version4::{PublicToken, V4},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{AccessToken, Event, IdToken, PublicKeys, Receipt, SigningKey, kept::Kept};

/// How far another machine's clock may differ from ours.
pub const SKEW_MS: u64 = 60_000;
/// The longest token that is looked at; ours stay under 2 KiB, redirect_uri included.
const MAX_TOKEN: usize = 6 * 1024;
const MAX_FOOTER: usize = 256;

/// Anything but a valid token of the kind asked for. Which rule it broke is for the log only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    #[error("not a v4.public token of a sensible size")]
    Format,
    #[error("unknown key id")]
    Key,
    #[error("signature or kind")]
    Signature,
    #[error("claims missing or malformed")]
    Claims,
    #[error("iss or aud")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not yet valid")]
    NotYetValid,
}

/// A kind of token: its PASETO implicit assertion.
trait Kind: Serialize + DeserializeOwned {
    const ASSERTION: &'static [u8];
}

impl Kind for AccessToken {
    const ASSERTION: &'static [u8] = b"access";
}

impl Kind for IdToken {
    const ASSERTION: &'static [u8] = b"id";
}

impl Kind for Receipt {
    const ASSERTION: &'static [u8] = b"receipt";
}

impl Kind for Event {
    const ASSERTION: &'static [u8] = b"event";
}

#[derive(Serialize, Deserialize)]
struct Footer {
    kid: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Registered {
    iss: String,
    aud: String,
    iat: String,
    nbf: String,
    exp: String,
}

#[derive(Serialize)]
struct Minted<'a, T> {
    #[serde(flatten)]
    registered: Registered,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(flatten)]
    claims: &'a T,
}

/// A receipt's and an event's: they say what was, and have no end.
#[derive(Serialize, Deserialize)]
struct Dated<T> {
    iss: String,
    iat: String,
    #[serde(flatten)]
    claims: T,
}

/// Signs: tokens in the token and get-config functions; statements, which are receipts and events, under another key in
/// validate and notify. No other function holds one.
pub struct Issuer {
    key: SigningKey,
    url: String,
}

/// Verifies with public keys alone.
pub struct Verifier {
    keys: PublicKeys,
    url: String,
    kept: Kept,
}

impl Issuer {
    /// `url` is `iss` and `aud` of every token.
    pub fn new(key: SigningKey, url: &str) -> Self {
        Self { key, url: url.to_owned() }
    }

    /// Valid from `now` (Unix milliseconds) for `seconds`. `None`: the signer or the clock failed.
    pub fn access(&self, token: &AccessToken, now: u64, seconds: u64) -> Option<String> {
        let mut jti = [0; 16];
        getrandom::fill(&mut jti).ok()?;
        let jti = jti.iter().map(|byte| format!("{byte:02x}")).collect();
        self.mint(token, Some(jti), now, seconds)
    }

    /// As [`Issuer::access`]; the `jti` is the token's own.
    pub fn id(&self, token: &IdToken, now: u64, seconds: u64) -> Option<String> {
        self.mint(token, None, now, seconds)
    }

    /// Of `at` (Unix milliseconds, told to the second). The same claims and time give the same text under the same key.
    pub fn receipt(&self, receipt: &Receipt, at: u64) -> Option<String> {
        self.state(receipt, at)
    }

    /// Of `at`, as [`Issuer::receipt`].
    pub fn event(&self, event: &Event, at: u64) -> Option<String> {
        self.state(event, at)
    }

    fn state<T: Kind>(&self, claims: &T, at: u64) -> Option<String> {
        let iat = date(at)?.format(&Rfc3339).ok()?;
        self.sign::<T>(&Dated { iss: self.url.clone(), iat, claims })
    }

    fn mint<T: Kind>(&self, claims: &T, jti: Option<String>, now: u64, seconds: u64) -> Option<String> {
        let start = date(now)?;
        let end = start.checked_add(Duration::seconds(i64::try_from(seconds).ok()?))?;
        let (iat, exp) = (start.format(&Rfc3339).ok()?, end.format(&Rfc3339).ok()?);
        let registered = Registered { iss: self.url.clone(), aud: self.url.clone(), nbf: iat.clone(), iat, exp };
        self.sign::<T>(&Minted { registered, jti, claims })
    }

    fn sign<T: Kind>(&self, payload: &impl Serialize) -> Option<String> {
        let payload = serde_json::to_vec(payload).ok()?;
        let footer = serde_json::to_vec(&Footer { kid: self.key.id.clone() }).ok()?;
        PublicToken::sign(&self.key.secret, &payload, Some(&footer), Some(T::ASSERTION)).ok()
    }
}

impl Verifier {
    pub fn new(keys: PublicKeys, url: &str) -> Self {
        Self { keys, url: url.to_owned(), kept: Kept::default() }
    }

    pub fn keys(&self) -> &PublicKeys {
        &self.keys
    }

    /// An access token that is valid at `now` (Unix milliseconds).
    pub fn access(&self, token: &str, now: u64) -> Result<AccessToken, InvalidToken> {
        if let Some((registered, claims)) = self.kept.get(token) {
            return self.check(&registered, now).map(|()| claims);
        }
        let read = self.verify::<AccessToken>(token, now)?;
        self.kept.put(token, read.clone());
        Ok(read.1)
    }

    /// An id_token that is valid at `now` (Unix milliseconds).
    pub fn id(&self, token: &str, now: u64) -> Result<IdToken, InvalidToken> {
        self.verify(token, now).map(|(_, claims)| claims)
    }

    /// A receipt that was given before `now` (Unix milliseconds), and when: the same. These keys are those of statements.
    pub fn receipt(&self, token: &str, now: u64) -> Result<(Receipt, u64), InvalidToken> {
        self.stated(token, now)
    }

    /// An event of before `now`, and when it was: the same.
    pub fn event(&self, token: &str, now: u64) -> Result<(Event, u64), InvalidToken> {
        self.stated(token, now)
    }

    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.kept.len()
    }

    fn stated<T: Kind>(&self, token: &str, now: u64) -> Result<(T, u64), InvalidToken> {
        let payload = self.open::<T>(token)?;
        let Dated { iss, iat, claims } = serde_json::from_str(&payload).map_err(|_| InvalidToken::Claims)?;
        let at = milliseconds(&iat).ok_or(InvalidToken::Claims)?;
        match () {
            () if iss != self.url => Err(InvalidToken::Audience),
            () if at > now + SKEW_MS => Err(InvalidToken::NotYetValid),
            () => Ok((claims, at)),
        }
    }

    fn verify<T: Kind>(&self, token: &str, now: u64) -> Result<(Registered, T), InvalidToken> {
        let payload = self.open::<T>(token)?;
        let registered: Registered = serde_json::from_str(&payload).map_err(|_| InvalidToken::Claims)?;
        self.check(&registered, now)?;
        let claims = serde_json::from_str(&payload).map_err(|_| InvalidToken::Claims)?;
        Ok((registered, claims))
    }

    /// What a token of this kind says, once its signature holds.
    fn open<T: Kind>(&self, token: &str) -> Result<String, InvalidToken> {
        if token.len() > MAX_TOKEN {
            return Err(InvalidToken::Format);
        }
        let untrusted = UntrustedToken::<Public, V4>::try_from(token).map_err(|_| InvalidToken::Format)?;
        if untrusted.untrusted_footer().len() > MAX_FOOTER {
            return Err(InvalidToken::Format);
        }
        let footer: Footer = serde_json::from_slice(untrusted.untrusted_footer()).map_err(|_| InvalidToken::Key)?;
        let key = self.keys.get(&footer.kid).ok_or(InvalidToken::Key)?;
        let trusted =
            PublicToken::verify(key, &untrusted, None, Some(T::ASSERTION)).map_err(|_| InvalidToken::Signature)?;
        Ok(trusted.payload().to_owned())
    }

    fn check(&self, claims: &Registered, now: u64) -> Result<(), InvalidToken> {
        if claims.iss != self.url || claims.aud != self.url {
            return Err(InvalidToken::Audience);
        }
        let [iat, nbf, exp] = [&claims.iat, &claims.nbf, &claims.exp].map(|text| milliseconds(text));
        let (Some(iat), Some(nbf), Some(exp)) = (iat, nbf, exp) else { return Err(InvalidToken::Claims) };
        match () {
            // No grace after the end: what a token opens must not outlive the session behind it.
            () if exp <= now => Err(InvalidToken::Expired),
            () if nbf > now + SKEW_MS || iat > now + SKEW_MS => Err(InvalidToken::NotYetValid),
            () => Ok(()),
        }
    }
}

fn date(ms: u64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(i64::try_from(ms / 1000).ok()?).ok()
}

fn milliseconds(text: &str) -> Option<u64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}
