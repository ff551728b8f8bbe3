//! `muster segments`: what a text costs. Needs no services.

use std::io::Read;

use anyhow::Context;
use muster_domain::segments;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The text; `-` or nothing reads standard input.
    text: Option<String>,
    /// Replace typographic look-alikes first.
    #[arg(long)]
    smart: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
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
    let count = segments::count(&text);
    if args.json {
        println!("{}", serde_json::to_string(&count)?);
    } else {
        println!("{} segments of {} ({} units)", count.segments, count.encoding.as_str(), count.units);
    }
    Ok(())
}
