//! Goals as admins write them: read and checked here for creating, editing, campaigns and previews
//! (rules G1 to G3, G10, G11, M1 to M3).

use std::{collections::BTreeSet, iter};

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use muster_domain::{
    goals::{
        goal::{AssignmentStrategy, GoalType},
        release::ReleasePlan,
        targeting::Targeting,
    },
    ids::GroupId,
    sending::template::{self, Checks, REMINDER_LIMIT, RENDERED_LIMIT},
    zone::Zone,
};
use muster_storage::{
    Tx,
    goals::{self, Goal, GoalContent, Instants},
    people::contacts,
    tenancy::organizations::Organization,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, extract::at_most, problem::Problem, shapes};

/// A goal as an admin writes it. Times are either wall-clock times in the group's zone
/// (`2026-11-03T10:00:00`; one that does not exist moves to the first instant after the gap, one
/// that happens twice means the first) or instants (`2026-11-03T15:00:00Z`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoalInput {
    #[schema(value_type = bounds::Name)]
    pub(crate) name: String,
    /// For admins only.
    #[serde(default)]
    #[schema(value_type = bounds::Description)]
    pub(crate) description: String,
    #[schema(value_type = shapes::GoalType)]
    pub(crate) goal_type: GoalType,
    /// The event's or shift's start, or the target date; fills `{{goal.date}}`.
    #[schema(value_type = bounds::Moment)]
    pub(crate) date: String,
    /// `anyone` (default) or `assigned`.
    #[serde(default = "anyone")]
    #[schema(value_type = shapes::AssignmentStrategy)]
    pub(crate) strategy: AssignmentStrategy,
    /// Instructions for agents.
    #[serde(default)]
    #[schema(value_type = bounds::Instructions)]
    pub(crate) instructions: String,
    /// Filters on contacts; the whole group without filters.
    #[serde(default)]
    #[schema(value_type = shapes::Targeting)]
    pub(crate) targeting: Targeting,
    /// The initial script, with merge fields such as `{{first_name|there}}`.
    #[schema(value_type = bounds::Script)]
    pub(crate) script: String,
    /// The reminder; off without.
    #[serde(default)]
    pub(crate) reminder: Option<ReminderInput>,
    /// When workflows become available.
    #[schema(value_type = bounds::Moment)]
    pub(crate) opens: String,
    /// When they close, at most 31 days later.
    #[schema(value_type = bounds::Moment)]
    pub(crate) closes: String,
    /// How batches are released: `{"pace": "all_at_open", "paced_to_caps": true}` or
    /// `{"pace": {"every": {"batches": 5, "minutes": 60}}}`.
    #[serde(default)]
    #[schema(value_type = shapes::ReleasePlan)]
    pub(crate) release_plan: ReleasePlan,
}

/// A reminder to contacts with a yes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReminderInput {
    #[schema(value_type = bounds::ReminderScript)]
    pub(crate) script: String,
    /// When its window opens.
    #[schema(value_type = bounds::Moment)]
    pub(crate) opens: String,
    /// When it closes.
    #[schema(value_type = bounds::Moment)]
    pub(crate) closes: String,
}

const fn anyone() -> AssignmentStrategy {
    AssignmentStrategy::Anyone
}

impl GoalInput {
    /// Checks everything for a new goal in a group in this zone.
    pub(crate) async fn check(
        &self,
        tx: &mut Tx,
        admin: &Admin,
        organization: &Organization,
        zone: &str,
    ) -> Result<(GoalContent, Instants), Problem> {
        let (content, instants) = self.read(tx, admin, organization, zone, None).await?;
        content.window(instants).check().map_err(|error| Problem::invalid_body(error.to_string()))?;
        Ok((content, instants))
    }

    /// Checks everything for a goal that is there. Times that stay are not checked again, and a
    /// goal that was closed early keeps the reminder window that it was to have.
    pub(crate) async fn check_edit(
        &self,
        tx: &mut Tx,
        admin: &Admin,
        organization: &Organization,
        goal: &Goal,
        now: DateTime<Utc>,
    ) -> Result<(GoalContent, Instants), Problem> {
        let before = Some(&goal.content.targeting);
        let (content, mut instants) = self.read(tx, admin, organization, &goal.content.zone, before).await?;
        let zone = Zone::parse(&goal.content.zone).map_err(|error| Problem::invalid_body(error.to_string()))?;
        // A wall-clock time that stays means the same instant, also where it happens twice.
        let stays = |at: &mut DateTime<Utc>, local, was_local, was_at| {
            if local == was_local && *at == zone.resolve(local) {
                *at = was_at;
            }
        };
        stays(&mut instants.opens_at, content.opens_local, goal.content.opens_local, goal.clock.opens_at);
        stays(&mut instants.closes_at, content.closes_local, goal.content.closes_local, goal.clock.closes_at);
        let (window, before) = (content.window(instants), goal.window());
        if window != before {
            let over = goal.clock.launched_at.is_some() && window.closes_at <= now;
            let checked = if over { window.check_length() } else { window.check() };
            checked.map_err(|error| Problem::invalid_body(error.to_string()))?;
        }
        Ok((content, instants))
    }

    /// Reads and checks the parts that depend on nothing else. Targeting that is as it was `before`
    /// stays, also if it is another admin's.
    async fn read(
        &self,
        tx: &mut Tx,
        admin: &Admin,
        organization: &Organization,
        zone: &str,
        before: Option<&Targeting>,
    ) -> Result<(GoalContent, Instants), Problem> {
        let rules = Zone::parse(zone).map_err(|error| Problem::invalid_body(error.to_string()))?;
        let (opens_local, opens_at) = time("opens", &self.opens, &rules)?;
        let (closes_local, closes_at) = time("closes", &self.closes, &rules)?;
        let (date_local, _) = time("date", &self.date, &rules)?;
        let reminder = match &self.reminder {
            Some(reminder) => Some((
                time("reminder.opens", &reminder.opens, &rules)?.1,
                time("reminder.closes", &reminder.closes, &rules)?.1,
            )),
            None => None,
        };
        let release_plan = self.release_plan.check().map_err(|error| Problem::invalid_body(error.to_string()))?;
        if before != Some(&self.targeting) {
            check_targeting(tx, admin, &self.targeting).await?;
        }
        check_scripts(tx, organization, &self.script, self.reminder.as_ref().map(|reminder| reminder.script.as_str()))
            .await?;
        let content = GoalContent {
            name: bounds::Name::read("name", &self.name)?.to_owned(),
            description: bounds::Description::read("description", &self.description)?.to_owned(),
            goal_type: self.goal_type,
            date_local,
            strategy: self.strategy,
            instructions: bounds::Instructions::read("instructions", &self.instructions)?.to_owned(),
            targeting: self.targeting.clone(),
            script: self.script.clone(),
            reminder_script: self.reminder.as_ref().map(|reminder| reminder.script.clone()),
            zone: zone.to_owned(),
            opens_local,
            closes_local,
            release_plan,
        };
        Ok((content, Instants { opens_at, closes_at, reminder }))
    }
}

/// Checks a targeting: tags, fields, agents, groups and goals that it names are the organization's
/// own and the admin's to see (rules A5, T1 and T1a).
pub(crate) async fn check_targeting(tx: &mut Tx, admin: &Admin, targeting: &Targeting) -> Result<(), Problem> {
    check_names(tx, admin, admin.groups(), targeting).await
}

/// Checks a targeting when it is launched: its names are the organization's still. Another admin
/// may have written it, who sees more.
pub(crate) async fn check_names(
    tx: &mut Tx,
    admin: &Admin,
    readers: Option<&[GroupId]>,
    targeting: &Targeting,
) -> Result<(), Problem> {
    targeting.check().map_err(|error| Problem::invalid_body(error.to_string()))?;
    let unknown = goals::unknown_names(tx, admin.organization_id, readers, targeting).await?;
    if unknown.is_empty() { Ok(()) } else { Err(Problem::invalid_body(format!("targeting: {unknown}"))) }
}

/// Groups that a request names, each once.
pub(crate) fn check_group_ids(ids: &[GroupId], most: usize) -> Result<(), Problem> {
    if ids.is_empty() || ids.len() > most {
        return Err(Problem::invalid_body(format!("group_ids must have 1 to {most} items")));
    }
    let different: BTreeSet<_> = ids.iter().collect();
    if different.len() < ids.len() {
        return Err(Problem::invalid_body("group_ids names a group twice"));
    }
    Ok(())
}

/// Checks a goal's scripts (rules M1 to M3): when they are saved, and again when the goal is
/// launched, because fields, settings and words may have changed since.
pub(crate) async fn check_scripts(
    tx: &mut Tx,
    organization: &Organization,
    script: &str,
    reminder: Option<&str>,
) -> Result<(), Problem> {
    let fields = contacts::custom_fields(tx, organization.id).await?;
    let settings = &organization.settings;
    let opt_out_words = settings.require_opt_out_language.then_some(settings.opt_out_keywords.as_slice());
    let reminder = reminder.map(|script| ("reminder.script", script, REMINDER_LIMIT));
    for (name, script, limit) in iter::once(("script", script, RENDERED_LIMIT)).chain(reminder) {
        at_most(name, script, RENDERED_LIMIT)?;
        template::check(script, Checks { fields: &fields, limit, opt_out_words })
            .map_err(|error| Problem::invalid_body(format!("{name}: {error}")))?;
    }
    Ok(())
}

/// Returns a time as both: the wall clock in the zone, and the instant (rule G11).
pub(crate) fn time(name: &str, value: &str, zone: &Zone) -> Result<(NaiveDateTime, DateTime<Utc>), Problem> {
    let in_range = |year: i32| {
        if (2000..=2199).contains(&year) {
            Ok(())
        } else {
            Err(Problem::invalid_body(format!("{name} must be in the years 2000 to 2199")))
        }
    };
    if let Ok(instant) = DateTime::parse_from_rfc3339(value) {
        let instant = instant.to_utc();
        in_range(instant.year())?;
        return Ok((zone.local(instant), instant));
    }
    // Seconds may be left out.
    let local = value.parse().or_else(|_| format!("{value}:00").parse());
    let local: NaiveDateTime = local.map_err(|_| {
        Problem::invalid_body(format!(
            "{name} is neither a local time (2026-11-03T10:00:00) nor an instant (2026-11-03T15:00:00Z)"
        ))
    })?;
    in_range(local.year())?;
    Ok((local, zone.resolve(local)))
}
