//! The store's suite on a second engine, whose transactions and idempotency are not those that it was written against;
//! and the administrator's tool on a stack.

use std::time::{Duration, Instant};

use crate::{
    Error, Workspace, command::Run, group::Group, interrupt::pause, ports::Ports, routes::agent, steps::openly, tools,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// # Errors
/// When the engine does not come up, or a test fails on it.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Error> {
    let packages = tools::ministack(workspace)?;
    let port = Ports::free()?.get("dynamodb").to_string();
    let run = alone(Run::python(workspace, &packages).words("-m ministack").without_aws(), &port);
    let mut engine = Group::start("ministack", run, Some(&workspace.scratch().join("ministack.log")))?;
    let url = format!("http://127.0.0.1:{port}");
    wait(&url, &mut engine)?;
    // With the features of the whole workspace, or half of it would be built again.
    let run = Run::new(workspace, tools::cargo_nextest(workspace)?)
        .words("nextest run --workspace -E binary(store)+binary(administration)");
    openly("nextest", run.env("MINISTACK_URL", url))
}

/// Without a word it listens on every interface, and for MQTT on one more port.
pub(crate) fn alone(run: Run, port: &str) -> Run {
    run.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port).env("IOT_MTLS_ENABLED", "0")
}

/// Until it answers.
pub(crate) fn wait(url: &str, engine: &mut Group) -> Result<(), Error> {
    let (agent, deadline) = (agent(Duration::from_secs(5)), Instant::now() + PATIENCE);
    while !agent.get(format!("{url}/_ministack/health")).call().is_ok_and(|answer| answer.status() == 200) {
        let log = engine.log.clone().unwrap_or_default();
        if let Some(status) = engine.ended()? {
            return Err(Error::failed(format!("ministack ended ({status}); see {}", log.display())));
        }
        if Instant::now() > deadline {
            return Err(Error::failed(format!("ministack does not answer at {url}; see {}", log.display())));
        }
        pause(Duration::from_millis(100))?;
    }
    Ok(())
}
