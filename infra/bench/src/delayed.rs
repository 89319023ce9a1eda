//! A store of which one call in twenty takes 400 ms more: what a request feels of it, beside the same without, in one run.

use std::{net::SocketAddr, time::Duration};

use crate::{
    Error, Figure, Place,
    gateway::Gateway,
    proxy::{Delay, Proxy},
    walk::Walker,
    world,
};

const NUMBER: &str = "+447700900620";
const FLOWS: usize = 500;
const DELAY: Delay = Delay { percent: 5, by: Duration::from_millis(400) };
const DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";
/// Those that are measured; what lies between them is not delayed.
const MEASURED: [&str; 3] = ["token", "get-config", "validate"];

/// # Errors
/// When a function does not start, or a sign-in does not end well.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let world = world::start(place)?;
    let store = world.env().get(DYNAMODB).map(|url| url.trim_start_matches("http://").parse::<SocketAddr>());
    let store = store.and_then(Result::ok).ok_or_else(|| Error::failed("the store has no address"))?;
    let proxy = Proxy::start(store, Some(DELAY))?;
    let mut delayed = world.env().clone();
    delayed.insert(DYNAMODB.to_owned(), format!("http://{}", proxy.address));
    let calm = Gateway::start(place, |_| world.env().clone())?;
    let slow =
        Gateway::start(place, |name| if MEASURED.contains(&name) { delayed.clone() } else { world.env().clone() })?;
    let walkers = [Walker::new(&calm, world.world(), NUMBER)?, Walker::new(&slow, world.world(), NUMBER)?];
    for _ in 0..FLOWS {
        for walker in &walkers {
            let verdict = walker.silent()?;
            if verdict["authenticated"] != "true" {
                return Err(Error::failed(format!("the verdict is {verdict}")));
            }
        }
    }
    let [calm, slow] = walkers.map(Walker::times);
    let mut figures = Vec::new();
    for name in MEASURED {
        for (how, times) in [("", &calm), (", 5 % of calls delayed", &slow)] {
            let times = times.get(name).ok_or_else(|| Error::failed(format!("{name} was not asked")))?;
            for (what, quantile) in [("median", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                let ms = times.value_at_quantile(quantile) as f64 / 1000.0;
                figures.push(Figure::new(format!("{name}{how}: {what}"), ms, "ms"));
            }
        }
    }
    Ok(figures)
}
