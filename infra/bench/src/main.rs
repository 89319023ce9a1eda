//! `cargo xtask bench`: runs the groups, prints one table, writes `target/bench.json`. `cargo xtask soak`: the subcommand.

use std::{process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use serde_json::{Map, Value};
use sna_bench::{
    Error, GROUPS, IN_EACH_CHECK, Place, bars,
    soak::{self, Length},
    tls,
};

#[derive(Parser)]
struct Options {
    /// These groups alone, comma-separated
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Compare with other people's programs too, which are downloaded
    #[arg(long)]
    peers: bool,
    /// End with 1 where a bar is missed
    #[arg(long)]
    strict: bool,
    /// End with 1 where a figure is over its bar in infra/bars.json: bytes and counts, the same on any machine
    #[arg(long)]
    recorded: bool,
    /// Write what is measured now, and a little room, into infra/bars.json
    #[arg(long, conflicts_with = "recorded")]
    record: bool,
    /// Only call this with the operators' client, and say what it cost, in milliseconds of CPU
    #[arg(long, hide = true)]
    call: Option<String>,
    /// Of the developer's build, and not of what is deployed
    #[arg(long, global = true)]
    debug: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Mixed flows through the functions, for this long or this often
    Soak {
        #[arg(long)]
        minutes: f64,
        #[arg(long, default_value_t = u64::MAX)]
        requests: u64,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let place = Place::here(options.peers);
    let place = if options.debug { place.debug() } else { place };
    let done = match (&options.command, &options.call) {
        (Some(Command::Soak { minutes, requests }), _) => {
            soak::soak(&place, Length { time: Duration::from_secs_f64(minutes * 60.0), requests: *requests })
        }
        (None, Some(url)) => tls::call(url).map(|cpu_ms| {
            println!("{cpu_ms}");
            Vec::new()
        }),
        (None, None) => measure(&options, &place),
    };
    match done {
        Ok(failed) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(failed) => {
            failed.iter().for_each(|why| eprintln!("bench: {why}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Which bars were missed, of those that were asked about.
fn measure(options: &Options, place: &Place) -> Result<Vec<String>, Error> {
    let known: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = options.only.iter().find(|only| !known.contains(&only.as_str())) {
        return Err(Error::failed(format!("there is no group {unknown}; there are {}", known.join(", "))));
    }
    let path = place.target.join("bench.json");
    // Groups that are not run now keep what was measured of them before.
    let mut report: Map<String, Value> =
        std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let (mut failed, mut groups) = (Vec::new(), Vec::new());
    for (name, run) in GROUPS {
        let is_asked_for = options.only.iter().any(|only| only == name);
        if !is_asked_for && (!options.only.is_empty() || *name == IN_EACH_CHECK) {
            continue;
        }
        println!("{name}");
        let figures = run(place)?;
        figures.iter().for_each(|figure| println!("{}", figure.line()));
        let missed = figures.iter().filter(|figure| options.strict && !figure.ok());
        failed.extend(missed.map(|figure| format!("{name}/{} missed its bar", figure.name)));
        let group = figures.iter().map(|figure| (figure.name.clone(), figure.json())).collect();
        report.insert((*name).to_owned(), Value::Object(group));
        groups.push(((*name).to_owned(), figures));
    }
    if options.record {
        bars::record(&place.root, &groups)?;
    }
    if options.recorded {
        failed.extend(bars::worse(&place.root, &groups)?);
    }
    let text = serde_json::to_vec_pretty(&report).map_err(Error::failed)?;
    std::fs::write(&path, text).map_err(Error::file(&path))?;
    println!("{}", path.display());
    Ok(failed)
}
