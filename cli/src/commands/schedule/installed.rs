//! The schedules of the installation: their list, their ticks and their changes, by the operators'
//! API or the database.

use anyhow::{Context, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use muster_storage::{
    Page,
    engine::schedule_ops::{self, Edit, ScheduleFilter, ScheduleSummary, Tick},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Named;
use crate::{
    commands::{look::Way, operator},
    out::say,
    table::Table,
};

pub(super) async fn change(command: &str, name: &str, edit: &Edit, reason: Option<String>) -> anyhow::Result<()> {
    match Way::chosen()? {
        Way::Api(remote) => {
            let path = format!("schedules/{name}");
            match edit.enabled {
                Some(true) => remote.act(&format!("{path}/enable"), json!({}), reason.as_deref()).await?,
                Some(false) => remote.act(&format!("{path}/disable"), json!({}), reason.as_deref()).await?,
                None => {
                    let edit = json!({
                        "cron": edit.cron, "zone": edit.zone, "gap": edit.gap, "overlap": edit.overlap,
                        "catch_up": edit.catch_up, "jitter_seconds": edit.jitter_seconds,
                    });
                    remote.change(&path, edit, reason.as_deref()).await?
                }
            };
        }
        Way::Database(pool) => {
            let mut draft = operator::draft(command, [name.to_owned()]);
            draft.reason = reason;
            let changed = operator::acts(draft, schedule_ops::edit(&pool, name, edit)).await?;
            ensure!(changed, "there is no schedule {name}");
        }
    }
    say!("schedule {name} is changed")
}

/// Makes a job of a schedule now.
pub(super) async fn run_now(Named { name, reason }: Named) -> anyhow::Result<()> {
    let id = match Way::chosen()? {
        Way::Api(remote) => {
            let mut made = remote.act(&format!("schedules/{name}/run"), json!({}), reason.as_deref()).await?;
            serde_json::from_value(made["id"].take())?
        }
        Way::Database(pool) => {
            let mut draft = operator::draft("schedule_run", [name.clone()]);
            draft.reason = reason;
            let made = operator::acts(draft, schedule_ops::run_now(&pool, &name, None)).await?;
            made.with_context(|| format!("there is no schedule {name}"))?
        }
    };
    say!("job {id} is made of schedule {name}; muster jobs show {id} follows it")
}

/// A schedule in the list.
#[derive(Serialize, Deserialize)]
struct Listed {
    name: String,
    cron: String,
    zone: String,
    gap: String,
    overlap: String,
    catch_up: String,
    jitter_seconds: i32,
    enabled: bool,
    error: Option<String>,
    kind: String,
    removed_at: Option<DateTime<Utc>>,
    next_at: Option<DateTime<Utc>>,
    #[serde(alias = "last_tick_at")]
    last_tick: Option<DateTime<Utc>>,
    last_fate: Option<String>,
}

async fn listed(with_removed: bool) -> anyhow::Result<Vec<Listed>> {
    match Way::chosen()? {
        Way::Api(remote) => {
            let (mut all, mut cursor) = (Vec::new(), None);
            loop {
                let removed = with_removed.then(|| "true".to_owned());
                let mut page = remote.read("schedules", &[("removed", removed), ("cursor", cursor)]).await?;
                all.extend(serde_json::from_value::<Vec<Listed>>(page["items"].take())?);
                cursor = serde_json::from_value(page["next"].take())?;
                if cursor.is_none() {
                    return Ok(all);
                }
            }
        }
        Way::Database(pool) => {
            let filter = ScheduleFilter { with_removed, name: None };
            let found = schedule_ops::list(&pool, filter, Page::first(i64::MAX)).await?;
            Ok(found.into_iter().map(of_summary).collect())
        }
    }
}

fn of_summary(one: ScheduleSummary) -> Listed {
    Listed {
        name: one.name,
        cron: one.cron,
        zone: one.zone,
        gap: one.gap.as_str().to_owned(),
        overlap: one.overlap.as_str().to_owned(),
        catch_up: one.catch_up.as_str().to_owned(),
        jitter_seconds: one.jitter_seconds,
        enabled: one.enabled,
        error: one.error,
        kind: one.kind,
        removed_at: one.removed_at,
        next_at: one.next_at,
        last_tick: one.last.map(|last| last.planned_at),
        last_fate: one.last.map(|last| last.fate.to_string()),
    }
}

pub(super) async fn list(with_removed: bool, as_json: bool) -> anyhow::Result<()> {
    let listed = listed(with_removed).await?;
    if as_json {
        return say!("{}", serde_json::to_string(&listed)?);
    }
    let mut table = Table::with_names(["name", "cron", "zone", "next", "last tick", ""]);
    for one in listed {
        let next = match (&one.error, one.enabled, one.next_at) {
            _ if one.removed_at.is_some() => "removed".to_owned(),
            (Some(_), ..) => "out of service".to_owned(),
            (None, false, _) => "off".to_owned(),
            (None, true, at) => at.map_or_else(|| "soon".to_owned(), instant),
        };
        let last = one
            .last_tick
            .map_or_else(String::new, |at| format!("{} {}", instant(at), one.last_fate.as_deref().unwrap_or_default()));
        table.row([one.name, one.cron, one.zone, next, last, one.error.unwrap_or_default()]);
    }
    table.print("")
}

/// A tick that was decided about.
#[derive(Serialize, Deserialize)]
struct Told {
    planned_at: DateTime<Utc>,
    planned_until: DateTime<Utc>,
    ticks: i64,
    fate: String,
    why: Option<String>,
    late_ms: Option<i64>,
    job_id: Option<uuid::Uuid>,
}

/// Ticks that one page of the operators' API has at most.
const PAGE_LIMIT: usize = 500;

async fn told(name: &str, limit: usize) -> anyhow::Result<Vec<Told>> {
    match Way::chosen()? {
        Way::Api(remote) => {
            let mut all: Vec<Told> = Vec::new();
            loop {
                let before = all.last().map(|tick| tick.planned_at.to_rfc3339_opts(SecondsFormat::Micros, true));
                let page = (limit - all.len()).min(PAGE_LIMIT);
                let parameters = [("before", before), ("limit", Some(page.to_string()))];
                let found = remote.read(&format!("schedules/{name}/ticks"), &parameters).await?;
                let found: Vec<Told> = serde_json::from_value(found)?;
                let is_last = found.len() < page;
                all.extend(found);
                if is_last || all.len() >= limit {
                    return Ok(all);
                }
            }
        }
        Way::Database(pool) => {
            let ticks = schedule_ops::ticks(&pool, name, Page::first(i64::try_from(limit)?)).await?;
            let told = |tick: &Tick| Told {
                planned_at: tick.planned_at,
                planned_until: tick.planned_until,
                ticks: tick.ticks,
                fate: tick.fate.to_string(),
                why: tick.why.as_ref().map(ToString::to_string),
                late_ms: tick.late_ms,
                job_id: tick.job_id,
            };
            Ok(ticks.iter().map(told).collect())
        }
    }
}

pub(super) async fn ticks(name: &str, limit: u32, as_json: bool) -> anyhow::Result<()> {
    let ticks = told(name, limit as usize).await?;
    if as_json {
        return say!("{}", serde_json::to_string(&ticks)?);
    }
    for tick in &ticks {
        let more = if tick.ticks > 1 {
            format!(" and {} more up to {}", tick.ticks - 1, instant(tick.planned_until))
        } else {
            String::new()
        };
        let late = tick.late_ms.map_or_else(String::new, |late| format!(" by {late} ms"));
        let why = tick.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        say!("{}{more} {}{late}{why}", instant(tick.planned_at), tick.fate)?;
    }
    Ok(())
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
