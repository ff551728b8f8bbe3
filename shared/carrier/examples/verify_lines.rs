//! Answers for each line of JSON on the standard input, a webhook as it came, whether its signature
//! is the carrier's: `true` or `false`.
//!
//! `deploy/checks/signatures` compares the answers with those of Twilio's own validator.

use std::io::{BufRead, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use muster_carrier::twilio::{BadSignature, Request};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    token: String,
    public_url: String,
    target: String,
    content_type: Option<String>,
    signature: Option<String>,
    settings: Option<String>,
    /// In base64.
    body: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let body = STANDARD.decode(&line.body)?;
        let request = Request {
            public_url: &line.public_url,
            target: &line.target,
            content_type: line.content_type.as_deref(),
            signature: line.signature.as_deref(),
            settings: line.settings.as_deref(),
            body: &body,
        };
        let valid = request.read(&SecretString::from(line.token)) != Err(BadSignature::Signature);
        writeln!(out, "{valid}")?;
        out.flush()?;
    }
    Ok(())
}
