//! Keyword automations and their runs (rule I4).

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::automation::{
        ANSWER_AGAIN_HOURS, Automation, AutomationAction, AutomationCondition, MOST_AUTOMATIONS,
    },
    ids::{AutomationId, ContactId, GoalId, GroupId, MemberId, MessageId, OrganizationId},
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::{Db, Page, Result, Tx, db::error::read_word};

/// An admin's definition of an automation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name; unique in the organization.
    pub name: String,
    /// Its place among the others; equal places go by age.
    pub position: i32,
    /// Whether it acts.
    pub active: bool,
    /// The texts that it acts on.
    pub condition: AutomationCondition,
    /// Its actions.
    pub actions: Vec<AutomationAction>,
}

/// An automation with its record.
#[derive(Debug, Clone)]
pub struct StoredAutomation {
    /// Its id.
    pub id: AutomationId,
    /// Its definition.
    pub definition: Definition,
    /// Counts its edits.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Outcome of writing an automation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It holds.
    Done,
    /// Another automation of the organization has the name.
    NameTaken,
    /// The organization has as many as it may.
    Full,
}

/// Records an automation.
pub async fn create(
    tx: &mut Tx,
    id: AutomationId,
    organization_id: OrganizationId,
    by: MemberId,
    new: &Definition,
) -> Result<Written> {
    // Two that are made at once are counted one after the other.
    sqlx::query!("select from organization where id = $1 for no key update", organization_id.0)
        .execute(tx.conn())
        .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from automation where organization_id = $1"#,
        organization_id.0
    )
    .fetch_one(tx.conn())
    .await?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= MOST_AUTOMATIONS {
        return Ok(Written::Full);
    }
    let done = sqlx::query!(
        "insert into automation (id, organization_id, group_id, in_reply_to, name, position, active, keywords, matching, actions,
             created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (organization_id, name) do nothing",
        id.0,
        organization_id.0,
        new.condition.group.map(|id| id.0),
        new.condition.in_reply_to.map(|id| id.0),
        new.name,
        new.position,
        new.active,
        &new.condition.keywords,
        new.condition.matching.as_str(),
        serde_json::to_value(&new.actions)?,
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(if done.rows_affected() == 1 { Written::Done } else { Written::NameTaken })
}

/// Replaces an automation's definition. It was locked before, by [`lock`].
pub async fn replace(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: AutomationId,
    new: &Definition,
) -> Result<Written> {
    let taken = sqlx::query_scalar!(
        r#"select exists (select from automation where organization_id = $1 and name = $2 and id <> $3) as "taken!""#,
        organization_id.0,
        new.name,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    if taken {
        return Ok(Written::NameTaken);
    }
    sqlx::query!(
        "update automation set group_id = $2, in_reply_to = $3, name = $4, position = $5, active = $6, keywords = $7, matching = $8,
             actions = $9, version = version + 1
         where id = $1",
        id.0,
        new.condition.group.map(|id| id.0),
        new.condition.in_reply_to.map(|id| id.0),
        new.name,
        new.position,
        new.active,
        &new.condition.keywords,
        new.condition.matching.as_str(),
        serde_json::to_value(&new.actions)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(Written::Done)
}

/// Locks the organization's automations against other writers, and returns this one's version.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: AutomationId) -> Result<Option<i32>> {
    sqlx::query!("select from organization where id = $1 for no key update", organization_id.0)
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(
        "select version from automation where id = $1 and organization_id = $2 for update",
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Deletes an automation; its runs stay. False when there is none.
pub async fn delete(tx: &mut Tx, organization_id: OrganizationId, id: AutomationId) -> Result<bool> {
    let done = sqlx::query!("delete from automation where id = $1 and organization_id = $2", id.0, organization_id.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Automations that a list has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// This one alone.
    pub id: Option<AutomationId>,
}

/// Returns a page of an organization's automations, by age.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    filter: &Filter,
    page: Page<AutomationId>,
) -> Result<Vec<StoredAutomation>> {
    let rows = sqlx::query!(
        r#"select id, group_id, in_reply_to, name, position, active, keywords, matching,
               actions as "actions: Json<Vec<AutomationAction>>", version, created_at
           from automation
           where organization_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
           order by id limit $4"#,
        organization_id.0,
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredAutomation {
                id: AutomationId(row.id),
                definition: Definition {
                    name: row.name,
                    position: row.position,
                    active: row.active,
                    condition: AutomationCondition {
                        keywords: row.keywords,
                        matching: read_word("automation", &row.matching)?,
                        group: row.group_id.map(GroupId),
                        in_reply_to: row.in_reply_to.map(GoalId),
                    },
                    actions: row.actions.0,
                },
                version: row.version,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// Returns the automations that may act on a text to a group, in their order.
pub async fn active(tx: &mut Tx, organization_id: OrganizationId, group_id: GroupId) -> Result<Vec<Automation>> {
    let rows = sqlx::query!(
        r#"select id, group_id, in_reply_to, keywords, matching, actions as "actions: Json<Vec<AutomationAction>>"
           from automation where organization_id = $1 and active and (group_id is null or group_id = $2)
           order by position, id"#,
        organization_id.0,
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Automation {
                id: AutomationId(row.id),
                condition: AutomationCondition {
                    keywords: row.keywords,
                    matching: read_word("automation", &row.matching)?,
                    group: row.group_id.map(GroupId),
                    in_reply_to: row.in_reply_to.map(GoalId),
                },
                actions: row.actions.0,
            })
        })
        .collect()
}

/// An action of a run and its outcome, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionOutcome {
    /// The action's kind.
    pub action: String,
    /// Its outcome.
    pub outcome: String,
}

/// Returns whether the automation has answered the contact so lately that it keeps silent.
pub async fn answered_lately(tx: &mut Tx, id: AutomationId, contact_id: ContactId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from automation_run
               where contact_id = $1 and automation_id = $2 and answered
                 and at > clock_timestamp() - make_interval(hours => $3)) as "lately!""#,
        contact_id.0,
        id.0,
        ANSWER_AGAIN_HOURS,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A run of an automation on one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The automation.
    pub automation_id: AutomationId,
    /// The contact.
    pub contact_id: ContactId,
    /// The contact's text.
    pub message_id: MessageId,
    /// It has answered by a text.
    pub answered: bool,
    /// Its actions and their outcomes.
    pub outcomes: Vec<ActionOutcome>,
}

/// Records a run.
pub async fn record(tx: &mut Tx, organization_id: OrganizationId, run: &Run) -> Result<()> {
    sqlx::query!(
        "insert into automation_run (automation_id, organization_id, contact_id, message_id, answered, outcomes)
         values ($1, $2, $3, $4, $5, $6)",
        run.automation_id.0,
        organization_id.0,
        run.contact_id.0,
        run.message_id.0,
        run.answered,
        serde_json::to_value(&run.outcomes)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A run as an explanation tells it.
#[derive(Debug, Clone)]
pub struct ToldRun {
    /// When.
    pub at: DateTime<Utc>,
    /// The automation's name; none where it was deleted.
    pub name: Option<String>,
    /// Its actions and their outcomes.
    pub outcomes: Vec<ActionOutcome>,
}

/// Runs of a contact that an explanation tells at most.
const MOST_TOLD: i64 = 100;

/// Returns the contact's latest runs, the oldest first.
pub async fn of_contact(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    contact_id: ContactId,
) -> Result<Vec<ToldRun>> {
    let rows = sqlx::query!(
        r#"select r.at, a.name as "name?", r.outcomes as "outcomes: Json<Vec<ActionOutcome>>"
           from automation_run r left join automation a on a.id = r.automation_id
           where r.contact_id = $1 and r.organization_id = $2 order by r.id desc limit $3"#,
        contact_id.0,
        organization_id.0,
        MOST_TOLD,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    let runs = rows.into_iter().map(|row| ToldRun { at: row.at, name: row.name, outcomes: row.outcomes.0 });
    Ok(runs.rev().collect())
}

/// A text that contacts have sent before, for a dry run.
#[derive(Debug, Clone)]
pub struct PastText {
    /// The text's message.
    pub message_id: MessageId,
    /// Its contact.
    pub contact_id: ContactId,
    /// The group that it was sent to.
    pub group_id: GroupId,
    /// The goal that it replied to.
    pub goal_id: Option<GoalId>,
    /// The text.
    pub body: String,
}

/// Threads that a dry run looks at, and texts of each.
const TRIED: (i64, i64) = (1_000, 5);

/// Returns the latest five texts of contacts in each of the group's latest thousand threads.
pub async fn past_texts(db: impl Into<Db<'_>>, group_id: GroupId) -> Result<Vec<PastText>> {
    let rows = sqlx::query!(
        r#"select m.id as "id!", m.contact_id as "contact_id!", m.goal_id, m.body as "body!"
           from (select id from thread where group_id = $1 order by last_message_at desc limit $2) t,
               lateral (
                   select id, contact_id, goal_id, body from message
                   where thread_id = t.id and kind = 'inbound' order by id desc limit $3
               ) m"#,
        group_id.0,
        TRIED.0,
        TRIED.1,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PastText {
            message_id: MessageId(row.id),
            contact_id: ContactId(row.contact_id),
            group_id,
            goal_id: row.goal_id.map(GoalId),
            body: row.body,
        })
        .collect())
}
