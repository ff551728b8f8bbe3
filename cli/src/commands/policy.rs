//! `muster pause`, `resume` and `limit`: jobs that the relay holds back.

use anyhow::ensure;
use muster_domain::ids::OrganizationId;
use muster_jobs::JobKind;
use muster_storage::engine::policies;
use serde_json::{Value, json};

use super::{jobs::kind, operator, pool, remote::Remote};
use crate::out::say;

/// Choice of jobs by kind and organization.
#[derive(clap::Args)]
pub(crate) struct Whose {
    /// The kind; without it, every kind of the organization.
    #[arg(long, value_parser = kind)]
    kind: Option<JobKind>,
    /// The organization; without it, every one.
    #[arg(long)]
    organization: Option<uuid::Uuid>,
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
    /// Print one JSON object: {kind, organization, paused, reason}; null means all.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct Limit {
    /// The kind; without it, every kind of the organization together.
    #[arg(long, value_parser = kind)]
    kind: Option<JobKind>,
    /// The organization; without it, all together.
    #[arg(long)]
    organization: Option<uuid::Uuid>,
    /// Jobs that may be published and running at a time; without it, the limit is lifted.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    at_most: Option<i32>,
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
    /// Print one JSON object: `{kind, organization, at_most}`; null means all, and without a limit.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn set_paused(whose: Whose, paused: bool) -> anyhow::Result<()> {
    let Whose { kind, organization, reason, json } = whose;
    ensure!(kind.is_some() || organization.is_some(), "name a --kind, an --organization, or both");
    let command = if paused { "pause" } else { "resume" };
    let row = json!({ "kind": kind, "organization": organization, "paused": paused, "reason": reason });
    let told = if paused { "paused: what is published already still runs" } else { "resumed" };
    if let Some(remote) = Remote::chosen()? {
        let jobs = json!({ "kind": kind, "organization_id": organization });
        remote.act(&format!("policies/{command}"), jobs, reason.as_deref()).await?;
        return tell(json, &row, told);
    }
    let mut draft = operator::draft(command, kind.map(|kind| kind.as_str().to_owned()));
    draft.reason.clone_from(&reason);
    let (pool, organization_id) = (pool()?, organization.map(OrganizationId));
    operator::acts(draft, policies::set_paused(&pool, kind, organization_id, paused, reason.as_deref())).await?;
    tell(json, &row, told)
}

pub(crate) async fn limit(limit: Limit) -> anyhow::Result<()> {
    let Limit { kind, organization, at_most, reason, json } = limit;
    ensure!(kind.is_some() || organization.is_some(), "name a --kind, an --organization, or both");
    let row = json!({ "kind": kind, "organization": organization, "at_most": at_most });
    let told = if at_most.is_some() { "limited" } else { "the limit is lifted" };
    if let Some(remote) = Remote::chosen()? {
        let jobs = json!({ "kind": kind, "organization_id": organization, "at_most": at_most });
        remote.act("policies/limit", jobs, reason.as_deref()).await?;
        return tell(json, &row, told);
    }
    let arguments = [kind.map(|kind| kind.as_str().to_owned()), at_most.map(|limit| limit.to_string())];
    let mut draft = operator::draft("limit", arguments.into_iter().flatten());
    draft.reason = reason;
    operator::acts(draft, policies::set_limit(&pool()?, kind, organization.map(OrganizationId), at_most)).await?;
    tell(json, &row, told)
}

fn tell(as_json: bool, row: &Value, in_words: &str) -> anyhow::Result<()> {
    if as_json { say!("{row}") } else { say!("{in_words}") }
}
