//! template.yaml as a value: tags such as `!Ref` are objects with one member of that name.

use std::{collections::BTreeSet, fs};

use serde_json::{Map, Value, json};

use crate::root;

/// A template of the repository.
pub fn template(path: &str) -> Value {
    let text = fs::read_to_string(root().join(path)).expect("a template");
    plain(yaml_serde::from_str(&text).expect("YAML"))
}

fn plain(value: yaml_serde::Value) -> Value {
    match value {
        yaml_serde::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            json!({ tag: plain(tagged.value) })
        }
        yaml_serde::Value::Sequence(items) => items.into_iter().map(plain).collect(),
        yaml_serde::Value::Mapping(members) => {
            let member =
                |(key, value): (yaml_serde::Value, _)| (key.as_str().expect("a name").to_owned(), plain(value));
            Value::Object(members.into_iter().map(member).collect())
        }
        other => serde_json::to_value(other).expect("a scalar"),
    }
}

/// The resources of a type, by their logical names.
pub fn resources<'a>(template: &'a Value, kind: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let resources = template["Resources"].as_object().expect("resources").iter();
    resources
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
}

/// The logical names that a value refers to, in any branch of an `!If`.
pub fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    gather(value, &mut found);
    found.retain(|name| !name.starts_with("AWS::"));
    found
}

fn gather(value: &Value, found: &mut BTreeSet<String>) {
    let before_dot = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("!Ref" | "!GetAtt", Value::String(name)) => {
                        found.insert(before_dot(name));
                    }
                    ("!Sub", Value::String(text)) => {
                        let names = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
                        found.extend(names.map(before_dot));
                    }
                    // The name of a condition comes first.
                    ("!If", Value::Array(items)) => items.iter().skip(1).for_each(|item| gather(item, found)),
                    _ => gather(value, found),
                }
            }
        }
        _ => {}
    }
}

/// One value, or several of them.
pub fn each(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// The variables of a function, those of all functions among them.
pub fn environment(template: &Value, function: &Value) -> Map<String, Value> {
    let variables = |value: &Value| value["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
    let mut environment = variables(&template["Globals"]["Function"]);
    environment.extend(variables(function));
    environment
}
