//! Servers in containers, for machines with an engine and without the programs, and for other versions than the machine's.
//!
//! The engine is driven by its own command line: that sends `SIGKILL` and nothing before it, gives a command standard input, works with
//! Podman without a socket, and costs nothing to compile.
//!
//! A container outlives whoever started it, so each has a guard: a shell that waits for its standard input to end, which
//! it does when this program stops, crashes or is killed, and then removes the container with its data.

use std::{
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::process::Command;

use crate::{capture::capture, programs, say::say, secret};

const LIMIT: Duration = Duration::from_mins(1);
/// The first run downloads the image.
const FIRST_RUN_LIMIT: Duration = Duration::from_mins(10);
const REMOVAL_LIMIT: Duration = Duration::from_secs(30);
/// Says in which stack's folder a container's server belongs.
const FOLDER_LABEL: &str = "muster.folder";

/// A container engine that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Docker,
    Podman,
}

impl Engine {
    /// The first engine that answers.
    pub(crate) async fn find() -> Option<Self> {
        for engine in [Self::Docker, Self::Podman] {
            if programs::on_path(engine.program()).is_some()
                && capture(engine.command(&["info"]), None, Duration::from_secs(20)).await.is_ok()
            {
                return Some(engine);
            }
        }
        None
    }

    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    pub(crate) fn command(self, args: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command.args(args);
        command
    }
}

/// What to run in a container.
#[derive(Debug)]
pub(crate) struct ContainerSpec {
    pub(crate) service: &'static str,
    pub(crate) image: String,
    /// The stack's folder, which names whose container it is.
    pub(crate) folder: PathBuf,
    pub(crate) env: Vec<(&'static str, String)>,
    /// Ports as (on 127.0.0.1, inside).
    pub(crate) ports: Vec<(u16, u16)>,
    pub(crate) args: Vec<&'static str>,
}

/// The inside of a container, where commands can be run.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    engine: Engine,
    name: String,
}

impl Inside {
    /// A container somebody else started.
    pub(crate) fn named(engine: Engine, name: String) -> Self {
        Self { engine, name }
    }

    /// A command to be run inside the container, with its standard input attached.
    pub(crate) fn exec(&self, env: &[(&str, &str)]) -> Command {
        let mut command = self.engine.command(&["exec", "--interactive"]);
        for (name, value) in env {
            // Named alone, a variable is handed on from the engine's own environment: arguments are seen by everybody on the machine.
            command.arg("--env").arg(name).env(name, value);
        }
        command.arg(&self.name);
        command
    }
}

/// A running container. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Container {
    inside: Inside,
    guard: Mutex<Child>,
}

impl Container {
    pub(crate) async fn run(engine: Engine, spec: ContainerSpec) -> anyhow::Result<Self> {
        let name = format!("muster-{}-{}", spec.service, secret::hex(6)?);
        say(&format!("starting {} in a container ({} {})", spec.service, engine.program(), spec.image));
        let guard = Mutex::new(guard(engine, &name)?);
        let container = Self { inside: Inside { engine, name }, guard };
        let mut command = engine.command(&["run", "--detach", "--name", &container.inside.name]);
        // A host name of its own that stays: RabbitMQ names its data after it.
        command.args(["--hostname", spec.service, "--shm-size", "256m"]);
        command.arg("--label").arg(format!("{FOLDER_LABEL}={}", spec.folder.display()));
        for (name, value) in &spec.env {
            command.arg("--env").arg(name).env(name, value);
        }
        for (outside, inside) in &spec.ports {
            command.arg("--publish").arg(format!("127.0.0.1:{outside}:{inside}"));
        }
        command.arg(&spec.image).args(&spec.args);
        capture(command, None, FIRST_RUN_LIMIT).await.with_context(|| format!("starting {}", spec.image))?;
        Ok(container)
    }

    pub(crate) fn name(&self) -> &str {
        &self.inside.name
    }

    pub(crate) fn inside(&self) -> &Inside {
        &self.inside
    }

    pub(crate) async fn kill(&self) -> anyhow::Result<()> {
        self.engine_does(&["kill", "--signal", "KILL"]).await?;
        self.engine_does(&["wait"]).await
    }

    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        self.engine_does(&["start"]).await
    }

    pub(crate) async fn pause(&self) -> anyhow::Result<()> {
        self.engine_does(&["pause"]).await
    }

    pub(crate) async fn unpause(&self) -> anyhow::Result<()> {
        self.engine_does(&["unpause"]).await
    }

    /// What it said last, on either of its outputs.
    pub(crate) async fn log_tail(&self) -> String {
        let mut command = Command::new("sh");
        let script = "exec \"$0\" logs --tail 40 \"$1\" 2>&1";
        command.args(["-c", script, self.inside.engine.program(), self.name()]);
        capture(command, None, LIMIT).await.unwrap_or_else(|error| format!("no log: {error:#}"))
    }

    async fn engine_does(&self, action: &[&str]) -> anyhow::Result<()> {
        let mut command = self.inside.engine.command(action);
        command.arg(self.name());
        capture(command, None, LIMIT).await.map(|_| ())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        drop(guard.stdin.take());
        let deadline = Instant::now() + REMOVAL_LIMIT;
        while matches!(guard.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn guard(engine: Engine, name: &str) -> anyhow::Result<Child> {
    std::process::Command::new("sh")
        .args(["-c", "cat >/dev/null; exec \"$0\" rm --force --volumes \"$1\"", engine.program(), name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Not reached by a Ctrl-C at the terminal.
        .process_group(0)
        .spawn()
        .context("starting the guard of a container")
}
