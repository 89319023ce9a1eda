//! The collections of requests in `infra/clients/http`: for Bruno, and as an `.http` file for editors. Both walk a sign-in
//! by code, which takes no handset, with the requests of the API's description.

use yaml_serde::Value;

use crate::description::{Body, Caller, Description, OF_THE_RUN, Request, pairs, text};

/// Where they are in the repository.
pub(crate) const FOLDER: &str = "infra/clients/http";

/// What a request leaves for those after it: the variable, and where it is in the answer.
type Kept = Option<(&'static str, &'static str)>;

/// The sign-in: operation, the example of its body where it has more than one, title, and what is kept.
const WALK: [(&str, Option<&str>, &str, Kept); 8] = [
    ("token", None, "An access token", Some(("access_token", "body.access_token"))),
    ("keys", None, "The public keys", None),
    ("coverage", None, "What each network can do", None),
    ("get_config", None, "Begin a silent sign-in", Some(("id_token", "body.id_token"))),
    ("authenticate", None, "The handset opens the link", None),
    ("get_config", Some("application/json"), "Begin again, for a code", Some(("id_token", "body.id_token"))),
    ("otp", None, "Send the code", None),
    ("validate", Some("typed"), "Hand over what was typed", None),
];
/// The sandbox's phone, asked before the code is handed over; no part of the API.
const INBOX: &str = "inbox/447700900620";
const CODE: (&str, &str) = ("otp_code", "body[0].text.split(\"#\").pop()");

/// Paths below [`FOLDER`], and contents.
pub(crate) fn files(description: &Description) -> Vec<(String, String)> {
    let mut steps = Vec::new();
    for (id, example, title, kept) in WALK {
        let Some(request) = description.example(id, example) else { continue };
        if id == "validate" {
            steps.push(Step::inbox());
        }
        steps.push(Step { title, kept, status: if request.redirects { 302 } else { 200 }, at: "{{url}}", request });
    }
    let mut files: Vec<_> = (1..).zip(&steps).map(|(number, step)| (step.file(number), step.bruno(number))).collect();
    let collection = "{\n  \"version\": \"1\",\n  \"name\": \"Silent Auth Gateway\",\n  \"type\": \"collection\"\n}\n";
    files.push(("bruno/bruno.json".to_owned(), collection.to_owned()));
    let variables = [("url", "http://127.0.0.1:9000"), ("sandbox", "http://127.0.0.1:9400")];
    let lines = variables.map(|(name, value)| format!("  {name}: {value}\n")).concat();
    let secret = "vars:secret [\n  client_id,\n  client_secret\n]\n";
    files.push(("bruno/environments/local.bru".to_owned(), format!("vars {{\n{lines}}}\n{secret}")));
    let defaults = variables.map(|(name, value)| format!("    {name:?}: {value:?}")).join(",\n");
    files.push(("http-client.env.json".to_owned(), format!("{{\n  \"local\": {{\n{defaults}\n  }}\n}}\n")));
    let steps: Vec<_> = steps.iter().map(Step::http).collect();
    let head = "# A sign-in by code, for editors that run .http files. `cargo xtask docs` writes this file from infra/openapi.yaml.\n\
                # Choose the environment local; client_id and client_secret are yours to add to it, in http-client.private.env.json.\n";
    files.push(("gateway.http".to_owned(), format!("{head}\n{}", steps.join("\n###\n\n"))));
    files
}

struct Step {
    title: &'static str,
    kept: Kept,
    status: u16,
    /// The variable of the server.
    at: &'static str,
    request: Request,
}

impl Step {
    fn inbox() -> Self {
        let request = Request {
            id: "inbox".to_owned(),
            method: "GET".to_owned(),
            server: String::new(),
            path: format!("/{INBOX}"),
            summary: "The SMS of the sandbox's phone: a person would read it".to_owned(),
            caller: Caller::Anyone,
            query: yaml_serde::Mapping::new(),
            body: None,
            redirects: false,
        };
        Self { title: "Read the SMS", kept: Some(CODE), status: 200, at: "{{sandbox}}", request }
    }

    fn file(&self, number: u16) -> String {
        format!("bruno/{number}-{}.bru", self.request.id)
    }

    fn url(&self) -> String {
        let query: Vec<_> =
            pairs(&self.request.query).map(|(name, value)| format!("{name}={}", shown(name, value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.at, self.request.path, query.join("&"))
    }

    fn bruno(&self, number: u16) -> String {
        let request = &self.request;
        let mut blocks = vec![block("meta", &[("name", self.title), ("type", "http"), ("seq", &number.to_string())])];
        let (body, content) = match &request.body {
            None => ("none", None),
            Some(Body::Form(fields)) => {
                let fields: Vec<_> = pairs(fields).map(|(name, value)| (name, shown(name, value))).collect();
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                ("formUrlEncoded", Some(block("body:form-urlencoded", &fields)))
            }
            Some(Body::Json(value)) => {
                ("json", Some(format!("body:json {{\n  {}\n}}\n", json(value, "").replace('\n', "\n  "))))
            }
        };
        let (auth, credentials) = match request.caller {
            Caller::Anyone => ("none", None),
            Caller::Basic => {
                let fields = [("username", "{{client_id}}"), ("password", "{{client_secret}}")];
                ("basic", Some(block("auth:basic", &fields)))
            }
            Caller::Bearer => ("bearer", Some(block("auth:bearer", &[("token", "{{access_token}}")]))),
        };
        let call = [("url", self.url()), ("body", body.to_owned()), ("auth", auth.to_owned())];
        blocks
            .push(block(&request.method.to_lowercase(), &call.each_ref().map(|(name, value)| (*name, value.as_str()))));
        blocks.extend(credentials.into_iter().chain(content));
        let status = format!("eq {}", self.status);
        let mut expected = vec![("res.status", status.as_str())];
        if request.id == "validate" {
            expected.push(("res.body.authenticated", "eq \"true\""));
        }
        blocks.push(block("assert", &expected));
        if let Some((name, place)) = self.kept {
            blocks.push(format!("script:post-response {{\n  bru.setVar(\"{name}\", res.{place});\n}}\n"));
        }
        if request.redirects {
            blocks.push(block("settings", &[("followRedirects", "false")]));
        }
        blocks.push(format!("docs {{\n  {}\n}}\n", request.summary));
        blocks.join("\n")
    }

    fn http(&self) -> String {
        let request = &self.request;
        let mut text = format!("# {}: {}\n", self.title, request.summary);
        if request.redirects {
            text += "# @no-redirect\n";
        }
        text += &format!("{} {}\n", request.method, self.url());
        text += match request.caller {
            Caller::Anyone => "",
            Caller::Basic => "Authorization: Basic {{client_id}} {{client_secret}}\n",
            Caller::Bearer => "Authorization: Bearer {{access_token}}\n",
        };
        match &request.body {
            None => (),
            Some(Body::Form(fields)) => {
                let fields: Vec<_> =
                    pairs(fields).map(|(name, value)| format!("{name}={}", encoded(&shown(name, value)))).collect();
                text += &format!("Content-Type: application/x-www-form-urlencoded\n\n{}\n", fields.join("&"));
            }
            Some(Body::Json(value)) => text += &format!("Content-Type: application/json\n\n{}\n", json(value, "")),
        }
        if let Some((name, place)) = self.kept {
            text += &format!("\n> {{% client.global.set(\"{name}\", response.{place}); %}}\n");
        }
        text
    }
}

fn block(name: &str, fields: &[(&str, &str)]) -> String {
    let lines: String = fields.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
    format!("{name} {{\n{lines}}}\n")
}

/// A variable where the value is another in every run.
fn shown(name: &str, value: &Value) -> String {
    if OF_THE_RUN.contains(&name) { format!("{{{{{name}}}}}") } else { text(value).to_owned() }
}

/// The examples hold objects, strings and `null`.
fn json(value: &Value, name: &str) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Mapping(fields) => {
            let fields: Vec<_> = pairs(fields)
                .map(|(name, value)| format!("  {name:?}: {}", json(value, name).replace('\n', "\n  ")))
                .collect();
            format!("{{\n{}\n}}", fields.join(",\n"))
        }
        value => format!("{:?}", shown(name, value)),
    }
}

fn encoded(text: &str) -> String {
    text.replace('+', "%2B").replace(' ', "%20")
}
