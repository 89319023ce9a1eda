//! A flood on `otp`, for one number and from one address, beside sign-ins of others: the limits hold, and `token` and
//! `validate` take what they take without it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, Thread},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    Error, Place,
    function::Function,
    gateway::Gateway,
    median,
    request::{Answer, Request},
    walk::Walker,
    world::Started,
};

/// With and without the flood, in turn.
const BLOCKS: usize = 22;
const FLOWS: usize = 20;
const WATCHED: [&str; 2] = ["token", "validate"];
/// What a request may cost beside a flood, of what it costs without; the rest is noise of a machine with few cores.
const AT_MOST: f64 = 1.5;

/// A deployment's limits in an hour: the messages to a number, and those that an address asks for.
const TO_A_NUMBER: u64 = 5;
const OF_AN_ADDRESS: u64 = 10;
/// Sessions of each kind that are flooded with; each may send three.
const SESSIONS: u64 = 20;

/// Every sentence is a failure.
///
/// # Errors
/// When something does not start.
pub fn flood(place: &Place, gateway: &Gateway, world: &Started) -> Result<Vec<String>, Error> {
    let mut failed = Vec::new();
    let walker = Walker::new(gateway, world.world(), "+447700900620")?;
    let began = hour();
    let (one, many) = ("+447700900660".to_owned(), (0..SESSIONS).map(|n| format!("+4477009009{}", 60 + n)));
    let many: Vec<String> = many.collect();
    let bearer = walker.token()?;
    let mut sends = Vec::new();
    for (n, number) in many.iter().enumerate() {
        sends.push(walker.send(&walker.begin_for(&bearer, &one, &format!("81.2.70.{n}"))?));
        sends.push(walker.send(&walker.begin_for(&bearer, number, "81.2.71.1")?));
    }
    let (otp, _) = Function::start(&place.built("otp"), world.env())?;
    let (on, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let (seen, costs) = thread::scope(|scope| {
        let (on, ended) = (&on, &ended);
        let flood = scope.spawn(move || pour(&otp, &sends, on, ended));
        let costs = beside(gateway, &walker, on, flood.thread());
        ended.store(true, Ordering::SeqCst);
        flood.thread().unpark();
        (flood.join(), costs)
    });
    let seen = seen.map_err(|_| Error::failed("the flood ended early"))??;
    println!("a flood on otp: {seen:?} by status");
    for (name, [calm, flooded]) in costs? {
        let ratio = flooded / calm;
        println!(
            "{name}: {:.0} us of CPU a request, and beside the flood {:.0} us, x {ratio:.2}",
            calm * 1e3,
            flooded * 1e3
        );
        // What is no number is no good sign either.
        let is_left_alone = ratio <= AT_MOST;
        if !is_left_alone {
            failed.push(format!("{name} takes {ratio:.2} times as much beside a flood on otp"));
        }
    }
    let hours = hour() - began + 1;
    let to = |number: &String| world.world().inbox().publishes(number);
    let (to_one, to_many) = (to(&one), many.iter().map(to).sum::<u64>());
    println!("messages: {to_one} to the number, {to_many} of the address");
    for (what, sent, most) in [("to a number", to_one, TO_A_NUMBER), ("of an address", to_many, OF_AN_ADDRESS)] {
        if sent == 0 || sent > most * hours {
            failed.push(format!("{sent} messages {what}, and the limit is {most} an hour"));
        }
    }
    let ours =
        seen.iter().filter(|(status, _)| **status >= 500).map(|(status, count)| format!("otp: {count} times {status}"));
    failed.extend(ours);
    if !seen.contains_key(&429) {
        failed.push("nothing of the flood was refused".to_owned());
    }
    Ok(failed)
}

/// Asks for one SMS after another while it is `on`; how often each status was the answer.
fn pour(otp: &Function, sends: &[Request], on: &AtomicBool, ended: &AtomicBool) -> Result<BTreeMap<u16, u64>, Error> {
    let (events, mut seen) = (sends.iter().map(Request::event).collect::<Vec<_>>(), BTreeMap::new());
    for event in events.iter().cycle() {
        while !on.load(Ordering::SeqCst) && !ended.load(Ordering::SeqCst) {
            thread::park();
        }
        if ended.load(Ordering::SeqCst) {
            break;
        }
        *seen.entry(Answer::of(&otp.ask(event)?)?.status).or_default() += 1;
    }
    Ok(seen)
}

/// Milliseconds of CPU of a request to each watched function: without the flood, and with it.
fn beside(
    gateway: &Gateway,
    walker: &Walker<'_>,
    on: &AtomicBool,
    flood: &Thread,
) -> Result<Vec<(&'static str, [f64; 2])>, Error> {
    let cpu = || -> Result<Vec<f64>, Error> { WATCHED.iter().map(|name| gateway.function(name)?.cpu_ms()).collect() };
    let mut costs = WATCHED.map(|name| (name, [Vec::new(), Vec::new()]));
    for block in 0..BLOCKS {
        let is_flooded = block % 2;
        on.store(is_flooded == 1, Ordering::SeqCst);
        flood.unpark();
        let before = cpu()?;
        for _ in 0..FLOWS {
            let verdict = walker.silent()?;
            if verdict["authenticated"] != "true" {
                return Err(Error::failed(format!("beside a flood on otp the verdict is {verdict}")));
            }
        }
        for ((cost, before), after) in costs.iter_mut().zip(before).zip(cpu()?) {
            cost.1[is_flooded].push((after - before) / FLOWS as f64);
        }
    }
    Ok(costs.map(|(name, costs)| (name, costs.map(median))).into())
}

fn hour() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 3600)
}
