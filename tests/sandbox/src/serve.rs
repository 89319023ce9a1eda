//! `sandbox serve`: a world on fixed ports for the local run, the edge before the functions, and the files that tell
//! the functions, the scripts and the demo where everything is.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf, absolute},
    time::Duration,
};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    edge::{self, Listener},
    listen::{Bound, Servers},
    world::{Ports, Settings, StartError, World},
};

/// Ports are on 127.0.0.1; 0 takes a free one.
#[derive(Args)]
pub struct Serve {
    /// The gateway as handsets and customers see it
    #[arg(long, default_value_t = 9000)]
    port_gateway: u16,
    /// Where operators' proxies bring handsets to the gateway, over plain http
    #[arg(long, default_value_t = 9002)]
    port_enrich: u16,
    /// Where the functions are served (`cargo lambda watch`); started by someone else
    #[arg(long, default_value_t = 9001)]
    port_watch: u16,
    /// Where else the functions are served; the paths of requests are added to it
    #[arg(long, value_name = "URL")]
    functions: Option<String>,
    /// Where else /v1/enrich is served
    #[arg(long, value_name = "URL")]
    enrich: Option<String>,
    /// The page and the inbox
    #[arg(long, default_value_t = 9400)]
    port_sandbox: u16,
    /// The operators' public host
    #[arg(long, default_value_t = 9410)]
    port_operators: u16,
    /// The plain-http hop through the mobile gateways
    #[arg(long, default_value_t = 9411)]
    port_hop: u16,
    /// The operators' header-enrichment origin
    #[arg(long, default_value_t = 9412)]
    port_origin: u16,
    /// The number lookup
    #[arg(long, default_value_t = 9413)]
    port_lookup: u16,
    #[arg(long, default_value_t = 9420)]
    port_dynamodb: u16,
    #[arg(long, default_value_t = 9421)]
    port_sns: u16,
    #[arg(long, default_value_t = 9422)]
    port_sqs: u16,
    /// Where operators.json, lookup.json, env.json and gateway.json are written
    #[arg(long, default_value = "target/local")]
    out: PathBuf,
    /// Where the operators' profiles are: a folder of adapters, or an adapter's own; may be given again
    #[arg(long, default_value = "adapters")]
    profiles: Vec<PathBuf>,
    /// The operator table of the local run
    #[arg(long, default_value = "infra/operators.json")]
    template: PathBuf,
    /// The adapters' directory; `adapters` in the output directory if not given
    #[arg(long)]
    adapters: Option<PathBuf>,
    /// How long the slow operator takes, in milliseconds
    #[arg(long, default_value_t = 3000)]
    slow: u64,
}

/// Why the local run did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error(transparent)]
    World(#[from] StartError),
    #[error("the edge cannot start: {0}")]
    Edge(#[from] reqwest::Error),
    #[error("the port of the gateway cannot be bound, or signals not be heard: {0}")]
    System(#[from] io::Error),
}

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// [`ServeError`], before the line that says the sandbox is ready.
pub async fn serve(options: Serve) -> Result<(), ServeError> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let out = absolute(&options.out)?;
    fs::create_dir_all(&out).map_err(|error| ServeError::File(out.clone(), error))?;
    let operators = fs::read_to_string(&options.template);
    let operators = operators.map_err(|error| ServeError::File(options.template.clone(), error))?;

    let (front, plain) = (Bound::at(options.port_gateway).await?, Bound::at(options.port_enrich).await?);
    let watch = format!("http://127.0.0.1:{}", options.port_watch);
    let world = World::start(Settings {
        public_url: front.url(),
        enrich_url: plain.url(),
        profiles: options.profiles.clone(),
        ports: options.ports(),
        operators,
        directory: out.clone(),
        adapters: absolute(options.adapters.unwrap_or_else(|| out.join("adapters")))?,
        slow: Duration::from_millis(options.slow),
        // Functions that are elsewhere have a stream and a queue of their own.
        functions: options.functions.is_none().then(|| watch.clone()),
    })
    .await?;
    let mut servers = Servers::new();
    let public = edge::router(options.functions.as_ref().unwrap_or(&watch), Listener::Public)?;
    let enriched = edge::router(options.enrich.as_ref().unwrap_or(&watch), Listener::Plain)?;
    servers.serve(front, world.tap_gateway(public));
    servers.serve(plain, world.tap_gateway(enriched));
    write_files(&world, &out)?;

    let gateway = world.gateway();
    println!("sandbox ready: page {}, gateway {}, files in {}", gateway.sandbox, gateway.url, out.display());
    tokio::select! {
        _ = interrupt.recv() => (),
        _ = terminate.recv() => (),
    }
    servers.stop().await;
    world.stop().await;
    Ok(())
}

impl Serve {
    fn ports(&self) -> Ports {
        Ports {
            sandbox: self.port_sandbox,
            operators: self.port_operators,
            hop: self.port_hop,
            origin: self.port_origin,
            lookup: self.port_lookup,
            dynamodb: self.port_dynamodb,
            sns: self.port_sns,
            sqs: self.port_sqs,
        }
    }
}

fn write_files(world: &World, out: &Path) -> Result<(), ServeError> {
    world.write_tables().map_err(|error| ServeError::File(out.to_owned(), error))?;
    let env = serde_json::to_vec_pretty(world.env()).map_err(io::Error::from)?;
    let gateway = serde_json::to_vec_pretty(world.gateway()).map_err(io::Error::from)?;
    for (name, content) in [("env.json", env), ("gateway.json", gateway)] {
        let path = out.join(name);
        write_secret(&path, &content).map_err(|error| ServeError::File(path, error))?;
    }
    Ok(())
}

/// Only the owner may read it, from its first byte on; and whoever reads it sees the old or the new one, whole.
fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_secret_file_is_for_its_owner_even_over_an_open_one() {
        let path = std::env::temp_dir().join(format!("sandbox-secret-{}.json", std::process::id()));
        fs::write(&path, "old").unwrap();
        super::write_secret(&path, b"new").unwrap();
        let (mode, text) = (fs::metadata(&path).unwrap().permissions().mode(), fs::read_to_string(&path).unwrap());
        fs::remove_file(&path).unwrap();
        assert_eq!((mode & 0o777, text.as_str()), (0o600, "new"));
    }
}
