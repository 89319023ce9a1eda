//! `cargo xtask up`: from a fresh clone to a running system, until Ctrl-C.

use std::time::Duration;

use clap::Args;

use crate::{
    Error, Workspace, curl, docs,
    interrupt::pause,
    ports::Ports,
    system::{System, build},
};

#[derive(Args)]
pub struct Up {
    /// Where customers and handsets find the gateway, on 127.0.0.1; another is taken when it is busy
    #[arg(long, default_value_t = 9000)]
    port_gateway: u16,
}

/// Brings everything up and waits for a signal, which is a good end.
///
/// # Errors
/// What did not come up, or which child ended.
pub fn up(workspace: &Workspace, options: &Up) -> Result<(), Error> {
    match run(workspace, options) {
        Err(Error::Interrupted) => {
            println!("\nended");
            Ok(())
        }
        ended => ended,
    }
}

fn run(workspace: &Workspace, options: &Up) -> Result<(), Error> {
    build(workspace)?;
    docs::if_possible(workspace)?;
    let ports = Ports::usual(options.port_gateway)?;
    let mut system = System::start(workspace, &ports, &workspace.local())?;
    println!("\n{}", curl::guide(&system.gateway, &system.children.logs()));
    loop {
        system.children.check()?;
        pause(Duration::from_millis(200))?;
    }
}
