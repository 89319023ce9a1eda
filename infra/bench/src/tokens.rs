//! Access tokens over HTTP: the token endpoint's own `handle` on hyper beside the least server that mints the same PASETO,
//! and with `--peers` beside oidc-provider. The servers have one core and `wrk` the other; ratios are of requests for one
//! second of the processor, so that they say the same on a busy machine.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sandbox::gateway::Credentials;
use serde::Deserialize;

use crate::{
    Error, Figure, Place,
    child::{Running, bench_target},
    median,
    world::{self, Started},
};

const RUNS: usize = 9;
const SECONDS: &str = "2s";
/// npm; what it compares with is its latest at the time of writing.
const OIDC_PROVIDER: &str = "9.13.3";

/// A server under test, with what was seen of it.
struct Server {
    name: &'static str,
    running: Running,
    url: String,
    per_cpu_second: Vec<f64>,
    per_second: Vec<f64>,
    p99: Vec<f64>,
}

/// What `wrk` says of one run.
#[derive(Deserialize)]
struct Run {
    requests: f64,
    failed: u64,
    seconds: f64,
    p99: f64,
}

pub fn tokens(place: &Place) -> Result<Vec<Figure>, Error> {
    if Command::new("wrk").arg("-v").stdout(Stdio::null()).status().is_err() {
        println!("  not measured: there is no wrk (on Debian: apt-get install wrk)");
        return Ok(Vec::new());
    }
    let world = world::start(place)?;
    let customer = &world.world().gateway().customer;
    let program = bench_target(place, "token_server")?;
    let mut servers = vec![ours(&world, &program, "gateway")?, ours(&world, &program, "floor")?];
    if place.peers {
        servers.push(oidc_provider(place, customer)?);
    }
    // One after another in each round, so that what else the machine does meets all of them.
    for round in 0..=RUNS {
        for server in &mut servers {
            let before = server.running.cpu();
            let run = wrk(place, customer, &server.url)?;
            if run.failed > 0 {
                return Err(Error::failed(format!("{}: {} requests failed", server.name, run.failed)));
            }
            // The first is for warmth.
            if round > 0 {
                server.per_cpu_second.push(run.requests / (server.running.cpu() - before));
                server.per_second.push(run.requests / run.seconds);
                server.p99.push(run.p99 / 1000.0);
            }
        }
    }
    Ok(figures(servers))
}

fn figures(servers: Vec<Server>) -> Vec<Figure> {
    let mut figures = Vec::new();
    let own = servers.first().map(|server| server.per_cpu_second.clone()).unwrap_or_default();
    for server in servers {
        let name = server.name;
        let ratio = own.iter().zip(&server.per_cpu_second).map(|(own, other)| own / other).collect();
        let figure = |what: &str, value, unit| Figure::new(format!("{name}{what}"), value, unit);
        figures.push(figure(", requests a second", median(server.per_second), "1/s"));
        figures.push(figure(", CPU of a request", 1e6 / median(server.per_cpu_second), "us"));
        let (p99, rss) = (figure(", p99", median(server.p99), "ms"), figure(", RSS", server.running.rss(), "MB"));
        let is_ours = name == "gateway";
        figures.extend(if is_ours { [p99.at_most(2.5), rss.at_most(15.0)] } else { [p99, rss] });
        match name {
            "gateway" => {}
            "floor" => figures.push(Figure::new("gateway, of the floor", median(ratio), "x").at_least(0.85)),
            _ => figures.push(Figure::new(format!("gateway, times {name}"), median(ratio), "x").at_least(3.0)),
        }
    }
    figures
}

impl Server {
    fn new(name: &'static str, running: Running, url: String) -> Self {
        let [per_cpu_second, per_second, p99] = [const { Vec::new() }; 3];
        Self { name, running, url, per_cpu_second, per_second, p99 }
    }
}

/// The endpoint or the floor, as its argument says.
fn ours(world: &Started, program: &Path, name: &'static str) -> Result<Server, Error> {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program).arg(name).env_clear().envs(world.env());
    command.env("CLIENT_ID", &world.world().gateway().customer.client_id).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = Running::start(&mut command)?;
    let said = running.child().stderr.take().ok_or_else(|| Error::failed("no standard error"))?;
    let url = format!("http://{}/v1/oauth/token", line(said)?.trim());
    Ok(Server::new(name, running, url))
}

fn oidc_provider(place: &Place, customer: &Credentials) -> Result<Server, Error> {
    let home = place.target.join(format!("tools/oidc-provider-{OIDC_PROVIDER}"));
    if !home.join("node_modules/oidc-provider").is_dir() {
        println!("  installing oidc-provider {OIDC_PROVIDER} (npm, once)");
        fs::create_dir_all(&home).map_err(Error::file(&home))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"]).arg(&home);
        let installed = npm.arg(format!("oidc-provider@{OIDC_PROVIDER}")).status();
        if !installed.is_ok_and(|status| status.success()) {
            return Err(Error::failed(
                "oidc-provider cannot be installed; it takes node, npm and access to npm's registry",
            ));
        }
    }
    // Modules are looked for from where the script is.
    let script = home.join("oidc.mjs");
    fs::copy(place.root.join("infra/bench/peers/oidc.mjs"), &script).map_err(Error::file(&script))?;
    let mut command = Command::new("taskset");
    command.args(["-c", "0", "node"]).arg(&script).env("NODE_ENV", "production");
    command.env("CLIENT_ID", &customer.client_id).env("CLIENT_SECRET", &customer.client_secret);
    let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let out = running.child().stdout.take().ok_or_else(|| Error::failed("no standard output"))?;
    let url = format!("http://127.0.0.1:{}/token", line(out)?.trim());
    Ok(Server::new("oidc-provider", running, url))
}

/// The first line of what a server says: where it is.
fn line(out: impl std::io::Read) -> Result<String, Error> {
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).map_err(Error::failed)?;
    if line.is_empty() { Err(Error::failed("a server did not start")) } else { Ok(line) }
}

fn wrk(place: &Place, customer: &Credentials, url: &str) -> Result<Run, Error> {
    let basic = format!("{}:{}", customer.client_id, customer.client_secret);
    let mut command = Command::new("taskset");
    command
        .args(["-c", "1", "wrk", "-t1", "-c16", "-d", SECONDS, "-s"])
        .arg(place.root.join("infra/bench/peers/wrk.lua"));
    command.env("AUTHORIZATION", format!("Basic {}", BASE64_STANDARD.encode(basic)));
    command.env("BODY", "grant_type=client_credentials&scope=authenticate+otp").arg(url);
    let said = command.output().map_err(Error::failed)?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let run = said.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    run.ok_or_else(|| Error::failed(format!("wrk said: {said}")))
}
