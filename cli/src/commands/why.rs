//! `muster why CONTACT --goal G`: why somebody was or was not texted in a goal.

use anyhow::Context as _;
use muster_domain::{
    ids::{ContactId, GoalId},
    people::{
        e164::E164,
        why::{Advice, Reason, explain},
    },
};
use muster_storage::people::why;
use serde_json::json;
use uuid::Uuid;

use super::pool;
use crate::{out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The contact: its id, or its number as +1 and ten digits.
    contact: String,
    /// The goal's id.
    #[arg(long)]
    goal: Uuid,
    /// Print one JSON object: `{texted, reasons: [{at, what, detail, rule, change}], filters:
    /// [{filter, passes, rule}]}`.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (pool, goal) = (pool()?, GoalId(args.goal));
    let contact = match args.contact.parse::<Uuid>() {
        Ok(id) => Some(ContactId(id)),
        Err(_) => {
            let number = E164::parse(&args.contact).context("CONTACT is an id, or a number such as +12125550100")?;
            why::contact_by_number(&pool, number.as_str(), goal).await?
        }
    };
    let contact = contact.context("the goal's organization has no such contact")?;
    let organization = why::organization_of(&pool, contact, goal).await?;
    let organization = organization.context("no organization has this contact and this goal")?;
    let facts = why::facts(&pool, organization, contact, goal).await?;
    let facts = facts.context("no organization has this contact and this goal")?;
    let mut tx = pool.begin().await?;
    let now = tx.clock().await?;
    let answer = explain(&facts, now);
    // Their values are the tenant's own, and not for operators.
    let filters = why::filters(&pool, organization, contact, goal).await?;
    if args.json {
        let reasons: Vec<_> = answer
            .reasons
            .iter()
            .map(|reason| {
                let Advice { rule, change } = reason.advice();
                let Reason { at, what, detail } = reason;
                json!({ "at": at, "what": what, "detail": detail, "rule": rule, "change": change })
            })
            .collect();
        let filters: Vec<_> = filters
            .iter()
            .map(|filter| json!({ "filter": filter.place, "passes": filter.passes, "rule": filter.rule }))
            .collect();
        say!("{}", json!({ "texted": answer.texted, "reasons": reasons, "filters": filters }))?;
        return Ok(());
    }
    say!("{}", if answer.texted { "texted" } else { "not texted" })?;
    let mut table = Table::of([false; 5]);
    for reason in answer.reasons {
        let at = reason.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default();
        let Advice { rule, change } = reason.advice();
        let change = change.unwrap_or_default().to_owned();
        table.row([at, reason.what, reason.detail.unwrap_or_default(), rule.to_owned(), change]);
    }
    for filter in filters {
        let passes = if filter.passes { "passes" } else { "misses" };
        table.row([
            String::new(),
            format!("filter {}", filter.place),
            passes.to_owned(),
            filter.rule.to_owned(),
            String::new(),
        ]);
    }
    table.print("")
}
