//! `muster segments`: the cost of a text (rules M4 and M5). Needs no services.

use std::io::Read;

use anyhow::Context;
use muster_domain::sending::segments::{self, Segments};
use serde::Serialize;

use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The text; `-` or nothing reads standard input, a line feed at its end included.
    text: Option<String>,
    /// Replace typographic look-alikes first, where that pays.
    #[arg(long)]
    smart: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Output as JSON.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    count: Segments,
    /// Units of each part, in order.
    parts: Vec<u32>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut text = match args.text.as_deref() {
        Some(text) if text != "-" => text.to_owned(),
        _ => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("standard input is not UTF-8")?;
            text
        }
    };
    if args.smart {
        text = segments::smart_encode(&text);
    }
    let report =
        Report { count: segments::count(&text), parts: segments::parts(&text).map(|part| part.units).collect() };
    if args.json {
        say!("{}", serde_json::to_string(&report)?)?;
        return Ok(());
    }
    let Segments { encoding, units, segments } = report.count;
    say!("encoding {}", encoding.as_str())?;
    say!("units    {units}")?;
    say!("segments {segments}")?;
    for (number, units) in (1..).zip(report.parts) {
        say!("  part {number}: {units}")?;
    }
    Ok(())
}
