//! Errors of mails, and the words on them.

use std::error::Error as _;

use lettre::transport::smtp;

/// Settings of which no way of mails can be made. Secrets are not repeated.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadSettings(pub(crate) String);

/// Why a mail was not handed over. Neither the receiver nor a server's words are in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Trying again may help: the server is away, or refuses for now, or refuses everybody.
    #[error("{0}")]
    Later(String),
    /// Trying again cannot help: the server refuses this mail.
    #[error("{0}")]
    Never(String),
}

impl Error {
    /// Returns the error of a connection on which nothing was handed over yet.
    pub(crate) fn connecting(step: &str, why: impl std::fmt::Display) -> Self {
        Self::Later(format!("the mail server: {step}: {why}"))
    }

    /// Returns the error of a mail that was not taken. A refusal with 5xx is for good, as is a mail
    /// of a form that the server does not know.
    pub(crate) fn handing_over(error: &smtp::Error) -> Self {
        let told = format!("the mail server: handing a mail over: {}", words(error));
        if error.is_permanent() || error.is_client() { Self::Never(told) } else { Self::Later(told) }
    }
}

/// Returns the fault of an exchange without the server's words.
pub(crate) fn words(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        return format!("refused with {code}{}", enhanced(&said));
    }
    if error.is_response() {
        return BROKEN_OFF.to_owned();
    }
    // The network's words, or the client's own.
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The fault of a connection that ends in an answer.
pub(crate) const BROKEN_OFF: &str = "the server ended the connection, or its answer cannot be read";

/// Returns the enhanced status code (RFC 3463) that a server's words begin with, behind a space.
fn enhanced(said: &str) -> String {
    let code = said.split_whitespace().next().unwrap_or_default();
    let parts: Vec<_> = code.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() == 3 && parts.iter().all(is_number) { format!(" {code}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_of_a_servers_words_the_enhanced_code_alone_is_told() {
        assert_eq!(enhanced("5.1.1 <ada@example.org> unknown"), " 5.1.1");
        for said in ["", "ada@example.org 5.1.1", "5.1", "5.1.1.1 no", "5.1.ada no", "10.20.3000 no", "..", "5..1"] {
            assert_eq!(enhanced(said), "", "{said}");
        }
    }
}
