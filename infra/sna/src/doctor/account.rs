//! Who we are, where, at what time; and whether the gateway answers with the keys that it should.

use std::collections::BTreeSet;

use serde_json::Value;
use sna_tokens::PublicKeys;

use super::Check;
use crate::{
    Error,
    place::Place,
    signed::{Service, send},
};

/// AWS refuses signatures after five minutes; tokens are refused, and keys rotated too early, after one.
const SKEW_MS: u64 = 60_000;

pub(super) async fn checks(place: &Place) -> Vec<Check> {
    let region = place.need("AWS_REGION");
    let asked = place.query(Service::STS, "GetCallerIdentity", &[]).await;
    let (who, clock) = match asked {
        Ok(reply) => {
            let who = reply.text("Arn").map(Option::unwrap_or_default);
            (who, Some(clock(reply.date, place.now)))
        }
        Err(error) => (Err(error), None),
    };
    let mut checks = vec![
        Check::of("region", region, "set AWS_REGION, or region in the profile"),
        Check::asked("credentials", who, "set AWS_PROFILE (and run `aws sso login`), or the keys; see the cause"),
    ];
    if let Some(clock) = clock {
        checks.push(Check::of("clock", clock, "set this machine's clock (timedatectl set-ntp true)"));
    }
    checks
}

fn clock(theirs: Option<u64>, ours: u64) -> Result<String, String> {
    let theirs = theirs.ok_or("AWS did not say what time it is")?;
    let apart = theirs.abs_diff(ours) / 1000;
    if apart * 1000 <= SKEW_MS { Ok(format!("{apart} s from AWS's")) } else { Err(format!("{apart} s from AWS's")) }
}

/// The gateway's published keys are those of the environment or the secret.
pub(super) async fn api(place: &Place) -> Check {
    Check::of(
        "API",
        published(place).await,
        "look at the log of the function `keys`; a key that was just published takes five minutes",
    )
}

async fn published(place: &Place) -> Result<String, Error> {
    let url = format!("{}/v1/.well-known/paseto-keys", place.need("PUBLIC_URL")?.trim_end_matches('/'));
    let (status, reply) = send("the gateway", "GET", &url, &[], String::new()).await?;
    if status != 200 {
        return Err(Error::refused(format!("{url} answers {status}")));
    }
    let answer: Value = serde_json::from_str(&reply.body).map_err(Error::refused)?;
    let keys = answer["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let listed: BTreeSet<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    let wanted = super::secrets::public_keys(place).await?;
    let wanted = PublicKeys::parse(&wanted).and_then(|keys| keys.published()).map_err(Error::refused)?;
    if listed == wanted.iter().map(|(id, _)| id.as_str()).collect() {
        Ok(format!("{url} lists the {} keys", listed.len()))
    } else {
        Err(Error::refused(format!("{url} lists other keys than the deployment's")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_between_the_clocks_is_the_most() {
        assert!(clock(Some(1_060_000), 1_000_000).is_ok());
        assert!(clock(Some(1_000_000), 1_060_000).is_ok());
        assert!(clock(Some(1_061_000), 1_000_000).is_err());
        assert!(clock(Some(1_000_000), 1_061_000).is_err());
        assert!(clock(None, 1_000_000).is_err());
    }
}
