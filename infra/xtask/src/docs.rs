//! `cargo xtask docs`: the API reference as static files, and the collections of requests in `infra/clients/http`, all from
//! `infra/openapi.yaml`. The page asks nobody for anything: its policy lets it load its own two files and no more.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use yaml_serde::Value;

use crate::{
    Error, Workspace, collection,
    description::{Description, LOCAL, members, text},
    samples,
    steps::step,
    tools,
};

const SCRIPT: &str = "redoc.standalone.js";
const PAGE: &str = include_str!("../templates/reference.html");

#[derive(Args)]
pub struct Docs {
    /// Where the files go; `target/local/docs` if not given, where the sandbox looks
    #[arg(long)]
    out: Option<PathBuf>,
    /// The gateway that the samples shall call instead of the local run's
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Writes the page, and the collections anew.
///
/// # Errors
/// When the renderer cannot be installed, or a file not be written.
pub fn docs(workspace: &Workspace, options: &Docs) -> Result<(), Error> {
    let out = options.out.clone().unwrap_or_else(|| workspace.docs());
    step("the API reference", || {
        page(workspace, &out, options.url.as_deref().map(|url| url.trim_end_matches('/')))?;
        println!("    index.html and what it needs in {}", out.display());
        Ok(())
    })?;
    step("the collections of requests", || {
        let folder = workspace.root.join(collection::FOLDER);
        for (name, content) in collection::files(&Description::read(workspace)?) {
            write(&folder.join(name), content)?;
        }
        println!("    in {}", folder.display());
        Ok(())
    })
}

/// For `up`: without Node there is no reference, and everything else works.
///
/// # Errors
/// Only a signal.
pub(crate) fn if_possible(workspace: &Workspace) -> Result<(), Error> {
    match step("build the API reference", || page(workspace, &workspace.docs(), None)) {
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => {
            println!("    left out, the page /docs says so: {error}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

pub(crate) fn page(workspace: &Workspace, out: &Path, url: Option<&str>) -> Result<(), Error> {
    let renderer = tools::redoc(workspace)?.join("redoc");
    let mut described = reference(&Description::read(workspace)?)?;
    if let Some(url) = url {
        described = described.replace(LOCAL[0], url);
    }
    write(&out.join("openapi.json"), described)?;
    write(&out.join("index.html"), PAGE)?;
    let bundle = renderer.join("bundles").join(SCRIPT);
    let script = fs::read_to_string(&bundle).map_err(Error::file(&bundle))?;
    // Its maker's logo, which it would fetch.
    write(&out.join(SCRIPT), script.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", "data:,"))?;
    // The script names this file.
    let licences = bundle.with_file_name(format!("{SCRIPT}.LICENSE.txt"));
    write(&out.join(format!("{SCRIPT}.LICENSE.txt")), fs::read(&licences).map_err(Error::file(licences))?)?;
    Ok(())
}

/// The document for readers, as JSON: each operation with its samples, each refusal with what to do about it.
fn reference(description: &Description) -> Result<String, Error> {
    let mut document = description.0.clone();
    for (path, item) in members(&description.0["paths"]) {
        for (method, operation) in members(item).filter(|(_, operation)| operation["operationId"].is_string()) {
            let request = description.example(text(&operation["operationId"]), None);
            let samples = request.iter().flat_map(samples::of).map(|(lang, label, source)| {
                let sample = [("lang", lang.to_owned()), ("label", label.to_owned()), ("source", source)];
                Value::Mapping(sample.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
            });
            document["paths"][path][method]["x-codeSamples"] = Value::Sequence(samples.collect());
            advise(&mut document["paths"][path][method]["responses"]);
        }
    }
    advise(&mut document["components"]["responses"]);
    serde_json::to_string_pretty(&document).map_err(|error| Error::Json("openapi.json".into(), error))
}

/// Adds to the description of each response a table of its errors, from the descriptions of its examples.
fn advise(responses: &mut Value) {
    for (_, response) in responses.as_mapping_mut().into_iter().flatten() {
        let examples = members(&response["content"]["application/json"]["examples"]);
        let rows: String = examples
            .filter(|(_, example)| example["value"]["error"].is_string())
            .map(|(_, example)| {
                let [error, what] = ["error", "error_description"].map(|name| text(&example["value"][name]));
                format!("| `{error}` {what} | {} |\n", text(&example["description"]))
            })
            .collect();
        if !rows.is_empty() {
            let said = text(&response["description"]).trim_end();
            let table = format!("{said}\n\n| Error | What to do |\n|---|---|\n{rows}");
            response["description"] = table.into();
        }
    }
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Error> {
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(Error::file(path))?;
    fs::write(path, content).map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_operation_has_a_sample_in_each_language_and_every_error_advice() {
        let document = reference(&Description::read(&Workspace::here()).unwrap()).unwrap();
        let document = Description(yaml_serde::from_str(&document).unwrap());
        let mut operations = 0;
        for (_, item) in members(&document.0["paths"]) {
            for (_, operation) in members(item).filter(|(_, value)| value["operationId"].is_string()) {
                operations += 1;
                let name = text(&operation["operationId"]);
                assert_eq!(operation["x-codeSamples"].as_sequence().unwrap().len(), 3, "{name}");
                for (status, response) in members(&operation["responses"]).filter(|(status, _)| *status >= "400") {
                    let said = text(&document.resolve(response)["description"]);
                    let rows: Vec<_> = said.lines().filter(|line| line.starts_with("| `")).collect();
                    assert!(
                        !rows.is_empty() && rows.iter().all(|row| !row.ends_with("|  |")),
                        "{name} {status}: {said}"
                    );
                }
            }
        }
        assert!(operations >= 11, "{operations}");
    }

    #[test]
    fn the_collections_are_those_of_the_description() {
        let workspace = Workspace::here();
        for (name, content) in collection::files(&Description::read(&workspace).unwrap()) {
            let path = workspace.root.join(collection::FOLDER).join(&name);
            assert!(fs::read_to_string(path).unwrap() == content, "{name} is not fresh: run `cargo xtask docs`");
        }
    }
}
