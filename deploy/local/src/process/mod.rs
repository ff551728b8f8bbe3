//! A process this crate started: its log, its signals, its end.
//!
//! Every process leads a process group of its own, so that a Ctrl-C at the terminal reaches only
//! the program which owns the stack, and is killed by the kernel when that program dies (`setpriv
//! --pdeathsig`, where util-linux is installed).

mod family;
mod launch;
mod spec;

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::Signal;

pub use crate::account::Account;
pub(crate) use launch::Launched;
pub(crate) use spec::inherited_environment;
pub use spec::{ProcessSpec, bound_to_this_process};

const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A process with its description, so that it can be started again. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    spec: ProcessSpec,
    /// The program that runs, or is started again.
    program: Mutex<PathBuf>,
    current: Mutex<Launched>,
}

impl Process {
    /// Starts the process; an error says that the program is missing or can't be run.
    pub fn spawn(spec: ProcessSpec) -> anyhow::Result<Self> {
        let (current, program) = (Mutex::new(start(&spec)?), Mutex::new(spec.program.clone()));
        Ok(Self { spec, program, current })
    }

    /// Returns the name it was given.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The file its output goes to.
    pub fn log(&self) -> &Path {
        &self.spec.log
    }

    /// Returns the last `lines` lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        log_tail(&self.spec.log, lines)
    }

    /// Its process id; that of the last start when it has ended.
    pub fn pid(&self) -> u32 {
        self.launched().pid()
    }

    /// Returns whether it has not ended; a paused process is running.
    pub fn is_running(&self) -> bool {
        self.launched().exit().is_none()
    }

    /// Asks it to end (`SIGTERM`). Like the other signals, it does nothing to a process that has
    /// ended.
    pub fn terminate(&self) {
        self.launched().signal(Signal::TERM);
    }

    /// Asks it to end in its own words: Postgres takes `SIGINT` for a fast stop.
    pub(crate) fn signal(&self, signal: Signal) {
        self.launched().signal(signal);
    }

    /// Kills it and its process group (`SIGKILL`) without waiting.
    pub fn kill(&self) {
        self.launched().signal_group(Signal::KILL);
    }

    /// Stops it in its tracks (`SIGSTOP`), with its process group; returns when it stands still.
    pub fn pause(&self) {
        family::pause_leader(&self.launched());
    }

    /// Lets it go on (`SIGCONT`).
    pub fn resume(&self) {
        self.launched().signal_group(Signal::CONT);
    }

    /// Stops the process and every descendant, in whichever process groups they are.
    pub(crate) fn pause_family(&self) {
        family::pause(&self.launched());
    }

    /// Lets the process and every descendant go on.
    pub(crate) fn resume_family(&self) {
        family::resume(&self.launched());
    }

    /// Waits for its end; an error says that it is still running after `limit`.
    pub async fn wait(&self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let launched = self.launched();
        tokio::time::timeout(limit, launched.wait())
            .await
            .with_context(|| format!("{} is still running after {} s", self.spec.name, limit.as_secs()))
    }

    /// Kills it with every descendant and waits until all are gone.
    pub async fn kill_family(&self) -> anyhow::Result<()> {
        self.end(|launched| family::kill(launched, KILL_LIMIT)).await
    }

    /// Ends it by a way that blocks.
    async fn end(&self, way: impl FnOnce(&Launched) -> anyhow::Result<()> + Send + 'static) -> anyhow::Result<()> {
        let launched = self.launched();
        tokio::task::spawn_blocking(move || way(&launched))
            .await
            .context("waiting for a killed process")?
            .with_context(|| format!("killing {}", self.spec.name))
    }

    /// The same for places that cannot wait asynchronously (`Drop`); the kernel is left with
    /// processes that won't die.
    pub(crate) fn kill_family_now(&self) {
        let _stuck_in_the_kernel = family::kill(&self.launched(), KILL_LIMIT);
    }

    /// Blocks until it has ended or `limit` has passed; whether it has ended.
    pub(crate) fn has_ended_within(&self, limit: Duration) -> bool {
        self.launched().has_ended_within(limit)
    }

    /// Asks it to end, and kills it when it has not ended after `limit`.
    pub async fn stop(&self, limit: Duration) -> anyhow::Result<()> {
        let family = family::descendants(&self.launched());
        self.terminate();
        self.resume();
        if self.wait(limit).await.is_err() {
            crate::say::say(&format!("{} did not end within {} s and is killed", self.name(), limit.as_secs()));
        }
        self.end(move |launched| family::finish(launched, &family, KILL_LIMIT)).await
    }

    /// Starts it again as it was described, killing the rest of it first. Its log goes on in the
    /// same file.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill_family().await?;
        self.start_again()
    }

    /// Asks it to end, and starts another program in its place, with the same name, arguments and
    /// environment: another build of the same daemon.
    pub async fn replace(&self, program: PathBuf, limit: Duration) -> anyhow::Result<()> {
        self.stop(limit).await?;
        *self.program.lock().unwrap_or_else(PoisonError::into_inner) = program;
        self.start_again()
    }

    fn start_again(&self) -> anyhow::Result<()> {
        let program = self.program.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let launched = start(&ProcessSpec { program, ..self.spec.clone() })?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = launched;
        Ok(())
    }

    fn launched(&self) -> Launched {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill_family_now();
        }
    }
}

fn start(spec: &ProcessSpec) -> anyhow::Result<Launched> {
    let command = spec.command()?;
    Launched::start(&spec.name, command).with_context(|| format!("starting {} ({})", spec.name, spec.program.display()))
}

/// Returns the last `lines` lines of a log file, or a note that it can't be read.
pub(crate) fn log_tail(log: &Path, lines: usize) -> String {
    match std::fs::read(log) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let all: Vec<&str> = text.lines().collect();
            format!("last lines of {}:\n{}", log.display(), all[all.len().saturating_sub(lines)..].join("\n"))
        }
        Err(error) => format!("{} can't be read: {error}", log.display()),
    }
}
