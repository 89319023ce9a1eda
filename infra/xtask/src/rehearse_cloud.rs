//! The cloud that is rehearsed in: `ministack` on loopback with IAM enforced, `sam` as a user runs it, and single calls.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Value, json};

use crate::{
    Error, Workspace,
    command::Run,
    events,
    group::Group,
    ministack,
    ports::Ports,
    steps::{end_of, last_lines, to_its_end},
    tools,
};

/// What the stack is called; and, by a tag that only the emulator knows, its API.
pub(crate) const STACK: &str = "rehearsal";

/// A running emulator. Dropping it ends it, and the functions that it started.
pub(crate) struct Cloud<'a> {
    workspace: &'a Workspace,
    /// Of this rehearsal alone.
    home: PathBuf,
    botocore: PathBuf,
    sam: PathBuf,
    pub(crate) url: String,
    /// Ends with this.
    _engine: Group,
}

impl<'a> Cloud<'a> {
    /// Starts it where the sandbox, whose ports these are, looks for functions.
    pub(crate) fn start(workspace: &'a Workspace, home: &Path, ports: &Ports) -> Result<Self, Error> {
        let (botocore, sam) = (tools::ministack(workspace)?, tools::sam(workspace)?);
        let local = |name: &str| format!("http://127.0.0.1:{}", ports.get(name));
        let (url, port) = (local("watch"), ports.get("watch").to_string());
        // Templates are expanded by a package that sam brings along.
        let packages = std::env::join_paths([&botocore, &sam]).map_err(|error| Error::failed(error.to_string()))?;
        let run = Run::new(workspace, "python3").arg(workspace.root.join("infra/xtask/emulator.py"));
        let run = account(run, &url).env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
        let run = ministack::alone(run, &port).env("AUTH", "true").env("MINISTACK_REGION", REGION);
        let run = run.env("EDGE_URL", local("gateway")).env("SMS_URL", local("sns") + "/");
        let run = ["TMPDIR", "STATE_DIR", "S3_DATA_DIR"].into_iter().try_fold(run, |run, name| {
            let place = home.join(name.to_lowercase());
            fs::create_dir_all(&place).map_err(Error::file(&place))?;
            Ok::<_, Error>(run.env(name, place))
        })?;
        let mut engine = Group::start("ministack", run, Some(&home.join("ministack.log")))?;
        ministack::wait(&url, &mut engine)?;
        let cloud = Self { workspace, home: home.to_owned(), botocore, sam, url, _engine: engine };
        let stranger =
            cloud.aws("dynamodb", "list_tables", &json!({})).env("AWS_ACCESS_KEY_ID", "AKIASTRANGERSTRANGER");
        match read("a stranger's call", stranger) {
            Ok(_) => {
                Err(Error::failed("ministack answers a call that is signed with a key of nobody: it enforces nothing"))
            }
            Err(error) if error.to_string().contains("(UnrecognizedClientException)") => Ok(cloud),
            Err(error) => Err(error),
        }
    }

    /// A command with the account's credentials and address, and no others.
    pub(crate) fn run(&self, program: impl AsRef<std::ffi::OsStr>) -> Run {
        account(Run::new(self.workspace, program), &self.url)
    }

    /// One call, as botocore names service, operation and parameters; the answer.
    pub(crate) fn call(&self, service: &str, operation: &str, parameters: &Value) -> Result<Value, Error> {
        read(&format!("{service} {operation}"), self.aws(service, operation, parameters))
    }

    fn aws(&self, service: &str, operation: &str, parameters: &Value) -> Run {
        let run = self.run("python3").env("PYTHONPATH", &self.botocore).env("PYTHONDONTWRITEBYTECODE", "1");
        let run = run.arg(self.workspace.root.join("infra/xtask/aws.py")).arg(service).arg(operation);
        run.arg(parameters.to_string())
    }

    /// `sam <words> …`, where the template is.
    ///
    /// # Errors
    /// Why it failed: the reasons that CloudFormation gave, or the last that `sam` said.
    pub(crate) fn sam(&self, name: &str, words: &str, more: &[&str]) -> Result<(), Error> {
        let run = self.run("python3").env("PYTHONPATH", &self.sam).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut run = run.words("-m samcli").words(words);
        run.0.args(more).current_dir(&self.home);
        let run = run.env("SAM_CLI_TELEMETRY", "0").env("__SAM_CLI_APP_DIR", self.home.join("sam"));
        let before = self.last_event();
        let log = self.home.join(format!("{}.log", name.replace(' ', "-")));
        let status = to_its_end(name, run, &log)?;
        if status.success() {
            return Ok(());
        }
        let mut reasons = self.events(&before).map(|events| events::failures(&events)).unwrap_or_default();
        reasons.push(last_lines(&log, 1));
        Err(Error::failed(format!(
            "{name} failed ({status}): {}\nits output is in {}",
            reasons.join("\n"),
            log.display()
        )))
    }

    /// What happened to the stack after the event of this id, the newest first.
    pub(crate) fn events(&self, before: &str) -> Result<Vec<Value>, Error> {
        let (mut found, mut ask) = (Vec::new(), json!({ "StackName": STACK }));
        loop {
            let said = self.call("cloudformation", "describe_stack_events", &ask)?;
            for event in said["StackEvents"].as_array().into_iter().flatten() {
                if event["EventId"] == before {
                    return Ok(found);
                }
                found.push(event.clone());
            }
            if said["NextToken"].is_null() {
                return Ok(found);
            }
            ask["NextToken"] = said["NextToken"].clone();
        }
    }

    /// The id of the last that happened; empty while there is no stack.
    pub(crate) fn last_event(&self) -> String {
        let said = self.call("cloudformation", "describe_stack_events", &json!({ "StackName": STACK }));
        said.map(|said| text(&said["StackEvents"][0]["EventId"])).unwrap_or_default()
    }

    /// Id, status and outputs of the stack.
    pub(crate) fn stack(&self) -> Result<(String, String, Value), Error> {
        let said = self.call("cloudformation", "describe_stacks", &json!({ "StackName": STACK }))?;
        let stack = &said["Stacks"][0];
        let outputs = stack["Outputs"].as_array().into_iter().flatten();
        let outputs = outputs.map(|one| (text(&one["OutputKey"]), one["OutputValue"].clone())).collect();
        Ok((text(&stack["StackId"]), text(&stack["StackStatus"]), Value::Object(outputs)))
    }

    /// Every line that the stack's functions have logged.
    pub(crate) fn logs(&self) -> Result<String, Error> {
        let mut lines = String::new();
        let groups = self.call("logs", "describe_log_groups", &json!({}))?;
        for group in groups["logGroups"].as_array().into_iter().flatten() {
            let mut ask = json!({ "logGroupName": group["logGroupName"] });
            loop {
                let said = self.call("logs", "filter_log_events", &ask)?;
                let events = said["events"].as_array().into_iter().flatten();
                events.for_each(|event| lines += &format!("{}\n", text(&event["message"]).trim_end()));
                if said["nextToken"].is_null() {
                    break;
                }
                ask["nextToken"] = said["nextToken"].clone();
            }
        }
        Ok(lines)
    }

    /// What a function runs with: `GetFunctionConfiguration`.
    pub(crate) fn function(&self, endpoint: &str) -> Result<Value, Error> {
        let name = json!({ "FunctionName": format!("{STACK}-{endpoint}") });
        self.call("lambda", "get_function_configuration", &name)
    }
}

const REGION: &str = "eu-west-2";

/// Credentials that are good here only; a developer's own files are not read.
fn account(run: Run, url: &str) -> Run {
    let run =
        run.without_aws().env("AWS_ENDPOINT_URL", url).env("AWS_REGION", REGION).env("AWS_DEFAULT_REGION", REGION);
    let run = run.env("AWS_ACCESS_KEY_ID", "rehearsal").env("AWS_SECRET_ACCESS_KEY", "rehearsal");
    run.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
}

/// Runs a command to its end, and reads its output as JSON.
pub(crate) fn read(name: &str, mut run: Run) -> Result<Value, Error> {
    let said = run.0.output().map_err(Error::file(name))?;
    if said.status.success() { answer(name, &said) } else { Err(failure(name, &said)) }
}

/// The JSON that a command has written, however it ended.
pub(crate) fn answer(name: &str, said: &Output) -> Result<Value, Error> {
    match serde_json::from_slice(&said.stdout) {
        Err(_) if !said.status.success() => Err(failure(name, said)),
        read => read.map_err(|error| Error::Json(name.into(), error)),
    }
}

fn failure(name: &str, said: &Output) -> Error {
    let why = end_of(&String::from_utf8_lossy(&said.stderr), 3).replace('\n', "; ");
    Error::failed(format!("{name} failed ({}): {why}", said.status))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
