//! Who we are, where, at what time; and whether the gateway answers with the keys that it should.

use std::collections::BTreeSet;

use sna_tokens::PublicKeys;

use super::{Check, State};
use crate::{
    Error,
    place::Place,
    receipt::Published,
    signed::{Reply, Service},
};

/// AWS refuses signatures after five minutes; tokens are refused, and keys rotated too early, after one.
const SKEW_MS: u64 = 60_000;

/// The checks; and whether there is any sense in asking on.
pub(super) async fn checks(place: &Place) -> (Vec<Check>, bool) {
    let region = place.need("AWS_REGION");
    let has_region = region.is_ok();
    let mut checks = vec![Check::of("region", region, "set AWS_REGION, or region in the profile")];
    if !has_region {
        return (checks, false);
    }
    let (who, clock) = match place.ask(Service::STS, "GetCallerIdentity", &[]).await {
        Ok(reply) => {
            let clock = clock(reply.date, place.now);
            (caller(reply), Some(clock))
        }
        Err(error) => (Err(error), None),
    };
    let todo = match &clock {
        Some(Err(_)) => "first set the clock: AWS refuses what was signed at another time than its own",
        _ => "set AWS_PROFILE (and run `aws sso login`), or the keys; see the cause",
    };
    let credentials = Check::of("credentials", who, todo);
    let is_known = credentials.state != State::Bad;
    checks.push(credentials);
    if let Some(clock) = clock {
        checks.push(Check::of("clock", clock, "set this machine's clock (timedatectl set-ntp true)"));
    }
    (checks, is_known)
}

fn caller(reply: Reply) -> Result<String, Error> {
    // Nobody is refused this but for the credentials themselves.
    let reply = reply.good().map_err(Error::refused)?;
    reply.text("Arn")?.filter(|arn| !arn.is_empty()).ok_or_else(|| reply.broken())
}

fn clock(theirs: Option<u64>, ours: u64) -> Result<String, Error> {
    let theirs = theirs.ok_or_else(|| Error::refused("AWS did not say what time it is"))?;
    let apart = theirs.abs_diff(ours) / 1000;
    let found = format!("{apart} s from AWS's");
    if apart * 1000 <= SKEW_MS { Ok(found) } else { Err(Error::refused(found)) }
}

/// The gateway's published keys are those of the environment or the secrets.
pub(super) async fn api(place: &Place, published: Option<&str>) -> Check {
    Check::of(
        "API",
        lists(place, published).await,
        "look at the log of the function `keys`; a key that was just published takes five minutes",
    )
}

async fn lists(place: &Place, published: Option<&str>) -> Result<String, Error> {
    let url = Published::address(&place.need("PUBLIC_URL")?);
    let answer = Published::at(&url).await?;
    let listed: BTreeSet<&str> = answer.keys.iter().map(|key| key.kid.as_str()).collect();
    let wanted = published.ok_or_else(|| {
        Error::refused(format!("{url} lists keys, and whether they are the deployment's is not known"))
    })?;
    let wanted = PublicKeys::parse(wanted).and_then(|keys| keys.published()).map_err(Error::refused)?;
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
