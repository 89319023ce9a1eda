//! infra/openapi.yaml, and what it says of an answer.

use std::{collections::BTreeSet, sync::LazyLock};

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use sna_api::wire;

use crate::answer::Answer;

static SPEC: LazyLock<Value> =
    LazyLock::new(|| yaml_serde::from_str(include_str!("../../infra/openapi.yaml")).expect("YAML"));

/// Whatever else stands beside them is not JSON Schema, so that pointers into it are all that is compiled.
const HERE: &str = "http://openapi.invalid/openapi.json";
const JSON: &str = "application/json; charset=utf-8";

/// A place in the document: a JSON pointer, with `$ref` followed.
#[derive(Clone, Debug)]
struct At(String);

impl At {
    fn new(pointer: &str) -> Option<Self> {
        let found = SPEC.pointer(pointer)?;
        match found["$ref"].as_str() {
            Some(target) => Self::new(target.strip_prefix('#')?),
            None => Some(Self(pointer.to_owned())),
        }
    }

    fn value(&self) -> &'static Value {
        SPEC.pointer(&self.0).expect("a place in the document")
    }

    fn down(&self, name: &str) -> Option<Self> {
        Self::new(&format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.value().as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Why `value` is not as the schema here says.
    fn fault(&self, value: &Value) -> Option<String> {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource(HERE, SPEC.clone()).expect("a document");
        let schema = compiler.compile(&format!("{HERE}#{}", self.0), &mut schemas).expect("a schema");
        schemas.validate(value, schema).err().map(|error| format!("{error:#}"))
    }
}

/// The response that the document has for an answer.
fn response(method: &str, path: &str, status: u16) -> Option<At> {
    let paths = At::new("/paths")?;
    let template = paths.names().find(|template| matches(template, path));
    let Some(template) = template else { return At::new("/components/responses/NotFound") };
    match paths.down(template)?.down(&method.to_ascii_lowercase()) {
        Some(operation) => operation.down("responses")?.down(&status.to_string()),
        None => At::new("/components/responses/MethodNotAllowed"),
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(t, p)| *t == p || (t.starts_with('{') && !p.is_empty()))
}

/// The errors that the document lists for a response.
fn errors(response: &At) -> Vec<Value> {
    let examples = response.value()["content"]["application/json"]["examples"].as_object();
    examples.into_iter().flatten().map(|(_, example)| example["value"].clone()).collect()
}

/// Fails unless the answer is one that the document describes.
#[track_caller]
pub fn hold(method: &str, path: &str, answer: &Answer) {
    let what = format!("{method} {path} {} {}", answer.status, answer.body);
    let response = response(method, path, answer.status).unwrap_or_else(|| panic!("not described: {what}"));
    let described = response.down("headers").expect("headers");
    for name in described.names() {
        let header = described.down(name).expect("a header");
        match answer.headers.get(&name.to_ascii_lowercase()) {
            Some(value) => {
                let fault = header.down("schema").expect("a schema").fault(&json!(value));
                assert_eq!(fault, None, "{name} of {what}");
            }
            None => assert_ne!(header.value()["required"], json!(true), "{name} is missing: {what}"),
        }
    }
    for name in answer.headers.keys() {
        let known = name == "content-type" || described.names().any(|known| known.eq_ignore_ascii_case(name));
        assert!(known, "a header that is not described, {name}: {what}");
    }
    let media_type = answer.headers.get("content-type").map(String::as_str);
    let Some(content) = response.down("content") else {
        return assert_eq!((media_type, answer.body.as_str()), (None, ""), "{what}");
    };
    assert_eq!(media_type, Some(JSON), "{what}");
    if method == "HEAD" {
        return assert_eq!(answer.body, "");
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("no JSON: {what}"));
    let schema = content.down("application/json").and_then(|content| content.down("schema")).expect("a schema");
    assert_eq!(schema.fault(&body), None, "{what}");
    if answer.status >= 400 {
        assert!(errors(&response).contains(&body), "an error that is not described: {what}");
    }
}

/// Every response of every operation, and those of what is no operation.
fn responses() -> Vec<At> {
    let mut found = Vec::new();
    let paths = At::new("/paths").expect("paths");
    for path in paths.names().filter_map(|path| paths.down(path)) {
        let operations = path.names().filter(|name| *name != "parameters").filter_map(|name| path.down(name));
        let responses = operations.filter_map(|operation| operation.down("responses"));
        found.extend(responses.flat_map(|all| all.names().filter_map(|status| all.down(status)).collect::<Vec<_>>()));
    }
    found.extend(
        ["NotFound", "MethodNotAllowed"]
            .map(|name| At::new(&format!("/components/responses/{name}")).expect("a response")),
    );
    found
}

#[test]
fn the_errors_of_the_description_are_those_of_the_code() {
    let described: BTreeSet<String> = responses()
        .iter()
        .flat_map(errors)
        .filter_map(|error| error.get("error").is_some().then(|| error.to_string()))
        .collect();
    let ours = wire::ALL.iter().map(|row| json!({ "error": row.error, "error_description": row.description }));
    assert_eq!(described, ours.map(|row| row.to_string()).collect());
}

#[test]
fn every_example_is_as_its_schema_says() {
    let mut places = vec![String::new()];
    let mut seen = 0;
    while let Some(place) = places.pop() {
        let Some(value) = SPEC.pointer(&place) else { continue };
        let within = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
        match value {
            Value::Object(members) => places.extend(members.keys().map(|name| within(name))),
            Value::Array(items) => places.extend((0..items.len()).map(|index| within(&index.to_string()))),
            _ => {}
        }
        let Some(schema) = At::new(&place).and_then(|at| at.down("schema")) else { continue };
        let named = value["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
        for example in value.get("example").into_iter().chain(named) {
            seen += 1;
            assert_eq!(schema.fault(example), None, "{place}");
        }
    }
    assert!(seen > 50, "{seen} examples");
}

#[test]
fn every_path_is_routed_here_and_on_aws() {
    let (local, aws) = (include_str!("../../Cargo.toml"), include_str!("../../template.yaml"));
    let paths: Vec<_> = At::new("/paths").expect("paths").names().collect();
    for path in &paths {
        assert!(local.contains(&format!("\"{path}\" = ")), "{path} has no local route");
        let route = |quote: &str| aws.contains(&format!("RouteKey: {quote}ANY {path}{quote}, "));
        // Over plain http there is a load balancer instead.
        let is_plain = *path == "/v1/enrich/{vendor}" && aws.contains("Values: ['/v1/enrich/*']");
        assert!(route("") || route("\"") || is_plain, "{path} has no route on AWS");
    }
    assert_eq!(local.lines().filter(|line| line.starts_with("\"/v1/")).count(), paths.len());
    assert_eq!(aws.matches("RouteKey: ").count(), paths.len() - 1);
}
