//! The code samples of the API reference: each operation's request in curl, JavaScript and Python, as it can be run. What
//! differs from run to run is in the environment. `run_samples.py` runs them all.

use yaml_serde::{Mapping, Value};

use crate::description::{Body, Caller, Request, of_the_run, pairs, text};

/// `lang` of the highlighter, `label` of the tab, and the source.
pub(crate) fn of(request: &Request) -> [(&'static str, &'static str, String); 3] {
    [
        ("Shell", "curl", curl(request)),
        ("JavaScript", "JavaScript", javascript(request)),
        ("Python", "Python", python(request)),
    ]
}

fn curl(request: &Request) -> String {
    let url = format!("{}{}", request.server, request.path);
    let mut lines = vec![if request.query.is_empty() { format!("curl -i {url}") } else { format!("curl -i -G {url}") }];
    match request.caller {
        Caller::Anyone => (),
        Caller::Basic => lines.push(r#"-u "$CLIENT_ID:$CLIENT_SECRET""#.to_owned()),
        Caller::Bearer => lines.push(r#"-H "Authorization: Bearer $ACCESS_TOKEN""#.to_owned()),
    }
    let field = |(name, value): (&str, &Value)| match of_the_run(name) {
        Some(variable) => format!(r#"--data-urlencode "{name}=${variable}""#),
        None => format!("--data-urlencode '{name}={}'", text(value)),
    };
    lines.extend(pairs(&request.query).map(field));
    let mut document = String::new();
    match &request.body {
        None => (),
        Some(Body::Form(fields)) => lines.extend(pairs(fields).map(field)),
        Some(Body::Json(value)) => {
            lines.push("-H 'Content-Type: application/json' -d @- <<END".to_owned());
            document = format!("\n{}\nEND", literal(value, "", 0, &Language::SHELL));
        }
    }
    lines.join(" \\\n  ") + &document
}

fn javascript(request: &Request) -> String {
    let language = &Language::JAVASCRIPT;
    let mut code = String::new();
    if request.caller == Caller::Basic {
        code += "const { CLIENT_ID, CLIENT_SECRET } = process.env;\n";
    }
    let url = format!("{}{}", request.server, request.path);
    code += &match request.query.is_empty() {
        true => format!("const answer = await fetch({}", quoted(&url)),
        false => {
            let query = object(&request.query, 0, language);
            format!("const answer = await fetch({} + new URLSearchParams({query})", quoted(&format!("{url}?")))
        }
    };
    let mut options = Vec::new();
    if request.method != "GET" {
        options.push(format!("method: {}", quoted(&request.method)));
    }
    let mut headers = match request.caller {
        Caller::Anyone => vec![],
        Caller::Basic => vec!["Authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}`"],
        Caller::Bearer => vec!["Authorization: `Bearer ${process.env.ACCESS_TOKEN}`"],
    };
    if matches!(request.body, Some(Body::Json(_))) {
        headers.push(r#""Content-Type": "application/json""#);
    }
    if !headers.is_empty() {
        options.push(format!("headers: {{ {} }}", headers.join(", ")));
    }
    match &request.body {
        None => (),
        Some(Body::Form(fields)) => options.push(format!("body: new URLSearchParams({})", object(fields, 1, language))),
        Some(Body::Json(value)) => options.push(format!("body: JSON.stringify({})", literal(value, "", 1, language))),
    }
    if request.redirects {
        options.push("redirect: \"manual\"".to_owned());
    }
    if !options.is_empty() {
        code += &format!(", {{\n  {},\n}}", options.join(",\n  "));
    }
    let shown = if request.redirects {
        "answer.headers.get(\"location\") ?? await answer.text()"
    } else {
        "await answer.text()"
    };
    code + &format!(");\nconsole.log(answer.status, {shown});")
}

fn python(request: &Request) -> String {
    let language = &Language::PYTHON;
    let mut arguments = vec![quoted(&format!("{}{}", request.server, request.path))];
    match request.caller {
        Caller::Anyone => (),
        Caller::Basic => arguments.push("auth=(environ[\"CLIENT_ID\"], environ[\"CLIENT_SECRET\"])".to_owned()),
        Caller::Bearer => {
            arguments.push("headers={\"Authorization\": f\"Bearer {environ['ACCESS_TOKEN']}\"}".to_owned());
        }
    }
    if !request.query.is_empty() {
        arguments.push(format!("params={}", object(&request.query, 1, language)));
    }
    match &request.body {
        None => (),
        Some(Body::Form(fields)) => arguments.push(format!("data={}", object(fields, 1, language))),
        Some(Body::Json(value)) => arguments.push(format!("json={}", literal(value, "", 1, language))),
    }
    if request.redirects {
        arguments.push("allow_redirects=False".to_owned());
    }
    let call = format!("requests.{}(\n    {},\n)", request.method.to_lowercase(), arguments.join(",\n    "));
    let shown = if request.redirects { "answer.headers.get(\"location\") or answer.text" } else { "answer.text" };
    let environ = if call.contains("environ") { "from os import environ\n\n" } else { "" };
    format!("{environ}import requests\n\nanswer = {call}\nprint(answer.status_code, {shown})")
}

/// How a language writes JSON down.
struct Language {
    indent: &'static str,
    null: &'static str,
    quote_names: bool,
    variable: fn(&str) -> String,
}

impl Language {
    const SHELL: Self = Self { indent: "  ", null: "null", quote_names: true, variable: |name| format!("\"${name}\"") };
    const JAVASCRIPT: Self =
        Self { indent: "  ", null: "null", quote_names: false, variable: |name| format!("process.env.{name}") };
    const PYTHON: Self =
        Self { indent: "    ", null: "None", quote_names: true, variable: |name| format!("environ[{}]", quoted(name)) };
}

fn object(fields: &Mapping, depth: usize, language: &Language) -> String {
    literal(&Value::Mapping(fields.clone()), "", depth, language)
}

/// `name` is the member's that has the value.
fn literal(value: &Value, name: &str, depth: usize, language: &Language) -> String {
    if let Some(variable) = of_the_run(name) {
        return (language.variable)(&variable);
    }
    match value {
        Value::Null => language.null.to_owned(),
        Value::Mapping(fields) => {
            let indent = language.indent.repeat(depth + 1);
            let member = |(name, value): (&str, &Value)| {
                let quoted = if language.quote_names { quoted(name) } else { name.to_owned() };
                format!("{indent}{quoted}: {}", literal(value, name, depth + 1, language))
            };
            let members: Vec<_> = pairs(fields).map(member).collect();
            format!("{{\n{}\n{}}}", members.join(",\n"), language.indent.repeat(depth))
        }
        value => quoted(text(value)),
    }
}

/// The examples hold nothing but strings without quotes, and JSON, JavaScript and Python write these alike.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
