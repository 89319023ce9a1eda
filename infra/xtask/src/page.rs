//! The sandbox's page in the machine's browser: its tests against a running system, and its picture in the README.

use std::path::Path;

use crate::{Error, Workspace, command::Run, steps::quietly, tools};

/// Where the tests are, and the picture.
const TESTS: &str = "tests/page";
const PICTURE: &str = "tests/page/page.png";

/// The page's tests against the running system that `gateway` describes.
pub(crate) fn check(workspace: &Workspace, gateway: &Path) -> Result<(), Error> {
    let Some(run) = node(workspace, gateway)? else { return Ok(()) };
    quietly("the page's tests", run.words("--test page.test.js"), &workspace.scratch().join("page.log"))
}

/// Takes the README's picture of the page that `up` serves.
///
/// # Errors
/// When nothing runs, or something is missing.
pub fn picture(workspace: &Workspace) -> Result<(), Error> {
    let Some(run) = node(workspace, &workspace.local().join("gateway.json"))? else { return Ok(()) };
    let picture = workspace.root.join(PICTURE);
    let run = run.arg("screenshot.js").env("PICTURE", &picture);
    quietly("screenshot.js", run, &workspace.scratch().join("picture.log"))?;
    println!("{}", picture.display());
    Ok(())
}

/// Node, where the tests are; nothing without a browser.
fn node(workspace: &Workspace, gateway: &Path) -> Result<Option<Run>, Error> {
    let Some(browser) = tools::browser() else { return Ok(None) };
    let mut run = Run::new(workspace, "node").env("CHROME", browser).env("NPM", tools::playwright(workspace)?);
    run.0.current_dir(workspace.root.join(TESTS));
    Ok(Some(run.env("GATEWAY_JSON", gateway)))
}
