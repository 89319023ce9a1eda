//! Bytes of what is uploaded: each bootstrap, its zip, each adapter.

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::DeflateEncoder};

use crate::{Error, Figure, Place};

const MB: f64 = 1_000_000.0;

/// # Errors
/// When a file cannot be read.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let mut figures = Vec::new();
    for name in place.functions()? {
        let path = place.built(&name);
        if path.is_file() {
            let bytes = fs::read(&path).map_err(Error::file(&path))?;
            figures.push(Figure::new(format!("{name}: bootstrap"), bytes.len() as f64 / MB, "MB"));
            figures.push(Figure::new(format!("{name}: zip"), deflated(&bytes)? as f64 / MB, "MB").at_most(2.5));
        }
    }
    figures.extend(adapters(&place.adapters())?);
    Ok(figures)
}

/// A zip of one file: deflate, as `sam` makes it, and not a hundred bytes around it.
fn deflated(bytes: &[u8]) -> Result<usize, Error> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).map_err(Error::failed)?;
    Ok(encoder.finish().map_err(Error::failed)?.len())
}

fn adapters(directory: &Path) -> Result<Vec<Figure>, Error> {
    let mut figures = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::file(directory))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "so") {
            let size = entry.metadata().map_err(Error::file(&path))?.len() as f64 / MB;
            figures.push(Figure::new(entry.file_name().to_string_lossy(), size, "MB"));
        }
    }
    figures.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(figures)
}
