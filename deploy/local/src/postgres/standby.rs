//! A standby: a copy of a server that follows it, without which no commit is answered, and that
//! takes over when it is promoted.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::{
    Host, POLL, Postgres, READY_LIMIT, not_ours,
    server::{STANDBY, Server},
};
use crate::ports;

/// How long a standby may take to have all that its primary has.
const SYNC_LIMIT: Duration = Duration::from_mins(1);

impl Postgres {
    /// Starts a standby of this server with its data under `folder`, and has every commit wait for
    /// it; returns when it does.
    pub async fn start_standby(&self, folder: &Path) -> anyhow::Result<Self> {
        let Host::Programs(server) = &self.host else { bail!(not_ours("followed")) };
        let port = ports::free_port()?;
        let mut admin = self.admin.clone();
        admin.set_port(Some(port)).ok().context("a URL that can have no port")?;
        let standby = Server::follow(folder.join("postgres-2"), server.programs().clone(), port, &self.admin).await?;
        let standby = Self { admin, host: Host::Programs(Box::new(standby)) };
        standby.wait_until_ready().await?;
        self.wait_for_standby().await?;
        Ok(standby)
    }

    /// Throws this server's data away and starts it again as the standby of `primary`; returns when
    /// commits there wait for it.
    pub async fn follow(&self, primary: &Self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("made a standby")),
            Host::Programs(server) => server.follow_instead(&primary.admin).await?,
        }
        self.wait_until_ready().await?;
        primary.wait_for_standby().await
    }

    /// Makes this standby a primary. Its commits wait for nobody, until it has a standby.
    pub async fn promote(&self) -> anyhow::Result<()> {
        let promoted = self.run_sql("postgres", "select pg_promote(true, 60)").await.context("promoting a standby")?;
        if promoted.trim() != "t" {
            bail!("the standby on port {} was not promoted", self.port());
        }
        self.set("synchronous_standby_names", "").await
    }

    /// From now on commits wait for the standby; returns when it has all that there is.
    async fn wait_for_standby(&self) -> anyhow::Result<()> {
        self.set("synchronous_standby_names", STANDBY).await?;
        let deadline = Instant::now() + SYNC_LIMIT.max(READY_LIMIT);
        let query = format!("select sync_state from pg_stat_replication where application_name = '{STANDBY}'");
        while self.run_sql("postgres", &query).await?.trim() != "sync" {
            if Instant::now() > deadline {
                bail!("no standby follows the Postgres on port {}", self.port());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn set(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.run_sql("postgres", &format!("alter system set {name} = '{value}'")).await?;
        self.run_sql("postgres", "select pg_reload_conf()").await.map(|_| ())
    }
}
