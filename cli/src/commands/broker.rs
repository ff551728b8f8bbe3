//! `muster broker apply`: settings of the broker that AMQP cannot make.

use anyhow::Context;
use muster_broker::{DELIVERY_LIMIT, Management};
use muster_service::config::BrokerSettings;

use super::configured;
use crate::out::say;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Set the policy of Muster's queues: a message that was delivered too often without an
    /// acknowledgement goes to `muster.dead`, where a worker counts it as a failed attempt. Setting
    /// it again changes nothing.
    Apply,
}

pub(crate) async fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Apply = command;
    let BrokerSettings { broker } = configured()?;
    let url = broker.management_url.as_ref();
    let url = url.context("MUSTER_RABBITMQ_MANAGEMENT_URL is not set: http://user:password@host:port")?;
    // Queues that are not there yet come under the policy when they are declared.
    Management::new(url, &broker.url)?.apply_policy().await?;
    say!("messages go to {} after {DELIVERY_LIMIT} deliveries", muster_jobs::names::DEAD)?;
    Ok(())
}
