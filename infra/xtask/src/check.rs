//! `cargo xtask test`: every check, in the order in which they fail soonest; it stops at the first that does.

use clap::Args;

use crate::{
    Error, Workspace, bench, clients,
    command::{Run, cargo},
    contract, live, ministack, newcomer, plans, rehearse,
    steps::{openly, quietly, step},
    system, tools,
};

#[derive(Args)]
pub struct Test {
    /// Only what needs no tool beyond cargo and nextest, and no running system
    #[arg(long)]
    fast: bool,
    /// Only the contract, against the gateway at this URL. CLIENT_ID, CLIENT_SECRET and REDIRECT_URI are a customer's, who
    /// may ask about the number MSISDN; for a local run they are known
    #[arg(long, value_name = "URL", conflicts_with = "fast")]
    against: Option<String>,
}

type Check = (&'static str, fn(&Workspace) -> Result<(), Error>);

const CHECKS: [Check; 14] = [
    ("format", |workspace| quiet(workspace, "format", "fmt --all --check")),
    ("clippy", |workspace| quiet(workspace, "clippy", "clippy --workspace --all-targets --color never -- -D warnings")),
    ("bans, licences and sources of dependencies", deny),
    ("template.yaml", template),
    ("the clients, fresh and tested", clients::check),
    ("build", system::build),
    ("sizes, memory and crates of the functions", bench::bars),
    ("tests", tests),
    ("flows with every adapter linked in", linked),
    ("a new operator's crate, from template to kit", newcomer::check),
    ("numbers, as libphonenumber judges them", plans::agree),
    ("the store on ministack", ministack::check),
    ("flows through `cargo lambda watch`", live::check),
    ("a deployment, rehearsed", rehearse::check),
];

/// Left out by `--fast`.
const SLOW: [usize; 8] = [2, 3, 4, 8, 10, 11, 12, 13];

/// Runs them, and ends with a line that says how many passed.
///
/// # Errors
/// That of the first check that failed.
pub fn test(workspace: &Workspace, options: &Test) -> Result<(), Error> {
    if let Some(url) = &options.against {
        return step(&format!("the contract, at {url}"), || contract::against(workspace, url));
    }
    let mut passed = 0;
    for (index, (name, check)) in CHECKS.into_iter().enumerate() {
        if options.fast && SLOW.contains(&index) {
            println!("==> {name}: left out");
            continue;
        }
        if let Err(error) = step(name, || check(workspace)) {
            println!("{name} failed\n{passed} passed, 1 failed");
            return Err(error);
        }
        passed += 1;
    }
    println!("{passed} passed, 0 failed");
    Ok(())
}

fn quiet(workspace: &Workspace, name: &str, words: &str) -> Result<(), Error> {
    quietly(name, cargo(workspace, words), &workspace.scratch().join(format!("{name}.log")))
}

/// Advisories need the network, and new ones must not turn an old commit red.
fn deny(workspace: &Workspace) -> Result<(), Error> {
    let tool = tools::cargo_deny(workspace)?;
    let run =
        Run::new(workspace, tool).words("--offline --color never check --hide-inclusion-graph bans licenses sources");
    quietly("cargo deny", run, &workspace.scratch().join("deny.log"))
}

/// No rule of cfn-lint is ignored. `sam` reads the template as it will when it deploys it, and needs no account for that.
fn template(workspace: &Workspace) -> Result<(), Error> {
    let tool = tools::cfn_lint(workspace)?;
    let run = Run::python(workspace, &tool).arg(tool.join("bin/cfn-lint"));
    let run = run.words("--regions eu-west-2 --template template.yaml infra/watch.yaml");
    quietly("cfn-lint", run, &workspace.scratch().join("template.log"))?;
    let run = Run::python(workspace, &tools::sam(workspace)?).without_aws();
    let run = run.words("-m samcli validate --lint --template template.yaml").env("AWS_DEFAULT_REGION", "eu-west-2");
    let run = run.env("SAM_CLI_TELEMETRY", "0").env("__SAM_CLI_APP_DIR", workspace.scratch().join("sam"));
    quietly("sam validate", run, &workspace.scratch().join("sam.log"))
}

/// A check changes no source: a snapshot that differs, or is not there, is a failure and nothing else.
fn tests(workspace: &Workspace) -> Result<(), Error> {
    let run = Run::new(workspace, tools::cargo_nextest(workspace)?).words("nextest run --workspace --no-fail-fast");
    openly("nextest", run.env("INSTA_UPDATE", "no"))
}

/// A build without plug-ins.
fn linked(workspace: &Workspace) -> Result<(), Error> {
    let run = Run::new(workspace, tools::cargo_nextest(workspace)?);
    let run = run.words("nextest run --workspace --features gateway-tests/static --test flows --no-fail-fast");
    quietly("nextest", run, &workspace.scratch().join("linked.log"))
}
