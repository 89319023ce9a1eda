//! The clients of `infra/clients`. What is generated there, the wire's types and what JavaScript the TypeScript comes to, is
//! kept in the repository, so that the sandbox and a customer need no tools for it; the checks say whether it is fresh.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Error, Workspace, command::Run, steps::quietly, tools};

/// What is generated, whole: nothing else is in these places.
const GENERATED: [&str; 4] = ["node/src/api.ts", "python/silent_auth/api.py", "node/dist", "web/dist"];

/// Writes what is generated.
///
/// # Errors
/// What a tool says, or a file that cannot be written.
pub fn clients(workspace: &Workspace) -> Result<(), Error> {
    generate(workspace, &here(workspace))?;
    println!("{} in {}", GENERATED.join(", "), here(workspace).display());
    Ok(())
}

/// Is it fresh, and do the clients do what they say?
pub(crate) fn check(workspace: &Workspace) -> Result<(), Error> {
    let (here, fresh) = (here(workspace), workspace.scratch().join("clients"));
    generate(workspace, &fresh)?;
    for name in GENERATED {
        if contents(&here.join(name))? != contents(&fresh.join(name))? {
            return Err(Error::failed(format!("infra/clients/{name} is stale; run `cargo xtask clients`")));
        }
    }
    for package in ["web", "node"] {
        tests(workspace, package, Run::new(workspace, "node").words("--test"))?;
    }
    let run = Run::python(workspace, &tools::httpx(workspace)?).words("-B -m unittest discover -s tests");
    tests(workspace, "python", run)
}

/// The clients together against the running system that `gateway` describes.
pub(crate) fn live(workspace: &Workspace, gateway: &Path) -> Result<(), Error> {
    let run = Run::new(workspace, "node").words("--test").env("PYTHONPATH", tools::httpx(workspace)?);
    tests(workspace, "live", run.env("GATEWAY_JSON", gateway))
}

fn here(workspace: &Workspace) -> PathBuf {
    workspace.root.join("infra/clients")
}

fn tests(workspace: &Workspace, folder: &str, mut run: Run) -> Result<(), Error> {
    run.0.current_dir(here(workspace).join(folder));
    quietly(&format!("the tests of infra/clients/{folder}"), run, &workspace.scratch().join(format!("{folder}.log")))
}

fn generate(workspace: &Workspace, out: &Path) -> Result<(), Error> {
    let (here, document) = (here(workspace), workspace.root.join("infra/openapi.yaml"));
    for name in GENERATED {
        let path = out.join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(Error::file(&path))?;
        }
        let parent = path.parent().unwrap_or(out);
        fs::create_dir_all(parent).map_err(Error::file(parent))?;
    }
    let npm = tools::npm(workspace, &here.join("tools"))?;
    // Node looks for packages from where a script is.
    let script = npm.join("generate.mjs");
    fs::copy(here.join("tools/generate.mjs"), &script).map_err(Error::file(&script))?;
    let run = Run::new(workspace, "node").arg(script).arg(&document).arg(out.join("node/src/api.ts"));
    quietly("openapi-typescript", run, &workspace.scratch().join("openapi-typescript.log"))?;
    let run = Run::python(workspace, &tools::datamodel_codegen(workspace)?).words("-m datamodel_code_generator");
    let run = run.arg("--input").arg(document).arg("--output").arg(out.join("python/silent_auth/api.py"));
    let run = run.words("--input-file-type openapi --output-model-type typing.TypedDict --no-use-closed-typed-dict");
    let run =
        run.words("--target-python-version 3.11 --disable-timestamp --disable-future-imports --formatters builtin");
    let run = run.words("--use-schema-description --use-field-description --custom-file-header");
    let run =
        run.arg("\"\"\"Generated from infra/openapi.yaml by datamodel-code-generator: `cargo xtask clients`.\"\"\"");
    quietly("datamodel-code-generator", run, &workspace.scratch().join("datamodel.log"))?;
    for package in ["web", "node"] {
        // Comments are for the types, which editors show, and not for whoever loads the page. One check of the types is enough.
        for part in ["--removeComments --declaration false --noCheck", "--emitDeclarationOnly"] {
            let run = Run::new(workspace, "node").arg(npm.join("node_modules/typescript/bin/tsc")).words(part);
            let run = run.arg("--typeRoots").arg(npm.join("node_modules/@types"));
            let run = run.arg("-p").arg(here.join(package)).arg("--outDir").arg(out.join(package).join("dist"));
            quietly("tsc", run, &workspace.scratch().join("tsc.log"))?;
        }
    }
    Ok(())
}

/// A file, or the files of a folder, by name.
fn contents(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(Error::file(path))?;
        files = entries.map(|entry| Ok(entry?.path())).collect::<Result<_, _>>().map_err(Error::file(path))?;
        files.sort();
    }
    let read = |file: PathBuf| {
        let bytes = fs::read(&file).map_err(Error::file(&file))?;
        Ok((file.strip_prefix(path).unwrap_or(&file).to_owned(), bytes))
    };
    files.into_iter().map(read).collect()
}
