//! `cargo xtask deploy`: `sam deploy` with the settings of `infra/samconfig.toml`, once what was packaged is whole, of these
//! sources, and for the architecture that will be deployed.

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
    check(workspace, options, env::var_os("AWS_ENDPOINT_URL").is_some())?;
    let sam = match tools::is_installed("sam") {
        true => Run::new(workspace, "sam"),
        false => Run::python(workspace, &tools::sam(workspace)?).words("-m samcli"),
    };
    at_the_terminal(command(workspace, options, sam))
}

/// `elsewhere`: not to AWS itself, but to what plays it.
fn check(workspace: &Workspace, options: &Deploy, elsewhere: bool) -> Result<(), Error> {
    let package = Stamp::read(&workspace.package("current"))?;
    intact(&workspace.package("current"))?;
    if package.sources != sources(workspace)? {
        return Err(Error::failed(
            "functions, shared or adapters have changed since they were packaged: package again",
        ));
    }
    if package.sandbox && !elsewhere {
        return Err(Error::failed("what was packaged is for the sandbox: package again with --operators FILE"));
    }
    let config = workspace.root.join("infra/samconfig.toml");
    let text = fs::read_to_string(&config).map_err(Error::file(&config))?;
    let wanted = architecture(&text, &options.environment, &options.more);
    if wanted != package.arch && !options.guided {
        let (environment, packaged) = (&options.environment, &package.arch);
        return Err(Error::failed(format!(
            "{environment} is {wanted} and the package {packaged}: package again with --arch {wanted}, or change Architecture"
        )));
    }
    if options.guided {
        println!("Architecture is {}: that is what was packaged.", package.arch);
    }
    Ok(())
}

fn command(workspace: &Workspace, options: &Deploy, sam: Run) -> Run {
    let run = sam.words("deploy --template-file").arg(workspace.root.join("template.yaml"));
    let run = run.arg("--config-file").arg(workspace.root.join("infra/samconfig.toml"));
    let mut run = run.arg("--config-env").arg(&options.environment).env("SAM_CLI_TELEMETRY", "0");
    run.0.args(options.guided.then_some("--guided")).args(&options.more);
    run
}

/// The value of the parameter Architecture: of `more`, of the environment's section, else the template's default.
fn architecture(config: &str, environment: &str, more: &[String]) -> String {
    let mut inside = false;
    let section = format!("[{environment}.");
    let lines = config.lines().filter(|line| {
        if line.starts_with('[') {
            inside = line.starts_with(&section);
        }
        inside && !line.trim_start().starts_with('#')
    });
    let value = |text: &str| {
        let (_, rest) = text.split_once("Architecture=")?;
        let rest = rest.trim_start_matches(['"', '\\', '\'']);
        Some(rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect::<String>())
    };
    let given = more.iter().find_map(|text| value(text));
    given.or_else(|| lines.into_iter().find_map(value)).unwrap_or_else(|| "arm64".to_owned())
}

/// It may ask, and a signal reaches it as it reaches us.
fn at_the_terminal(mut run: Run) -> Result<(), Error> {
    let status = run.0.status().map_err(Error::file("sam"))?;
    if status.success() { Ok(()) } else { Err(Error::failed(format!("sam deploy failed ({status})"))) }
}

#[cfg(test)]
#[path = "deploy_tests.rs"]
mod tests;
