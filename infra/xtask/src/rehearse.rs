//! `cargo xtask rehearse`: a deployment from first to last on this machine. `sam` deploys the template as it is to
//! `ministack`, whose Lambda runs the functions' own files with the environment, the role and the layer that were
//! deployed; the sandbox is the world around it. Each step is shown, and fails the command if it is not as it should be.

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    Error, Workspace,
    command::Run,
    contract, events,
    interrupt::pause,
    leaks,
    ports::Ports,
    rehearse_cloud::{Cloud, STACK, read, text},
    rehearse_doctor,
    rehearse_package::{Newcomer, Package, object},
    routes,
    steps::{quietly, step},
    system::{self, Children},
};

/// For the deletion of the stack.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Args)]
pub struct Rehearse {
    /// dev for what `cargo build` makes; release for what `cargo xtask package` left in target/package/current
    #[arg(long, default_value = "dev", value_parser = ["dev", "release"])]
    profile: String,
}

/// A match by redirect, a mismatch, a handset on Wi-Fi that takes the SMS, JSON from the operator, a credential from the
/// wallet, and a header over plain http.
const DEMOS: [&str; 6] =
    ["+447700900620", "+447700900621", "+447700900622", "+8613900000020", "+6281112345620", "+94771234520"];

/// A stack's secrets that the sandbox knows, and what the names in them begin with.
const CREDENTIALS: [(&str, &str); 2] = [("operators", "OPERATOR_"), ("lookup", "LOOKUP_")];

/// What stands in for what the emulator has not, and what is not rehearsed at all.
const STAND_INS: &str =
    "    no layer is mounted at /opt: the function's environment names the place where its layer is unpacked
    no resolver knows the API's address: the sandbox's edge on 127.0.0.1 has it, without TLS
    everyone calls from 127.0.0.1: the address is that which the edge has seen
    targets of a load balancer, metric math, ARNs of secrets, classes of characters to leave out of them, a table's time to
    live and backups: made up for
    no SMS arrives: the sandbox refuses what SNS refuses, and its handsets read the rest
    no question about SMS is answered: rows of `sna doctor` about them are shown, and excepted
    not rehearsed: throttling, access logs, alarms that go off, memory, domain, certificate, WAF";

/// Rehearses.
///
/// # Errors
/// The first step that was not as it should be.
pub fn rehearse(workspace: &Workspace, options: &Rehearse) -> Result<(), Error> {
    system::build(workspace)?;
    run(workspace, &options.profile)
}

/// With what the check before it has built.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Error> {
    run(workspace, "dev")
}

fn run(workspace: &Workspace, profile: &str) -> Result<(), Error> {
    let home = workspace.scratch().join("rehearsal");
    let outside = env::temp_dir().join(format!("rehearsal-{}", process::id()));
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).map_err(Error::file(&home))?;
    println!("What the emulator has not, and what stands in for it (infra/xtask/emulator.py):\n{STAND_INS}");
    let newcomer =
        step("an operator whom the functions do not know: its crate", || Newcomer::build(workspace, &outside));
    let ended = newcomer.and_then(|newcomer| Rehearsal::begin(workspace, profile, &home, newcomer)?.play());
    let _ = fs::remove_dir_all(&outside);
    ended
}

struct Rehearsal<'a> {
    workspace: &'a Workspace,
    home: &'a Path,
    package: Package,
    newcomer: Newcomer,
    cloud: Cloud<'a>,
    world: Children,
    /// The sandbox's `gateway.json`, with the deployment's customer.
    gateway: Value,
    /// The sandbox's secrets at operators and lookups.
    env: BTreeMap<String, String>,
    /// A listener on plain http, which is there before the stack, and the edge's way to it.
    listener: String,
    plain: String,
}

impl<'a> Rehearsal<'a> {
    fn begin(workspace: &'a Workspace, profile: &str, home: &'a Path, newcomer: Newcomer) -> Result<Self, Error> {
        let package = step("lay the package out", || Package::lay_out(workspace, profile, home))?;
        let ports = Ports::free()?;
        let cloud = step("start ministack, with IAM enforced", || Cloud::start(workspace, home, &ports))?;
        let mut table = object(&workspace.root.join("infra/operators.json"))?;
        table.extend(newcomer.entries.clone());
        let path = home.join("table.json");
        fs::write(&path, Value::Object(table).to_string()).map_err(Error::file(&path))?;
        let (world, gateway, env) = step("start the sandbox: operators, handsets, SMS, the edge", || {
            let run = Run::new(workspace, workspace.built("sandbox")).words("serve --profiles adapters --profiles");
            let run = run.arg(&newcomer.home).arg("--template").arg(&path);
            let run = run.arg("--functions").arg(format!("{}/_aws/execute-api/{STACK}/$default", cloud.url));
            let run = run.arg("--enrich").arg(format!("{}/_alb/{STACK}", cloud.url));
            system::sandbox(run, workspace, &ports, home)
        })?;
        let (listener, plain) = (listener(&cloud)?, format!("http://127.0.0.1:{}", ports.get("enrich")));
        Ok(Self { workspace, home, package, newcomer, cloud, world, gateway, env, listener, plain })
    }

    fn play(mut self) -> Result<(), Error> {
        let whole = Value::Object(object(&self.home.join("operators.json"))?);
        let mut first = whole.clone();
        self.newcomer
            .entries
            .keys()
            .for_each(|network| drop(first.as_object_mut().and_then(|all| all.remove(network))));
        self.package.put("operators.json", &first)?;
        self.package.put("lookup.json", &Value::Object(object(&self.home.join("lookup.json"))?))?;
        step("sam package", || self.pack())?;
        step("sam deploy: a new stack", || self.deploy("packaged.yaml", "GB", "CREATE_COMPLETE"))?;
        step("the outputs that the README names", || self.outputs())?;
        step("put in keys, operators' credentials, a customer", || self.put_in())?;
        step("sna doctor", || rehearse_doctor::check(self.workspace, &self.cloud))?;
        let url = text(&self.gateway["url"]);
        step("each route answers", || routes::wait(&url, &self.plain, &mut self.world))?;
        step("sign-ins through the deployed URL", || self.demos(&DEMOS))?;
        step("the contract's rows through the deployed URL", || contract::rows(self.workspace, &url, self.home))?;
        step("nothing personal or secret in the functions' logs", || self.logs())?;
        step("sam deploy: a changed parameter", || {
            self.deploy("packaged.yaml", "GB,DE", "UPDATE_COMPLETE")?;
            self.serves("GB,DE")
        })?;
        step("sam deploy: an update that fails half way is rolled back", || {
            self.broken()?;
            self.serves("GB,DE")
        })?;
        step("a new operator: a new version of the layer, and no function's code", || self.newcomer(&whole))?;
        step("sna doctor, of the new layer", || rehearse_doctor::check(self.workspace, &self.cloud))?;
        step("delete the stack", || self.delete())
    }

    /// Zips and uploads everything once, for all deployments.
    fn pack(&self) -> Result<(), Error> {
        self.cloud.sam(
            "sam package",
            "package --resolve-s3 --no-progressbar --output-template-file packaged.yaml",
            &[],
        )?;
        // What has an address in the emulator is for sam in no S3.
        self.edit("packaged.yaml", "packaged.yaml", "TemplateURL: http", "TemplateURL: infra/watch.yaml")
    }

    /// Puts `line` for the one line that begins with `old`, and writes the template under another name.
    fn edit(&self, from: &str, to: &str, old: &str, line: &str) -> Result<(), Error> {
        let path = self.home.join(from);
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let mut lines = text.lines().filter(|line| line.trim_start().starts_with(old));
        let (Some(found), None) = (lines.next(), lines.next()) else {
            return Err(Error::failed(format!("{} has not one line {old}…", path.display())));
        };
        let indent = &found[..found.len() - found.trim_start().len()];
        let path = self.home.join(to);
        fs::write(&path, text.replacen(found, &format!("{indent}{line}"), 1)).map_err(Error::file(&path))
    }

    fn deploy(&self, template: &str, countries: &str, expected: &str) -> Result<(), Error> {
        let arch = if env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" };
        let listener = format!("EnrichListenerArn={}", self.listener);
        let (arch, countries) = (format!("Architecture={arch}"), format!("HomeCountries={countries}"));
        let words = format!(
            "deploy --template-file {template} --stack-name {STACK} --capabilities CAPABILITY_IAM \
             --resolve-s3 --no-progressbar --no-confirm-changeset --tags ms-custom-id={STACK} --parameter-overrides"
        );
        let parameters =
            [&arch, &countries, &listener, "Lookup=file:/opt/lookup.json", "AlarmEmail=on-call@bank.example"];
        let sent = self.cloud.sam("sam deploy", &words, &parameters);
        // There is none where the first deployment failed early, which is then what to say.
        let status = self.cloud.stack().map(|(_, status, _)| status).unwrap_or_default();
        match sent {
            Ok(()) if status == expected => Ok(()),
            Err(error) if status == expected && expected.contains("ROLLBACK") => {
                println!("    {error}");
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => Err(Error::failed(format!("the stack is {status} instead of {expected}"))),
        }
    }

    fn outputs(&self) -> Result<(), Error> {
        let (_, _, outputs) = self.cloud.stack()?;
        for name in OUTPUTS {
            let value = text(&outputs[name]);
            if value.is_empty() {
                return Err(Error::failed(format!("the stack has no output {name}")));
            }
            println!("    {name}: {value}");
        }
        Ok(())
    }

    /// With `sna`, as the README says; the operators' credentials are the sandbox's.
    fn put_in(&mut self) -> Result<(), Error> {
        for (secret, prefix) in CREDENTIALS {
            let its_own: BTreeMap<_, _> = self.env.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
            let put = json!({ "SecretId": format!("{STACK}/{secret}"), "SecretString": json!(its_own).to_string() });
            self.cloud.call("secretsmanager", "put_secret_value", &put)?;
        }
        let sna = |words: &str| {
            let run = self.cloud.run(self.workspace.built("sna")).words("--json --stack").arg(STACK);
            read(&format!("sna {words}"), run.words(words))
        };
        sna("keys rotate")?;
        sna("keys rotate --statements")?;
        let page = text(&self.gateway["sandbox"]);
        let added = sna(&format!(
            "customers add --name Rehearsal --scope authenticate,otp --country GB,CN,ID,LK --redirect-uri {page}/customer/callback --otp-domain shop.example"
        ))?;
        self.gateway["customer"]["client_id"] = added["id"].clone();
        self.gateway["customer"]["client_secret"] = added["secret"].clone();
        let path = self.home.join("gateway.json");
        fs::write(&path, self.gateway.to_string()).map_err(Error::file(&path))
    }

    fn demos(&self, numbers: &[&str]) -> Result<(), Error> {
        for number in numbers {
            let run = Run::new(self.workspace, self.workspace.built("sandbox")).words("demo --dir").arg(self.home);
            quietly("the demo", run.arg(number), &self.home.join(format!("demo{}.log", &number[1..])))?;
            println!("    {number}");
        }
        Ok(())
    }

    /// As they came to CloudWatch, with metrics in them.
    fn logs(&self) -> Result<(), Error> {
        let (path, lines) = (self.home.join("functions.log"), self.cloud.logs()?);
        let metrics =
            lines.lines().filter(|line| line.contains(r#""_aws":"#) && line.contains("SilentAuthGateway")).count();
        fs::write(&path, lines).map_err(Error::file(&path))?;
        println!("    {metrics} lines with metrics in {}", path.display());
        if metrics == 0 {
            return Err(Error::failed("no line has metrics"));
        }
        leaks::check(&self.gateway, &self.secrets()?, &[path])
    }

    /// What the deployed functions keep secret: what was put in, and what the stack made for itself.
    fn secrets(&self) -> Result<BTreeMap<String, String>, Error> {
        let put_in = |name: &str| CREDENTIALS.iter().any(|(_, prefix)| name.starts_with(prefix));
        let mut secrets = self.env.clone();
        secrets.retain(|name, _| put_in(name));
        for name in ["signing", "statement", "customers", "otp"].map(|name| format!("{STACK}/{name}")) {
            let said = self.cloud.call("secretsmanager", "get_secret_value", &json!({ "SecretId": name }))?;
            let values: BTreeMap<String, String> =
                serde_json::from_str(&text(&said["SecretString"])).map_err(|error| Error::Json(name.into(), error))?;
            secrets.extend(values);
        }
        Ok(secrets)
    }

    /// Has the parameter reached the function, and does the URL answer?
    fn serves(&mut self, countries: &str) -> Result<(), Error> {
        let function = self.cloud.function("get-config")?;
        let found = text(&function["Environment"]["Variables"]["HOME_COUNTRIES"]);
        if found != countries {
            return Err(Error::failed(format!("get-config runs with HOME_COUNTRIES={found} instead of {countries}")));
        }
        self.demos(&DEMOS[..1])
    }

    /// A resource that cannot be made, after get-config was changed.
    fn broken(&self) -> Result<(), Error> {
        self.edit("packaged.yaml", "broken.yaml", "Resources:", &format!("Resources:\n{BROKEN}"))?;
        let before = self.cloud.last_event();
        self.deploy("broken.yaml", "FR", "UPDATE_ROLLBACK_COMPLETE")?;
        if events::updated(&self.cloud.events(&before)?, "GetConfig") {
            return Ok(());
        }
        Err(Error::failed("get-config was not changed before the stack was rolled back: nothing was taken back"))
    }

    fn newcomer(&mut self, whole: &Value) -> Result<(), Error> {
        let number = self.device_of_newcomer()?;
        let codes = |cloud: &Cloud<'_>| -> Result<Vec<(Value, Value)>, Error> {
            let functions = ["get-config", "authenticate", "callback", "validate", "coverage"].into_iter();
            let functions = functions.map(|name| cloud.function(name));
            functions.map(|one| one.map(|one| (one["CodeSha256"].clone(), one["Layers"][0]["Arn"].clone()))).collect()
        };
        let before = codes(&self.cloud)?;
        self.package.add(&self.newcomer)?;
        self.package.put("operators.json", whole)?;
        // The functions stay where they were uploaded.
        self.edit("packaged.yaml", "layer.yaml", "ContentUri: s3", "ContentUri: target/package/current/layer")?;
        self.deploy("layer.yaml", "GB,DE", "UPDATE_COMPLETE")?;
        for (old, new) in before.iter().zip(codes(&self.cloud)?) {
            if old.0 != new.0 || old.1 == new.1 {
                return Err(Error::failed(format!("code and layer were {old:?} and are {new:?}")));
            }
        }
        self.demos(&[&number])
    }

    /// A handset of the new network that owns its number.
    fn device_of_newcomer(&self) -> Result<String, Error> {
        let mut devices = self.gateway["devices"].as_array().into_iter().flatten();
        let ours = devices
            .find(|device| device["scenario"] == 20 && self.newcomer.entries.contains_key(&text(&device["network"])));
        ours.map(|device| text(&device["msisdn"]))
            .ok_or_else(|| Error::failed("the sandbox has no handset of the new network"))
    }

    /// Nothing may be left but what the template keeps.
    fn delete(&mut self) -> Result<(), Error> {
        // `sam delete` looks for the nested template in S3, and the emulator's address is none of S3's.
        let id = json!({ "StackName": self.cloud.stack()?.0 });
        self.cloud.call("cloudformation", "delete_stack", &id)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.cloud.call("cloudformation", "describe_stacks", &id)?;
            match said["Stacks"][0]["StackStatus"].as_str() {
                Some("DELETE_COMPLETE") => break,
                Some("DELETE_IN_PROGRESS") if Instant::now() < deadline => pause(Duration::from_millis(500))?,
                status => return Err(Error::failed(format!("the stack is {status:?} instead of gone"))),
            }
        }
        let left = self.cloud.call("lambda", "list_functions", &json!({}))?;
        if left["Functions"].as_array().is_none_or(|functions| !functions.is_empty()) {
            return Err(Error::failed(format!("functions are left: {}", left["Functions"])));
        }
        let tables = self.cloud.call("dynamodb", "list_tables", &json!({}))?;
        let secrets = self.cloud.call("secretsmanager", "list_secrets", &json!({}))?;
        let secrets: Vec<_> =
            secrets["SecretList"].as_array().into_iter().flatten().map(|one| text(&one["Name"])).collect();
        let kept = format!("{}, {secrets:?}", tables["TableNames"]);
        println!("    kept: {kept}");
        match (tables["TableNames"].as_array().map(Vec::len), secrets.as_slice()) {
            (Some(2), [customers])
                if ["Customers", "Usage"].iter().all(|table| kept.contains(table))
                    && customers.ends_with("/customers") =>
            {
                Ok(())
            }
            _ => Err(Error::failed("customers, their pepper and their usage should be kept, and nothing else")),
        }
    }
}

/// What a stack tells of itself; `sna` reads most of it.
const OUTPUTS: [&str; 15] = [
    "ApiId",
    "Url",
    "CustomersTable",
    "SessionsTable",
    "UsageTable",
    "SigningSecret",
    "KeysSecret",
    "StatementSecret",
    "StatementKeysSecret",
    "CustomersSecret",
    "OtpSecret",
    "OperatorsSecret",
    "LookupSecret",
    "AdaptersLayer",
    "Dashboard",
];

const BROKEN: &str = "  Broken:
    Type: AWS::Logs::LogStream
    DependsOn: GetConfig
    Properties: { LogGroupName: there-is-no-such-group }";

/// The load balancer that an operator's proxies reach; a deployment brings its own.
fn listener(cloud: &Cloud<'_>) -> Result<String, Error> {
    let made =
        cloud.call("elbv2", "create_load_balancer", &json!({ "Name": STACK, "Subnets": ["subnet-1", "subnet-2"] }))?;
    let arn = &made["LoadBalancers"][0]["LoadBalancerArn"];
    // The edge has said who called.
    let keep = json!([{ "Key": "routing.http.xff_header_processing.mode", "Value": "preserve" }]);
    cloud.call("elbv2", "modify_load_balancer_attributes", &json!({ "LoadBalancerArn": arn, "Attributes": keep }))?;
    let refusal = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
    let listener = json!({ "LoadBalancerArn": arn, "Protocol": "HTTP", "Port": 80, "DefaultActions": refusal });
    let made = cloud.call("elbv2", "create_listener", &listener)?;
    Ok(text(&made["Listeners"][0]["ListenerArn"]))
}
