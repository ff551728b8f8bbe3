//! A Postgres server run from the machine's programs: a fresh cluster on one loopback port, with
//! full durability.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::{OpenOptions, Permissions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use reqwest::Url;
use rustix::process::Signal;

use crate::{
    account::{self, Account},
    process::{Process, ProcessSpec},
    programs,
};

/// The name by which a primary knows its standby, and the slot that keeps the log for it.
pub(super) const STANDBY: &str = "muster_standby";

const TOOL_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const DROP_LIMIT: Duration = Duration::from_secs(5);

/// The folder with `postgres`, `initdb` and `psql`.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Returns the newest of Debian's versions, else the one on the `PATH`.
    pub(super) fn find() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let newest = versions
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
            .filter(|(_, folder)| is_complete(folder))
            .max_by_key(|(version, _)| *version)
            .map(|(_, folder)| folder);
        let folder = newest.or_else(|| {
            let folder = programs::on_path("initdb")?.parent()?.to_owned();
            is_complete(&folder).then_some(folder)
        })?;
        Some(Self { folder })
    }

    pub(super) fn psql(&self) -> PathBuf {
        self.folder.join("psql")
    }
}

fn is_complete(folder: &Path) -> bool {
    ["postgres", "initdb", "psql", "pg_basebackup"].iter().all(|program| folder.join(program).is_file())
}

/// A running server. Dropping it ends it without ceremony.
#[derive(Debug)]
pub(super) struct Server {
    programs: Programs,
    place: Place,
    port: u16,
    process: Process,
}

impl Server {
    pub(super) async fn start(folder: &Path, programs: Programs, port: u16, password: &str) -> anyhow::Result<Self> {
        let place = Place::make(folder.join("postgres"))?;
        place.initdb(&programs, password).await?;
        place.configure(port)?;
        let process = place.spawn(&programs)?;
        Ok(Self { programs, place, port, process })
    }

    /// Starts a standby of a server, in a folder of its own.
    pub(super) async fn follow(home: PathBuf, programs: Programs, port: u16, primary: &Url) -> anyhow::Result<Self> {
        let place = Place::make(home)?;
        place.copy(&programs, primary).await?;
        place.configure(port)?;
        let process = place.spawn(&programs)?;
        Ok(Self { programs, place, port, process })
    }

    /// Throws this server's data away, and starts it again as a standby of another.
    pub(super) async fn follow_instead(&self, primary: &Url) -> anyhow::Result<()> {
        self.process.kill_family().await?;
        let data = self.place.data();
        std::fs::remove_dir_all(&data).with_context(|| format!("removing {}", data.display()))?;
        self.place.copy(&self.programs, primary).await?;
        self.place.configure(self.port)?;
        self.process.restart().await
    }

    pub(super) fn programs(&self) -> &Programs {
        &self.programs
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    pub(super) fn psql(&self) -> PathBuf {
        self.programs.psql()
    }

    /// A fast stop: connections are ended, data is flushed.
    pub(super) async fn stop(&self) -> anyhow::Result<()> {
        self.process.resume_family();
        self.process.signal(Signal::INT);
        if self.process.wait(STOP_LIMIT).await.is_err() {
            self.process.kill_family().await?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.process.is_running() {
            return;
        }
        // An immediate stop gives shared memory back, which a kill would leave behind.
        self.process.resume_family();
        self.process.signal(Signal::QUIT);
        if !self.process.has_ended_within(DROP_LIMIT) {
            self.process.kill_family_now();
        }
    }
}

/// The folder of a server, and the user it belongs to.
#[derive(Debug)]
struct Place {
    home: PathBuf,
    run_as: Option<Account>,
}

impl Place {
    fn make(home: PathBuf) -> anyhow::Result<Self> {
        let run_as = account::for_postgres()?;
        let doing = || format!("making Postgres's folder {}", home.display());
        std::fs::create_dir(&home).with_context(doing)?;
        std::fs::set_permissions(&home, Permissions::from_mode(0o700)).with_context(doing)?;
        if let Some(account) = run_as {
            chown(&home, Some(account.uid), Some(account.gid)).with_context(doing)?;
        }
        Ok(Self { home, run_as })
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    async fn initdb(&self, programs: &Programs, password: &str) -> anyhow::Result<()> {
        let password_file = self.home.join("password");
        std::fs::write(&password_file, password).context("writing the superuser's password")?;
        if let Some(account) = self.run_as {
            chown(&password_file, Some(account.uid), Some(account.gid)).context("handing on the password's file")?;
        }
        std::fs::set_permissions(&password_file, Permissions::from_mode(0o600))
            .context("closing the password's file")?;
        let spec = self.spec("initdb", programs.folder.join("initdb"), "initdb.log").args([
            "--username=postgres".to_owned(),
            "--auth=scram-sha-256".to_owned(),
            "--encoding=UTF8".to_owned(),
            "--locale=C".to_owned(),
            // Only a power cut could tell the difference, and the cluster is a second old.
            "--no-sync".to_owned(),
            format!("--pwfile={}", password_file.display()),
            format!("--pgdata={}", self.data().display()),
        ]);
        finish(spec).await?;
        std::fs::remove_file(&password_file).context("removing the password's file")
    }

    /// Copies a running server, with all that a standby of it needs.
    async fn copy(&self, programs: &Programs, primary: &Url) -> anyhow::Result<()> {
        let host = primary.host_str().unwrap_or("127.0.0.1");
        let port = primary.port().unwrap_or(5432);
        let user = primary.username();
        let from = format!("host={host} port={port} user={user} application_name={STANDBY}");
        let mut spec = self.spec("pg_basebackup", programs.folder.join("pg_basebackup"), "pg_basebackup.log").args([
            format!("--dbname={from}"),
            format!("--pgdata={}", self.data().display()),
            "--write-recovery-conf".to_owned(),
            "--wal-method=stream".to_owned(),
            "--checkpoint=fast".to_owned(),
            "--no-sync".to_owned(),
            "--create-slot".to_owned(),
            format!("--slot={STANDBY}"),
        ]);
        spec = spec.env("PGPASSWORD", primary.password().unwrap_or_default());
        finish(spec).await
    }

    /// Adds the stack's settings; the last one of a name counts.
    fn configure(&self, port: u16) -> anyhow::Result<()> {
        let data = self.data();
        OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))
            .and_then(|mut file| file.write_all(settings(port).as_bytes()))
            .with_context(|| format!("writing Postgres's settings in {}", data.display()))
    }

    fn spawn(&self, programs: &Programs) -> anyhow::Result<Process> {
        let name = self.home.file_name().map_or(Cow::Borrowed("postgres"), OsStr::to_string_lossy);
        let spec = self
            .spec(&name, programs.folder.join("postgres"), "postgres.log")
            .args(["-D".to_owned(), self.data().display().to_string()]);
        Process::spawn(spec)
    }

    fn spec(&self, name: &str, program: PathBuf, log: &str) -> ProcessSpec {
        let mut spec =
            ProcessSpec::new(name, program, self.home.join(log)).env("HOME", self.home.display().to_string());
        spec.run_as = self.run_as;
        spec.folder = Some(self.home.clone());
        spec
    }
}

/// Runs a program to its end.
async fn finish(spec: ProcessSpec) -> anyhow::Result<()> {
    let process = Process::spawn(spec)?;
    let status = process.wait(TOOL_LIMIT).await?;
    if !status.success() {
        bail!("{} ended with {status}\n{}", process.name(), process.log_tail(30));
    }
    Ok(())
}

/// Full durability, because tests kill the server and count the rows that are left. Everything
/// shared lives in files of the folder (`mmap`), so that a kill leaves nothing elsewhere.
fn settings(port: u16) -> String {
    format!(
        "listen_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = ''\n\
         max_connections = 300\n\
         shared_buffers = '256MB'\n\
         dynamic_shared_memory_type = 'mmap'\n\
         fsync = on\n\
         synchronous_commit = on\n\
         full_page_writes = on\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         logging_collector = off\n"
    )
}
