//! Postgres for tests and demos: given by URL, or run from the machine's programs.
//!
//! Only a server this crate started can be killed or paused. Databases made here are empty;
//! Muster's own tools fill them.

mod psql;
mod server;
mod standby;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::Url;

use crate::{install, ports, secret};
use psql::Psql;
use server::{Programs, Server};

/// A superuser's URL to the database `postgres` of a server to use instead of starting one.
pub const URL_VAR: &str = "MUSTER_TEST_POSTGRES_URL";

/// The role with which daemons connect.
const APP_LOGIN: &str = "muster_local";

const READY_LIMIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(40);

/// A Postgres server that answers.
#[derive(Debug)]
pub struct Postgres {
    admin: Url,
    host: Host,
}

#[derive(Debug)]
enum Host {
    Given,
    Programs(Box<Server>),
}

impl Postgres {
    /// Takes the server the environment names, else starts one; returns when it answers.
    pub async fn find_or_start(folder: &Path) -> anyhow::Result<Self> {
        let Ok(url) = std::env::var(URL_VAR) else { return Self::start(folder).await };
        let admin = Url::parse(&url).with_context(|| format!("{URL_VAR} is no URL"))?;
        let postgres = Self { admin, host: Host::Given };
        postgres.wait_until_ready().await?;
        Ok(postgres)
    }

    /// Starts a server of our own with its data under `folder`; returns when it answers.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let Some(programs) = find_or_install().await? else {
            bail!(
                "no Postgres: install it (Debian: apt-get install postgresql), or set {URL_VAR} to a superuser's URL of a running server"
            );
        };
        let password = secret::hex(16)?;
        let port = ports::free_port()?;
        let admin = Url::parse(&format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"))?;
        let host = Host::Programs(Box::new(Server::start(folder, programs, port, &password).await?));
        let postgres = Self { admin, host };
        postgres.wait_until_ready().await?;
        Ok(postgres)
    }

    /// Returns the superuser's URL to the database `postgres`.
    pub fn admin_url(&self) -> String {
        self.admin.to_string()
    }

    /// Returns the superuser's URL to `database`.
    pub fn url(&self, database: &str) -> String {
        let mut url = self.admin.clone();
        url.set_path(database);
        url.to_string()
    }

    /// Returns the URL with which daemons use `database`: that of a role with a daemon's rights
    /// alone ([`Self::make_app_login`]).
    pub fn app_url(&self, database: &str) -> String {
        let mut url = self.admin.clone();
        url.set_path(database);
        let _a_url_with_a_host = url.set_username(APP_LOGIN);
        url.to_string()
    }

    /// Makes the role with which daemons connect, once `muster migrate --roles` has made the one
    /// that it is a member of. Its password is the superuser's.
    pub async fn make_app_login(&self) -> anyhow::Result<()> {
        let password = self.admin.password().unwrap_or_default().replace('\'', "''");
        let sql = format!(
            "select pg_advisory_lock(7267830);
             do $$ begin
                 if not exists (select from pg_roles where rolname = '{APP_LOGIN}') then
                     create role {APP_LOGIN} login password '{password}' in role muster_app;
                 end if;
             end $$;"
        );
        self.run_sql("postgres", &sql).await.context("making the daemons' role")?;
        Ok(())
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.admin.port().unwrap_or(5432)
    }

    /// Returns the process id of the postmaster, where it is a process of ours.
    pub fn pid(&self) -> Option<u32> {
        match &self.host {
            Host::Programs(server) => Some(server.process().pid()),
            Host::Given => None,
        }
    }

    /// Returns the server's log, where it is a process of ours.
    pub fn log(&self) -> Option<PathBuf> {
        match &self.host {
            Host::Programs(server) => Some(server.process().log().to_owned()),
            Host::Given => None,
        }
    }

    /// Kills the whole server, as a power cut would (`SIGKILL`), and returns when nothing of it is
    /// left.
    pub async fn kill(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("killed")),
            Host::Programs(server) => server.process().kill_family().await,
        }
    }

    /// Starts a killed server on the same data and the same port, and waits until it has recovered.
    pub async fn start_again(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("started again")),
            Host::Programs(server) => server.process().restart().await?,
        }
        self.wait_until_ready().await
    }

    /// Stops the server and all its connections in their tracks; nothing is answered and nothing is
    /// closed.
    pub fn pause(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("paused")),
            Host::Programs(server) => server.process().pause_family(),
        }
        Ok(())
    }

    /// Lets a paused server go on.
    pub fn resume(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("resumed")),
            Host::Programs(server) => server.process().resume_family(),
        }
        Ok(())
    }

    /// Makes a database, as a copy of `template` where one is named.
    pub async fn create_database(&self, name: &str, template: Option<&str>) -> anyhow::Result<()> {
        let mut sql = format!("CREATE DATABASE {}", quoted(name));
        if let Some(template) = template {
            sql.push_str(" TEMPLATE ");
            sql.push_str(&quoted(template));
        }
        self.run_sql("postgres", &sql).await.with_context(|| format!("creating the database {name}"))?;
        Ok(())
    }

    /// Returns whether there is a database called `name`.
    pub async fn has_database(&self, name: &str) -> anyhow::Result<bool> {
        let literal = name.replace('\'', "''");
        let found = self.run_sql("postgres", &format!("SELECT 1 FROM pg_database WHERE datname = '{literal}'")).await?;
        Ok(!found.trim().is_empty())
    }

    /// Removes a database and ends the connections to it; no database is fine too.
    pub async fn drop_database(&self, name: &str) -> anyhow::Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name));
        self.run_sql("postgres", &sql).await.with_context(|| format!("dropping the database {name}"))?;
        Ok(())
    }

    /// Runs SQL through `psql` in `database` and returns its output: rows by line, columns parted
    /// by `|`.
    ///
    /// Each call starts a process. Tests that ask often use a client of their own.
    pub async fn run_sql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        self.psql()?.run(database, sql, &[]).await
    }

    /// Runs SQL as [`Postgres::run_sql`] does, by way of another port of this machine.
    pub(crate) async fn run_sql_through(&self, port: u16, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut url = self.admin.clone();
        url.set_port(Some(port)).ok().context("a URL that can have no port")?;
        let program = self.psql()?.program().to_owned();
        Psql::at(&url, program).run(database, sql, &[]).await
    }

    /// Runs a script through `psql` in one transaction, stopping at the first error.
    pub async fn run_script(&self, database: &str, script: &str) -> anyhow::Result<String> {
        self.psql()?.run(database, script, &["--single-transaction"]).await
    }

    /// Ends the server in an orderly way; a server given by URL is left alone.
    pub async fn stop(self) -> anyhow::Result<()> {
        match &self.host {
            Host::Programs(server) => server.stop().await,
            Host::Given => Ok(()),
        }
    }

    fn psql(&self) -> anyhow::Result<Psql<'_>> {
        match &self.host {
            Host::Given => Psql::on_this_machine(&self.admin),
            Host::Programs(server) => Ok(Psql::at(&self.admin, server.psql())),
        }
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let Err(error) = self.run_sql("postgres", "SELECT 1").await else { return Ok(()) };
            let ended = matches!(&self.host, Host::Programs(server) if !server.process().is_running());
            if ended || Instant::now() > deadline {
                let log = match &self.host {
                    Host::Given => String::new(),
                    Host::Programs(server) => server.process().log_tail(30),
                };
                return Err(error.context(format!("Postgres on port {} does not answer\n{log}", self.port())));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn find_or_install() -> anyhow::Result<Option<Programs>> {
    let found = Programs::find();
    if found.is_none() && install::install("postgresql").await? {
        return Ok(Programs::find());
    }
    Ok(found)
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn not_ours(done: &str) -> String {
    format!("the Postgres of {URL_VAR} was not started here and can't be {done}")
}
