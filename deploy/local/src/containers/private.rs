//! A Docker engine of our own, for machines where none answers: its socket, its state and its process id live in a folder that goes
//! with it, its images in one that can be kept.
//!
//! It leaves the machine's firewall alone: ports are handed to containers by a program of Docker's (`docker-proxy`), and containers
//! reach nobody outside. Its bridge is Docker's usual one, so that one private engine at a time runs on a machine; a second waits.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::{
    StackFolder, account,
    capture::capture,
    container::Engine,
    install,
    process::{Process, ProcessSpec},
    programs,
    say::say,
};

/// Written by root alone, as the engine is started by root alone.
const LOCK: &str = "/run/muster-engine.lock";
const LOCK_LIMIT: Duration = Duration::from_mins(30);
const READY_LIMIT: Duration = Duration::from_mins(1);
const CLEANING_LIMIT: Duration = Duration::from_mins(1);
/// It ends its containers first.
const STOP_LIMIT: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(100);
const BRIDGE: &str = "docker0";
/// How it reaches a registry, and whom it believes there.
const HANDED_ON: [&str; 8] =
    ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// A running engine. Dropping it ends its containers and then itself, and waits for that.
#[derive(Debug)]
pub(super) struct PrivateEngine {
    daemon: Process,
    socket: PathBuf,
    /// Whether there was no bridge before.
    own_bridge: bool,
    folder: StackFolder,
    _lock: File,
}

impl PrivateEngine {
    /// Starts an engine with its images in `data`, installing it first where that is needed and allowed.
    pub(super) async fn start(data: &Path) -> anyhow::Result<Self> {
        if !account::is_root() {
            bail!("no container engine answers, and only root can start one");
        }
        let daemon = find_or_install().await?;
        let lock = lock().await?;
        let folder = StackFolder::create(None, false)?;
        let socket = folder.path().join("docker.sock");
        std::fs::create_dir_all(data).with_context(|| format!("making {}", data.display()))?;
        let data = data.canonicalize().with_context(|| format!("finding {}", data.display()))?;
        say(&format!("no container engine answers: starting a private one, with its images in {}", data.display()));
        let own_bridge = !bridge_exists();
        let spec = spec(&daemon, folder.path(), &socket, &data)?;
        let engine = Self { daemon: Process::spawn(spec)?, socket, own_bridge, folder, _lock: lock };
        engine.wait_until_ready().await?;
        engine.remove_leftovers().await?;
        Ok(engine)
    }

    /// The setting that makes Docker's command line talk to it.
    pub(super) fn environment(&self) -> (&'static str, String) {
        ("DOCKER_HOST", format!("unix://{}", self.socket.display()))
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let Err(error) = capture(self.command(&["info"]), None, READY_LIMIT).await else { return Ok(()) };
            if !self.daemon.is_running() || Instant::now() > deadline {
                return Err(error.context(format!("dockerd does not answer\n{}", self.daemon.log_tail(15))));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// What a run that was killed has left in the images' folder; nobody else uses this engine.
    async fn remove_leftovers(&self) -> anyhow::Result<()> {
        let left = capture(self.command(&["ps", "--all", "--quiet"]), None, CLEANING_LIMIT).await?;
        let left: Vec<&str> = left.split_whitespace().collect();
        if !left.is_empty() {
            let mut remove = self.command(&["rm", "--force", "--volumes"]);
            remove.args(left);
            capture(remove, None, CLEANING_LIMIT).await.context("removing containers of an earlier run")?;
        }
        Ok(())
    }

    fn command(&self, args: &[&str]) -> Command {
        let (name, value) = self.environment();
        let mut command = Engine::Docker.command(args);
        command.env(name, value);
        command
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        self.daemon.terminate();
        if !self.daemon.has_ended_within(STOP_LIMIT) {
            say(&format!("dockerd did not end within {} s and is killed", STOP_LIMIT.as_secs()));
            self.daemon.kill_family_now();
        }
        // It leaves a network namespace mounted, which would keep the folder from being removed.
        run_if_there("umount", &[&self.folder.path().join("exec/netns/default").display().to_string()]);
        if self.own_bridge && bridge_exists() {
            run_if_there("ip", &["link", "delete", BRIDGE]);
        }
    }
}

async fn find_or_install() -> anyhow::Result<PathBuf> {
    if programs::on_path("dockerd").is_none() {
        let _may_not = install::install("docker.io").await?;
    }
    // Later versions of Debian have the command line in a package of its own.
    if programs::on_path("docker").is_none() {
        let _may_not = install::install("docker-cli").await?;
    }
    match (programs::on_path("dockerd"), programs::on_path("docker")) {
        (Some(daemon), Some(_)) => Ok(daemon),
        _ => bail!("no container engine answers, and none is installed (Debian: apt-get install docker.io)"),
    }
}

async fn lock() -> anyhow::Result<File> {
    let file = File::create(LOCK).with_context(|| format!("opening {LOCK}"))?;
    let deadline = Instant::now() + LOCK_LIMIT;
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("locking {LOCK}")),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                bail!("another private engine was still running after {} s", LOCK_LIMIT.as_secs())
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if !said {
            say("another private container engine runs on this machine; waiting for its end");
            said = true;
        }
        tokio::time::sleep(POLL).await;
    }
}

fn spec(daemon: &Path, folder: &Path, socket: &Path, data: &Path) -> anyhow::Result<ProcessSpec> {
    let at = |name: &str| folder.join(name).display().to_string();
    // The machine's own settings are for the machine's own engine.
    std::fs::write(folder.join("daemon.json"), "{}\n").context("writing dockerd's settings")?;
    let mut spec = ProcessSpec::new("dockerd", daemon, folder.join("dockerd.log")).args([
        format!("--host=unix://{}", socket.display()),
        format!("--data-root={}", data.display()),
        format!("--exec-root={}", at("exec")),
        format!("--pidfile={}", at("pid")),
        format!("--config-file={}", at("daemon.json")),
        "--iptables=false".to_owned(),
        "--ip6tables=false".to_owned(),
        "--ip-masq=false".to_owned(),
        "--ip-forward=false".to_owned(),
        "--log-level=warn".to_owned(),
    ]);
    let handed_on = HANDED_ON.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    spec.env.extend(handed_on);
    // Killed at once, it would leave its containers running.
    spec.on_our_death = "TERM";
    Ok(spec)
}

/// Tidies up with a program of the machine; what stays without it harms nobody.
fn run_if_there(program: &str, args: &[&str]) {
    let _stays = std::process::Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn bridge_exists() -> bool {
    Path::new("/sys/class/net").join(BRIDGE).exists()
}
