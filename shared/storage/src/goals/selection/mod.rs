//! The contacts of a group that a targeting selects, counted and named before a launch (rules T1 to
//! T3).

mod statement;

use muster_domain::{
    goals::targeting::{Part, Targeting},
    ids::{ContactId, GroupId, MemberId},
    people::knowledge::{Knowledge, Values},
    sending::CancelReason,
};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use self::statement::{REASON, TARGETABLE};
pub(super) use self::statement::{Statement, read};
use crate::{Page, Result, Tx, db::error::read_word};

/// Counts of a group's contacts by a targeting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Contacts that it selects.
    pub contacts: i64,
    /// Contacts that no goal can target, by the first reason that applies.
    pub excluded: Vec<(CancelReason, i64)>,
    /// Of the others, those that each filter leaves out, in the order of the filters.
    pub filters: Vec<LeftOut>,
}

/// Contacts that a filter leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Of the contacts that the filters before it have left.
    pub in_order: i64,
    /// If it were the only filter.
    pub alone: i64,
}

#[derive(FromRow)]
struct Counted {
    reason: Option<String>,
    first: Option<i32>,
    missed: Option<i32>,
    contacts: i64,
}

/// Counts a group's contacts by a targeting, as the group knows them.
pub async fn preview(tx: &mut Tx, group_id: GroupId, targeting: &Targeting) -> Result<Selection> {
    let statement = Statement::of(tx, group_id, targeting).await?;
    // Contacts that miss the same filters are one row before they are counted filter by filter.
    let text = format!(
        "with alike as materialized (
             select {REASON} as reason, {} as misses, count(*) as contacts from {} group by 1, 2
         )
         select reason, case when reason is null then misses[1] end as first, null::int as missed,
             sum(contacts)::bigint as contacts
         from alike group by 1, 2
         union all
         select null, null, missed, sum(contacts)::bigint from alike, unnest(misses) missed
         where reason is null group by missed",
        statement.misses(),
        statement.contacts(),
    );
    let rows: Vec<Counted> = read(&statement.reading(text).fetch_all(tx.conn()).await?)?;
    let mut selection =
        Selection { filters: vec![LeftOut::default(); targeting.filters().len()], ..Selection::default() };
    for row in rows {
        // Positions in Postgres begin at 1.
        let position = |nth: i32| usize::try_from(nth - 1).unwrap_or(usize::MAX);
        match (row.reason, row.first, row.missed) {
            (Some(reason), ..) => {
                selection.excluded.push((read_word("contact", &reason)?, row.contacts));
            }
            (None, Some(nth), _) => {
                if let Some(filter) = selection.filters.get_mut(position(nth)) {
                    filter.in_order = row.contacts;
                }
            }
            (None, None, Some(nth)) => {
                if let Some(filter) = selection.filters.get_mut(position(nth)) {
                    filter.alone = row.contacts;
                }
            }
            (None, None, None) => selection.contacts = row.contacts,
        }
    }
    Ok(selection)
}

/// A contact of a group, as a targeting sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The contact.
    pub id: ContactId,
    /// The number, none once redacted.
    pub e164: Option<String>,
    /// Values that the reader knows.
    pub values: Values,
    /// The agent in the group.
    pub agent: Option<CandidateAgent>,
    /// Why no goal can target them.
    pub excluded: Option<CancelReason>,
    /// Positions of the filters that they miss, from 0.
    pub misses: Vec<usize>,
}

/// The agent of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateAgent {
    /// The agent.
    pub id: MemberId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

/// Contacts to look for among a group's.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Of this part.
    pub part: Option<Part>,
    /// That miss the filter at this position, from 0.
    pub filter: Option<usize>,
    /// This one alone.
    pub id: Option<ContactId>,
    /// In an order that is the same each time and as good as random, not by age.
    pub sample: bool,
    /// The reader sees all that the organization has; else the group's knowledge.
    pub whole: bool,
}

#[derive(FromRow)]
struct Found {
    id: Uuid,
    e164: Option<String>,
    first_name: String,
    last_name: String,
    email: Option<String>,
    postal_code: Option<String>,
    external_id: Option<String>,
    fields: Value,
    knows: Option<Value>,
    misses: Vec<i32>,
    reason: Option<String>,
    agent_id: Option<Uuid>,
    agent_first_name: Option<String>,
    agent_last_name: Option<String>,
}

/// Returns a page of a group's contacts by a targeting, by age.
pub async fn candidates(
    tx: &mut Tx,
    group_id: GroupId,
    targeting: &Targeting,
    wanted: Wanted,
    page: Page<ContactId>,
) -> Result<Vec<Candidate>> {
    let mut statement = Statement::of(tx, group_id, targeting).await?;
    let mut conditions = Vec::new();
    if let Some(id) = wanted.id {
        conditions.push(format!("m.contact_id = {}", statement.bind(id.0)?));
    }
    if let Some(after) = page.after {
        conditions.push(format!("m.contact_id > {}", statement.bind(after.0)?));
    }
    match (wanted.part, wanted.filter) {
        (Some(Part::Selected), _) => conditions.extend([TARGETABLE.to_owned(), statement.passes_all()]),
        (Some(Part::LeftOut), None) => {
            conditions.extend([TARGETABLE.to_owned(), format!("not {}", statement.passes_all())]);
        }
        (Some(Part::LeftOut), Some(nth)) => {
            conditions.extend([TARGETABLE.to_owned(), format!("not {}", statement.passes(nth))]);
        }
        (Some(Part::Excluded), _) => conditions.push(format!("not {TARGETABLE}")),
        (None, _) => {}
    }
    conditions.insert(0, String::new());
    let more = conditions.join(" and ");
    let order = |id: &str| if wanted.sample { format!("md5({id}::text), {id}") } else { id.to_owned() };
    let limit = statement.bind(page.limit)?;
    // Agents are looked up for the page alone.
    let text = format!(
        "select p.*, a.id as agent_id, a.first_name as agent_first_name, a.last_name as agent_last_name
         from (
             select m.contact_id as id, c.e164, c.first_name, c.last_name, c.email, c.postal_code, c.external_id, c.fields,
                 m.knows, m.assigned_agent_id, {} as misses, {REASON} as reason
             from {}{more}
             order by {} limit {limit}
         ) p left join member a on a.id = p.assigned_agent_id
         order by {}",
        statement.misses(),
        statement.contacts(),
        order("m.contact_id"),
        order("p.id"),
    );
    let rows: Vec<Found> = read(&statement.reading(text).fetch_all(tx.conn()).await?)?;
    rows.into_iter().map(|row| row.seen(wanted.whole)).collect()
}

impl Found {
    fn seen(self, whole: bool) -> Result<Candidate> {
        let knowledge = if whole { Knowledge::Everything } else { Knowledge::stored(self.knows)? };
        let agent = self.agent_id.zip(self.agent_first_name).zip(self.agent_last_name);
        Ok(Candidate {
            id: ContactId(self.id),
            e164: self.e164,
            values: knowledge.shows(Values {
                first_name: self.first_name,
                last_name: self.last_name,
                email: self.email,
                postal_code: self.postal_code,
                // No template and no preview shows them.
                notes: None,
                external_id: self.external_id,
                fields: self.fields,
            }),
            agent: agent.map(|((id, first_name), last_name)| CandidateAgent {
                id: MemberId(id),
                first_name,
                last_name,
            }),
            excluded: self.reason.map(|reason| read_word("contact", &reason)).transpose()?,
            misses: self.misses.into_iter().filter_map(|nth| usize::try_from(nth - 1).ok()).collect(),
        })
    }
}
