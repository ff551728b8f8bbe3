//! Counts texts for a comparison (rule M4): JSON strings on standard input, one a line, and a JSON
//! object on standard output for each. docs/segments.md describes the comparison.
#![expect(clippy::print_stdout, reason = "it is a command")]

use std::io::{self, BufRead};

use muster_domain::sending::segments::{count, parts};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let units: Vec<u32> = parts(&text).map(|part| part.units).collect();
        let count = count(&text);
        println!(r#"{{"encoding":"{}","segments":{},"parts":{units:?}}}"#, count.encoding.as_str(), count.segments);
    }
    Ok(())
}
