//! A targeting as SQL: each of its filters as one condition on a membership `m` and its contact `c`
//! (rules T1 and T1a), said once for previews, launches, forecasts and explanations.
//!
//! The planner sees plain conditions, and decides for each whether it probes an index person by
//! person or reads a tag's, a group's or a goal's people once. Values are bound and never a part of
//! the text, and no condition is ever null. A group's knowledge of a contact decides (rule A5):
//! unknown values are absent. The function `targeting_of` says the same in words of its own;
//! a test holds the two together.

use std::collections::BTreeMap;

use muster_domain::{
    goals::targeting::{Attribute, EarlierResult, FieldCondition, Filter, Targeting},
    ids::GroupId,
};
use sqlx::{
    Arguments, AssertSqlSafe, Encode, FromRow, Postgres, Type,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use crate::{Result, Tx};

/// Contacts of a group that a goal can target (rule T2). Its conditions are those of
/// `untargetable`, as the planner can estimate them.
pub(super) const TARGETABLE: &str = "(m.deactivated_at is null and c.opted_out_at is null
    and c.redacted_at is null and is_textable(c.line_type))";

/// The first reason for which no goal can target a contact, or null.
pub(super) const REASON: &str = "untargetable(c.redacted_at, c.opted_out_at, m.deactivated_at, c.line_type)";

/// A statement about the contacts of a group by a targeting, with the values that it is given.
#[derive(Debug)]
pub(in crate::goals) struct Statement {
    arguments: PgArguments,
    /// The memberships and contacts of the group.
    from: String,
    /// The condition of each filter, in the order of the filters.
    passes: Vec<String>,
}

impl Statement {
    /// Begins a statement about a group's contacts.
    pub(in crate::goals) async fn of(tx: &mut Tx, group_id: GroupId, targeting: &Targeting) -> Result<Self> {
        let tags = ids_of_tags(tx, group_id, targeting).await?;
        let mut statement = Self { arguments: PgArguments::default(), from: String::new(), passes: Vec::new() };
        let group = statement.bind(group_id.0)?;
        statement.from = format!("membership m join contact c on c.id = m.contact_id where m.group_id = {group}");
        for placed in targeting.filters() {
            let condition = statement.condition(&tags, &placed.filter)?;
            statement.passes.push(condition);
        }
        Ok(statement)
    }

    /// Gives the statement a value; returns its place in the text.
    pub(in crate::goals) fn bind<'v, T: Encode<'v, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<String> {
        self.arguments.add(value).map_err(sqlx::Error::Encode)?;
        Ok(format!("${}", self.arguments.len()))
    }

    /// Returns what follows `from`: the group's memberships and contacts.
    pub(super) fn contacts(&self) -> &str {
        &self.from
    }

    /// Returns the array of the filters that a contact misses, by their positions from 1.
    pub(super) fn misses(&self) -> String {
        if self.passes.is_empty() {
            return "'{}'::int[]".to_owned();
        }
        let one = |(nth, passes): (usize, &String)| format!("case when not {passes} then {} end", nth + 1);
        let each: Vec<_> = self.passes.iter().enumerate().map(one).collect();
        format!("array_remove(array[{}]::int[], null)", each.join(", "))
    }

    /// Returns the condition of contacts that pass all filters.
    pub(super) fn passes_all(&self) -> String {
        if self.passes.is_empty() { "true".to_owned() } else { format!("({})", self.passes.join(" and ")) }
    }

    /// Returns the condition of contacts that pass the filter at a position from 0.
    pub(super) fn passes(&self, nth: usize) -> &str {
        self.passes.get(nth).map_or("true", String::as_str)
    }

    /// Returns a query of the ids and agents of the contacts that the targeting selects (rules T1
    /// and T2).
    pub(in crate::goals) fn targeted(&self) -> String {
        format!(
            "select m.contact_id, m.assigned_agent_id from {} and {TARGETABLE} and {}",
            self.from,
            self.passes_all()
        )
    }

    /// Returns the query that reads rows with a text, whose places are of this statement. It is
    /// planned with its values, and not kept: few statements have the same filters.
    pub(in crate::goals) fn reading(self, text: String) -> Query<'static, Postgres, PgArguments> {
        sqlx::query_with(AssertSqlSafe(text), self.arguments).persistent(false)
    }

    fn condition(&mut self, tags: &BTreeMap<String, Uuid>, filter: &Filter<'_>) -> Result<String> {
        match filter {
            Filter::Tag { tag } => self.has_a_tag(tags, &[*tag]),
            Filter::TagsAny { tags: named } => self.has_a_tag(tags, named),
            Filter::NotTag { tag } => Ok(format!("not {}", self.has_a_tag(tags, &[*tag])?)),
            Filter::Field { field, is } => {
                let field = self.bind(*field)?;
                let value =
                    format!("(case when m.knows is null then c.fields else m.knows -> 'fields' end) ->> {field}");
                self.compared(&value, is)
            }
            Filter::Attribute { attribute, is } => {
                let value = match attribute {
                    Attribute::PostalCode => known("postal_code"),
                    Attribute::Email => known("email"),
                    Attribute::ExternalId => known("external_id"),
                    Attribute::AssignedAgent => "m.assigned_agent_id::text".to_owned(),
                };
                self.compared(&value, is)
            }
            Filter::MemberOf { group_id } => self.is_member(*group_id),
            Filter::NotMemberOf { group_id } => Ok(format!("not {}", self.is_member(*group_id)?)),
            Filter::EarlierGoal { goal_id, any_of } => {
                let goal = self.bind(goal_id.0)?;
                let results: Vec<_> = any_of.iter().map(|result| has_result(*result)).collect();
                // Without a result nobody has one.
                let results = if results.is_empty() { "false".to_owned() } else { results.join(" or ") };
                Ok(format!(
                    "exists (select from target e where e.goal_id = {goal} and e.contact_id = c.id and ({results}))"
                ))
            }
        }
    }

    /// Returns the condition of contacts with at least one of these tags, that the group knows of.
    fn has_a_tag(&mut self, tags: &BTreeMap<String, Uuid>, named: &[impl AsRef<str>]) -> Result<String> {
        let ids: Vec<Uuid> = named.iter().filter_map(|name| tags.get(name.as_ref()).copied()).collect();
        if ids.is_empty() {
            return Ok("false".to_owned());
        }
        let ids = self.bind(ids)?;
        // The first part alone is about most contacts: it does not ask for the knowledge, so that
        // it can be answered for all at once.
        let has = format!("from contact_tag ct where ct.contact_id = c.id and ct.tag_id = any({ids})");
        Ok(format!(
            "(exists (select {has}) and (m.knows is null or exists (select {has} and m.knows -> 'tags' ? ct.tag_id::text)))"
        ))
    }

    fn is_member(&mut self, group_id: GroupId) -> Result<String> {
        let group = self.bind(group_id.0)?;
        Ok(format!("exists (select from membership o where o.group_id = {group} and o.contact_id = c.id)"))
    }

    /// Returns the condition of contacts with a value that is as told. A blank one is none.
    fn compared(&mut self, value: &str, is: &FieldCondition) -> Result<String> {
        let value = format!("nullif({value}, '')");
        Ok(match is {
            FieldCondition::AnyOf(values) => {
                format!("coalesce({value} = any({}), false)", self.bind(values.as_slice())?)
            }
            FieldCondition::NoneOf(values) if !values.is_empty() => {
                format!("coalesce({value} <> all({}), false)", self.bind(values.as_slice())?)
            }
            FieldCondition::NoneOf(_) | FieldCondition::HasValue => format!("({value} is not null)"),
            FieldCondition::Blank => format!("({value} is null)"),
        })
    }
}

/// Returns a value of a contact as the group knows it.
fn known(column: &str) -> String {
    format!("case when m.knows is null then c.{column} else m.knows ->> '{column}' end")
}

/// Returns the condition of targets `e` of an earlier goal with a result, as `has_result` has it.
fn has_result(result: EarlierResult) -> String {
    // A text whose row is gone was handed over, see `was_messaged`.
    let was_messaged = "(e.initial_message_id is not null and not exists (
        select from message x where x.id = e.initial_message_id and not is_messaged(x.state)))";
    match result {
        EarlierResult::NotMessaged => format!("not {was_messaged}"),
        EarlierResult::Messaged => was_messaged.to_owned(),
        EarlierResult::Replied => "e.replied_at is not null".to_owned(),
        EarlierResult::NotReplied => format!("(e.replied_at is null and {was_messaged})"),
        EarlierResult::Yes => "e.answer is not distinct from 'yes'".to_owned(),
        EarlierResult::No => "e.answer is not distinct from 'no'".to_owned(),
        EarlierResult::Maybe => "e.answer is not distinct from 'maybe'".to_owned(),
        EarlierResult::OptedOut => "e.opted_out_at is not null".to_owned(),
    }
}

/// Returns the ids of the tags that a targeting names, by their names; those that there are.
async fn ids_of_tags(tx: &mut Tx, group_id: GroupId, targeting: &Targeting) -> Result<BTreeMap<String, Uuid>> {
    let names: Vec<_> = targeting.tags().map(ToOwned::to_owned).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = sqlx::query!(
        "select t.name, t.id from tag t
         where t.organization_id = (select g.organization_id from contact_group g where g.id = $1) and t.name = any($2)",
        group_id.0,
        &names,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(|row| (row.name, row.id)).collect())
}

/// Reads rows as they are needed.
pub(in crate::goals) fn read<T: for<'r> FromRow<'r, PgRow>>(rows: &[PgRow]) -> Result<Vec<T>> {
    Ok(rows.iter().map(T::from_row).collect::<sqlx::Result<_>>()?)
}
