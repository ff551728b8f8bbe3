//! `muster classify`: the engine's verdict on a contact's text (rules I2, I2a and I3). Needs no
//! services and no configuration.

use std::io::{self, BufRead as _};

use anyhow::Context;
use muster_domain::conversations::inbound::{Decision, decide};
use serde::Serialize;

use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The text; `-` or nothing reads standard input, a text a line, and answers each with a line.
    text: Option<String>,
    /// Print a JSON object for each text.
    #[arg(long)]
    json: bool,
    /// An opt-out word of the organization's own; may be given several times.
    #[arg(long, value_name = "WORD")]
    own: Vec<String>,
    /// The contact has opted out before: a plain yes opts in again.
    #[arg(long)]
    opted_out: bool,
}

/// Output as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    verdict: &'static str,
    rule: &'a str,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match args.text.as_deref() {
        Some(text) if text != "-" => answer(args, text),
        _ => {
            let mut input = io::stdin().lock();
            let mut line = Vec::new();
            loop {
                line.clear();
                if input.read_until(b'\n', &mut line).context("standard input")? == 0 {
                    return Ok(());
                }
                let text = String::from_utf8_lossy(&line);
                answer(args, text.trim_end_matches(['\n', '\r']))?;
            }
        }
    }
}

fn answer(args: &Args, text: &str) -> anyhow::Result<()> {
    let Decision { intent, rule } = decide(text, &args.own, args.opted_out);
    let verdict = intent.as_str();
    if args.json {
        return say!("{}", serde_json::to_string(&Answer { verdict, rule: &rule })?);
    }
    say!("{verdict}\t{rule}")
}
