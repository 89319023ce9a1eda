//! The adapters: every function has the newest version of the layer, and staged files are what their manifest says.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Check;
use crate::{Error, place::Place, signed::Service};

pub(super) async fn checks(place: &Place, staged: Option<&Path>) -> Vec<Check> {
    let todo = "deploy again; a layer's new version reaches a function with its next deployment only";
    let mut checks = Vec::new();
    if place.stack().is_some() || place.is_local {
        checks.push(Check::asked("layer", deployed(place).await, todo));
    }
    if let Some(directory) = staged {
        let todo = "build and stage it again: cargo xtask package";
        checks.push(Check::of("layer: staged files", files(directory), todo));
    }
    checks
}

/// Each function of the stack that has our layer, against the layer's newest version.
async fn deployed(place: &Place) -> Result<String, Error> {
    let functions = functions_of(place, place.stack().unwrap_or_default()).await?;
    let ours = place.need("ADAPTERS_LAYER")?;
    let (name, _) = ours.rsplit_once(':').ok_or_else(|| Error::refused(format!("{ours} is no layer version")))?;
    // The API takes the name or the ARN, whose colons a path must not hold as they are.
    let short = name.rsplit(':').next().unwrap_or(name);
    let versions = place.read(Service::LAMBDA, &format!("/2018-10-31/layers/{short}/versions")).await?;
    let newest = versions["LayerVersions"][0]["LayerVersionArn"].as_str().unwrap_or_default().to_owned();
    let mut with = Vec::new();
    for function in functions {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let configuration = place.read(Service::LAMBDA, &path).await?;
        let layers = configuration["Layers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let version = layers.iter().filter_map(|layer| layer["Arn"].as_str()).find(|arn| arn.starts_with(name));
        with.extend(version.map(|version| (function, version.to_owned())));
    }
    judged(&with, &newest).map_err(Error::refused)
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

fn judged(with: &[(String, String)], newest: &str) -> Result<String, String> {
    let old: Vec<&str> =
        with.iter().filter(|(_, version)| version != newest).map(|(function, _)| function.as_str()).collect();
    match (with.len(), old.is_empty()) {
        (0, _) => Err("no function has the layer".to_owned()),
        (count, true) => Ok(format!("{count} functions have {newest}")),
        (_, false) => Err(format!("an older version than {newest}: {}", old.join(", "))),
    }
}

/// `DIR/adapters`, or DIR itself, with its manifest.
fn files(directory: &Path) -> Result<String, String> {
    let below = directory.join("adapters");
    let directory = if below.is_dir() { below } else { directory.to_owned() };
    let path = directory.join("manifest.json");
    let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let manifests: BTreeMap<String, Value> =
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let wrong: Vec<String> = manifests
        .iter()
        .filter_map(|(id, manifest)| {
            let file = manifest["built"]["file"].as_str().filter(|file| !file.contains('/'))?;
            let bytes = fs::read(directory.join(file)).ok();
            let found = bytes.map(|bytes| hex::encode(Sha256::digest(bytes)));
            (found.as_deref() != manifest["built"]["sha256"].as_str()).then(|| id.clone())
        })
        .collect();
    let unbuilt = manifests.values().filter(|manifest| manifest["built"]["file"].as_str().is_none()).count();
    match (wrong.is_empty(), unbuilt) {
        (true, 0) => Ok(format!("{} adapters are what the manifest says", manifests.len())),
        (true, unbuilt) => Err(format!("{unbuilt} adapters have no file")),
        (false, _) => Err(format!("not the file that the manifest means: {}", wrong.join(", "))),
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

    #[test]
    fn one_function_with_an_older_layer_is_named() {
        let with = |versions: &[&str]| -> Vec<(String, String)> {
            versions.iter().enumerate().map(|(n, version)| (format!("f{n}"), (*version).to_owned())).collect()
        };
        assert!(judged(&with(&["l:2", "l:2"]), "l:2").is_ok());
        assert_eq!(judged(&with(&["l:2", "l:1"]), "l:2"), Err("an older version than l:2: f1".to_owned()));
        assert!(judged(&[], "l:2").is_err());
    }
}
