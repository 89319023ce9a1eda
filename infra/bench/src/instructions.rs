//! Instructions of the release bootstraps, counted by valgrind: the same on a busy machine as on an idle one, which CPU time
//! is not. Of each from `exec` until it asks for its first invocation, and of its part of two sign-ins.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use crate::{Error, Figure, Place, function::Function, gateway::Gateway, walk::Walker, world};

const NUMBER: &str = "+447700900620";
/// Pairs of sign-ins after which nothing is done for the first time, and those that are counted.
const FIRST: usize = 3;
const COUNTED: usize = 10;

/// # Errors
/// When valgrind is not there, or a function does not start.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let world = world::start(place)?;
    let mut figures = Vec::new();
    for name in place.functions()? {
        let (function, _) = Function::start_with(&mut counting(place, &name), world.env())?;
        function.end()?;
        figures.push(Figure::new(name.clone(), counted(place, &name)?, "M instructions"));
    }
    let (few, many) = (walked(place, FIRST)?, walked(place, FIRST + COUNTED)?);
    let mut whole = 0.0;
    for (name, many) in many {
        let one = few.get(&name).map_or(f64::NAN, |few| (many - few) / COUNTED as f64);
        // Who has no part in them only waits.
        if one > 0.01 {
            whole += one;
            figures.push(Figure::new(format!("{name}, two sign-ins"), one, "M instructions"));
        }
    }
    figures.push(Figure::new("two sign-ins, silent and by code", whole, "M instructions"));
    Ok(figures)
}

/// Function -> what it takes from `exec` to its end, with so many sign-ins, silent and by code in turn.
fn walked(place: &Place, times: usize) -> Result<BTreeMap<String, f64>, Error> {
    let world = world::start(place)?;
    let gateway = Gateway::start_with(|name| counting(place, name), |_| world.unlimited())?;
    let walker = Walker::new(&gateway, world.world(), NUMBER)?;
    for _ in 0..times {
        let verdicts = [vec![walker.silent()?], walker.code(0)?].concat();
        if verdicts.iter().any(|verdict| verdict["authenticated"] != "true") {
            return Err(Error::failed(format!("the verdicts are {verdicts:?}")));
        }
    }
    gateway.end()?;
    place.functions()?.into_iter().map(|name| Ok((name.clone(), counted(place, &name)?))).collect()
}

fn counting(place: &Place, name: &str) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", out(place, name).display()));
    valgrind.arg(place.built(name));
    valgrind
}

fn out(place: &Place, name: &str) -> PathBuf {
    place.target.join("bench").join(format!("{name}.callgrind"))
}

/// Millions (Valgrind, "Callgrind format specification": `totals:`, or `summary:` in a file of one part).
fn counted(place: &Place, name: &str) -> Result<f64, Error> {
    let out = out(place, name);
    let text = fs::read_to_string(&out).map_err(Error::file(&out))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    let total = total.and_then(|total| total.trim().parse::<f64>().ok());
    total.map(|total| total / 1e6).ok_or_else(|| Error::failed("callgrind counted nothing"))
}
