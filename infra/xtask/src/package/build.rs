//! cargo-lambda with Zig as C compiler and linker: for either architecture, and against the C library of Lambda's
//! `provided.al2023`, whatever this machine has. No path of this machine gets into what is built.

use std::{env, path::PathBuf, process::Command};

use super::artifact::Arch;
use crate::{
    Error, Workspace,
    command::Run,
    steps::{end_of, quietly},
    tools,
};

/// The C library of Amazon Linux 2023.
const GLIBC: &str = "2.34";

pub(super) struct Tools {
    lambda: PathBuf,
    zig: PathBuf,
    cargo_home: PathBuf,
    /// Where the standard library's sources are, if they are installed, and what stands for that place in its own files.
    standard: (PathBuf, String),
}

impl Tools {
    /// # Errors
    /// What is missing, and how to get it.
    pub fn find(workspace: &Workspace, arch: Arch) -> Result<Self, Error> {
        let sysroot = PathBuf::from(said(workspace, "rustc", &["--print", "sysroot"])?);
        if !sysroot.join("lib/rustlib").join(arch.target()).is_dir() {
            let target = arch.target();
            return Err(Error::failed(format!("to build for {} here: rustup target add {target}", arch.name())));
        }
        let version = said(workspace, "rustc", &["--version", "--verbose"])?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
        Ok(Self {
            lambda: tools::cargo_lambda(workspace)?,
            zig: tools::zig(workspace)?,
            cargo_home: home.ok_or_else(|| Error::failed("neither CARGO_HOME nor HOME is set"))?,
            standard: (sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{commit}")),
        })
    }

    /// Folders that no file may tell of.
    pub fn folders(&self, workspace: &Workspace) -> [PathBuf; 4] {
        [&self.cargo_home, &self.standard.0, &workspace.root, &workspace.target].map(Clone::clone)
    }

    /// Builds the packages, and says where they are: functions as `<name>/bootstrap`, adapters as `lib<id>.so`.
    pub fn build(
        &self,
        workspace: &Workspace,
        arch: Arch,
        profile: &str,
        packages: &[String],
        what: &str,
    ) -> Result<PathBuf, Error> {
        let out = workspace.target.join("lambda").join(arch.name());
        let mut run = Run::new(workspace, &self.lambda).words("lambda build --locked --color never --target");
        run = run.arg(format!("{}.{GLIBC}", arch.target())).arg("--profile").arg(profile).arg("--lambda-dir").arg(&out);
        for package in packages {
            run = run.arg("--package").arg(package);
        }
        // The last that matches counts.
        let names = ["/cargo", &self.standard.1, "/source", "/source/target"];
        let from = self.folders(workspace);
        let flags = from.iter().zip(names).map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        let flags: Vec<String> = flags.collect();
        run = run.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env("CARGO_TARGET_DIR", &workspace.target);
        // C names its files too, where it reports an error.
        run = run.env("CFLAGS", format!("-ffile-prefix-map={}=/cargo", self.cargo_home.display()));
        run = run.env("CARGO_ZIGBUILD_ZIG_PATH", self.zig.join("ziglang/zig")).env("CARGO_INCREMENTAL", "0");
        quietly("cargo lambda build", run, &workspace.scratch().join(format!("package-{what}.log")))?;
        let built = workspace.target.join(arch.target()).join(profile);
        // Libraries stay where cargo put them.
        Ok(if what == "functions" { out } else { built })
    }
}

fn said(workspace: &Workspace, program: &str, arguments: &[&str]) -> Result<String, Error> {
    let mut command: Command = Run::new(workspace, program).0;
    let output = command.args(arguments).output().map_err(Error::file(program))?;
    if !output.status.success() {
        let (arguments, why) = (arguments.join(" "), end_of(&String::from_utf8_lossy(&output.stderr), 1));
        return Err(Error::failed(format!("{program} {arguments} failed ({}): {why}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_has_said_nothing() {
        let workspace = Workspace::here();
        assert!(said(&workspace, "rustc", &["--version"]).is_ok_and(|version| version.starts_with("rustc ")));
        let refusal = said(&workspace, "rustc", &["--no-such-option"]).err().map(|error| error.to_string());
        assert!(refusal.is_some_and(|error| error.contains("rustc --no-such-option failed")));
    }
}
