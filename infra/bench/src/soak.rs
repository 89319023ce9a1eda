//! Mixed flows through the functions' processes for as long as one likes: their memory stays, and none of their answers is an
//! error of ours. At the end `otp` alone is flooded, which the others must not feel (`flood`).

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Error, Place, flood,
    gateway::Gateway,
    picture,
    start::FUNCTIONS,
    walk::{Times, Walker},
    world,
};

/// Each walks on its own: the handset that its operator knows, and the one whose number is another's.
const LANES: [[&str; 2]; 2] = [["+447700900620", "+447700900621"], ["+447700900920", "+447700900921"]];

/// From this part of a run on memory may grow no more: by 5 %, and half a megabyte.
const SETTLED: f64 = 0.2;

/// When it ends: whichever comes first.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub time: Duration,
    pub requests: u64,
}

/// What the lanes and who watches them share.
struct Run {
    ended: AtomicBool,
    requests: AtomicU64,
    failures: Mutex<Vec<String>>,
    times: Mutex<Times>,
}

/// Runs, prints, writes `target/soak.svg`; every sentence is a failure.
///
/// # Errors
/// When something does not start.
pub fn soak(place: &Place, length: Length) -> Result<Vec<String>, Error> {
    let world = world::start(place)?;
    // Set for all but the flood, whose limits are those of a deployment.
    let gateway = Gateway::start(place, |_| world.unlimited())?;
    let run = Run {
        ended: AtomicBool::new(false),
        requests: AtomicU64::new(0),
        failures: Mutex::default(),
        times: Mutex::default(),
    };
    let mut failed = thread::scope(|scope| {
        let (run, gateway, world) = (&run, &gateway, &world);
        for numbers in LANES {
            scope.spawn(move || run.lane(gateway, world, numbers));
        }
        let watched = run.watch(gateway, length);
        run.ended.store(true, Ordering::SeqCst);
        watched
    })?;
    let times = run.times.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("\n{}", picture::bars(&times));
    let path = place.target.join("soak.svg");
    fs::write(&path, picture::svg(&times)).map_err(Error::file(&path))?;
    println!("{}\n", path.display());
    failed.extend(run.failures.into_inner().unwrap_or_else(PoisonError::into_inner));
    failed.extend(flood::flood(place, &gateway, &world)?);
    Ok(failed)
}

impl Run {
    fn lane(&self, gateway: &Gateway, world: &world::Started, numbers: [&str; 2]) {
        let walkers = numbers.map(|number| Walker::new(gateway, world.world(), number));
        let [Ok(own), Ok(other)] = walkers else { return self.fail("a handset cannot walk".to_owned()) };
        let (mut flow, mut counted) = (0_u64, 0);
        while !self.ended.load(Ordering::SeqCst) {
            if let Err(error) = walk(flow, &own, &other) {
                self.fail(error.to_string());
            }
            flow += 1;
            let requests = own.requests() + other.requests();
            self.requests.fetch_add(requests - counted, Ordering::SeqCst);
            counted = requests;
        }
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, histogram) in [own, other].into_iter().flat_map(Walker::times) {
            match times.get_mut(name) {
                Some(all) => {
                    // Both resize themselves.
                    let _ = all.add(histogram);
                }
                None => _ = times.insert(name, histogram),
            }
        }
    }

    fn fail(&self, why: String) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        // The first few say what it is.
        if failures.len() < 20 {
            eprintln!("soak: {why}");
            failures.push(why);
        }
    }

    /// Until the run is over: which functions' memory grew.
    fn watch(&self, gateway: &Gateway, length: Length) -> Result<Vec<String>, Error> {
        let (started, mut settled, mut told) = (Instant::now(), None, 0);
        loop {
            thread::park_timeout(Duration::from_millis(200));
            let requests = self.requests.load(Ordering::SeqCst);
            let part = started.elapsed().as_secs_f64() / length.time.as_secs_f64();
            let part = part.max(requests as f64 / length.requests as f64).min(1.0);
            if settled.is_none() && part >= SETTLED {
                settled = Some(memory(gateway)?);
            }
            if (part * 10.0) as u32 > told {
                told = (part * 10.0) as u32;
                println!(
                    "{:>3} %: {requests} requests, {:.0} a second",
                    told * 10,
                    requests as f64 / started.elapsed().as_secs_f64()
                );
            }
            if part >= 1.0 {
                break;
            }
        }
        let (settled, now) = (settled.unwrap_or_default(), memory(gateway)?);
        println!("\nRSS, MB       at 20 %   at the end");
        let mut failed = Vec::new();
        for (name, ..) in FUNCTIONS {
            let of = |memory: &BTreeMap<_, _>| memory.get(name).copied().unwrap_or(f64::NAN);
            let (before, after) = (of(&settled), of(&now));
            println!("{name:<13} {before:>7.2} {after:>12.2}");
            // What is no number has not stayed.
            let stays = after <= before * 1.05 + 0.5;
            if !stays {
                failed.push(format!("{name} had {before:.2} MB at 20 % of the run, and {after:.2} MB at its end"));
            }
        }
        Ok(failed)
    }
}

/// The mix: of ten flows five are silent, one of them with another's number, and three are codes by SMS.
fn walk(flow: u64, own: &Walker<'_>, other: &Walker<'_>) -> Result<(), Error> {
    match flow % 10 {
        0..=3 => expect(&own.silent()?, "true", None),
        4 => expect(&other.silent()?, "false", Some("MISMATCH")),
        5 | 6 => expect_last(&own.code(0)?),
        7 => expect_last(&own.code(2)?),
        8 => own.read(),
        _ => own.strangers(),
    }
}

/// Wrong codes, and then the right one.
fn expect_last(verdicts: &[Value]) -> Result<(), Error> {
    let (right, wrong) = verdicts.split_last().ok_or_else(|| Error::failed("no verdict"))?;
    wrong.iter().try_for_each(|verdict| expect(verdict, "false", Some("WRONG_CODE")))?;
    expect(right, "true", None)
}

fn expect(verdict: &Value, authenticated: &str, reason: Option<&str>) -> Result<(), Error> {
    if verdict["authenticated"] == authenticated && verdict["reason"].as_str() == reason {
        return Ok(());
    }
    Err(Error::failed(format!("the verdict is {verdict}, and must be {authenticated} {reason:?}")))
}

/// Megabytes of each function.
fn memory(gateway: &Gateway) -> Result<BTreeMap<&'static str, f64>, Error> {
    FUNCTIONS.into_iter().map(|(name, ..)| Ok((name, gateway.function(name)?.memory_mb()?.0))).collect()
}
