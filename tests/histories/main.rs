//! A checker over random concurrent histories: requests raced, doubled, lost and killed between any two steps, under
//! clocks that jump and differ. `HISTORY_SEED=<seed>` plays one again; `HISTORIES=<count>` says how many (100).

mod bench;
mod check;
mod client;
mod history;
mod kills;
mod plan;
mod random;

use std::{env, time::SystemTime};

use crate::{
    bench::Bench,
    check::Tally,
    history::{Lane, Played},
    plan::Plan,
    random::Random,
};

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

/// What no log line may hold.
fn marks(bench: &Bench, played: &Played) -> Vec<(&'static str, String)> {
    let mut marks = vec![("token", played.thief.token.clone()), ("secret", played.thief.secret.clone())];
    for session in &played.sessions {
        marks.extend([
            ("number", session.number.trim_start_matches('+').to_owned()),
            ("id_token", session.id_token.clone()),
            ("token", session.customer.token.clone()),
            ("secret", session.customer.secret.clone()),
        ]);
        let payload = session.known.lock().expect("a lock").payload.clone();
        marks.extend(payload.and_then(|json| json["session_id"].as_str().map(|proof| ("proof", proof.to_owned()))));
        for sms in bench.world.inbox().messages(&session.number) {
            let (_, code) = sms.text.rsplit_once('#').expect("a code");
            // Six digits may stand in a timestamp: a line would hold the code as a value, or at the end of the text.
            marks.extend([("code", format!("\"{code}\"")), ("code", format!("#{code}"))]);
        }
    }
    marks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_invariant_holds_in_random_histories() {
    let bench = Bench::start().await;
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_nanos() as u64;
    let (seed, count) = match number("HISTORY_SEED") {
        Some(seed) => (seed, 1),
        None => (clock >> 8, number("HISTORIES").unwrap_or(100)),
    };
    let lanes = [false, true].map(async |o2| {
        let (lane, mut tally, mut secrets) = (Lane::new(&bench, o2).await, Tally::new(), Vec::new());
        for seed in (0..count).map(|index| seed.wrapping_add(index)).filter(|seed| count == 1 || (seed % 2 == 0) == o2)
        {
            let plan = Plan::draw(&mut Random(seed));
            let played = lane.play(&bench, &plan, &format!("{seed:x}{}", u8::from(o2))).await;
            if let Err(violated) = check::check(&bench, &played, &mut tally).await {
                panic!("{violated}\nHISTORY_SEED={seed} plays it again\n{plan:#?}\n{:#?}", played.seen);
            }
            secrets.extend(marks(&bench, &played));
        }
        (tally, secrets)
    });
    let (mut all, mut marks) = (Tally::new(), Vec::new());
    for (tally, secrets) in futures_util::future::join_all(lanes).await {
        tally.into_iter().for_each(|(what, times)| *all.entry(what).or_default() += times);
        marks.extend(secrets);
    }
    marks.sort();
    marks.dedup();
    println!("seeds from {seed} on, {count}: {all:?}");
    let logged = bench.logged();
    assert!(logged.contains("\"status\":200"), "there are lines");
    for (what, mark) in marks {
        let line = logged.lines().find(|line| line.contains(&mark));
        assert!(line.is_none(), "I6: a line holds a {what}: {line:?}");
    }
    if count >= 80 {
        for what in ["killed", "stolen", "true by proof", "true by code", "sent", "wrong code", "counted"] {
            assert!(all.get(what).is_some_and(|times| *times > 5), "hardly any {what}: {all:?}");
        }
    }
}
