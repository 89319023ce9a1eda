//! `infra/openapi.yaml` as those read it who make something of it: the page, its samples, the collections. The order of
//! the document is kept.

use std::fs;

use yaml_serde::{Mapping, Value};

use crate::{Error, Workspace};

/// The gateway and its plain-http listener, as the document names them for the local run.
pub(crate) const LOCAL: [&str; 2] = ["http://127.0.0.1:9000", "http://127.0.0.1:9002"];
/// Members whose value is another in every run; whoever runs a sample has them in variables of the same name.
pub(crate) const OF_THE_RUN: [&str; 5] = ["id_token", "session_id", "state", "code", "otp_code"];

/// The document, anchors resolved.
pub(crate) struct Description(pub(crate) Value);

/// How an operation knows who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Anyone,
    /// Client id and secret.
    Basic,
    /// An access token.
    Bearer,
}

/// One request of an operation, good as it stands but for [`OF_THE_RUN`].
pub(crate) struct Request {
    pub(crate) id: String,
    /// In capitals.
    pub(crate) method: String,
    /// `http://host:port`.
    pub(crate) server: String,
    /// With examples in the place of parameters.
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) caller: Caller,
    pub(crate) query: Mapping,
    pub(crate) body: Option<Body>,
    /// May it answer with a redirect? That is what it does if all is well.
    pub(crate) redirects: bool,
}

pub(crate) enum Body {
    Form(Mapping),
    Json(Value),
}

impl Description {
    pub(crate) fn read(workspace: &Workspace) -> Result<Self, Error> {
        let path = workspace.root.join("infra/openapi.yaml");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let parsed = yaml_serde::from_str(&text);
        Ok(Self(parsed.map_err(|error| Error::failed(format!("{}: {error}", path.display())))?))
    }

    /// The operation with this id, and the first example of its body, or the one of this name or media type.
    pub(crate) fn example(&self, id: &str, example: Option<&str>) -> Option<Request> {
        members(&self.0["paths"])
            .flat_map(|(path, item)| self.methods(item).map(move |method| (path, item, method)))
            .find(|(_, item, method)| item[*method]["operationId"] == *id)
            .map(|(path, item, method)| self.request(path, item, method, example))
    }

    /// What a `$ref` stands for; anything else is itself.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(pointer) = value["$ref"].as_str().and_then(|target| target.strip_prefix("#/")) else { return value };
        pointer.split('/').fold(&self.0, |at, name| &at[name])
    }

    fn methods<'a>(&self, item: &'a Value) -> impl Iterator<Item = &'a str> + use<'a> {
        members(item).map(|(name, _)| name).filter(|name| matches!(*name, "get" | "post"))
    }

    fn request(&self, path: &str, item: &Value, method: &str, example: Option<&str>) -> Request {
        let operation = &item[method];
        let (mut path, mut query) = (path.to_owned(), Mapping::new());
        for list in [&item["parameters"], &operation["parameters"]] {
            for parameter in list.as_sequence().into_iter().flatten().map(|parameter| self.resolve(parameter)) {
                let (name, value) = (text(&parameter["name"]), &parameter["example"]);
                if parameter["in"] == "path" {
                    path = path.replace(&format!("{{{name}}}"), text(value));
                } else if parameter["in"] == "query" && (parameter["required"] == true || !value.is_null()) {
                    query.insert(name.into(), value.clone());
                }
            }
        }
        let server = [&item["servers"], &self.0["servers"]].into_iter().find_map(|servers| servers[0]["url"].as_str());
        let security = &operation["security"][0];
        Request {
            id: text(&operation["operationId"]).to_owned(),
            method: method.to_uppercase(),
            server: server.unwrap_or_default().to_owned(),
            path,
            summary: text(&operation["summary"]).to_owned(),
            caller: match (security.get("client"), security.get("access_token")) {
                (Some(_), _) => Caller::Basic,
                (_, Some(_)) => Caller::Bearer,
                _ => Caller::Anyone,
            },
            query,
            body: self.body(&operation["requestBody"]["content"], example),
            redirects: operation["responses"].get("302").is_some(),
        }
    }

    fn body(&self, content: &Value, wanted: Option<&str>) -> Option<Body> {
        members(content).find_map(|(media, content)| {
            let named = members(&content["examples"]).map(|(name, example)| (name, &example["value"]));
            let mut all = content.get("example").map(|value| (media, value)).into_iter().chain(named);
            let (_, value) = all.find(|(name, _)| wanted.is_none_or(|wanted| wanted == *name))?;
            match value.as_mapping() {
                Some(fields) if media == "application/x-www-form-urlencoded" => Some(Body::Form(fields.clone())),
                _ => Some(Body::Json(value.clone())),
            }
        })
    }
}

/// Names and values, in order; of anything but an object, none.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_mapping().into_iter().flat_map(pairs)
}

pub(crate) fn pairs(fields: &Mapping) -> impl Iterator<Item = (&str, &Value)> {
    fields.iter().filter_map(|(name, value)| Some((name.as_str()?, value)))
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a member's value is in a sample: the name of the run's variable, or the text of the document.
pub(crate) fn of_the_run(name: &str) -> Option<String> {
    OF_THE_RUN.contains(&name).then(|| name.to_uppercase())
}
