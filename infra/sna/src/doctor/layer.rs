//! The adapters: every function that loads them has the stack's version of the layer, and staged files are what their
//! manifest says.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Check;
use crate::{Error, place::Place, signed::Service};

pub(super) async fn deployed(place: &Place, stack: &str) -> Vec<Check> {
    vec![
        Check::of(
            "layer",
            functions_have_it(place, stack).await,
            "deploy again (cargo xtask deploy): a function takes its layer from a deployment only",
        ),
        Check::of(
            "layer: newest",
            is_newest(place).await,
            "a deployment that was taken back leaves its version; deploy again if it should be used",
        )
        .doubtful(),
    ]
}

/// The staged layer: `DIR/adapters`, or DIR itself, with its manifest.
pub(super) fn staged(directory: &Path) -> Check {
    Check::of("layer: staged files", files(directory), "build and stage it again: cargo xtask package")
}

/// Each function of the stack that looks for adapters, against the version that the stack has.
async fn functions_have_it(place: &Place, stack: &str) -> Result<String, Error> {
    let ours = place.need("ADAPTERS_LAYER")?;
    let (mut with, mut without) = (0, Vec::new());
    for function in functions_of(place, stack).await? {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let configuration = place.read(Service::LAMBDA, &path).await?;
        if configuration["Environment"]["Variables"]["ADAPTERS"].is_null() {
            continue;
        }
        let layers = configuration["Layers"].as_array().map(Vec::as_slice).unwrap_or_default();
        match layers.iter().any(|layer| layer["Arn"] == ours) {
            true => with += 1,
            false => without.push(function),
        }
    }
    match (with, without.is_empty()) {
        (0, true) => Err(Error::refused("no function looks for adapters")),
        (_, true) => Ok(format!("{with} functions have {ours}")),
        (_, false) => Err(Error::refused(format!("without {ours}: {}", without.join(", ")))),
    }
}

async fn is_newest(place: &Place) -> Result<String, Error> {
    let ours = place.need("ADAPTERS_LAYER")?;
    let (name, _) = ours.rsplit_once(':').ok_or_else(|| Error::refused(format!("{ours} is no layer version")))?;
    // The API takes the name or the ARN, whose colons a path must not hold as they are.
    let short = name.rsplit(':').next().unwrap_or(name);
    let versions = place.read(Service::LAMBDA, &format!("/2018-10-31/layers/{short}/versions")).await?;
    match versions["LayerVersions"][0]["LayerVersionArn"].as_str() {
        Some(newest) if newest == ours => Ok(ours),
        Some(newest) => Err(Error::refused(format!("{newest}, and not deployed"))),
        None => Err(Error::refused(format!("{name} has no version"))),
    }
}

/// The names of a stack's functions, a hundred resources at a time.
async fn functions_of(place: &Place, stack: &str) -> Result<Vec<String>, Error> {
    let (mut found, mut from) = (Vec::new(), None::<String>);
    loop {
        let mut fields = vec![("StackName", stack)];
        fields.extend(from.as_deref().map(|token| ("NextToken", token)));
        let reply = place.query(Service::CLOUDFORMATION, "ListStackResources", &fields).await?;
        found.extend(functions(&reply.xml()?));
        from = reply.text("NextToken")?;
        if from.is_none() {
            return Ok(found);
        }
    }
}

fn functions(resources: &roxmltree::Document<'_>) -> Vec<String> {
    let members = resources.descendants().filter(|node| node.has_tag_name("member"));
    members
        .filter_map(|member| {
            let text = |tag: &str| member.children().find(|node| node.has_tag_name(tag))?.text();
            (text("ResourceType")? == "AWS::Lambda::Function").then(|| text("PhysicalResourceId"))?
        })
        .map(str::to_owned)
        .collect()
}

fn files(directory: &Path) -> Result<String, Error> {
    let below = directory.join("adapters");
    let directory = if below.is_dir() { below } else { directory.to_owned() };
    let path = directory.join("manifest.json");
    let unreadable = |error: &dyn ToString| Error::refused(format!("{}: {}", path.display(), error.to_string()));
    let text = fs::read(&path).map_err(|error| unreadable(&error))?;
    let manifests: BTreeMap<String, Value> = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
    let faults = manifests.iter().filter_map(|(id, manifest)| Some(format!("{id} {}", fault(&directory, manifest)?)));
    let faults: Vec<String> = faults.collect();
    match (manifests.len(), faults.is_empty()) {
        (0, _) => Err(Error::refused(format!("{} names no adapter", path.display()))),
        (count, true) => Ok(format!("{count} adapters are what the manifest says")),
        (_, false) => Err(Error::refused(faults.join(", "))),
    }
}

/// What a function would not load, for the same reasons.
fn fault(directory: &Path, manifest: &Value) -> Option<&'static str> {
    let built = &manifest["built"];
    let (Some(file), Some(sha256)) = (built["file"].as_str(), built["sha256"].as_str()) else {
        return Some("was not built");
    };
    if file.contains('/') {
        return Some("has its file elsewhere");
    }
    match fs::read(directory.join(file)) {
        Err(_) => Some("has no file that can be read"),
        Ok(bytes) if hex::encode(Sha256::digest(&bytes)) != sha256 => Some("has another file than the manifest means"),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn functions_are_found_among_the_resources_as_cloudformation_documents_them() {
        let xml = r#"<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
            <ListStackResourcesResult><StackResourceSummaries>
            <member><PhysicalResourceId>gw-Token-1</PhysicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType></member>
            <member><PhysicalResourceId>gw-Api</PhysicalResourceId><ResourceType>AWS::ApiGatewayV2::Api</ResourceType></member>
            </StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"#;
        assert_eq!(functions(&roxmltree::Document::parse(xml).unwrap()), ["gw-Token-1"]);
    }
}
