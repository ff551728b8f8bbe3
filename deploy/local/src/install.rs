//! Installing servers with apt-get on a Debian-like machine, when this user may.
//!
//! Debian's packages start a system server when installed. `RUNLEVEL=1` asks their scripts not to,
//! and `create_main_cluster = false` leaves Postgres without a system cluster to start; a setting
//! somebody has made is left alone.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use tokio::{process::Command, sync::Mutex};

use crate::{account, capture::capture, programs, say::say};

/// `0` or `no` keeps the stack from installing anything.
const INSTALL_VAR: &str = "MUSTER_LOCAL_INSTALL";

const LIMIT: Duration = Duration::from_mins(10);
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";

/// One installation at a time: apt-get locks its lists.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Installs `package` if this machine and this user allow it. `false` says that they don't.
pub(crate) async fn install(package: &str) -> anyhow::Result<bool> {
    let _one = ONE_AT_A_TIME.lock().await;
    let forbidden = std::env::var(INSTALL_VAR).is_ok_and(|value| value == "0" || value == "no");
    if forbidden || programs::on_path("apt-get").is_none() {
        return Ok(false);
    }
    let Some(rights) = Rights::of_this_user().await else { return Ok(false) };
    say(&format!("no {package} on this machine: installing it with apt-get (set {INSTALL_VAR}=0 to forbid that)"));
    if package == "postgresql" && !Path::new(CLUSTER_SETTINGS).exists() {
        let script =
            format!("mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > {CLUSTER_SETTINGS}");
        rights.run("sh", &["-c", &script]).await.context("asking Debian's scripts for no system cluster")?;
    }
    let lock = "DPkg::Lock::Timeout=300";
    let install =
        ["-o", lock, "-o", "Dpkg::Options::=--force-confold", "install", "-y", "--no-install-recommends", package];
    // Lists from another day name versions that are gone, so a first failure is answered by reading
    // them anew.
    if rights.run("apt-get", &install).await.is_err() {
        rights.run("apt-get", &["-o", lock, "update"]).await.context("apt-get update")?;
        rights.run("apt-get", &install).await.with_context(|| format!("apt-get install {package}"))?;
    }
    Ok(true)
}

#[derive(Debug, Clone, Copy)]
enum Rights {
    Root,
    Sudo,
}

impl Rights {
    async fn of_this_user() -> Option<Self> {
        if account::is_root() {
            return Some(Self::Root);
        }
        programs::on_path("sudo")?;
        let mut asking = Command::new("sudo");
        asking.args(["-n", "true"]);
        capture(asking, None, Duration::from_secs(10)).await.ok().map(|_| Self::Sudo)
    }

    async fn run(self, program: &str, args: &[&str]) -> anyhow::Result<String> {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env"]);
                sudo
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", program]).args(args);
        capture(command, None, LIMIT).await
    }
}
