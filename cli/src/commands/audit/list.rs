//! `muster audit list`.

use chrono::{DateTime, SecondsFormat, Utc};
use muster_domain::trust::audit::INSTALLATION;
use muster_storage::{
    Page, Pool,
    trust::audit::{self, Filter, Listed},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{commands::pool, out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The account; without it, the installation's own chain.
    #[arg(long)]
    account: Option<Uuid>,
    /// Only acts in this organization.
    #[arg(long)]
    organization: Option<Uuid>,
    /// Only acts of this member.
    #[arg(long)]
    member: Option<Uuid>,
    /// Only acts of the operator of this name.
    #[arg(long)]
    operator: Option<String>,
    /// Only this operation, such as `patch_contact` or `jobs_retry`.
    #[arg(long)]
    operation: Option<String>,
    /// Only acts with a main record of this kind, such as `contact`.
    #[arg(long)]
    kind: Option<String>,
    /// Only acts that name this record.
    #[arg(long)]
    record: Option<Uuid>,
    /// Only acts at this instant (RFC 3339) or later.
    #[arg(long)]
    from: Option<DateTime<Utc>>,
    /// Only acts before this instant.
    #[arg(long)]
    to: Option<DateTime<Utc>>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only acts behind this one in the list: the last number of the page before.
    #[arg(long)]
    after: Option<i64>,
    /// The whole chain in its order, as JSON Lines, for `verify --file`.
    #[arg(long, conflicts_with_all = ["organization", "member", "operator", "operation", "kind", "record", "from", "to", "after"])]
    whole: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Entries that are read at a time.
const PAGE_SIZE: i64 = 1_000;

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (pool, chain) = (pool()?, args.account.unwrap_or(INSTALLATION));
    if args.whole {
        return whole(&pool, chain).await;
    }
    let filter = Filter {
        organization_id: args.organization,
        member_id: args.member,
        operator: args.operator,
        operation: args.operation,
        record_kind: args.kind,
        record_id: args.record,
        from: args.from,
        to: args.to,
    };
    let page = Page { after: args.after, limit: args.limit.into() };
    let found = audit::page(&pool, chain, &filter, page).await?;
    if args.json {
        for listed in &found {
            say!("{}", object(listed)?)?;
        }
        return Ok(());
    }
    let mut table = Table::with_names([">number", "at", "by", "operation", "record", "from", "reason"]);
    for Listed { entry, address, reason, .. } in found {
        let act = entry.act;
        let member = act.member_id.map(|id| format!("{} {id}", act.role.as_deref().unwrap_or("member")));
        let by = act.operator.or(member).unwrap_or_else(|| act.principal.to_string());
        let record = act.records.first().map(|record| format!("{} {}", record.kind, record.id));
        table.row([
            entry.number.to_string(),
            entry.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            if act.job_id.is_some() { format!("{by}, by a job") } else { by },
            act.operation,
            record.unwrap_or_default(),
            address.unwrap_or_default(),
            reason.unwrap_or_default(),
        ]);
    }
    table.print("")
}

/// Returns an entry with the words beside it.
fn object(listed: &Listed) -> anyhow::Result<Value> {
    let mut object = serde_json::to_value(&listed.entry)?;
    object["address"] = json!(listed.address);
    object["reason"] = json!(listed.reason);
    Ok(object)
}

async fn whole(pool: &Pool, chain: Uuid) -> anyhow::Result<()> {
    let mut last = 0;
    loop {
        let page = audit::after(pool, chain, last, PAGE_SIZE).await?;
        for listed in &page {
            say!("{}", serde_json::to_string(&listed.entry)?)?;
        }
        let Some(listed) = page.last() else { return Ok(()) };
        last = listed.entry.number;
    }
}
