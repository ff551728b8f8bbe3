//! `muster pause`, `resume` and `limit`: what the relay holds back.

use anyhow::ensure;
use muster_domain::ids::OrganizationId;
use muster_jobs::JobKind;
use muster_storage::engine::operate;

use super::{jobs::kind, pool};

/// Whose jobs.
#[derive(clap::Args)]
pub(crate) struct Whose {
    /// The kind; without it, every kind of the organization.
    #[arg(long, value_parser = kind)]
    kind: Option<JobKind>,
    /// The organization; without it, every one.
    #[arg(long)]
    organization: Option<uuid::Uuid>,
    /// Why, for those who look later.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Limit {
    /// The kind.
    #[arg(long, value_parser = kind)]
    kind: JobKind,
    /// The organization; without it, all together.
    #[arg(long)]
    organization: Option<uuid::Uuid>,
    /// Jobs that may be published and running at a time; without it, the limit is lifted.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    at_most: Option<i32>,
}

pub(crate) async fn set_paused(whose: Whose, paused: bool) -> anyhow::Result<()> {
    ensure!(whose.kind.is_some() || whose.organization.is_some(), "name a --kind, an --organization, or both");
    let organization = whose.organization.map(OrganizationId);
    operate::set_paused(&pool()?, whose.kind, organization, paused, whose.reason.as_deref()).await?;
    println!("{}", if paused { "paused: what is published already still runs" } else { "resumed" });
    Ok(())
}

pub(crate) async fn limit(limit: Limit) -> anyhow::Result<()> {
    operate::set_limit(&pool()?, limit.kind, limit.organization.map(OrganizationId), limit.at_most).await?;
    println!("{}", if limit.at_most.is_some() { "limited" } else { "the limit is lifted" });
    Ok(())
}
