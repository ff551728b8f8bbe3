//! The `psql` program: enough SQL to make databases, and no driver to compile.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use tokio::process::Command;

use super::server::Programs;
use crate::{capture::capture, programs};

const LIMIT: Duration = Duration::from_mins(2);

/// `psql` as the superuser of a server.
pub(super) struct Psql<'a> {
    admin: &'a Url,
    program: PathBuf,
}

impl<'a> Psql<'a> {
    pub(super) fn at(admin: &'a Url, program: PathBuf) -> Self {
        Self { admin, program }
    }

    pub(super) fn on_this_machine(admin: &'a Url) -> anyhow::Result<Self> {
        let program = Programs::find().map(|programs| programs.psql()).or_else(|| programs::on_path("psql"));
        let program = program.context(
            "no psql on this machine: install Postgres's client (Debian: apt-get install postgresql-client)",
        )?;
        Ok(Self::at(admin, program))
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// Runs `sql` from standard input and stops at the first error.
    pub(super) async fn run(&self, database: &str, sql: &str, options: &[&str]) -> anyhow::Result<String> {
        let password = percent_decode_str(self.admin.password().unwrap_or_default())
            .decode_utf8()
            .context("the password in Postgres's URL is no UTF-8")?;
        let env = [("PGPASSWORD", password.as_ref()), ("PGCONNECT_TIMEOUT", "30")];
        let mut url = self.admin.clone();
        url.set_path(database);
        // The password goes through the environment: arguments are seen by everybody on the
        // machine.
        let _a_url_with_a_host = url.set_password(None);
        let mut command = Command::new(&self.program);
        command
            .envs(env)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--file", "-"])
            .args(options)
            .arg("--dbname")
            .arg(url.as_str());
        capture(command, Some(sql.as_bytes()), LIMIT).await
    }
}
