//! The whole system on this machine: the sandbox, which is the world around the gateway, and the functions in
//! `cargo lambda watch`. Used by `up` and by the checks alike, so that what is checked is what is shown.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    group::Group,
    interrupt::pause,
    layer,
    ports::Ports,
    routes,
    steps::{last_lines, quietly, step},
    tools,
};

/// Instances a function: a slow operator must not hold up everyone, and each takes a `cargo run` at its start.
const CONCURRENCY: &str = "4";

/// A running system. Dropping it ends it.
pub(crate) struct System {
    pub(crate) children: Children,
    /// The sandbox's `gateway.json`.
    pub(crate) gateway: Value,
    /// The functions' environment, secrets included.
    pub(crate) env: BTreeMap<String, String>,
}

pub(crate) struct Children(Vec<Group>);

/// Builds everything that runs, as `cargo run` builds it: with the features of the whole workspace.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Error> {
    step("build the functions, the adapters and the sandbox", || {
        let run = cargo(workspace, "build --workspace --color never");
        quietly("cargo build", run, &workspace.scratch().join("build.log"))
    })?;
    step("stage the adapters", || {
        let staged = layer::stage(workspace, &workspace.target.join("debug"), &workspace.adapters())?;
        println!("    {} in {}", staged.join(", "), workspace.adapters().display());
        Ok(())
    })
}

impl System {
    /// Starts what [`build`] built, and waits until every route answers.
    ///
    /// # Errors
    /// What did not come up, and where its log is; nothing keeps running then.
    pub(crate) fn start(workspace: &Workspace, ports: &Ports, out: &Path) -> Result<Self, Error> {
        let tool = step("find cargo-lambda", || tools::cargo_lambda(workspace))?;
        let (mut children, gateway, env) = step("start the sandbox: operators, DynamoDB, SNS, handsets", || {
            sandbox(Run::new(workspace, workspace.built("sandbox")).arg("serve"), workspace, ports, out)
        })?;
        step("start the functions, and wait until each of the nine routes answers", || {
            children.0.push(functions(workspace, &tool, ports, out, &env)?);
            let plain = format!("http://127.0.0.1:{}", ports.get("enrich"));
            routes::wait(gateway["url"].as_str().unwrap_or_default(), &plain, &mut children)
        })?;
        Ok(Self { children, gateway, env })
    }

    /// Ends it; the functions before the world that they live in.
    pub(crate) fn stop(mut self) {
        self.children.stop();
    }
}

impl Children {
    /// # Errors
    /// Names the child that has ended, with the end of its log.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        for child in &mut self.0 {
            if let Some(status) = child.ended()? {
                let log = child.log.clone().unwrap_or_default();
                let (name, lines) = (&child.name, last_lines(&log, 20));
                return Err(Error::failed(format!("{name} ended ({status}):\n{lines}\nits log: {}", log.display())));
            }
        }
        Ok(())
    }

    pub(crate) fn logs(&self) -> String {
        self.log_files().iter().map(|log| log.display().to_string()).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn log_files(&self) -> Vec<PathBuf> {
        self.0.iter().filter_map(|child| child.log.clone()).collect()
    }

    fn await_json(&mut self, path: &Path) -> Result<Value, Error> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !path.exists() {
            self.check()?;
            if Instant::now() > deadline {
                return Err(Error::failed(format!("the sandbox wrote no {}; see {}", path.display(), self.logs())));
            }
            pause(Duration::from_millis(50))?;
        }
        read(path)
    }

    fn stop(&mut self) {
        while let Some(mut child) = self.0.pop() {
            child.stop();
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts what `run` is the beginning of; its `gateway.json` and `env.json`, once it is ready.
pub(crate) fn sandbox(
    run: Run,
    workspace: &Workspace,
    ports: &Ports,
    out: &Path,
) -> Result<(Children, Value, BTreeMap<String, String>), Error> {
    // The files of the last run: one that is there is this run's.
    for name in ["gateway.json", "env.json"] {
        let _ = fs::remove_file(out.join(name));
    }
    let run = ports.options(run.arg("--out").arg(out).arg("--adapters").arg(workspace.adapters()));
    let mut children = Children(vec![Group::start("the sandbox", run, Some(&out.join("sandbox.log")))?]);
    let gateway = children.await_json(&out.join("gateway.json"))?;
    let path = out.join("env.json");
    let env = serde_json::from_value(read(&path)?).map_err(|error| Error::Json(path, error))?;
    Ok((children, gateway, env))
}

fn functions(
    workspace: &Workspace,
    tool: &Path,
    ports: &Ports,
    out: &Path,
    env: &BTreeMap<String, String>,
) -> Result<Group, Error> {
    let run = Run::new(workspace, tool).words("lambda watch --ignore-changes --color never --invoke-address 127.0.0.1");
    let run = run.arg("--invoke-port").arg(ports.get("watch").to_string()).arg("--concurrency").arg(CONCURRENCY);
    let mut run = run.without_aws();
    run.0.envs(env);
    Group::start("cargo lambda watch", run, Some(&out.join("gateway.log")))
}

fn read(path: &Path) -> Result<Value, Error> {
    let bytes = fs::read(path).map_err(Error::file(path))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Json(path.to_owned(), error))
}
