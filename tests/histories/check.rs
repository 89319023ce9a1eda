//! What must hold of every history, whatever was raced, lost or killed in it.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use sandbox::dynamodb;
use serde_json::Value;
use sna_sessions::Usage;
use time::OffsetDateTime;

use crate::{
    bench::Bench,
    history::{Played, Seen, WRONG_CODES},
    plan::Act,
};

const DAY: u64 = 86_400_000;

/// How often what was seen, so that a checker that sees nothing is noticed.
pub type Tally = BTreeMap<&'static str, usize>;

/// The session as it is stored.
pub async fn stored(bench: &Bench, id: &str) -> Value {
    let client = dynamodb::client(&bench.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    let key = AttributeValue::S(format!("session#{id}"));
    let item = client.get_item().table_name(dynamodb::SESSIONS).key("pk", key).consistent_read(true).send().await;
    let item = item.expect("an answer").item.expect("an item");
    serde_json::from_str(item["session"].as_s().expect("text")).expect("JSON")
}

/// Of a session, or of what was counted: silent attempts that ended, matches, mismatches, messages, codes that were right.
pub type Counts = [u64; 5];

/// What a stored session has used; who answered it, the item does not say.
pub fn facts(stored: &Value, by_code: bool) -> Counts {
    let (ended, reason) = (stored["silent"]["at"] == "ended", &stored["silent"]["reason"]);
    let sends = stored["otp"]["sends"].as_u64().unwrap_or(0);
    [ended.into(), (ended && reason == "MATCH").into(), (ended && reason == "MISMATCH").into(), sends, by_code.into()]
}

pub fn sum(all: impl Iterator<Item = Counts>) -> Counts {
    all.fold([0; 5], |sum, one| std::array::from_fn(|index| sum[index] + one[index]))
}

/// What was counted for a customer from `from` to `to` (Unix milliseconds), whatever the network.
pub async fn counted(bench: &Bench, customer: &str, from: u64, to: u64) -> Counts {
    let client = dynamodb::client(&bench.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    let day = |ms: u64| OffsetDateTime::from_unix_timestamp(i64::try_from(ms / 1000).expect("a time")).expect("a day");
    let used = Usage::new(client, dynamodb::USAGE).days(customer, day(from).date(), day(to).date(), None).await;
    sum(used
        .expect("counters")
        .into_iter()
        .map(|used| [used.silent_attempts, used.matches, used.mismatches, used.otp_sent, used.otp_verified]))
}

impl Seen {
    fn status(&self) -> u16 {
        self.answer.as_ref().map_or(0, |answer| answer.status)
    }

    fn says(&self, name: &str, value: &str) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.json[name] == value)
    }

    fn is_true(&self) -> bool {
        self.status() == 200 && self.says("authenticated", "true")
    }

    fn is_judged(&self) -> bool {
        matches!(self.act, Act::Guess { .. }) && (self.is_true() || self.says("reason", "WRONG_CODE"))
    }

    /// Did this send certainly not happen?
    fn is_refused(&self) -> bool {
        matches!(self.status(), 400 | 429)
    }
}

/// Different requests; the same one with the same key may be answered again.
fn distinct<'a>(seen: impl Iterator<Item = &'a Seen>) -> usize {
    let mut keys = HashSet::new();
    seen.filter(|seen| seen.key.as_ref().is_none_or(|key| keys.insert(key))).count()
}

/// # Errors
/// The invariant that does not hold, and why.
pub async fn check(bench: &Bench, played: &Played, tally: &mut Tally) -> Result<(), String> {
    let mut numbers: BTreeMap<&str, (u64, usize, usize)> = BTreeMap::new();
    let mut used = Vec::new();
    for (index, session) in played.sessions.iter().enumerate() {
        let own: Vec<&Seen> = played.seen.iter().filter(|seen| seen.on == index).collect();
        let stored = stored(bench, &session.id).await;
        let otp = &stored["otp"];
        let sends = || own.iter().copied().filter(|seen| seen.act == Act::Send);
        let claims = sends().filter(|seen| !seen.is_refused()).count();

        let judged = distinct(own.iter().copied().filter(|seen| seen.is_judged()));
        ensure("I1: five guesses a code", judged <= 5 * claims, || format!("{judged} judged, {claims} sends"))?;
        let attempts = otp["code"]["attempts"].as_u64().unwrap_or(0) as usize;
        // The only send takes its code with it, and what was guessed of that, where SNS refused it; its caller may have been killed after.
        let given_back = otp["sends"].as_u64().unwrap_or(0) == 0;
        let counted = claims != 1 || given_back || judged <= attempts;
        ensure("I1: a guess is counted before it is judged", counted, || {
            format!("{judged} judged, {attempts} counted")
        })?;

        let stolen = |seen: &&Seen| matches!(seen.act, Act::Steal { .. });
        let trues: Vec<&Seen> = own.iter().copied().filter(|seen| !stolen(seen) && seen.is_true()).collect();
        let times = distinct(trues.iter().copied());
        ensure("I2: one true a session", times <= 1, || format!("{times} times true"))?;
        ensure("I2: a true is recorded", trues.is_empty() || stored["answered"] == true, String::new)?;

        for seen in &trues {
            let ends = stored["expires_at"].as_u64().unwrap_or(0);
            ensure("I4: no success after expiry", seen.at < ends, || format!("{} after {ends}", seen.at))?;
            let code_ends = otp["code"]["expires_at"].as_u64().unwrap_or(0);
            let in_time = matches!(seen.act, Act::Prove { .. }) || seen.at < code_ends;
            ensure("I4: no success with an expired code", in_time, || format!("{} after {code_ends}", seen.at))?;
        }
        for seen in own.iter().copied().filter(|seen| stolen(seen)) {
            let refused = seen.status() == 400 && seen.asked == 0;
            ensure("I5: a stranger reads and changes nothing", refused, || format!("{seen:?}"))?;
        }
        let by = |silent: bool| trues.iter().any(|seen| matches!(seen.act, Act::Prove { .. }) == silent);
        // Of a "true" that nobody heard it is not known what it was for, if there was a code.
        let perhaps = by(false) || (stored["answered"] == true && attempts > 0 && !by(true));
        used.push([by(false), perhaps].map(|by_code| facts(&stored, by_code)));
        let number = numbers.entry(&session.number).or_default();
        number.0 += otp["sends"].as_u64().unwrap_or(0);
        number.1 += claims;
        number.2 += sends().filter(|seen| seen.status() == 200).count();
    }
    for (number, (recorded, claims, accepted)) in numbers {
        let sent = bench.world.inbox().publishes(number) - played.before[number];
        let facts = || format!("{sent} sent, {recorded} recorded, {claims} perhaps and {accepted} surely accepted");
        ensure("I3: no more is sent than is recorded", sent <= recorded, facts)?;
        ensure("I3: at most one message a call", (accepted..=claims).contains(&(sent as usize)), facts)?;
        let of_number = |seen: &&Seen| played.sessions[seen.on].number == number;
        let wrong = played.seen.iter().filter(of_number).filter(|seen| seen.says("reason", "WRONG_CODE"));
        let (wrong, times) = (distinct(wrong), played.seen.iter().map(|seen| seen.at / DAY));
        let days = times.clone().max().unwrap_or(0) - times.min().unwrap_or(0) + 1;
        let within = wrong as u64 <= WRONG_CODES * days;
        ensure("I1: the cap of a number", within, || format!("{wrong} wrong codes in {days} days"))?;
    }
    let times = || played.seen.iter().map(|seen| seen.at);
    // A request that began before midnight may be counted after it.
    let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0) + DAY);
    let counted = counted(bench, &played.customer, first, last).await;
    let [least, most] = [0, 1].map(|which| sum(used.iter().map(|used| used[which])));
    let equal = counted[..4] == least[..4] && (least[4]..=most[4]).contains(&counted[4]);
    ensure("I7: what is counted is what happened", equal, || format!("{counted:?} counted, {least:?} to {most:?}"))?;
    *tally.entry("counted").or_default() += counted.iter().sum::<u64>() as usize;
    count(played, tally);
    Ok(())
}

fn ensure(invariant: &str, holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{invariant}: {}", why())) }
}

fn count(played: &Played, tally: &mut Tally) {
    for seen in &played.seen {
        let silent = matches!(seen.act, Act::Prove { .. });
        let what = match seen.status() {
            0 => "killed",
            503 => "unavailable",
            _ if matches!(seen.act, Act::Steal { .. }) => "stolen",
            _ if seen.is_true() && silent => "true by proof",
            _ if seen.is_true() => "true by code",
            200 if seen.act == Act::Send => "sent",
            _ if seen.says("reason", "WRONG_CODE") => "wrong code",
            _ if seen.says("reason", "ATTEMPTS_EXCEEDED") => "exceeded",
            _ if seen.says("reason", "CODE_EXPIRED") => "expired",
            200 | 302 => "well",
            _ => "refused",
        };
        *tally.entry(what).or_default() += 1;
    }
}
