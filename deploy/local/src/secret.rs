//! Random secrets for servers that live as long as a test run.

use std::{fmt::Write as _, fs::File, io::Read as _};

use anyhow::Context as _;

/// `bytes` random bytes as lower-case hexadecimal digits, from the system's generator.
pub fn hex(bytes: usize) -> anyhow::Result<String> {
    let mut buffer = vec![0_u8; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut buffer))
        .context("reading random bytes from /dev/urandom")?;
    Ok(buffer.iter().fold(String::with_capacity(bytes * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    }))
}
