//! What our own code takes of the processor for each endpoint, and for both flows: by criterion, which writes to
//! `CRITERION_HOME`. With the argument `calls` how often each request goes to DynamoDB instead, as JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

mod bed;

use std::{io::sink, time::Duration};

use criterion::{BenchmarkId, Criterion, SamplingMode};
use gateway_tests::{Captured, Event, Gateway, calls};
use sna_api::log;
use sna_bench::Place;
use tracing::Level;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    util::SubscriberInitExt as _,
};

use crate::bed::{Bed, Clock};

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "calls" { count() } else { measure() }
}

fn count() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let logged = Captured::begin(Level::INFO);
    let calls = runtime.block_on(async {
        calls::count(&Gateway::with(Event::HttpApi, &Place::here(false).adapters(), &[]).await, &logged).await
    });
    println!("{}", serde_json::json!({ "calls": calls, "most": calls::MOST }));
}

/// Each walk through a flow is timed step by step, so that an endpoint's part of it is measured where it stands.
fn measure() {
    log("bench".to_owned(), Targets::new().with_default(LevelFilter::INFO), sink).init();
    let bed = Bed::start(&Place::here(false));
    let mut criterion = Criterion::default().without_plots().warm_up_time(Duration::from_millis(500));
    for clock in [Clock::Own, Clock::Process, Clock::Wall] {
        let mut group = criterion.benchmark_group(clock.name());
        group.sampling_mode(SamplingMode::Flat).sample_size(15).measurement_time(Duration::from_secs(1));
        for step in bed::STEPS {
            group.bench_function(BenchmarkId::from_parameter(step), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| bed.walk(clock, step)).sum());
            });
        }
        group.finish();
    }
}
