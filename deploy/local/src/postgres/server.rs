//! A Postgres server run from the machine's programs: a fresh cluster on one loopback port, with
//! full durability.

use std::{
    fs::{OpenOptions, Permissions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use rustix::process::Signal;

use crate::{
    account::{self, Account},
    process::{Process, ProcessSpec},
    programs,
};

const INITDB_LIMIT: Duration = Duration::from_mins(2);
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
    ["postgres", "initdb", "psql"].iter().all(|program| folder.join(program).is_file())
}

/// A running server. Dropping it ends it without ceremony.
#[derive(Debug)]
pub(super) struct Server {
    programs: Programs,
    process: Process,
}

impl Server {
    pub(super) async fn start(folder: &Path, programs: Programs, port: u16, password: &str) -> anyhow::Result<Self> {
        let home = folder.join("postgres");
        let data = home.join("data");
        let run_as = account::for_postgres()?;
        let place = Place { home: &home, run_as };
        place.make()?;
        place.initdb(&programs, &data, password).await?;
        OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))
            .and_then(|mut file| file.write_all(settings(port).as_bytes()))
            .with_context(|| format!("writing Postgres's settings in {}", data.display()))?;
        let spec = place
            .spec("postgres", programs.folder.join("postgres"), "postgres.log")
            .args(["-D".to_owned(), data.display().to_string()]);
        Ok(Self { programs, process: Process::spawn(spec)? })
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

struct Place<'a> {
    home: &'a Path,
    run_as: Option<Account>,
}

impl Place<'_> {
    fn make(&self) -> anyhow::Result<()> {
        let doing = || format!("making Postgres's folder {}", self.home.display());
        std::fs::create_dir(self.home).with_context(doing)?;
        std::fs::set_permissions(self.home, Permissions::from_mode(0o700)).with_context(doing)?;
        if let Some(account) = self.run_as {
            chown(self.home, Some(account.uid), Some(account.gid)).with_context(doing)?;
        }
        Ok(())
    }

    async fn initdb(&self, programs: &Programs, data: &Path, password: &str) -> anyhow::Result<()> {
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
            format!("--pgdata={}", data.display()),
        ]);
        let process = Process::spawn(spec)?;
        let status = process.wait(INITDB_LIMIT).await?;
        if !status.success() {
            bail!("initdb ended with {status}\n{}", process.log_tail(30));
        }
        std::fs::remove_file(&password_file).context("removing the password's file")
    }

    fn spec(&self, name: &str, program: PathBuf, log: &str) -> ProcessSpec {
        let mut spec =
            ProcessSpec::new(name, program, self.home.join(log)).env("HOME", self.home.display().to_string());
        spec.run_as = self.run_as;
        spec.folder = Some(self.home.to_owned());
        spec
    }
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
