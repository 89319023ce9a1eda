//! What those who read the API's description meet, checked against the running system: the samples of the reference, the
//! collections, and the page in a browser.

use std::{fs, path::Path};

use crate::{
    Error, Workspace,
    collection::FOLDER,
    command::Run,
    docs,
    steps::{quietly, step},
    system::System,
    tools,
};

/// The reference is built into `out`, which is the sandbox's.
///
/// # Errors
/// The first sample, request or page that is not as it should be.
pub(crate) fn check(workspace: &Workspace, system: &System, out: &Path) -> Result<(), Error> {
    step("build the API reference", || docs::page(workspace, &out.join("docs"), None))?;
    step("its samples: curl, JavaScript, Python", || {
        // It has `requests` among its packages.
        let run = Run::python(workspace, &tools::schemathesis(workspace)?);
        let run = run.arg(workspace.root.join("infra/xtask/run_samples.py")).arg(out.join("gateway.json"));
        quietly("run_samples.py", run, &out.join("samples.log"))
    })?;
    step("the collection, by Bruno", || bruno(workspace, system, out))?;
    step("the .http file, by httpYac", || httpyac(workspace, system, out))?;
    step("the commands of infra/docs/integrate.md", || guide(workspace, out))?;
    step("its page in a browser that reaches nothing else", || browser(workspace, system, out))
}

/// Names and values of the collections' variables.
fn variables(system: &System) -> [(&'static str, String); 4] {
    let gateway = &system.gateway;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    [
        ("url", text(&gateway["url"])),
        ("sandbox", text(&gateway["sandbox"])),
        ("client_id", text(&gateway["customer"]["client_id"])),
        ("client_secret", text(&gateway["customer"]["client_secret"])),
    ]
}

fn bruno(workspace: &Workspace, system: &System, out: &Path) -> Result<(), Error> {
    let mut run = Run::new(workspace, tools::collections(workspace)?.join("bru")).words("run --env local --noproxy");
    for (name, value) in variables(system) {
        run = run.arg("--env-var").arg(format!("{name}={value}"));
    }
    run.0.current_dir(workspace.root.join(FOLDER).join("bruno"));
    quietly("bru", run, &out.join("bruno.log"))
}

/// It ends well whatever was answered, so that the last answer is looked at.
fn httpyac(workspace: &Workspace, system: &System, out: &Path) -> Result<(), Error> {
    let run = Run::new(workspace, tools::collections(workspace)?.join("httpyac"));
    let run = run.words("send --all --env local --json --output body").arg(Path::new(FOLDER).join("gateway.http"));
    let run = run.arg("--var");
    let run = variables(system).into_iter().fold(run, |run, (name, value)| run.arg(format!("{name}={value}")));
    let log = out.join("http.log");
    quietly("httpyac", run, &log)?;
    let said = fs::read_to_string(&log).map_err(Error::file(&log))?;
    match said.contains(r#"\"authenticated\":\"true\""#) {
        true => Ok(()),
        false => Err(Error::failed(format!("the last answer is not what it should be: {said}"))),
    }
}

/// The guide's blocks in one shell; it must be told twice that the number is proved.
fn guide(workspace: &Workspace, out: &Path) -> Result<(), Error> {
    let path = workspace.root.join("infra/docs/integrate.md");
    let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
    let blocks = text.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let script = blocks.collect::<Vec<_>>().join("\n");
    let log = out.join("guide.log");
    let run = Run::new(workspace, "bash").arg("-euc").arg(script).env("GATEWAY_JSON", out.join("gateway.json"));
    quietly("the shell", run, &log)?;
    let said = fs::read_to_string(&log).map_err(Error::file(&log))?;
    match said.matches(r#""authenticated":"true""#).count() {
        2 => Ok(()),
        _ => Err(Error::failed(format!("two of the calls should say authenticated:\n{said}"))),
    }
}

/// The page must show its last operation, with no name resolved but this machine's.
fn browser(workspace: &Workspace, system: &System, out: &Path) -> Result<(), Error> {
    let Some(program) = tools::browser() else { return Ok(()) };
    // A profile of the developer's own stays as it is.
    let profile = out.join("browser");
    let run = Run::new(workspace, program)
        .words("--headless --no-sandbox --disable-gpu --virtual-time-budget=20000 --dump-dom");
    let run = run.arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
    let run = run.arg(format!("--user-data-dir={}", profile.display()));
    let page = system.gateway["sandbox"].as_str().unwrap_or_default();
    let log = out.join("browser.log");
    quietly("the browser", run.arg(format!("{page}/docs/")), &log)?;
    let shown = fs::read_to_string(&log).map_err(Error::file(&log))?;
    for text in ["operation/validate", "Python", "What to do", "authorization_uri"] {
        if !shown.contains(text) {
            return Err(Error::failed(format!("the page does not show {text}; what it shows is in {}", log.display())));
        }
    }
    match shown.split("src=\"").skip(1).find(|source| source.starts_with("http")) {
        Some(source) => {
            Err(Error::failed(format!("the page fetches {}", source.split('"').next().unwrap_or_default())))
        }
        None => Ok(()),
    }
}
