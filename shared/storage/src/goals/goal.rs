//! Goals and their targets (rules G1 to G9, T3, B1).

use chrono::{DateTime, NaiveDateTime, Utc};
use muster_domain::{
    goals::{
        availability::GoalMoment,
        goal::{AssignmentStrategy, GoalClock, GoalStatus, GoalType, Window},
        release::ReleasePlan,
        script::ResponseScript,
        targeting::Targeting,
        times::{GoalTimes, Span, Time},
    },
    ids::{CampaignId, GoalId, GroupId, MemberId, OrganizationId},
    zone::Zone,
};

use crate::{
    Page, Result, Tx,
    goals::row::{self, CLOSES, GoalRow, OPENS, REMINDER_CLOSES, REMINDER_OPENS},
};

/// A goal.
#[derive(Debug, Clone)]
pub struct Goal {
    /// The goal.
    pub id: GoalId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// Its group.
    pub group_id: GroupId,
    /// The campaign that it belongs to.
    pub campaign_id: Option<CampaignId>,
    /// An admin's content.
    pub content: GoalContent,
    /// The parts that decide its status.
    pub clock: GoalClock,
    /// When its reminder window opens and closes.
    pub reminder_window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When its targets were frozen and cut into batches.
    pub partitioned_at: Option<DateTime<Utc>>,
    /// Bumped by every edit; the API's entity tag.
    pub version: i32,
}

/// An admin's content of a goal (rule G2). Times are wall-clock times in `zone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalContent {
    /// Its name.
    pub name: String,
    /// For admins only.
    pub description: String,
    /// Its purpose.
    pub goal_type: GoalType,
    /// The event's or shift's start, or the target date.
    pub date_local: NaiveDateTime,
    /// How batches go to agents.
    pub strategy: AssignmentStrategy,
    /// Instructions for agents.
    pub instructions: String,
    /// Its targeting.
    pub targeting: Targeting,
    /// The initial script.
    pub script: String,
    /// The reminder's script; reminders are off without.
    pub reminder_script: Option<String>,
    /// The response scripts, in their order.
    pub responses: Vec<ResponseScript>,
    /// The group's zone when it was written.
    pub zone: String,
    /// When workflows are available, and when reminders go.
    pub times: GoalTimes,
    /// How batches are released.
    pub release_plan: ReleasePlan,
}

impl Goal {
    /// Returns the facts that decide about work on it (rule G5).
    pub fn moment(&self, now: DateTime<Utc>) -> GoalMoment {
        GoalMoment::at(&self.clock, self.reminder_window, now)
    }

    /// Returns when it is open.
    pub fn window(&self) -> Window {
        self.content.window()
    }
}

impl GoalContent {
    /// Returns when it is open.
    pub fn window(&self) -> Window {
        let GoalTimes { window: Span { opens, closes }, reminder } = self.times;
        Window {
            opens_local: opens.local,
            closes_local: closes.local,
            opens_at: opens.at,
            closes_at: closes.at,
            reminder: reminder.map(|Span { opens, closes }| (opens.at, closes.at)),
        }
    }
}

/// Times as the columns of a goal have them.
struct TimeColumns {
    opens: Time,
    closes: Time,
    reminder_opens: Option<Time>,
    reminder_closes: Option<Time>,
}

impl TimeColumns {
    fn of(times: &GoalTimes) -> Self {
        let GoalTimes { window: Span { opens, closes }, reminder } = *times;
        let (reminder_opens, reminder_closes) = (reminder.map(|span| span.opens), reminder.map(|span| span.closes));
        Self { opens, closes, reminder_opens, reminder_closes }
    }

    /// Returns the names of those that were given as instants.
    fn fixed(&self) -> Vec<String> {
        let all = [
            (OPENS, Some(self.opens)),
            (CLOSES, Some(self.closes)),
            (REMINDER_OPENS, self.reminder_opens),
            (REMINDER_CLOSES, self.reminder_closes),
        ];
        all.into_iter()
            .filter(|(_, time)| time.is_some_and(|time| time.fixed))
            .map(|(name, _)| name.to_owned())
            .collect()
    }
}

/// Where a new goal belongs.
#[derive(Debug, Clone, Copy)]
pub struct GoalScope {
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// Its group.
    pub group_id: GroupId,
    /// Its campaign.
    pub campaign_id: Option<CampaignId>,
    /// Its author.
    pub created_by: MemberId,
}

/// Creates a draft.
pub async fn create(tx: &mut Tx, id: GoalId, place: GoalScope, content: &GoalContent) -> Result<()> {
    let at = TimeColumns::of(&content.times);
    sqlx::query!(
        "insert into goal (id, organization_id, group_id, campaign_id, created_by, name, description, goal_type, date_local,
             strategy, instructions, targeting, script, reminder_script, zone, opens_local, closes_local, opens_at, closes_at,
             reminder_opens_at, reminder_closes_at, release_plan, reminder_opens_local, reminder_closes_local, fixed_times, zone_rules, responses)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
        id.0,
        place.organization_id.0,
        place.group_id.0,
        place.campaign_id.map(|id| id.0),
        place.created_by.0,
        content.name,
        content.description,
        content.goal_type.as_str(),
        content.date_local,
        content.strategy.as_str(),
        content.instructions,
        serde_json::to_value(&content.targeting)?,
        content.script,
        content.reminder_script,
        content.zone,
        at.opens.local,
        at.closes.local,
        at.opens.at,
        at.closes.at,
        at.reminder_opens.map(|time| time.at),
        at.reminder_closes.map(|time| time.at),
        serde_json::to_value(&content.release_plan)?,
        at.reminder_opens.map(|time| time.local),
        at.reminder_closes.map(|time| time.local),
        &at.fixed(),
        Zone::rules_version(),
        serde_json::to_value(&content.responses)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns a goal of this organization, locked against edits until the transaction ends.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: GoalId) -> Result<Option<Goal>> {
    sqlx::query!("select from goal where id = $1 and organization_id = $2 for update", id.0, organization_id.0)
        .fetch_optional(tx.conn())
        .await?;
    get(tx, organization_id, id).await
}

/// The same, while agents go on queuing texts of it: their rows refer to the goal, and they hold a
/// batch meanwhile. For transactions that lock batches of agents.
pub async fn lock_beside_agents(tx: &mut Tx, organization_id: OrganizationId, id: GoalId) -> Result<Option<Goal>> {
    sqlx::query!("select from goal where id = $1 and organization_id = $2 for no key update", id.0, organization_id.0)
        .fetch_optional(tx.conn())
        .await?;
    get(tx, organization_id, id).await
}

/// Returns a goal of this organization.
pub async fn get(tx: &mut Tx, organization_id: OrganizationId, id: GoalId) -> Result<Option<Goal>> {
    row::get(tx, organization_id, id).await?.map(GoalRow::goal).transpose()
}

/// Goals of a campaign at most; the API takes fewer groups.
const CAMPAIGN_GOALS_LIMIT: i64 = 100_000;

/// Returns all goals of a campaign.
pub async fn of_campaign(tx: &mut Tx, organization_id: OrganizationId, campaign_id: CampaignId) -> Result<Vec<Goal>> {
    let filter = Filter { campaign_id: Some(campaign_id), ..Filter::default() };
    page(tx, organization_id, &filter, Page::first(CAMPAIGN_GOALS_LIMIT)).await
}

/// Goals that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Of these groups.
    pub groups: Option<&'a [GroupId]>,
    /// Of this campaign.
    pub campaign_id: Option<CampaignId>,
    /// With this status at this instant.
    pub status: Option<(GoalStatus, DateTime<Utc>)>,
    /// Drafts, and launched ones that are not over at this instant.
    pub open_or_draft_at: Option<DateTime<Utc>>,
    /// With a time from this one to before that one, on the group's clocks; or open then, with
    /// releases by ticks.
    pub dated: Option<(NaiveDateTime, NaiveDateTime)>,
}

/// Returns a page of an organization's goals, by age.
pub async fn page(
    tx: &mut Tx,
    organization_id: OrganizationId,
    filter: &Filter<'_>,
    page: Page<GoalId>,
) -> Result<Vec<Goal>> {
    let groups: Option<Vec<_>> = filter.groups.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query_as!(
        GoalRow,
        "select id, organization_id, group_id, campaign_id, name, description, goal_type, date_local, strategy, instructions,
             targeting, script, reminder_script, responses, zone, fixed_times, opens_local, closes_local, opens_at, closes_at,
             reminder_opens_local, reminder_closes_local, reminder_opens_at, reminder_closes_at, release_plan, launched_at,
             partitioned_at, paused_at, version
         from goal
         where organization_id = $1 and ($2::uuid[] is null or group_id = any($2))
           and ($3::uuid is null or campaign_id = $3) and ($4::uuid is null or id > $4)
           and ($8::timestamptz is null or launched_at is null or closes_at > $8)
           and ($6::text is null or goal_status(launched_at, paused_at, opens_at, closes_at, $7) = $6)
           and ($9::timestamp is null
             or (opens_local >= $9 and opens_local < $10) or (closes_local >= $9 and closes_local < $10)
             or (date_local >= $9 and date_local < $10) or (reminder_opens_local >= $9 and reminder_opens_local < $10)
             or (reminder_closes_local >= $9 and reminder_closes_local < $10)
             or (release_plan -> 'pace' ? 'cron' and opens_local < $10 and closes_local >= $9))
         order by id limit $5",
        organization_id.0,
        groups.as_deref(),
        filter.campaign_id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
        filter.status.map(|(status, _)| status.as_str()),
        filter.status.map(|(_, at)| at),
        filter.open_or_draft_at,
        filter.dated.map(|(from, _)| from),
        filter.dated.map(|(_, until)| until),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(GoalRow::goal).collect()
}

/// Replaces an admin's content, and the instants; `clock` is the goal's after the move. The caller
/// checks which fields may change at this status (rule G6).
pub async fn update(tx: &mut Tx, id: GoalId, content: &GoalContent, clock: &GoalClock) -> Result<()> {
    let at = TimeColumns::of(&content.times);
    sqlx::query!(
        "update goal set name = $2, description = $3, instructions = $4, script = $5, reminder_script = $6, opens_local = $7,
             closes_local = $8, opens_at = $9, closes_at = $10, reminder_opens_at = $11, reminder_closes_at = $12, targeting = $13,
             date_local = $14, goal_type = $15, strategy = $16, release_plan = $17, paused_at = $18,
             reminder_opens_local = $19, reminder_closes_local = $20, fixed_times = $21, zone_rules = $22, responses = $23, version = version + 1
         where id = $1",
        id.0,
        content.name,
        content.description,
        content.instructions,
        content.script,
        content.reminder_script,
        at.opens.local,
        at.closes.local,
        at.opens.at,
        at.closes.at,
        at.reminder_opens.map(|time| time.at),
        at.reminder_closes.map(|time| time.at),
        serde_json::to_value(&content.targeting)?,
        content.date_local,
        content.goal_type.as_str(),
        content.strategy.as_str(),
        serde_json::to_value(&content.release_plan)?,
        clock.paused_at,
        at.reminder_opens.map(|time| time.local),
        at.reminder_closes.map(|time| time.local),
        &at.fixed(),
        Zone::rules_version(),
        serde_json::to_value(&content.responses)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records a goal's clock after a command (rules G4, G7 and G8): one row, however many texts are
/// queued. A goal that is as it was is left alone. Its local times move with the instants.
pub async fn set_clock(tx: &mut Tx, goal: &Goal, after: &GoalClock) -> Result<()> {
    if goal.clock == *after {
        return Ok(());
    }
    sqlx::query!(
        "update goal set launched_at = $2, paused_at = $3, opens_at = $4, closes_at = $5,
             opens_local = case when opens_at = $4 then opens_local else $4 at time zone zone end,
             closes_local = case when closes_at = $5 then closes_local else $5 at time zone zone end,
             version = version + 1
         where id = $1",
        goal.id.0,
        after.launched_at,
        after.paused_at,
        after.opens_at,
        after.closes_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
