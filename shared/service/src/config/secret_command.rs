//! Secrets that a command says on its standard output, such as one of a key management service.
//!
//! It runs without a shell, with an end to its time and its output. Neither its output nor its
//! arguments are ever shown.

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::secret_file::{SECRET_LIMIT, text_of};

/// The longest that a command may take.
const LONGEST_RUN: Duration = Duration::from_secs(10);
/// Between two looks whether it has ended.
const POLL: Duration = Duration::from_millis(5);

/// Runs a command: a program and its arguments. Errors continue a sentence that begins with the
/// program, and never show its output.
pub(super) fn read(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or_else(|| "names no program".to_owned())?;
    read_within(program, arguments, LONGEST_RUN)
}

fn read_within(program: &str, arguments: &[String], limit: Duration) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let said = output(&mut child, Instant::now() + limit);
    if said.is_err() {
        // It may have ended by itself.
        let _ = child.kill();
    }
    let _ = child.wait();
    said.map_err(|problem| if problem.is_empty() { format!("took longer than {limit:?}") } else { problem })
}

/// Returns the output of a child that ended with success; an empty problem when its time was over.
fn output(child: &mut Child, deadline: Instant) -> Result<String, String> {
    let pipe = child.stdout.take().ok_or_else(|| "has no output".to_owned())?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(SECRET_LIMIT + 1).read_to_end(&mut bytes);
        // The reader of a command that took too long has no receiver.
        let _ = sender.send(read.map(|_| bytes));
    });
    let left = deadline.saturating_duration_since(Instant::now());
    let bytes = receiver.recv_timeout(left).map_err(|_| String::new())?;
    let bytes = bytes.map_err(|error| format!("cannot be read: {error}"))?;
    let text = text_of(bytes)?;
    loop {
        match child.try_wait().map_err(|error| format!("cannot be waited for: {error}"))? {
            Some(status) if status.success() => return Ok(text),
            Some(status) => return Err(format!("ended with {status}")),
            None if Instant::now() >= deadline => return Err(String::new()),
            None => thread::sleep(POLL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> Result<String, String> {
        read_within("sh", &["-c".to_owned(), script.to_owned()], limit)
    }

    #[test]
    fn r4_a_commands_output_is_the_secret_without_its_last_line_break() {
        assert_eq!(sh("echo hush", LONGEST_RUN).unwrap(), "hush");
        let words = ["printf", "%s", "a;b $HOME"].map(ToOwned::to_owned);
        assert_eq!(read(&words).unwrap(), "a;b $HOME", "there is no shell");
    }

    #[test]
    fn r4_a_command_that_fails_says_why_and_not_what_it_said() {
        for (script, told) in [
            ("echo hush; exit 3", "ended with exit status: 3"),
            ("true", "is empty"),
            ("head -c 20000 /dev/zero | tr '\\0' x", "is longer than 16384 bytes"),
        ] {
            let problem = sh(script, LONGEST_RUN).unwrap_err();
            assert!(problem.contains(told) && !problem.contains("hush"), "{script}: {problem}");
        }
        assert!(read(&["/no/such/program".to_owned()]).unwrap_err().starts_with("cannot be started"));
        assert_eq!(read(&[]).unwrap_err(), "names no program");
    }

    #[test]
    fn r4_a_command_that_does_not_end_is_ended() {
        for script in ["sleep 600", "echo hush; exec sleep 600", "echo hush; exec >&-; exec sleep 600"] {
            let problem = sh(script, Duration::from_millis(200)).unwrap_err();
            assert_eq!(problem, "took longer than 200ms", "{script}");
        }
    }
}
