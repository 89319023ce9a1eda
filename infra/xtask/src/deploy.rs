//! `cargo xtask deploy`: `sam deploy` with the settings of `infra/samconfig.toml`, once what was packaged is whole, of these
//! sources, and for the architecture that will be deployed.

mod parameters;

use std::{env, fs};

use clap::Args;

use crate::{
    Error, Workspace,
    command::Run,
    package::{Stamp, intact, sources},
    tools,
};

#[derive(Args)]
pub struct Deploy {
    /// Whose settings of infra/samconfig.toml
    #[arg(default_value = "dev", value_parser = ["dev", "staging", "prod"])]
    environment: String,
    /// Let sam ask for every parameter
    #[arg(long)]
    guided: bool,
    /// More for `sam deploy`, after `--`
    #[arg(last = true)]
    more: Vec<String>,
}

/// # Errors
/// What is wrong with the package, and what to do; or sam's own failure.
pub fn deploy(workspace: &Workspace, options: &Deploy) -> Result<(), Error> {
    check(workspace, options, env::var_os("AWS_ENDPOINT_URL").is_some_and(|url| !url.is_empty()))?;
    let sam = match tools::is_installed("sam") {
        true => Run::new(workspace, "sam"),
        false => Run::python(workspace, &tools::sam(workspace)?).words("-m samcli"),
    };
    at_the_terminal(command(workspace, options, sam))
}

/// `elsewhere`: not to AWS itself, but to what plays it.
fn check(workspace: &Workspace, options: &Deploy, elsewhere: bool) -> Result<(), Error> {
    let current = workspace.package("current");
    let package = Stamp::read(&current)?;
    intact(&current)?;
    if package.sources != sources(workspace)? {
        return Err(Error::failed(
            "functions, shared or adapters have changed since they were packaged, or it was not finished: package again",
        ));
    }
    if package.sandbox && !elsewhere {
        return Err(Error::failed("what was packaged is for the sandbox: package again with --operators FILE"));
    }
    if package.profile == "dev" && !elsewhere {
        return Err(Error::failed(
            "what was packaged is of the profile dev, for this machine: package again without it",
        ));
    }
    if options.guided {
        println!("Architecture is {}: that is what was packaged.", package.arch);
        return Ok(());
    }
    let has_lookup = current.join("layer/lookup.json").is_file();
    fits(workspace, options, &package.arch, has_lookup)
}

/// Is what was packaged what the parameters are about?
fn fits(workspace: &Workspace, options: &Deploy, packaged: &str, has_lookup: bool) -> Result<(), Error> {
    let (config, environment) = (workspace.root.join("infra/samconfig.toml"), &options.environment);
    let text = fs::read_to_string(&config).map_err(Error::file(&config))?;
    let overrides = parameters::overrides(&options.more);
    let instead = "--parameter-overrides takes the place of all of infra/samconfig.toml's parameters";
    let is_replaced = overrides.is_some();
    if is_replaced {
        println!("{instead}.");
    }
    let given = overrides.unwrap_or_else(|| parameters::settings(&text, environment));
    let wanted = match parameters::value(&given, "Architecture") {
        None if is_replaced => {
            return Err(Error::failed(format!(
                "{instead}: say Architecture={packaged} there, and again what else shall hold"
            )));
        }
        // The template's default.
        wanted => wanted.unwrap_or_else(|| "arm64".to_owned()),
    };
    if wanted != packaged {
        return Err(Error::failed(format!(
            "{environment} is {wanted} and the package {packaged}: package again with --arch {wanted}, or change Architecture"
        )));
    }
    match parameters::value(&given, "Lookup").filter(|lookup| !lookup.is_empty()) {
        Some(lookup) if !has_lookup => Err(Error::failed(format!(
            "Lookup is {lookup} and the package has no lookup.json: package again with --lookup FILE"
        ))),
        _ => Ok(()),
    }
}

fn command(workspace: &Workspace, options: &Deploy, sam: Run) -> Run {
    let run = sam.words("deploy --template-file").arg(workspace.root.join("template.yaml"));
    let run = run.arg("--config-file").arg(workspace.root.join("infra/samconfig.toml"));
    let mut run = run.arg("--config-env").arg(&options.environment).env("SAM_CLI_TELEMETRY", "0");
    run.0.args(options.guided.then_some("--guided")).args(&options.more);
    run
}

/// It may ask, and a signal reaches it as it reaches us.
fn at_the_terminal(mut run: Run) -> Result<(), Error> {
    let status = run.0.status().map_err(Error::file("sam"))?;
    if status.success() { Ok(()) } else { Err(Error::failed(format!("sam deploy failed ({status})"))) }
}

#[cfg(test)]
#[path = "deploy_tests.rs"]
mod tests;
