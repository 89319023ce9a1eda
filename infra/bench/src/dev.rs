//! What can be held of the programs of `cargo build`, which each check has: how many bytes of each function are loaded, and how
//! much memory it has of its own when it asks for its first invocation. Both grow with what the release build takes longer for.

use std::fs;

use object::{Object as _, ObjectSegment as _};

use crate::{Error, Figure, Place, function::Function, world};

/// # Errors
/// When a function is not built, or does not start.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    let place = &place.clone().debug();
    let world = world::start(place)?;
    let mut figures = Vec::new();
    for name in place.functions()? {
        let program = place.built(&name);
        let bytes = fs::read(&program).map_err(Error::file(&program))?;
        let file = object::File::parse(bytes.as_slice()).map_err(Error::failed)?;
        let loaded: u64 = file.segments().map(|segment| segment.file_range().1).sum();
        let (function, _) = Function::start(&program, world.env())?;
        figures.push(Figure::new(format!("{name}: loaded"), loaded as f64 / 1e6, "MB"));
        figures.push(Figure::new(format!("{name}: its own memory"), function.own_memory_mb()?, "MB"));
    }
    Ok(figures)
}
