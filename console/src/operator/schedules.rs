//! `/operator/schedules`: recurring schedules, the fate of their ticks, and the ticks to come.

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::{List, Operation, Problem, operations::operator as operations},
    form::{Fields, Query},
    operator::{figures::span, looks::Look, session::Me},
    page::{Page, html},
    words::operator::{Said, skip_reason, tick_fate, tick_note},
};

/// Ticks of a page, past and to come.
const TICKS: &str = "20";
const TO_COME: &str = "10";

#[derive(Debug, Deserialize)]
struct Schedule {
    name: String,
    cron: String,
    zone: String,
    jitter_seconds: i32,
    enabled: bool,
    removed_at: Option<String>,
    error: Option<String>,
    kind: String,
    next_at: Option<String>,
    last_tick_at: Option<String>,
    last_fate: Option<String>,
}

impl Schedule {
    /// Returns the tone and the words of its state.
    fn state(&self) -> (&'static str, &'static str) {
        match self {
            Self { removed_at: Some(_), .. } => ("plain", "Removed"),
            Self { error: Some(_), .. } => ("bad", "Out of service"),
            Self { enabled: false, .. } => ("wait", "Off"),
            _ => ("good", "On"),
        }
    }

    fn address(&self) -> String {
        at(&self.name)
    }

    fn last(&self) -> Option<Said> {
        self.last_fate.as_deref().map(tick_fate)
    }
}

#[derive(Debug, Deserialize)]
struct Tick {
    planned_at: String,
    ticks: i64,
    fate: String,
    why: Option<String>,
    late_ms: Option<f64>,
    job_id: Option<String>,
}

impl Tick {
    fn said(&self) -> Said {
        tick_fate(&self.fate)
    }

    /// Returns the reason, or how late it was.
    fn detail(&self) -> String {
        let late = self.late_ms.filter(|late| self.fate == "late" && *late >= 1_000.0);
        match (&self.why, late) {
            (Some(why), _) => skip_reason(why).to_owned(),
            (None, Some(late)) => format!("{} late", span(late / 1_000.0)),
            (None, None) => String::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Planned {
    at: String,
    local: String,
    note: String,
}

impl Planned {
    fn note(&self) -> &'static str {
        tick_note(&self.note)
    }
}

#[derive(Template)]
#[template(path = "operator/schedules.html")]
struct SchedulesPage {
    page: Page,
    me: Me,
    removed: bool,
    schedules: List<Schedule>,
}

pub(crate) async fn list(look: Look, Query(query): Query) -> Result<Response, Problem> {
    let removed = query.is_ticked("removed");
    let mut asked = vec![("removed", removed.to_string())];
    asked.extend(query.some("cursor").map(|cursor| ("cursor", cursor.to_owned())));
    let schedules = look.read(&operations::SCHEDULES, &[], &asked).await?;
    Ok(html(&SchedulesPage { page: look.page("Schedules", "schedules"), me: look.me, removed, schedules }))
}

#[derive(Template)]
#[template(path = "operator/schedule.html")]
struct SchedulePage {
    page: Page,
    me: Me,
    schedule: Schedule,
    ticks: Vec<Tick>,
    /// The instant before which the next page's ticks are; none on the last.
    before: Option<String>,
    /// None where the expression cannot be read.
    to_come: Option<Vec<Planned>>,
}

pub(crate) async fn show(look: Look, Path(name): Path<String>, Query(query): Query) -> Result<Response, Problem> {
    let mut asked = vec![("limit", TICKS.to_owned())];
    asked.extend(query.some("cursor").map(|before| ("before", before.to_owned())));
    let soon = [("limit", TO_COME.to_owned())];
    let path = [name.as_str()];
    let schedule = look.read::<Schedule>(&operations::SCHEDULE, &path, &[]);
    let ticks = look.read::<Vec<Tick>>(&operations::TICKS, &path, &asked);
    let to_come = look.read::<Vec<Planned>>(&operations::TICKS_TO_COME, &path, &soon);
    let (schedule, ticks, to_come) = futures::join!(schedule, ticks, to_come);
    let (schedule, ticks) = (schedule?, ticks?);
    let to_come = match to_come {
        Err(problem) if problem.status == 409 => None,
        to_come => Some(to_come?),
    };
    let is_full = ticks.len().to_string() == TICKS;
    Ok(html(&SchedulePage {
        page: look.page(format!("Schedule {name}"), "schedules"),
        me: look.me,
        before: ticks.last().filter(|_| is_full).map(|tick| tick.planned_at.clone()),
        schedule,
        ticks,
        to_come,
    }))
}

pub(crate) async fn act(
    look: Look,
    Path((name, verb)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let body = json!({ "reason": fields.get("reason") });
    let (operation, done): (&'static Operation, _) = match verb.as_str() {
        "run" => {
            let made = look.act::<Value>(&operations::RUN_SCHEDULE, &[&name], &body).await;
            let to = made.map(|job| format!("/operator/jobs/{}", job["id"].as_str().unwrap_or_default()));
            return look.told(to, "Its job is made, beside its ticks.", &at(&name));
        }
        "enable" => (&operations::ENABLE_SCHEDULE, "It is on, from now on."),
        "disable" => (&operations::DISABLE_SCHEDULE, "It is off. Its ticks are skipped until it is on again."),
        _ => return Err(Problem::nothing()),
    };
    look.act_and_see(operation, &[&name], &body, done, &at(&name)).await
}

/// Returns the address of a schedule's page.
fn at(name: &str) -> String {
    operations::SCHEDULE.at(&[name]).replace("/v1/operator/", "/operator/")
}
