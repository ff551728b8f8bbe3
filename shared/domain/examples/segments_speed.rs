//! How many texts a second one core counts (rule M4).
//!
//! ```text
//! cargo run --release -p muster-domain --example segments_speed
//! ```
#![expect(clippy::print_stdout, reason = "it is a command")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use muster_domain::sending::segments::{count, smart_encode};

/// Texts between two looks at the clock, and how often.
const ROUND: u32 = 20_000;
const ROUNDS: usize = 200;

/// Prints the rate of the fastest round: the machine's best while nothing else has the core.
fn rate(name: &str, text: &str, work: impl Fn(&str) -> u32) {
    let round = || {
        let started = Instant::now();
        for _ in 0..ROUND {
            black_box(work(black_box(text)));
        }
        started.elapsed()
    };
    let fastest = (0..ROUNDS).map(|_| round()).min().unwrap_or(Duration::MAX);
    let rate = f64::from(ROUND) / fastest.as_secs_f64() / 1e6;
    println!("{name:<34} {:>4} bytes {rate:>8.1} million a second", text.len());
}

fn main() {
    let ascii = "Hi Ana, this is Sam with the library campaign. Can you join us on Saturday at 10? Reply STOP to quit";
    let texts = [
        ("ASCII", ascii.to_owned()),
        ("ASCII, three parts", ascii.repeat(4)),
        ("GSM with accents", ascii.replace("Ana", "Renée")),
        ("GSM, three parts with pairs", format!("[{ascii}]").repeat(4)),
        ("UCS-2, a curly quote at the end", format!("{ascii}\u{2019}")),
        ("UCS-2, an emoji at the start", format!("😀{ascii}")),
    ];
    for (name, text) in &texts {
        rate(name, text, |text| count(text).segments);
    }
    rate("smart encoding of a curly quote", &texts[4].1, |text| smart_encode(text).len().try_into().unwrap_or(0));
}
