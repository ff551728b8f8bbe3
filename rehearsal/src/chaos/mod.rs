//! `muster-rehearsal chaos`: a campaign on this machine while daemons, broker, database and the
//! wires between them are killed, stopped and cut by a seed's schedule, and every invariant checked
//! when all is mended.

mod beside;
mod drill;
mod faults;
mod plan;
mod plant;
mod play;
mod ticks;
mod watch;
mod wiring;

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, ensure};
use muster_local::{programs::Binary, signals::Signals};

use crate::campaign::voice::say;
use drill::Drill;
use plan::Fault;
use plant::Plant;

/// Arguments of `chaos`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The seed of the schedule, the files and the carrier's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A range of seeds, one after the other: `1..30` has both ends.
    #[arg(long, value_parser = seeds, conflicts_with = "seed", value_name = "FIRST..LAST")]
    seeds: Option<(u64, u64)>,
    /// Time for which things break; the last faults are mended after it.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Three nodes of the broker and two database servers, and faults of these.
    #[arg(long)]
    ha: bool,
    /// Instead of a seed's faults, a drill: the servers of one service go one after the other.
    #[arg(long, value_enum, conflicts_with_all = ["seeds", "minutes", "ha"])]
    drill: Option<Drill>,
    /// Print the schedule and do nothing.
    #[arg(long)]
    plan: bool,
    /// A violation to plant when all is over, to see it caught; may be given more than once.
    #[arg(long, value_enum, value_name = "VIOLATION")]
    plant: Vec<Plant>,
    /// Leave the folder with data and logs behind, also when all invariants hold.
    #[arg(long)]
    keep: bool,
}

/// The shortest and the longest time, in minutes.
const MINUTES: (f64, f64) = (0.2, 60.0);

impl Arguments {
    fn time_ms(&self) -> anyhow::Result<u64> {
        if let Some(drill) = self.drill {
            return Ok(drill.time_ms());
        }
        ensure!((MINUTES.0..=MINUTES.1).contains(&self.minutes), "--minutes is from {} to {}", MINUTES.0, MINUTES.1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within an hour and positive")]
        let time = (self.minutes * 60_000.0) as u64;
        Ok(time)
    }

    /// Returns a seed's faults, or the drill's.
    fn schedule(&self, seed: u64, time_ms: u64) -> Vec<Fault> {
        self.drill.map_or_else(|| plan::schedule(seed, time_ms, self.ha), Drill::schedule)
    }

    fn print_schedule(&self, seed: u64, time_ms: u64) {
        let faults = self.schedule(seed, time_ms);
        say(&format!("seed {seed}: {} faults in {} s", faults.len(), time_ms / 1_000));
        for fault in &faults {
            say(&format!("  {fault}"));
        }
    }

    /// Returns the arguments that play a seed again.
    fn again(&self, seed: u64) -> String {
        match self.drill {
            Some(Drill::Broker) => "--drill broker".to_owned(),
            Some(Drill::Database) => "--drill database".to_owned(),
            None => format!("--seed {seed} --minutes {}{}", self.minutes, if self.ha { " --ha" } else { "" }),
        }
    }
}

/// Runs every seed; fails when an invariant does not hold under one of them.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let time_ms = arguments.time_ms()?;
    let (first, last) = arguments.seeds.unwrap_or((arguments.seed, arguments.seed));
    if arguments.plan {
        for seed in first..=last {
            arguments.print_schedule(seed, time_ms);
        }
        return Ok(ExitCode::SUCCESS);
    }
    for binary in Binary::ALL {
        binary.path()?;
    }
    let mut signals = Signals::listen()?;
    let mut failed = Vec::new();
    let mut summary = Vec::new();
    for seed in first..=last {
        arguments.print_schedule(seed, time_ms);
        let started = Instant::now();
        let played = match signals.unless_ended(play::play(&arguments, seed, time_ms)).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(ending)) => return Ok(ending.exit_code()),
            Err(error) => format!("broke off: {error:#}"),
        };
        let outcome = if played.is_empty() { "all invariants hold".to_owned() } else { format!("FAILED: {played}") };
        summary.push(format!("seed {seed}: {outcome} ({} s)", started.elapsed().as_secs()));
        say(&format!("\n{}", summary.last().map_or("", String::as_str)));
        if !played.is_empty() {
            say(&format!("replay: cargo xtask chaos {}", arguments.again(seed)));
            failed.push(seed);
        }
    }
    if summary.len() > 1 {
        say("\nSummary");
        for line in &summary {
            say(&format!("  {line}"));
        }
        say(&format!("  {} of {} seeds without a violation", summary.len() - failed.len(), summary.len()));
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seeds(text: &str) -> anyhow::Result<(u64, u64)> {
    let (first, last) = text.split_once("..").context("a range of seeds is FIRST..LAST")?;
    let (first, last) = (first.parse()?, last.trim_start_matches('=').parse()?);
    ensure!(first <= last, "the first seed is after the last");
    Ok((first, last))
}
