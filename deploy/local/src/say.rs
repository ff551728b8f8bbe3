//! Notes to the person at the terminal. Standard output is left to results, so that `--json` stays
//! one object.

/// Says one line on standard error.
#[expect(clippy::print_stderr, reason = "the local stack is a command-line tool; this is its one voice")]
pub fn say(line: &str) {
    eprintln!("muster-local: {line}");
}
