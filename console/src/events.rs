//! The event stream of a tab: the api's own stream, with parts of the page in place of its data.
//!
//! A page opens one stream, which all of its live parts share. The console asks the api's stream
//! with the session of the tab, so that it ends with the session and when the api stops.

use std::convert::Infallible;

use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::client::Problem;

/// The longest event; a home of fifty goals a group is far below.
const EVENT_LIMIT: usize = 4 * 1024 * 1024;

/// The news of an event for a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// Elements of the page that are new, each with the id of the one that it replaces.
    Parts(String),
    /// The session is over: the tab asks for its page anew, which leads to sign-in.
    End,
    /// Nothing.
    Nothing,
}

/// Relays an event stream of the api. `tell` makes the news for the tab of an event's name and
/// data. A stream that the api refuses because the session is over tells the tab so, and a passing
/// failure lets the browser ask again.
pub(crate) fn relay(
    stream: Result<Response, Problem>,
    tell: impl Fn(&str, &str) -> Told + Send + Sync + 'static,
) -> Response {
    let body = match stream {
        Ok(response) => response.into_body(),
        Err(problem) if problem.status().is_server_error() || problem.status == 429 => {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Err(_) => return events(Body::from(told(&Told::End))),
    };
    let relay = Relay { chunks: body.into_data_stream(), buffer: Vec::new(), tell };
    let told = stream::unfold(Some(relay), async |relay| {
        let mut relay = relay?;
        let (text, goes_on) = relay.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), goes_on.then_some(relay)))
    });
    events(Body::from_stream(told))
}

fn events(body: Body) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

/// Returns the news as an event, or as a comment that keeps the connection.
fn told(told: &Told) -> String {
    match told {
        Told::Parts(html) => {
            let data: Vec<_> = html.lines().map(|line| format!("data: {line}\n")).collect();
            format!("event: parts\n{}\n", data.concat())
        }
        Told::End => "event: end\ndata: \n\n".to_owned(),
        Told::Nothing => ":\n\n".to_owned(),
    }
}

struct Relay<F> {
    chunks: BodyDataStream,
    buffer: Vec<u8>,
    tell: F,
}

impl<F: Fn(&str, &str) -> Told> Relay<F> {
    /// Returns the next piece for the tab, and whether others follow.
    async fn next(&mut self) -> Option<(String, bool)> {
        loop {
            if let Some(event) = self.cut() {
                let said = event_of(&event).map_or(Told::Nothing, |(name, data)| (self.tell)(&name, &data));
                return Some((told(&said), said != Told::End));
            }
            let chunk = self.chunks.next().await?.ok()?;
            self.buffer.extend_from_slice(&chunk);
            if self.buffer.len() > EVENT_LIMIT {
                return None;
            }
        }
    }

    /// Takes the first event that is whole.
    fn cut(&mut self) -> Option<String> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
        let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
        Some(String::from_utf8_lossy(&event).into_owned())
    }
}

/// Returns the name and data of an event; none of a comment.
fn event_of(text: &str) -> Option<(String, String)> {
    let (mut name, mut data) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("event:") {
            rest.trim_start().clone_into(&mut name);
        } else if let Some(rest) = line.strip_prefix("data:") {
            data.push(rest.strip_prefix(' ').unwrap_or(rest));
        }
    }
    (!name.is_empty() || !data.is_empty()).then(|| (name, data.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn relayed(chunks: &'static [&'static str]) -> String {
        let chunks = stream::iter(chunks.iter().map(|chunk| Ok::<_, Infallible>(Bytes::from_static(chunk.as_bytes()))));
        let tell = |name: &str, data: &str| match name {
            "home" => Told::Parts(format!("<p id=\"a\">\n{data}</p>")),
            "problem" => Told::End,
            _ => Told::Nothing,
        };
        let response = relay(Ok(Body::from_stream(chunks).into_response()), tell);
        String::from_utf8(to_bytes(response.into_body(), 10_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn events_become_parts_however_they_are_cut_into_pieces() {
        let told = relayed(&["event: home\nda", "ta: 1\n", "\n:\n\nevent: home\ndata: 2\n\n"]).await;
        let part = |data: u8| format!("event: parts\ndata: <p id=\"a\">\ndata: {data}</p>\n\n");
        assert_eq!(told, format!("{}:\n\n{}", part(1), part(2)));
    }

    #[tokio::test]
    async fn a_problem_ends_the_stream() {
        let told = relayed(&["event: problem\ndata: {}\n\n", "event: home\ndata: 1\n\n"]).await;
        assert_eq!(told, "event: end\ndata: \n\n");
    }
}
