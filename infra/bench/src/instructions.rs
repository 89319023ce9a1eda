//! Instructions of each release bootstrap from `exec` until it asks for its first invocation, counted by valgrind: the same
//! on a busy machine as on an idle one, which its CPU time is not.

use std::{fs, process::Command};

use crate::{Error, Figure, Place, function::Function, world};

/// # Errors
/// When valgrind is not there, or a function does not start.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let world = world::start(place)?;
    let out = place.target.join("bench/instructions");
    let mut figures = Vec::new();
    for name in place.functions()? {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", out.display()));
        let (function, _) = Function::start_with(valgrind.arg(place.built(&name)), world.env())?;
        function.end()?;
        let text = fs::read_to_string(&out).map_err(Error::file(&out))?;
        figures.push(Figure::new(name, total(&text)? / 1e6, "M instructions"));
    }
    Ok(figures)
}

/// Of a file of callgrind's (Valgrind, "Callgrind format specification": `totals:`, or `summary:` in a file of one part).
fn total(text: &str) -> Result<f64, Error> {
    let total = text.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    total.and_then(|total| total.trim().parse().ok()).ok_or_else(|| Error::failed("callgrind counted nothing"))
}
