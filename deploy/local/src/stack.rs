//! Postgres and `RabbitMQ` together, in one folder: a server of each, or so many that one may go.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, bail};
use futures::future::try_join_all;

use crate::{
    folder::StackFolder,
    postgres::{self, Postgres},
    rabbitmq::{self, RabbitMq},
};

/// How to start a stack.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// Start servers of our own even where the environment names some: for tests that kill them.
    pub always_own: bool,
    /// Leave the folder with data and logs behind.
    pub keep_folder: bool,
    /// Nodes of the broker, of which a minority may go; 0 is one, which may not.
    pub nodes: usize,
    /// Start a standby of the database, for which every commit waits.
    pub standby: bool,
    /// Where to make the folder; the machine's folder for temporary files when `None`.
    pub parent: Option<PathBuf>,
}

/// Nodes of a broker that can do without one of them.
pub const CLUSTER: usize = 3;

impl StackOptions {
    /// Returns the same with servers of its own, of which one of a kind may go.
    #[must_use]
    pub fn highly_available(self) -> Self {
        Self { always_own: true, nodes: CLUSTER, standby: true, ..self }
    }
}

/// Both services, answering. [`Stack::stop`] ends them in an orderly way; dropping the stack ends
/// them at once.
#[derive(Debug)]
pub struct Stack {
    /// The database server, or the first of two.
    pub postgres: Postgres,
    /// The second, where there are two.
    pub standby: Option<Postgres>,
    /// The broker, or its first node.
    pub rabbitmq: RabbitMq,
    /// The broker's other nodes.
    pub other_nodes: Vec<RabbitMq>,
    /// The second database server is the primary.
    second_is_primary: AtomicBool,
    // Last, so that it is removed when the servers are gone.
    folder: StackFolder,
}

impl Stack {
    /// Finds or starts both services at the same time and waits until they answer.
    pub async fn start(options: StackOptions) -> anyhow::Result<Self> {
        let folder = StackFolder::create(options.parent.as_deref(), options.keep_folder)?;
        let ((postgres, standby), (rabbitmq, other_nodes)) =
            tokio::try_join!(databases(folder.path(), &options), brokers(folder.path(), &options))?;
        Ok(Self { postgres, standby, rabbitmq, other_nodes, second_is_primary: AtomicBool::new(false), folder })
    }

    /// Returns the stack's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves the folder with data and logs behind after all.
    pub fn keep_folder(&mut self) {
        self.folder.keep();
    }

    /// Returns the database server that is written to.
    pub fn primary(&self) -> &Postgres {
        match &self.standby {
            Some(second) if self.second_is_primary.load(Ordering::Acquire) => second,
            _ => &self.postgres,
        }
    }

    /// Returns the other database server, where there is one.
    pub fn secondary(&self) -> Option<&Postgres> {
        let second = self.standby.as_ref()?;
        Some(if self.second_is_primary.load(Ordering::Acquire) { &self.postgres } else { second })
    }

    /// Promotes the standby. The former primary is the caller's to end, and to bring back as a
    /// standby ([`Postgres::follow`]).
    pub async fn fail_over(&self) -> anyhow::Result<()> {
        let Some(next) = self.secondary() else { bail!("there is no standby to promote") };
        next.promote().await?;
        self.second_is_primary.fetch_xor(true, Ordering::AcqRel);
        Ok(())
    }

    /// Returns the broker's nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &RabbitMq> {
        std::iter::once(&self.rabbitmq).chain(&self.other_nodes)
    }

    /// Cuts a node of the broker off from all others, without a word; clients reach it as before.
    pub fn cut_off(&self, node: &RabbitMq) -> anyhow::Result<()> {
        self.others_than(node).try_for_each(|other| node.cut_off_from(other))
    }

    /// Lets a node and all others reach each other again.
    pub fn join_again(&self, node: &RabbitMq) -> anyhow::Result<()> {
        self.others_than(node).try_for_each(|other| node.join_again(other))
    }

    /// Returns the broker's nodes but one.
    pub fn others_than<'a>(&'a self, node: &'a RabbitMq) -> impl Iterator<Item = &'a RabbitMq> {
        self.nodes().filter(|other| other.node_name() != node.node_name())
    }

    /// Returns the superuser's URL to a database, with all servers.
    pub fn database_url(&self, database: &str) -> String {
        naming_all(self.databases().map(|server| server.url(database)))
    }

    /// Returns the URL with which daemons use a database, with all servers.
    pub fn app_url(&self, database: &str) -> String {
        naming_all(self.databases().map(|server| server.app_url(database)))
    }

    /// Returns the URL of a vhost, with all nodes.
    pub fn amqp_url(&self, vhost: &str) -> String {
        naming_all(self.nodes().map(|node| node.amqp_url(vhost)))
    }

    /// Returns the URL of the broker's management API, with all nodes.
    pub fn management_url(&self) -> String {
        naming_all(self.nodes().map(RabbitMq::management_url))
    }

    fn databases(&self) -> impl Iterator<Item = &Postgres> {
        std::iter::once(&self.postgres).chain(&self.standby)
    }

    /// Returns the environment that hands this stack on to another program, which will then use it
    /// instead of its own.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            (postgres::URL_VAR, self.postgres.admin_url()),
            (rabbitmq::AMQP_URL_VAR, self.rabbitmq.server_url()),
            (rabbitmq::MANAGEMENT_URL_VAR, self.rabbitmq.management_url()),
        ]
    }

    /// Ends both services, then removes the folder.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { postgres, standby, rabbitmq, other_nodes, second_is_primary, folder } = self;
        // A primary that is asked to end waits for its standby to have everything.
        let (first, second) =
            if second_is_primary.into_inner() { (standby, Some(postgres)) } else { (Some(postgres), standby) };
        let databases = async {
            for server in [first, second].into_iter().flatten() {
                server.stop().await?;
            }
            anyhow::Ok(())
        };
        let brokers = async {
            // The first node has the name server of all.
            try_join_all(other_nodes.into_iter().map(RabbitMq::stop)).await?;
            rabbitmq.stop().await
        };
        let (databases, brokers) = tokio::join!(databases, brokers);
        drop(folder);
        databases.context("stopping Postgres")?;
        brokers.context("stopping RabbitMQ")
    }
}

async fn databases(folder: &Path, options: &StackOptions) -> anyhow::Result<(Postgres, Option<Postgres>)> {
    let postgres =
        if options.always_own { Postgres::start(folder).await? } else { Postgres::find_or_start(folder).await? };
    let standby = if options.standby { Some(postgres.start_standby(folder).await?) } else { None };
    Ok((postgres, standby))
}

async fn brokers(folder: &Path, options: &StackOptions) -> anyhow::Result<(RabbitMq, Vec<RabbitMq>)> {
    let first = if options.always_own {
        RabbitMq::start(folder, options.nodes > 1).await?
    } else {
        RabbitMq::find_or_start(folder).await?
    };
    let others = try_join_all((2..=options.nodes).map(|number| first.start_another(folder, number))).await?;
    Ok((first, others))
}

/// Returns one URL that names the servers of several, which differ by host and port alone.
pub fn naming_all(urls: impl IntoIterator<Item = String>) -> String {
    let mut urls = urls.into_iter();
    let mut all = urls.next().unwrap_or_default();
    let end = |url: &str| {
        let authority = url.find("://").map_or(0, |scheme| scheme + 3);
        url[authority..].find(['/', '?']).map_or(url.len(), |path| authority + path)
    };
    for url in urls {
        let authority = &url[..end(&url)];
        let host = authority.rsplit(['@', '/']).next().unwrap_or_default();
        all.insert_str(end(&all), &format!(",{host}"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::naming_all;

    #[test]
    fn one_url_names_all_servers() {
        let urls = ["amqp://u:p@127.0.0.1:1/v", "amqp://u:p@127.0.0.1:2/v", "amqp://u:p@127.0.0.1:3/v"];
        let all = naming_all(urls.map(str::to_owned));
        assert_eq!(all, "amqp://u:p@127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/v");
        assert_eq!(naming_all(["http://u@h:1".to_owned(), "http://u@h:2".to_owned()]), "http://u@h:1,h:2");
    }
}
