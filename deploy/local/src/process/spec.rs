//! The description of a process, and the command it becomes.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, OpenOptions},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use super::Account;
use crate::programs;

/// A program to run, and how.
#[derive(Debug, Clone)]
pub struct ProcessSpec {
    /// The name for people: `worker-1`.
    pub name: String,
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment, beside `PATH`, `HOME` and `TMPDIR`, which are handed on.
    pub env: Vec<(String, String)>,
    /// The file its output is appended to.
    pub log: PathBuf,
    /// The folder it runs in; that of its log when `None`.
    pub folder: Option<PathBuf>,
    /// The user it runs as; the present one when `None`. Only root may name another.
    pub run_as: Option<Account>,
    /// The signal it gets when this program dies.
    pub on_our_death: &'static str,
}

impl ProcessSpec {
    /// Returns a process without arguments.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            log: log.into(),
            folder: None,
            run_as: None,
            on_our_death: "KILL",
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<String>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub(super) fn command(&self) -> anyhow::Result<Command> {
        if !self.program.is_file() {
            bail!("no program {} for {}", self.program.display(), self.name);
        }
        let folder = match (&self.folder, self.log.parent()) {
            (Some(folder), _) => folder.as_path(),
            (None, Some(parent)) => parent,
            (None, None) => Path::new("/"),
        };
        let log = open_log(&self.log)?;
        let mut command = bound_to_this_process(self.program.as_os_str(), self.on_our_death);
        command
            .args(&self.args)
            .env_clear()
            .envs(inherited_environment())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().with_context(|| format!("sharing the log {}", self.log.display()))?)
            .stderr(log)
            .process_group(0);
        if let Some(account) = self.run_as {
            command.uid(account.uid).gid(account.gid);
        }
        Ok(command)
    }
}

/// Returns a command for `program` which the kernel sends `signal` when the thread that starts it
/// ends. `setpriv` sets that and becomes the program, so the process id is the program's own.
pub fn bound_to_this_process(program: &OsStr, signal: &str) -> Command {
    match programs::on_path("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", signal, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// Returns the variables of our own environment that every process of the stack is handed.
pub(crate) fn inherited_environment() -> impl Iterator<Item = (&'static str, OsString)> {
    ["PATH", "HOME", "TMPDIR"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)))
}

fn open_log(log: &Path) -> anyhow::Result<File> {
    OpenOptions::new().create(true).append(true).open(log).with_context(|| format!("opening the log {}", log.display()))
}
