//! Postgres and `RabbitMQ` together, in one folder.

use std::path::PathBuf;

use anyhow::Context as _;

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
    /// Where to make the folder; the machine's folder for temporary files when `None`.
    pub parent: Option<PathBuf>,
}

/// Both services, answering. [`Stack::stop`] ends them in an orderly way; dropping the stack ends
/// them at once.
#[derive(Debug)]
pub struct Stack {
    /// The database server.
    pub postgres: Postgres,
    /// The broker.
    pub rabbitmq: RabbitMq,
    // Last, so that it is removed when the servers are gone.
    folder: StackFolder,
}

impl Stack {
    /// Finds or starts both services at the same time and waits until they answer.
    pub async fn start(options: StackOptions) -> anyhow::Result<Self> {
        let folder = StackFolder::create(options.parent.as_deref(), options.keep_folder)?;
        let (postgres, rabbitmq) = if options.always_own {
            tokio::try_join!(Postgres::start(folder.path()), RabbitMq::start(folder.path()))?
        } else {
            tokio::try_join!(Postgres::find_or_start(folder.path()), RabbitMq::find_or_start(folder.path()))?
        };
        Ok(Self { postgres, rabbitmq, folder })
    }

    /// Returns the stack's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Leaves the folder with data and logs behind after all.
    pub fn keep_folder(&mut self) {
        self.folder.keep();
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
        let Self { postgres, rabbitmq, folder } = self;
        let (postgres, rabbitmq) = tokio::join!(postgres.stop(), rabbitmq.stop());
        drop(folder);
        postgres.context("stopping Postgres")?;
        rabbitmq.context("stopping RabbitMQ")
    }
}
