//! `muster schedule`: when a schedule would fire, which needs neither services nor configuration;
//! and those of the installation with their ticks, which can be switched off and on and told when
//! to recur.

use anyhow::ensure;
use chrono::{DateTime, FixedOffset, Offset, SecondsFormat, TimeDelta, Utc};
use muster_domain::{
    engine::schedule::{CatchUpPolicy, CronExpression, Fire, Gap, Note, Overlap, Schedule},
    zone::Zone,
};
use muster_service::clock;
use muster_storage::{
    Page,
    engine::schedule_ops::{self, Edit, ScheduleFilter},
};
use serde::Serialize;
use serde_json::json;

use super::{operator, pool, words};
use crate::{out::say, table::Table};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print when a cron expression fires in a time zone.
    Preview(Preview),
    /// List the schedules, with the outcome of their last ticks.
    List {
        /// Removed schedules too, of which the ticks are left.
        #[arg(long)]
        all: bool,
        /// Print a JSON list.
        #[arg(long)]
        json: bool,
    },
    /// List the newest ticks of a schedule: fired, late by how much, or skipped and why.
    Ticks {
        /// The schedule.
        name: String,
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Print a JSON list.
        #[arg(long)]
        json: bool,
    },
    /// Change when a schedule recurs, and its policies, from now on.
    Edit(Edited),
    /// Switch a schedule on, from now on.
    Enable {
        /// The schedule.
        name: String,
    },
    /// Switch a schedule off.
    Disable {
        /// The schedule.
        name: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Edited {
    /// The schedule.
    name: String,
    /// When it recurs.
    #[arg(long)]
    cron: Option<CronExpression>,
    /// The IANA time zone of the expression's wall-clock times.
    #[arg(long, value_parser = Zone::parse)]
    zone: Option<Zone>,
    /// A time that does not exist: `skip` it, or fire at the first instant `after` the gap.
    #[arg(long)]
    gap: Option<Gap>,
    /// A time that happens twice: fire the `first` time, the `last`, or `both`.
    #[arg(long)]
    overlap: Option<Overlap>,
    /// Ticks that were missed in an outage: `skip` them, `coalesce` them to one, or fire `all`.
    #[arg(long, value_parser = words::<CatchUpPolicy>())]
    catch_up: Option<CatchUpPolicy>,
    /// Its jobs run up to so many seconds later than planned.
    #[arg(long, value_parser = clap::value_parser!(i32).range(0..=86_400))]
    jitter_seconds: Option<i32>,
}

#[derive(clap::Args)]
pub(crate) struct Preview {
    /// Five fields (minute, hour, day of month, month, day of week), six with seconds first, or a
    /// shorthand such as `@daily`.
    #[arg(long)]
    cron: CronExpression,
    /// The IANA time zone of the expression's wall-clock times.
    #[arg(long, value_parser = Zone::parse)]
    zone: Zone,
    /// The instant to begin with, in RFC 3339; a fire at this very instant is printed too. Without
    /// it: now.
    #[arg(long)]
    from: Option<DateTime<FixedOffset>>,
    /// How many fires to print.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// A time that does not exist: `skip` it, or fire at the first instant `after` the gap.
    #[arg(long, default_value = Gap::default().as_str())]
    gap: Gap,
    /// A time that happens twice: fire the `first` time, the `last`, or `both`.
    #[arg(long, default_value = Overlap::default().as_str())]
    overlap: Overlap,
    /// Print one JSON list of {utc, local, note}: RFC 3339 times, `local` being the zone's
    /// wall-clock time, with its offset; note is null, `shifted` (out of a gap), `first_pass` or
    /// `second_pass` (of a time that happens twice).
    #[arg(long)]
    json: bool,
}

/// A fire as `--json` prints it.
#[derive(Serialize)]
struct Row {
    utc: String,
    local: String,
    note: Option<Note>,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Preview(args) => preview(args),
        Command::List { all, json } => list(all, json).await,
        Command::Ticks { name, limit, json } => ticks(&name, limit, json).await,
        Command::Edit(args) => {
            let edit = Edit {
                cron: args.cron.map(|cron| cron.as_str().to_owned()),
                zone: args.zone.map(|zone| zone.name().to_owned()),
                gap: args.gap,
                overlap: args.overlap,
                catch_up: args.catch_up,
                jitter_seconds: args.jitter_seconds,
                enabled: None,
            };
            change("schedule_edit", &args.name, &edit).await
        }
        Command::Enable { name } => {
            change("schedule_enable", &name, &Edit { enabled: Some(true), ..Edit::default() }).await
        }
        Command::Disable { name } => {
            change("schedule_disable", &name, &Edit { enabled: Some(false), ..Edit::default() }).await
        }
    }
}

async fn change(command: &str, name: &str, edit: &Edit) -> anyhow::Result<()> {
    let (pool, draft) = (pool()?, operator::draft(command, [name.to_owned()]));
    let changed = operator::acts(draft, schedule_ops::edit(&pool, name, edit)).await?;
    ensure!(changed, "there is no schedule {name}");
    say!("schedule {name} is changed")?;
    Ok(())
}

async fn list(with_removed: bool, as_json: bool) -> anyhow::Result<()> {
    let filter = ScheduleFilter { with_removed, name: None };
    let listed = schedule_ops::list(&pool()?, filter, Page::first(i64::MAX)).await?;
    if as_json {
        let rows: Vec<_> = listed
            .iter()
            .map(|one| {
                json!({
                    "name": one.name, "cron": one.cron, "zone": one.zone, "gap": one.gap, "overlap": one.overlap,
                    "catch_up": one.catch_up, "jitter_seconds": one.jitter_seconds, "enabled": one.enabled, "error": one.error,
                    "kind": one.kind, "removed_at": one.removed_at, "next_at": one.next_at, "last_tick": one.last.as_ref().map(|last| last.planned_at),
                    "last_fate": one.last.as_ref().map(|last| last.fate),
                })
            })
            .collect();
        say!("{}", serde_json::to_string(&rows)?)?;
        return Ok(());
    }
    let mut table = Table::with_names(["name", "cron", "zone", "next", "last tick", ""]);
    for one in &listed {
        let next = match (&one.error, one.enabled, one.next_at) {
            _ if one.removed_at.is_some() => "removed".to_owned(),
            (Some(_), ..) => "out of service".to_owned(),
            (None, false, _) => "off".to_owned(),
            (None, true, at) => at.map_or_else(|| "soon".to_owned(), instant),
        };
        let last =
            one.last.as_ref().map_or_else(String::new, |last| format!("{} {}", instant(last.planned_at), last.fate));
        let error = one.error.clone().unwrap_or_default();
        table.row([one.name.clone(), one.cron.clone(), one.zone.clone(), next, last, error]);
    }
    table.print("")
}

async fn ticks(name: &str, limit: u32, as_json: bool) -> anyhow::Result<()> {
    let ticks = schedule_ops::ticks(&pool()?, name, Page::first(limit.into())).await?;
    if as_json {
        let rows: Vec<_> = ticks
            .iter()
            .map(|tick| {
                json!({
                    "planned_at": tick.planned_at, "planned_until": tick.planned_until, "ticks": tick.ticks, "fate": tick.fate,
                    "why": tick.why, "late_ms": tick.late_ms, "job_id": tick.job_id,
                })
            })
            .collect();
        say!("{}", serde_json::to_string(&rows)?)?;
        return Ok(());
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

fn preview(args: Preview) -> anyhow::Result<()> {
    let from = args.from.map_or_else(clock::machine_now, |from| from.to_utc());
    let schedule = Schedule { cron: args.cron, zone: args.zone, gap: args.gap, overlap: args.overlap };
    let just_before = from.checked_sub_signed(TimeDelta::nanoseconds(1)).unwrap_or(from);
    let fires: Vec<Fire> = schedule.fires_after(just_before).take(args.count as usize).collect();
    if args.json {
        let rows: Vec<Row> = fires.iter().map(|fire| row(&schedule.zone, fire)).collect();
        say!("{}", serde_json::to_string(&rows)?)?;
        return Ok(());
    }
    let mut table = Table::of([false; 3]);
    for fire in &fires {
        let Row { utc, local, .. } = row(&schedule.zone, fire);
        table.row([utc, local, remark(fire)]);
    }
    table.print("")
}

fn row(zone: &Zone, fire: &Fire) -> Row {
    Row {
        utc: fire.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        local: shown(zone, fire.at),
        note: Some(fire.note).filter(|note| *note != Note::Plain),
    }
}

/// Returns the zone's wall-clock time, with its offset.
fn shown(zone: &Zone, at: DateTime<Utc>) -> String {
    let offset = i32::try_from(zone.offset(at).num_seconds()).ok().and_then(FixedOffset::east_opt);
    // Offsets are shorter than a day, so that there is one.
    let offset = offset.unwrap_or_else(|| Utc.fix());
    at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn remark(fire: &Fire) -> String {
    match fire.note {
        Note::Plain => String::new(),
        Note::Shifted => format!("shifted: {} does not exist", fire.local.format("%H:%M:%S")),
        Note::FirstPass => "first pass of a time that happens twice".to_owned(),
        Note::SecondPass => "second pass of a time that happens twice".to_owned(),
    }
}
