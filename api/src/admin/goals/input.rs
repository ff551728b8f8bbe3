//! Goals as admins write them: read and checked here for creating, editing, campaigns and previews
//! (rules G1 to G3, G10, G11, M1 to M3).

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use muster_domain::{
    goals::{
        goal::{AssignmentStrategy, GoalType},
        release::{Pace, ReleasePlan},
        targeting::Targeting,
        times::{GoalTimes, Span, Time},
    },
    ids::GroupId,
    sending::template::{self, Checks, REMINDER_LIMIT, RENDERED_LIMIT},
    zone::Zone,
};
use muster_storage::{
    Tx,
    goals::{self, Goal, GoalContent},
    people::contacts,
    tenancy::organizations::Organization,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::goals::responses::{self, ResponseBody},
    auth::Admin,
    bounds,
    extract::at_most,
    problem::Problem,
    shapes,
};

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
    /// The start of an event or a volunteer shift, or the day of the other types; fills
    /// `{{goal.date}}`, `{{goal.day}}` and, for an event or a shift, `{{goal.time}}`.
    #[schema(value_type = bounds::GoalDate)]
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
    /// The initial script, with merge fields such as `{{first_name|there}}`. A draft may be without
    /// until it is launched.
    #[serde(default)]
    #[schema(value_type = bounds::Script)]
    pub(crate) script: String,
    /// The reminder; off without.
    #[serde(default)]
    pub(crate) reminder: Option<ReminderInput>,
    /// Response scripts that agents pick from when they reply, in their order: a first one and
    /// additional ones.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) responses: Vec<ResponseBody>,
    /// When workflows become available. Unless told at 10:00, an event's a week before its start, a
    /// shift's three days before, and the other types' two weeks before their day.
    #[serde(default)]
    #[schema(value_type = Option<bounds::Moment>)]
    pub(crate) opens: Option<String>,
    /// When they close, at most 31 days later. Unless told, an event's or a shift's when it starts,
    /// and the other types' at 20:00 of their day.
    #[serde(default)]
    #[schema(value_type = Option<bounds::Moment>)]
    pub(crate) closes: Option<String>,
    /// How batches are released: `{"pace": "all_at_open", "paced_to_caps": true}`,
    /// `{"pace": {"every": {"batches": 5, "minutes": 60}}}` or
    /// `{"pace": {"cron": {"batches": 5, "cron": "0 9,13 * * MON-FRI"}}}`.
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
    /// When its window opens; at 10:00 of the day before the date unless told, or when the goal
    /// opens.
    #[serde(default)]
    #[schema(value_type = Option<bounds::Moment>)]
    pub(crate) opens: Option<String>,
    /// When it closes; with the goal unless told.
    #[serde(default)]
    #[schema(value_type = Option<bounds::Moment>)]
    pub(crate) closes: Option<String>,
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
    ) -> Result<GoalContent, Problem> {
        let content = self.read(tx, admin, organization, zone, None).await?;
        content.window().check().map_err(|error| Problem::invalid_body(error.to_string()))?;
        Ok(content)
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
    ) -> Result<GoalContent, Problem> {
        let before = Some(&goal.content.targeting);
        let mut content = self.read(tx, admin, organization, &goal.content.zone, before).await?;
        // A time that reads as it did means the same instant, also where it happens twice.
        let stays = |time: &mut Time, was: Time| {
            if time.local == was.local && !time.fixed {
                *time = was;
            }
        };
        let (times, was) = (&mut content.times, &goal.content.times);
        stays(&mut times.window.opens, was.window.opens);
        stays(&mut times.window.closes, was.window.closes);
        if let (Some(reminder), Some(was)) = (&mut times.reminder, was.reminder) {
            stays(&mut reminder.opens, was.opens);
            stays(&mut reminder.closes, was.closes);
        }
        let (window, before) = (content.window(), goal.window());
        if window != before {
            let over = goal.clock.launched_at.is_some() && window.closes_at <= now;
            let checked = if over { window.check_length() } else { window.check() };
            checked.map_err(|error| Problem::invalid_body(error.to_string()))?;
        }
        Ok(content)
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
    ) -> Result<GoalContent, Problem> {
        let rules = Zone::parse(zone).map_err(|error| Problem::invalid_body(error.to_string()))?;
        let date_local = date(self.goal_type, &self.date, &rules)?;
        let times = self.times(date_local, &rules)?;
        self.release_plan.check().map_err(|error| Problem::invalid_body(error.to_string()))?;
        if let Pace::Cron { cron, .. } = &self.release_plan.pace {
            bounds::CronFields::read("release_plan.pace.cron.cron", cron.as_str())?;
        }
        if before != Some(&self.targeting) {
            check_targeting(tx, admin, &self.targeting).await?;
        }
        let reminder = self.reminder.as_ref().map(|reminder| reminder.script.as_str());
        check_scripts(tx, organization, self.goal_type, self.written(), reminder).await?;
        let responses = responses::read(&self.responses);
        responses::check(tx, organization.id, &responses).await?;
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
            responses,
            zone: zone.to_owned(),
            times,
            release_plan: self.release_plan.clone(),
        };
        Ok(content)
    }

    /// Returns the initial script, if it is written yet.
    fn written(&self) -> Option<&str> {
        Some(self.script.as_str()).filter(|script| !script.trim().is_empty())
    }

    /// Returns its times: those that are told, else its type's.
    fn times(&self, date: NaiveDateTime, zone: &Zone) -> Result<GoalTimes, Problem> {
        let told = |name: &str, value: Option<&String>| value.map(|value| time(name, value, zone)).transpose();
        let usual = self.goal_type.default_times(date);
        let window = Span {
            opens: told("opens", self.opens.as_ref())?.unwrap_or_else(|| Time::local(usual.opens, zone)),
            closes: told("closes", self.closes.as_ref())?.unwrap_or_else(|| Time::local(usual.closes, zone)),
        };
        let reminder = match &self.reminder {
            None => None,
            Some(reminder) => {
                let opens = Time::local(usual.reminder_opens, zone);
                let opens = if opens.at < window.opens.at { window.opens } else { opens };
                Some(Span {
                    opens: told("reminder.opens", reminder.opens.as_ref())?.unwrap_or(opens),
                    closes: told("reminder.closes", reminder.closes.as_ref())?.unwrap_or(window.closes),
                })
            }
        };
        Ok(GoalTimes { window, reminder })
    }
}

/// Checks a targeting: tags, fields, agents, groups and goals that it names are the organization's
/// own and the admin's to see (rules A5, T1 and T1a).
pub(crate) async fn check_targeting(tx: &mut Tx, admin: &Admin, targeting: &Targeting) -> Result<(), Problem> {
    check_names(tx, admin, admin.groups(), targeting).await
}

/// Checks a targeting when it is launched: its names are the organization's still. An admin that
/// sees more may have written it.
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
/// launched, because fields, settings and words may have changed since. A draft may be without its
/// initial script.
pub(crate) async fn check_scripts(
    tx: &mut Tx,
    organization: &Organization,
    goal_type: GoalType,
    script: Option<&str>,
    reminder: Option<&str>,
) -> Result<(), Problem> {
    let fields = contacts::custom_fields(tx, organization.id).await?;
    let settings = &organization.settings;
    let opt_out_words = settings.require_opt_out_language.then_some(settings.opt_out_keywords.as_slice());
    let initial = script.map(|script| ("script", script, RENDERED_LIMIT));
    let reminder = reminder.map(|script| ("reminder.script", script, REMINDER_LIMIT));
    for (name, script, limit) in initial.into_iter().chain(reminder) {
        at_most(name, script, RENDERED_LIMIT)?;
        let template = template::check(script, Checks { fields: &fields, limit, opt_out_words })
            .map_err(|error| Problem::invalid_body(format!("{name}: {error}")))?;
        if !goal_type.has_time() && template.uses("goal.time") {
            let why = format!("{name}: {{{{goal.time}}}} is of events and shifts; a {goal_type} goal has a day alone");
            return Err(Problem::invalid_body(why));
        }
    }
    Ok(())
}

/// Checks the scripts of a goal that is there.
pub(crate) async fn goal_scripts(
    tx: &mut Tx,
    organization: &Organization,
    content: &GoalContent,
) -> Result<(), Problem> {
    let script = Some(content.script.as_str()).filter(|script| !script.trim().is_empty());
    check_scripts(tx, organization, content.goal_type, script, content.reminder_script.as_deref()).await
}

/// Returns a goal's date on the group's clocks (rule G1). Only an event and a shift need a time of
/// day.
fn date(goal_type: GoalType, value: &str, zone: &Zone) -> Result<NaiveDateTime, Problem> {
    let Ok(day) = value.parse::<NaiveDate>() else { return Ok(time("date", value, zone)?.local) };
    in_range("date", day.year())?;
    if goal_type.has_time() {
        return Err(Problem::invalid_body(format!("date: the start of a {goal_type} has a time of day")));
    }
    Ok(day.and_time(NaiveTime::MIN))
}

fn in_range(name: &str, year: i32) -> Result<(), Problem> {
    if (2000..=2199).contains(&year) {
        Ok(())
    } else {
        Err(Problem::invalid_body(format!("{name} must be in the years 2000 to 2199")))
    }
}

/// Returns a time as it is meant: on the zone's clocks, or an instant (rule G11).
pub(crate) fn time(name: &str, value: &str, zone: &Zone) -> Result<Time, Problem> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(value) {
        let instant = instant.to_utc();
        in_range(name, instant.year())?;
        return Ok(Time::fixed(instant, zone));
    }
    // Seconds may be left out.
    let local = value.parse().or_else(|_| format!("{value}:00").parse());
    let local: NaiveDateTime = local.map_err(|_| {
        Problem::invalid_body(format!(
            "{name} is neither a local time (2026-11-03T10:00:00) nor an instant (2026-11-03T15:00:00Z)"
        ))
    })?;
    in_range(name, local.year())?;
    Ok(Time::local(local, zone))
}
