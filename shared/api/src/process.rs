//! The life of a function: configured once, then a request after another.

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use lambda_http::{Adapter, LambdaEvent, Service, request::LambdaRequest, service_fn};
use serde_json::Value;
use sna_config::variable;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, util::SubscriberInitExt as _};

use crate::{Endpoint, Listener, Live, hear, live::Build, log, serve, tame};

/// EX_USAGE of sysexits: the configuration is wrong, a restart will not help.
const BAD_CONFIGURATION: u8 = 64;

/// Reads the environment and the secrets, then serves until the environment ends. A bad configuration names all its
/// problems.
pub async fn main<E: Endpoint>(build: Build<E>) -> ExitCode {
    let live = match start(build).await {
        Ok(live) => live,
        Err(code) => return code,
    };
    live.warm().await;
    let (live, edge) = (&live, live.edge());
    let service =
        service_fn(
            move |event| async move { Ok::<_, std::convert::Infallible>(serve(live, edge, event, clock()).await) },
        );
    let mut adapter = Adapter::from(service);
    let tamed = service_fn(move |mut event: LambdaEvent<LambdaRequest>| {
        tame(&mut event.payload);
        adapter.call(event)
    });
    ended(lambda_http::lambda_runtime::run(tamed).await)
}

/// The same for a function that hears events.
pub async fn listen<L: Listener>(build: Build<L>) -> ExitCode {
    let live = match start(build).await {
        Ok(live) => live,
        Err(code) => return code,
    };
    let live = &live;
    let heard = service_fn(move |event: LambdaEvent<Value>| async move {
        hear(live, &event.payload, Some(&event.context.request_id), clock()).await
    });
    ended(lambda_http::lambda_runtime::run(heard).await)
}

async fn start<T>(build: Build<T>) -> Result<Live<T>, ExitCode> {
    let filter = variable("RUST_LOG").filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let stack = variable("STACK").filter(|name| !name.is_empty()).unwrap_or_else(|| "local".to_owned());
    log(stack, filter, std::io::stdout).init();
    // Only where: a panic's message may quote what it met.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(tracing::field::display), "panicked")
    }));
    Live::start(variable, build, clock()).await.map_err(|problems| {
        eprintln!("bad configuration:\n{problems}");
        ExitCode::from(BAD_CONFIGURATION)
    })
}

fn ended(result: Result<(), lambda_http::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
