//! `GET …/Messages.json`: the messages that match a filter, newest first, in pages.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde_json::{Value, json};

use crate::{
    clock,
    message::Message,
    sim::Sim,
    twilio::{account::OwnAccount, dates::Dates, error::Refusal, resource},
};

/// Filter of a list: the messages that were accepted within these times, inclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    to: Option<String>,
    from: Option<String>,
    dates: Vec<Dates>,
    page_size: Option<usize>,
    page: usize,
    /// `PA` and the id of the last message of the page before, so that messages that arrive in
    /// between shift nothing. Without it, `Page` counts.
    page_token: Option<String>,
}

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 1_000;

pub(crate) async fn list(
    _: OwnAccount,
    State(sim): State<Arc<Sim>>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(pairs) = query.map_err(|_| Refusal::of(20001))?;
    let filter = Filter::read(pairs).ok_or(Refusal::of(20001))?;
    let size = filter.size();
    let (page, more) = filter.select(&sim)?;
    let account = &sim.config.account_sid;
    let now = clock::now();
    let resources: Vec<Value> = page.iter().map(|message| resource::of(message, account, now)).collect();
    let last = page.last().filter(|_| more);
    let start = filter.page * size;
    Ok(Json(json!({
        "messages": resources,
        "page": filter.page,
        "page_size": size,
        "start": start,
        "end": start + page.len().saturating_sub(1),
        "uri": filter.uri(account, filter.page, filter.page_token.as_deref()),
        "first_page_uri": filter.uri(account, 0, None),
        "previous_page_uri": null,
        "next_page_uri": last.map(|last| {
            filter.uri(account, filter.page + 1, Some(&format!("PA{}", last.sid)))
        }),
    })))
}

impl Filter {
    /// Reads a query; none when a parameter cannot be read. An empty one filters nothing, and
    /// unknown ones are passed over.
    fn read(pairs: Vec<(String, String)>) -> Option<Self> {
        let mut filter = Self::default();
        for (name, value) in pairs {
            if let Some(rest) = name.strip_prefix("DateSent") {
                if !(rest.trim().is_empty() && value.trim().is_empty()) {
                    filter.dates.push(Dates::read(&format!("{rest}{value}"))?);
                }
                continue;
            }
            let value = value.trim();
            match (name.as_str(), value) {
                (_, "") => {}
                ("To", _) => filter.to = Some(number(value)),
                ("From", _) => filter.from = Some(number(value)),
                ("PageSize", _) => filter.page_size = Some(value.parse().ok()?),
                ("Page", _) => filter.page = value.parse().ok()?,
                ("PageToken", _) => filter.page_token = Some(value.to_owned()),
                _ => {}
            }
        }
        Some(filter)
    }

    fn size(&self) -> usize {
        self.page_size.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE)
    }

    /// Returns one page, and whether there is another.
    fn select(&self, sim: &Sim) -> Result<(Vec<Arc<Message>>, bool), Refusal> {
        let book = sim.book();
        let before = match &self.page_token {
            None => u64::MAX,
            Some(token) => {
                let anchor = token.strip_prefix("PA").and_then(|sid| book.message(sid));
                anchor.ok_or(Refusal::of(20001))?.seq
            }
        };
        let skip = match self.page_token {
            None => self.page.saturating_mul(self.size()),
            Some(_) => 0,
        };
        let candidates: Box<dyn Iterator<Item = &Arc<Message>>> = match &self.to {
            Some(to) => Box::new(book.to(to)),
            None => Box::new(book.messages().iter().rev()),
        };
        // Newest first: past the earliest time that is asked for, nothing more can match.
        let earliest = self.dates.iter().filter_map(|dates| dates.since).max();
        let mut page: Vec<Arc<Message>> = candidates
            .take_while(|message| earliest.is_none_or(|since| message.accepted_at >= since))
            .filter(|message| message.seq < before && self.matches(message))
            .skip(skip)
            .take(self.size() + 1)
            .cloned()
            .collect();
        let more = page.len() > self.size();
        page.truncate(self.size());
        Ok((page, more))
    }

    fn matches(&self, message: &Message) -> bool {
        self.from.as_ref().is_none_or(|from| message.from == *from)
            && self.dates.iter().all(|dates| dates.contain(message.accepted_at))
    }

    /// Returns the path and query of a page of the same filter.
    fn uri(&self, account: &str, page: usize, token: Option<&str>) -> String {
        let numbers = [("To", &self.to), ("From", &self.from)];
        let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let dates = self.dates.iter().map(|dates| (dates.name, dates.value.clone()));
        let place = [("PageSize", self.size().to_string()), ("Page", page.to_string())];
        let token = token.map(|token| ("PageToken", token.to_owned()));
        let pairs = numbers.chain(dates).chain(place).chain(token);
        let query: Vec<String> = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(&value))).collect();
        let query = query.join("&");
        format!("/2010-04-01/Accounts/{account}/Messages.json?{query}")
    }
}

/// Returns a plus sign that came unencoded was read as a blank and trimmed; the number has it back.
fn number(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("+{text}") } else { text.to_owned() }
}

/// Percent-encodes everything but letters, digits, `-`, `.` and `_`.
fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_filter() {
        let filter = Filter {
            to: Some("+12125550100".to_owned()),
            dates: vec![Dates::read(">2026-03-06").unwrap()],
            ..Filter::default()
        };
        assert_eq!(
            filter.uri("AC1", 1, Some("PASM1")),
            "/2010-04-01/Accounts/AC1/Messages.json?To=%2B12125550100&DateSent%3E=2026-03-06\
             &PageSize=50&Page=1&PageToken=PASM1"
        );
    }
}
