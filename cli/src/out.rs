//! Standard output: the one place that writes to it.
//!
//! Output may contain the text of strangers, such as a file's name or a contact's field: control
//! characters are shown and do nothing. A download goes on unchanged where it does not go to a
//! terminal.
//!
//! The reader may have enough before the end, as `head` does. Then the command ends without a word,
//! which is no failure to tell of.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

use crate::visible::visible;
use anyhow::Context as _;

/// Standard output has no reader any more.
#[derive(Debug)]
pub(crate) struct NobodyReads;

impl NobodyReads {
    /// Exit code of programs that SIGPIPE, signal 13, has ended.
    pub(crate) const EXIT_CODE: u8 = 128 + 13;
}

impl fmt::Display for NobodyReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads standard output any more")
    }
}

impl std::error::Error for NobodyReads {}

/// Prints a line, formatted as `println!` does.
macro_rules! say {
    ($($format:tt)*) => {
        $crate::out::line(format_args!($($format)*))
    };
}
pub(crate) use say;

pub(crate) fn line(text: fmt::Arguments<'_>) -> anyhow::Result<()> {
    let text = text.to_string();
    told(writeln!(io::stdout().lock(), "{}", visible(&text)))
}

/// Prints a piece of something.
pub(crate) fn piece(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        return told(out.write_all(visible(&text).as_bytes()).and_then(|()| out.flush()));
    }
    told(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Clears the screen, where output goes to a terminal.
pub(crate) fn clear() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return told(out.write_all(b"\x1b[H\x1b[2J").and_then(|()| out.flush()));
    }
    Ok(())
}

fn told(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        other => other.context("standard output"),
    }
}
