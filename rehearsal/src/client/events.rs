//! Server-sent events.

use serde_json::Value;

/// Server-sent events as they come.
#[derive(Debug)]
pub struct Events {
    pub(super) response: reqwest::Response,
    pub(super) buffer: String,
}

impl Events {
    /// Returns the next event and its data; none at the end. Data that is not JSON is an error.
    pub async fn next(&mut self) -> anyhow::Result<Option<(String, Value)>> {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
                let found = match field("event:").zip(field("data:")) {
                    Some((kind, data)) => Some((kind.to_owned(), serde_json::from_str(data)?)),
                    None => None,
                };
                self.buffer = String::from(rest);
                if found.is_some() {
                    return Ok(found);
                }
            }
            let Some(chunk) = self.response.chunk().await? else { return Ok(None) };
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}
