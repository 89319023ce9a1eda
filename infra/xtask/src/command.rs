//! Commands in an environment that does not depend on how xtask itself was started. `cargo run` tells its
//! child which package it is; a build script that looks would have everything compiled again.

use std::{ffi::OsStr, path::Path, process::Command};

use crate::Workspace;

/// Set by `cargo run` for xtask, and false for anything else.
const OURS: [&str; 6] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
];

/// A command to be run at the workspace's root.
pub struct Run(pub(crate) Command);

impl Run {
    pub(crate) fn new(workspace: &Workspace, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(&workspace.root);
        for (name, _) in std::env::vars_os() {
            let known = name.to_str().is_some_and(|name| OURS.contains(&name) || name.starts_with("CARGO_PKG_"));
            if known {
                command.env_remove(name);
            }
        }
        Self(command)
    }

    /// Words, separated by spaces.
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.0.args(words.split_whitespace());
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Without the developer's own AWS account, which local functions must not meet.
    pub(crate) fn without_aws(mut self) -> Self {
        for (name, _) in std::env::vars_os() {
            let aws = name.to_str().is_some_and(|name| name.starts_with("AWS_") && !name.starts_with("AWS_LC_"));
            if aws {
                self.0.env_remove(name);
            }
        }
        self
    }

    pub(crate) fn python(workspace: &Workspace, packages: &Path) -> Self {
        Self::new(workspace, "python3").env("PYTHONPATH", packages)
    }
}

pub(crate) fn cargo(workspace: &Workspace, words: &str) -> Run {
    Run::new(workspace, "cargo").words(words)
}
