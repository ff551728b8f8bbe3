//! `PgBouncer` before a Postgres of the stack, for tests: the pooler of connections from Debian's
//! package of that name.

use std::{
    fs::Permissions,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::Url;

use crate::{
    Postgres, account, install, ports,
    process::{Process, ProcessSpec},
    programs,
};

const READY_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A running pooler. Dropping it kills it.
#[derive(Debug)]
pub struct Bouncer {
    port: u16,
    process: Process,
}

impl Bouncer {
    /// Starts one before `postgres` in a mode (`session`, `transaction`), with so many connections
    /// to the server for each user and database; returns when it answers. `None` where the program
    /// is not on this machine and cannot be installed.
    pub async fn start(folder: &Path, postgres: &Postgres, mode: &str, size: usize) -> anyhow::Result<Option<Self>> {
        let Some(program) = find_or_install().await? else { return Ok(None) };
        let home = folder.join(format!("pgbouncer-{mode}"));
        let (port, run_as) = (ports::free_port()?, account::for_postgres()?);
        let app = Url::parse(&postgres.app_url("postgres"))?;
        let (user, password) = (app.username(), app.password().unwrap_or_default());
        let users = format!("\"postgres\" \"{password}\"\n\"{user}\" \"{password}\"\n");
        let file = |name: &str| home.join(name).display().to_string();
        let settings = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = scram-sha-256\n\
             auth_file = {}\n\
             pool_mode = {mode}\n\
             default_pool_size = {size}\n\
             ignore_startup_parameters = extra_float_digits\n",
            postgres.port(),
            file("users.txt"),
        );
        let doing = || format!("filling PgBouncer's folder {}", home.display());
        std::fs::create_dir(&home).with_context(doing)?;
        for (name, text, mode) in [("users.txt", &users, 0o600), ("pgbouncer.ini", &settings, 0o600)] {
            std::fs::write(home.join(name), text).with_context(doing)?;
            std::fs::set_permissions(home.join(name), Permissions::from_mode(mode)).with_context(doing)?;
        }
        if let Some(account) = run_as {
            for path in [home.clone(), home.join("users.txt"), home.join("pgbouncer.ini")] {
                chown(path, Some(account.uid), Some(account.gid)).with_context(doing)?;
            }
        }
        let mut spec = ProcessSpec::new("pgbouncer", program, home.join("pgbouncer.log")).args([file("pgbouncer.ini")]);
        spec.run_as = run_as;
        let bouncer = Self { port, process: Process::spawn(spec)? };
        bouncer.wait_until_ready(postgres).await?;
        Ok(Some(bouncer))
    }

    /// Returns a URL that goes straight to the server, made to go through this pooler.
    pub fn instead(&self, straight: &str) -> anyhow::Result<String> {
        let mut url = Url::parse(straight)?;
        url.set_port(Some(self.port)).ok().context("a URL that can have no port")?;
        Ok(url.into())
    }

    async fn wait_until_ready(&self, postgres: &Postgres) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        while let Err(error) = postgres.run_sql_through(self.port, "postgres", "select 1").await {
            if !self.process.is_running() || Instant::now() > deadline {
                bail!("PgBouncer does not answer: {error:#}\n{}", self.process.log_tail(20));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Runs SQL through `psql` and this pooler, each call as a client of its own.
    pub async fn run_sql(&self, postgres: &Postgres, database: &str, sql: &str) -> anyhow::Result<String> {
        postgres.run_sql_through(self.port, database, sql).await
    }
}

async fn find_or_install() -> anyhow::Result<Option<PathBuf>> {
    let find = || {
        let debian = PathBuf::from("/usr/sbin/pgbouncer");
        if debian.is_file() { Some(debian) } else { programs::on_path("pgbouncer") }
    };
    match find() {
        Some(program) => Ok(Some(program)),
        // Without a network there is none, and its callers say so.
        None => Ok(if install::install("pgbouncer").await.unwrap_or(false) { find() } else { None }),
    }
}
