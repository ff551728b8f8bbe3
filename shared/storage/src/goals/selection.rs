//! The contacts of a group that a targeting selects, counted and named before a launch (rules T1 to
//! T3).

use muster_domain::{
    goals::targeting::{Part, Targeting},
    ids::{ContactId, GroupId, MemberId},
    people::knowledge::{Knowledge, Values},
    sending::CancelReason,
};

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

/// Counts a group's contacts by a targeting, as the group knows them.
pub async fn preview(tx: &mut Tx, group_id: GroupId, targeting: &Targeting) -> Result<Selection> {
    let rows = sqlx::query!(
        r#"with looked as materialized (
               select untargetable(redacted_at, opted_out_at, deactivated_at, line_type) as reason, misses from targeting_of($1, $2)
           )
           select reason, case when reason is null then misses[1] end as first, null::int as missed, count(*) as "contacts!"
           from looked group by 1, 2
           union all
           select null, null, missed, count(*) from looked, unnest(misses) missed where reason is null group by missed"#,
        group_id.0,
        targeting.as_filters()?,
    )
    .fetch_all(tx.conn())
    .await?;
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

/// Returns a page of a group's contacts by a targeting, by age.
pub async fn candidates(
    tx: &mut Tx,
    group_id: GroupId,
    targeting: &Targeting,
    wanted: Wanted,
    page: Page<ContactId>,
) -> Result<Vec<Candidate>> {
    let filter = wanted.filter.map(|nth| i32::try_from(nth + 1).unwrap_or(i32::MAX));
    let rows = sqlx::query!(
        r#"select t.contact_id as "id!", c.e164, c.first_name as "first_name!", c.last_name as "last_name!", c.email, c.postal_code,
                  c.external_id, c.fields as "fields!", m.knows, t.misses as "misses!",
                  untargetable(t.redacted_at, t.opted_out_at, t.deactivated_at, t.line_type) as reason,
                  a.id as "agent_id?", a.first_name as "agent_first_name?", a.last_name as "agent_last_name?"
           from targeting_of($1, $2) t
           join contact c on c.id = t.contact_id
           join membership m on m.group_id = $1 and m.contact_id = t.contact_id
           left join member a on a.id = t.assigned_agent_id
           where ($3::uuid is null or t.contact_id = $3) and ($4::uuid is null or t.contact_id > $4)
             and case $5::text
                 when 'selected' then untargetable(t.redacted_at, t.opted_out_at, t.deactivated_at, t.line_type) is null and t.misses = '{}'
                 when 'left_out' then untargetable(t.redacted_at, t.opted_out_at, t.deactivated_at, t.line_type) is null
                     and case when $6::int is null then t.misses <> '{}' else $6 = any(t.misses) end
                 when 'excluded' then untargetable(t.redacted_at, t.opted_out_at, t.deactivated_at, t.line_type) is not null
                 else true
             end
           order by case when $7 then md5(t.contact_id::text) end, t.contact_id limit $8"#,
        group_id.0,
        targeting.as_filters()?,
        wanted.id.map(|id| id.0),
        page.after.map(|id| id.0),
        wanted.part.map(Part::as_str),
        filter,
        wanted.sample,
        page.limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let knowledge = if wanted.whole { Knowledge::Everything } else { Knowledge::stored(row.knows)? };
            let agent = row.agent_id.zip(row.agent_first_name).zip(row.agent_last_name);
            Ok(Candidate {
                id: ContactId(row.id),
                e164: row.e164,
                values: knowledge.shows(Values {
                    first_name: row.first_name,
                    last_name: row.last_name,
                    email: row.email,
                    postal_code: row.postal_code,
                    // No template and no preview shows them.
                    notes: None,
                    external_id: row.external_id,
                    fields: row.fields,
                }),
                agent: agent.map(|((id, first_name), last_name)| CandidateAgent {
                    id: MemberId(id),
                    first_name,
                    last_name,
                }),
                excluded: row.reason.map(|reason| read_word("contact", &reason)).transpose()?,
                misses: row.misses.into_iter().filter_map(|nth| usize::try_from(nth - 1).ok()).collect(),
            })
        })
        .collect()
}
