//! The sandbox's world, beside which the functions are measured: its tables, its operators, their environment.

use std::{collections::BTreeMap, fs, time::Duration};

use sandbox::world::{Ports, Settings, World};
use tokio::runtime::Runtime;

use crate::{Error, Place};

/// What the limits of one number and of one address are set by.
const LIMITS: [&str; 4] =
    ["OTP_SENDS_AN_HOUR", "OTP_SENDS_A_DAY", "OTP_SENDS_AN_HOUR_FOR_AN_ADDRESS", "OTP_WRONG_CODES_A_DAY"];

/// One that is running, in threads of its own; dropping it ends it.
pub struct Started {
    env: BTreeMap<String, String>,
    world: World,
    _runtime: Runtime,
    _files: tempfile::TempDir,
}

impl Started {
    /// The functions' environment.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// The same in which no limit is met, however often one number signs in.
    pub fn unlimited(&self) -> BTreeMap<String, String> {
        let mut env = self.env.clone();
        env.extend(LIMITS.map(|name| (name.to_owned(), "1000000".to_owned())));
        env
    }

    /// Its customer, its devices, and what was sent to them.
    pub fn world(&self) -> &World {
        &self.world
    }
}

/// Starts it on free ports.
///
/// # Errors
/// When it does not start.
pub fn start(place: &Place) -> Result<Started, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Error::failed)?;
    let files = tempfile::tempdir().map_err(Error::failed)?;
    let table = place.root.join("infra/operators.json");
    let settings = Settings {
        functions: None,
        public_url: "http://127.0.0.1:9000".to_owned(),
        enrich_url: "http://127.0.0.1:9002".to_owned(),
        profiles: vec![place.root.join("adapters")],
        ports: Ports::default(),
        operators: fs::read_to_string(&table).map_err(Error::file(&table))?,
        directory: files.path().to_owned(),
        adapters: place.adapters(),
        slow: Duration::from_secs(3),
    };
    let world = runtime.block_on(World::start(settings)).map_err(Error::failed)?;
    world.write_tables().map_err(Error::failed)?;
    let env = world.env().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Started { env, world, _runtime: runtime, _files: files })
}
