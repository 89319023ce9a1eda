//! Each release bootstrap from `exec` on: its start, its first invocation, ten thousand more, its memory.

use std::{collections::BTreeMap, time::Instant};

use axum::body::Bytes;

use crate::{
    Error, Figure, Place,
    figure::median,
    function::Function,
    request::{Answer, Request},
    world,
};

/// The nine behind the API, and what each of them is asked here: the method and the path of what it refuses, or tells, to anyone.
pub const FUNCTIONS: [(&str, &str, &str, u16); 9] = [
    ("token", "POST", "/v1/oauth/token", 401),
    ("get-config", "POST", "/v1/get_config", 401),
    ("authenticate", "GET", "/v1/authenticate", 400),
    ("callback", "GET", "/v1/callback/vodafone", 400),
    ("enrich", "GET", "/v1/enrich/vodafone", 400),
    ("otp", "GET", "/v1/authenticate/otp", 400),
    ("validate", "POST", "/v1/validate", 401),
    ("coverage", "GET", "/v1/coverage", 401),
    ("keys", "GET", "/v1/.well-known/paseto-keys", 200),
];

/// The tenth: what a stream hands over where nothing happened, and what it says of it.
const NOTIFY: (&str, &str, &str) = ("notify", r#"{"Records":[]}"#, "null");

/// Neither an operator nor an SMS is called by these.
const SLIM: [&str; 3] = ["token", "coverage", "keys"];

const STARTS: usize = 15;
const INVOCATIONS: usize = 10_000;

/// # Errors
/// When a function does not start, or answers another thing than it must.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let world = world::start(place)?;
    let mut figures = Vec::new();
    for (name, method, path, expected) in FUNCTIONS {
        if place.built(name).is_file() {
            let event = Request::new(method, path).form("").event();
            figures.extend(function(place, name, &event, &|answer| check(name, answer, expected), world.env())?);
        } else {
            println!("  {name} is not built");
        }
    }
    let (name, event, expected) = NOTIFY;
    let check = |answer: &Bytes| {
        let said = String::from_utf8_lossy(answer);
        if said == expected { Ok(()) } else { Err(Error::failed(format!("{name} answers {said}"))) }
    };
    if place.built(name).is_file() {
        figures.extend(function(place, name, &Bytes::from_static(event.as_bytes()), &check, world.env())?);
    }
    Ok(figures)
}

fn function(
    place: &Place,
    name: &str,
    event: &Bytes,
    check: &dyn Fn(&Bytes) -> Result<(), Error>,
    env: &BTreeMap<String, String>,
) -> Result<Vec<Figure>, Error> {
    let program = place.built(name);
    let (mut cpu, mut wall, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (function, start) = Function::start(&program, env)?;
        cpu.push(start.cpu_ms);
        wall.push(start.wall_ms);
        check(&function.ask(event)?)?;
        first.push(function.cpu_ms()? - start.cpu_ms);
    }
    let (function, _) = Function::start(&program, env)?;
    let (after_start, _) = function.memory_mb()?;
    let (started, cpu_before) = (Instant::now(), function.cpu_ms()?);
    for _ in 0..INVOCATIONS {
        check(&function.ask(event)?)?;
    }
    let (seconds, busy) = (started.elapsed().as_secs_f64(), function.cpu_ms()? - cpu_before);
    let (_, most) = function.memory_mb()?;
    let figure = |what: &str, value, unit| Figure::new(format!("{name}: {what}"), value, unit);
    Ok(vec![
        figure("exec to /next, CPU", median(cpu), "ms").at_most(if SLIM.contains(&name) { 5.5 } else { 8.0 }),
        figure("exec to /next, wall", median(wall), "ms"),
        figure("first invocation, CPU", median(first), "ms"),
        figure("an invocation, CPU", busy * 1000.0 / INVOCATIONS as f64, "us"),
        figure("invocations", INVOCATIONS as f64 / seconds, "1/s"),
        figure("RSS after INIT", after_start, "MB").at_most(12.0),
        figure("RSS at most, after 10 000", most, "MB").at_most(12.0),
    ])
}

fn check(name: &str, answer: &Bytes, expected: u16) -> Result<(), Error> {
    match Answer::of(answer)?.status {
        status if status == expected => Ok(()),
        status => Err(Error::failed(format!("{name} answers {status} instead of {expected}"))),
    }
}
