//! `muster schedule`: when a schedule would fire, which needs neither services nor configuration;
//! and those of the installation with their ticks (`installed`), which can be switched off and on,
//! run now, and told when to recur.

mod installed;

use chrono::{DateTime, FixedOffset, Offset, SecondsFormat, TimeDelta, Utc};
use muster_domain::{
    engine::schedule::{CatchUpPolicy, CronExpression, Fire, Gap, Note, Overlap, Schedule},
    zone::Zone,
};
use muster_service::clock;
use muster_storage::engine::schedule_ops::Edit;
use serde::Serialize;

use super::words;
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
    Enable(Named),
    /// Switch a schedule off.
    Disable(Named),
    /// Make a job of a schedule now, beside its ticks.
    Run(Named),
}

/// Options of an act on a schedule.
#[derive(clap::Args)]
pub(crate) struct Named {
    /// The schedule.
    name: String,
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
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
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
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
        Command::List { all, json } => installed::list(all, json).await,
        Command::Ticks { name, limit, json } => installed::ticks(&name, limit, json).await,
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
            installed::change("schedule_edit", &args.name, &edit, args.reason).await
        }
        Command::Enable(Named { name, reason }) => {
            installed::change("schedule_enable", &name, &Edit { enabled: Some(true), ..Edit::default() }, reason).await
        }
        Command::Disable(Named { name, reason }) => {
            installed::change("schedule_disable", &name, &Edit { enabled: Some(false), ..Edit::default() }, reason)
                .await
        }
        Command::Run(named) => installed::run_now(named).await,
    }
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
