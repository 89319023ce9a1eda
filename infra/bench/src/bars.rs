//! Recorded bars, in `infra/bars.json`: what was measured when it was recorded, and a little room. Only figures that do not
//! depend on the machine have one; CI fails when one of them is over it.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{Error, Figure};

/// Units whose figures are the same on every machine, and by which part of itself a figure may grow unnoticed: what an
/// update of a compiler or of a library moves. MB are of files and of memory.
const ROOMS: [(&str, f64); 4] = [("calls", 0.0), ("crates", 0.0), ("MB", 0.1), ("M instructions", 0.1)];

/// Group -> figure -> the most that it may be.
type Recorded = BTreeMap<String, BTreeMap<String, f64>>;

/// A group's name, and what was measured of it.
pub type Group = (String, Vec<Figure>);

/// What is over its recorded bar, what has a bar and was not measured, and what should have one, as sentences. Groups that
/// were not measured at all are left alone.
///
/// # Errors
/// When the file is not there or is no such table.
pub fn worse(root: &Path, groups: &[Group]) -> Result<Vec<String>, Error> {
    let (recorded, none) = (read(root)?, BTreeMap::new());
    let mut worse = Vec::new();
    for (group, figures) in groups {
        let bars = recorded.get(group).unwrap_or(&none);
        for figure @ Figure { name, value, unit, .. } in figures {
            match bars.get(name) {
                Some(recorded) if value > recorded => {
                    worse.push(format!("{group}/{name}: {value} {unit}, and its bar is {recorded}"));
                }
                None if bar(figure).is_some() => worse.push(format!("{group}/{name} has no bar yet")),
                _ => {}
            }
        }
        let gone = bars.keys().filter(|name| figures.iter().all(|figure| figure.name != **name));
        worse.extend(gone.map(|name| format!("{group}/{name} has a bar, and nobody measures it")));
    }
    Ok(worse)
}

/// Writes the bars of these groups anew; others stay.
///
/// # Errors
/// As [`worse`], and when the file cannot be written.
pub fn record(root: &Path, groups: &[Group]) -> Result<(), Error> {
    let mut recorded = read(root)?;
    for (group, figures) in groups {
        let bars: BTreeMap<_, _> =
            figures.iter().filter_map(|figure| Some((figure.name.clone(), bar(figure)?))).collect();
        if !bars.is_empty() {
            recorded.insert(group.clone(), bars);
        }
    }
    let path = root.join(FILE);
    let text = serde_json::to_string_pretty(&recorded).map_err(Error::failed)? + "\n";
    fs::write(&path, text).map_err(Error::file(path))
}

const FILE: &str = "infra/bars.json";

fn read(root: &Path) -> Result<Recorded, Error> {
    let path = root.join(FILE);
    let text = fs::read(&path).map_err(Error::file(&path))?;
    serde_json::from_slice(&text).map_err(|error| Error::failed(format!("{}: {error}", path.display())))
}

/// What is to be recorded of a figure, if anything is.
fn bar(figure: &Figure) -> Option<f64> {
    let (_, room) = ROOMS.iter().find(|(unit, _)| *unit == figure.unit)?;
    Some((figure.value * (1.0 + room) * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn group(figures: &[(&str, f64, &'static str)]) -> Vec<Group> {
        let figures = figures.iter().map(|(name, value, unit)| Figure::new(*name, *value, unit)).collect();
        vec![("g".to_owned(), figures)]
    }

    #[test]
    fn what_is_recorded_is_held_until_it_is_worse_or_no_longer_measured() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("infra")).unwrap();
        fs::write(root.path().join(FILE), r#"{ "other": { "z": 1.5 } }"#).unwrap();
        record(root.path(), &group(&[("a", 2.0, "MB"), ("b", 2.0, "calls"), ("c", 8.0, "ms")])).unwrap();
        let worse = |figures: &[_]| worse(root.path(), &group(figures)).unwrap();
        assert!(worse(&[("a", 2.2, "MB"), ("b", 1.0, "calls"), ("c", 99.0, "ms")]).is_empty());
        assert_eq!(
            worse(&[("a", 2.3, "MB"), ("d", 1.0, "calls")]),
            ["g/a: 2.3 MB, and its bar is 2.2", "g/d has no bar yet", "g/b has a bar, and nobody measures it"]
        );
        assert_eq!(read(root.path()).unwrap()["other"]["z"], 1.5);
    }
}
