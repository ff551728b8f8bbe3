//! `muster schedule preview`: when a schedule would fire. Needs neither services nor configuration.

use chrono::{DateTime, FixedOffset, Offset, SecondsFormat, TimeDelta, Utc};
use muster_domain::{
    schedule::{CronExpression, Fire, Gap, Note, Overlap, Schedule},
    zone::Zone,
};
use muster_service::clock;
use serde::Serialize;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print when a cron expression fires in a time zone.
    Preview(Preview),
}

#[derive(clap::Args)]
pub(crate) struct Preview {
    /// Five fields (minute, hour, day of month, month, day of week), six with seconds first, or a shorthand such as `@daily`.
    #[arg(long)]
    cron: CronExpression,
    /// The IANA time zone whose clocks the expression means.
    #[arg(long, value_parser = Zone::parse)]
    zone: Zone,
    /// The instant to begin with, in RFC 3339; a fire at this very instant is printed too. Without it: now.
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
    /// Print one JSON list of {utc, local, note}: RFC 3339 times, `local` being what the zone's clocks show, with their offset;
    /// note is null, `shifted` (out of a gap), `first_pass` or `second_pass` (of a time that happens twice).
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

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    let Command::Preview(args) = command;
    let from = args.from.map_or_else(clock::machine_now, |from| from.to_utc());
    let schedule = Schedule { cron: args.cron, zone: args.zone, gap: args.gap, overlap: args.overlap };
    let just_before = from.checked_sub_signed(TimeDelta::nanoseconds(1)).unwrap_or(from);
    let fires: Vec<Fire> = schedule.fires_after(just_before).take(args.count as usize).collect();
    if args.json {
        let rows: Vec<Row> = fires.iter().map(|fire| row(&schedule.zone, fire)).collect();
        println!("{}", serde_json::to_string(&rows)?);
        return Ok(());
    }
    for fire in &fires {
        let Row { utc, local, .. } = row(&schedule.zone, fire);
        println!("{}", format!("{utc}  {local}  {}", remark(fire)).trim_end());
    }
    Ok(())
}

fn row(zone: &Zone, fire: &Fire) -> Row {
    Row {
        utc: fire.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        local: shown(zone, fire.at),
        note: Some(fire.note).filter(|note| *note != Note::Plain),
    }
}

/// What the zone's clocks show, with their offset.
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
