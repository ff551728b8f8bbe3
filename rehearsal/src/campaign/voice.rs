//! The campaign's voice: standard output, with the time since the start.
#![expect(clippy::print_stdout, reason = "what a campaign says is its result")]

use std::time::Instant;

/// Says one line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// A clock that puts the time before each line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    started: Instant,
}

impl Voice {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }

    pub(crate) fn say(self, line: &str) {
        say(&format!("{:>6.1} s  {line}", self.started.elapsed().as_secs_f64()));
    }
}
