//! Lambda stops a process between two invocations, and what the process keeps open is closed meanwhile. Here a real process is
//! stopped and goes on: its next request is answered as if nothing had been, and is sent once, over a connection that is new.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, process::Command};

use serde_json::{Value, json};
use sna_bench::{
    Place,
    function::Function,
    gateway::Gateway,
    proxy::{Close, Proxy},
    request::{Answer, Request},
    walk::Walker,
    world::{self, Started},
};

const VODAFONE: &str = "+447700900620";

/// How it is closed, and whether the next request has already come then.
const WAYS: [(Close, bool); 4] = [(Close::Fin, false), (Close::Fin, true), (Close::Reset, false), (Close::Reset, true)];

/// A function behind whose back connections to one server are closed.
struct Bed {
    proxy: Proxy,
    function: Function,
    log: PathBuf,
    _files: tempfile::TempDir,
}

fn place() -> Place {
    Place::here(false).debug()
}

fn around() -> (Started, Gateway) {
    let place = place();
    assert!(place.built("token").is_file(), "the functions are not built: run `cargo build --workspace` first");
    let world = world::start(&place).unwrap();
    let gateway = Gateway::start(&place, |_| world.env().clone()).unwrap();
    (world, gateway)
}

impl Bed {
    /// `name` with the server at this URL behind a proxy, whose address `change` puts into its environment.
    fn start(
        name: &str,
        world: &Started,
        url: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>, &tempfile::TempDir, &str),
    ) -> Self {
        let upstream: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
        let (proxy, files) = (Proxy::start(upstream, None).unwrap(), tempfile::tempdir().unwrap());
        let mut env = world.env().clone();
        change(&mut env, &files, &format!("http://{}", proxy.address));
        let log = files.path().join("log");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec \"$0\" > \"$1\""]).arg(place().built(name)).arg(&log);
        let (function, _) = Function::start_with(&mut command, &env).unwrap();
        Self { proxy, function, log, _files: files }
    }

    fn ask(&self, request: &Request) -> Answer {
        Answer::of(&self.function.ask(&request.event()).unwrap()).unwrap()
    }

    /// The answer to a request that comes while the process is stopped.
    fn frozen(&self, request: &Request, (how, is_there): (Close, bool)) -> Answer {
        let accepted = self.proxy.accepted();
        self.function.freeze().unwrap();
        if is_there {
            self.function.api.queue(&request.event());
        }
        let closed = self.proxy.close(how) as u64;
        if !is_there {
            self.function.api.queue(&request.event());
        }
        self.function.thaw().unwrap();
        let answer = Answer::of(&self.function.api.answer().unwrap()).unwrap();
        self.function.api.asked().unwrap();
        let opened = self.proxy.accepted() - accepted;
        assert!((1..=closed).contains(&opened), "{how:?}: {opened} opened, {closed} closed");
        answer
    }

    /// What its last request sent to DynamoDB, tries that never left it included.
    fn tries(&self) -> u64 {
        let log = fs::read_to_string(&self.log).unwrap();
        let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        last["dynamodb_calls"].as_u64().unwrap()
    }
}

#[test]
fn a_store_that_closed_its_connections_during_a_freeze_costs_no_request_and_no_second_try() {
    let (world, gateway) = around();
    let url = &world.env()["AWS_ENDPOINT_URL_DYNAMODB"];
    let bed = Bed::start("get-config", &world, url, |env, _, url| {
        env.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), url.into());
        // Whether a number is looked up is another request's doing.
        env.insert("LOOKUP".into(), String::new());
    });
    let bearer = Walker::new(&gateway, world.world(), VODAFONE).unwrap().token().unwrap();
    let form = format!("msisdn=%2B{}&client_ip=81.2.69.99", &VODAFONE[1..]);
    let request = Request::new("POST", "/v1/get_config").by(&bearer).form(&form);
    // The first reads the customer, the second is like all that follow.
    let of = |ask: &dyn Fn() -> Answer| {
        let before = bed.proxy.requests();
        let answer = ask();
        assert_eq!(answer.status, 200, "{}", answer.json);
        (bed.proxy.requests() - before, bed.tries())
    };
    of(&|| bed.ask(&request));
    let calm = of(&|| bed.ask(&request));
    for way in WAYS {
        assert_eq!(of(&|| bed.frozen(&request, way)), calm, "{way:?}");
    }
}

#[test]
fn an_operator_that_closed_its_connections_during_a_freeze_is_asked_once_and_answers() {
    let (world, gateway) = around();
    let table: Value = serde_json::from_str(world.world().operators_table()).unwrap();
    let own = table["VODAFONE"]["origins"][0].as_str().unwrap();
    let bed = Bed::start("callback", &world, own, |env, files, proxied| {
        let mut table = table.clone();
        table["VODAFONE"]["origins"] = json!([own, proxied]);
        for endpoint in ["token_endpoint", "resource_endpoint"] {
            let url = &mut table["VODAFONE"]["config"][endpoint];
            *url = url.as_str().unwrap().replace(own, proxied).into();
        }
        let path = files.path().join("operators.json");
        fs::write(&path, table.to_string()).unwrap();
        env.insert("OPERATORS".into(), format!("file:{}", path.display()));
    });
    let walker = Walker::new(&gateway, world.world(), VODAFONE).unwrap();
    let bearer = walker.token().unwrap();
    let of = |answer: &dyn Fn(&Request) -> Answer| {
        let session = walker.begin(&bearer).unwrap();
        let (back, before) = (walker.come_back(&session).unwrap(), bed.proxy.requests());
        let payload = answer(&back).json;
        let verdict = walker.validate(&bearer, &json!({ "id_token": session["id_token"], "payload": payload }));
        assert_eq!(verdict.unwrap()["authenticated"], "true", "{payload}");
        bed.proxy.requests() - before
    };
    let calm = of(&|back| bed.ask(back));
    assert!(calm > 0, "the operator is not asked through the proxy");
    for way in WAYS {
        assert_eq!(of(&|back| bed.frozen(back, way)), calm, "{way:?}");
    }
}

#[test]
fn sns_that_closed_its_connection_during_a_freeze_gets_one_message_once() {
    let (world, gateway) = around();
    let url = &world.env()["AWS_ENDPOINT_URL_SNS"];
    let bed = Bed::start("otp", &world, url, |env, _, url| {
        env.insert("AWS_ENDPOINT_URL_SNS".into(), url.into());
    });
    let walker = Walker::new(&gateway, world.world(), VODAFONE).unwrap();
    let bearer = walker.token().unwrap();
    let of = |number: &str, answer: &dyn Fn(&Request) -> Answer| {
        let session = walker.begin_for(&bearer, number, "81.2.69.99").unwrap();
        let (send, before) = (walker.send(&session), bed.proxy.requests());
        let answer = answer(&send);
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!((bed.proxy.requests() - before, world.world().inbox().publishes(number)), (1, 1), "{number}");
    };
    of("+447700900670", &|send| bed.ask(send));
    for (n, way) in WAYS.into_iter().enumerate() {
        of(&format!("+44770090067{}", n + 1), &|send| bed.frozen(send, way));
    }
}
