//! The client: create, and list for reconciling.

use std::{
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::stream;
use muster_domain::{people::e164::E164, sending::message::ReceiptStatus};
use reqwest::{
    Body, Client, RequestBuilder, Response, StatusCode,
    header::{CONTENT_LENGTH, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tracing::Span;

use crate::{
    CarrierCopy, Gateway, OutboundText, Outcome, Permit, Unreachable,
    gateway::Answer,
    spans,
    twilio::{StatusUpdate, status_path},
};

/// Texts in one page of a list.
const PAGE_SIZE: &str = "200";
/// The largest page of a list.
const LARGEST_PAGE: &str = "1000";
/// Pages of one number's texts that are read at most.
const MAX_PAGES: usize = 50;

/// Seconds that a `ValidityPeriod` may have. Source: Twilio's Messages resource.
const VALIDITY_SECONDS: RangeInclusive<u64> = 1..=36_000;

/// How to sign in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account.
    pub account_sid: String,
    /// Its secret; also signs webhooks.
    pub auth_token: SecretString,
}

/// A Twilio account.
#[derive(Debug, Clone)]
pub struct Twilio {
    client: Client,
    base_url: String,
    public_url: String,
    credentials: Credentials,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for the carrier: {0}")]
pub struct ClientError(#[from] reqwest::Error);

impl Twilio {
    /// Returns a client of the API at `base_url` (such as `https://api.twilio.com`), with receipts
    /// to be posted below `public_url`. No request takes longer than `timeout`.
    pub fn new(
        base_url: &str,
        public_url: &str,
        credentials: Credentials,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let client = http_client(timeout)?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self { client, base_url, public_url: public_url.trim_end_matches('/').to_owned(), credentials })
    }

    fn messages_url(&self) -> String {
        format!("{}/2010-04-01/Accounts/{}/Messages.json", self.base_url, self.credentials.account_sid)
    }

    async fn create(&self, text: &OutboundText, permit: Permit) -> Outcome {
        let callback = format!("{}{}", self.public_url, status_path(text.message_id));
        let Some(seconds) = validity_seconds(text.valid_for) else { return Outcome::NotSent };
        let form = [
            ("To", text.to.as_str()),
            ("From", text.from.as_str()),
            ("Body", &text.body),
            ("StatusCallback", &callback),
            ("ValidityPeriod", &seconds.to_string()),
        ];
        let mut request = self
            .client
            .post(self.messages_url())
            .basic_auth(&self.credentials.account_sid, Some(self.credentials.auth_token.expose_secret()))
            .form(&form);
        if let Some(traceparent) = &text.traceparent {
            request = request.header("traceparent", traceparent);
        }
        let Ok(mut request) = request.build() else { return Outcome::NotSent };
        let form = request.body().and_then(Body::as_bytes).unwrap_or_default().to_vec();
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(form.len()));
        let gate = Arc::new(Gate::default());
        *request.body_mut() = Some(gate.pass(form, permit));
        let request = RequestBuilder::from_parts(self.client.clone(), request);
        // The caller's span is the hand-over's, which is this one request.
        match spans::sent(&Span::current(), &self.messages_url(), request).await {
            Ok(response) => read_create(response).await,
            Err(_) if gate.has_refused() => Outcome::Withheld,
            // Only where nothing of the text was let out is it certain that nothing left.
            Err(_) if !gate.is_open() => Outcome::NotSent,
            Err(_) => Outcome::Unknown,
        }
    }

    /// Returns a page of a list of texts.
    async fn page(&self, url: &str, query: &[(&str, &str)]) -> Result<Page, Unreachable> {
        let request = self
            .client
            .get(url)
            .query(query)
            .basic_auth(&self.credentials.account_sid, Some(self.credentials.auth_token.expose_secret()));
        // The query names a number.
        let page = spans::get("GET Messages", &self.messages_url(), request)
            .await
            .and_then(Response::error_for_status)
            .map_err(|error| Unreachable(error.without_url().to_string()))?;
        page.json().await.map_err(|error| Unreachable(error.without_url().to_string()))
    }

    /// Returns a page of the texts that the carrier got from the account at or after `since`, and
    /// where the next page is; `at` is where the page before said. Complete once there is none.
    pub async fn sent_since(&self, since: DateTime<Utc>, at: Option<String>) -> Result<SentPage, Unreachable> {
        let day = since.date_naive().to_string();
        let page = match at {
            Some(at) => self.page(&format!("{}{at}", self.base_url), &[]).await?,
            None => self.page(&self.messages_url(), &[("DateSent>", &day), ("PageSize", LARGEST_PAGE)]).await?,
        };
        let mut texts = Vec::new();
        for message in page.messages {
            let at = created_at(&message.date_created)?;
            if at >= since && message.direction.as_deref().is_none_or(|direction| direction.starts_with("outbound")) {
                let status = StatusUpdate::status_of(message.status.as_deref().unwrap_or_default());
                let (from, to) = (message.from.unwrap_or_default(), message.to.unwrap_or_default());
                let error_code = message.error_code;
                texts.push(SentText { sid: message.sid, from, to, body: message.body, at, status, error_code });
            }
        }
        Ok(SentPage { texts, next: page.next_page_uri })
    }

    async fn list(&self, to: &E164, since: DateTime<Utc>) -> Result<Vec<CarrierCopy>, Unreachable> {
        let mut found = Vec::new();
        let mut url = self.messages_url();
        let mut query = vec![("To", to.as_str()), ("PageSize", PAGE_SIZE)];
        for _ in 0..MAX_PAGES {
            let page = self.page(&url, &query).await?;
            // In the order in which they were sent, which says little of when they came: one that
            // was queued for long may stand before one that is newer. So all of them are looked at.
            for message in page.messages {
                let created_at = created_at(&message.date_created)?;
                if created_at < since {
                    continue;
                }
                found.push(CarrierCopy {
                    sid: message.sid,
                    from: message.from.unwrap_or_default(),
                    body: message.body,
                    created_at,
                });
            }
            match page.next_page_uri {
                Some(next) => url = format!("{}{next}", self.base_url),
                None => return Ok(found),
            }
            query.clear();
        }
        Err(Unreachable("more texts to one number than can be read".to_owned()))
    }
}

/// A text as the carrier's list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentText {
    /// The carrier's id.
    pub sid: String,
    /// From which number.
    pub from: String,
    /// To which number.
    pub to: String,
    /// The text.
    pub body: String,
    /// When the carrier got it, to the second.
    pub at: DateTime<Utc>,
    /// Its receipt, as far as it has one.
    pub status: Option<ReceiptStatus>,
    /// Why it was not delivered.
    pub error_code: Option<i32>,
}

/// A page of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPage {
    /// The texts.
    pub texts: Vec<SentText>,
    /// Where the next page is.
    pub next: Option<String>,
}

fn created_at(date: &str) -> Result<DateTime<Utc>, Unreachable> {
    let read = DateTime::parse_from_rfc2822(date);
    Ok(read.map_err(|_| Unreachable("a message without a readable date_created".to_owned()))?.to_utc())
}

/// Returns the seconds that a text is valid for, within the carrier's limits; none when it is over.
fn validity_seconds(valid_for: Duration) -> Option<u64> {
    let seconds = valid_for.as_secs().min(*VALIDITY_SECONDS.end());
    VALIDITY_SECONDS.contains(&seconds).then_some(seconds)
}

/// Holds a request's body back until its permit is given. The client asks for the body when the
/// connection stands and the head of the request is written. A request without its body is none to
/// the carrier.
#[derive(Debug, Default)]
struct Gate(AtomicU8);

impl Gate {
    const OPEN: u8 = 1;
    const REFUSED: u8 = 2;

    fn pass(self: &Arc<Self>, body: Vec<u8>, permit: Permit) -> Body {
        let gate = Arc::clone(self);
        Body::wrap_stream(stream::once(async move {
            if permit.await {
                gate.0.store(Self::OPEN, Ordering::Release);
                Ok(body)
            } else {
                gate.0.store(Self::REFUSED, Ordering::Release);
                Err(Refused)
            }
        }))
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::OPEN
    }

    fn has_refused(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::REFUSED
    }
}

/// The permit was refused.
#[derive(Debug, thiserror::Error)]
#[error("the text may not go any more")]
struct Refused;

/// Returns a client with requests that take no longer than `timeout` and are made once.
pub(super) fn http_client(timeout: Duration) -> Result<Client, ClientError> {
    // Fails only where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(5)))
        .redirect(reqwest::redirect::Policy::none())
        // A connection that breaks takes one request with it, not all that share it.
        .http1_only()
        // A request on a kept connection that turns out closed is not sent a second time behind our
        // back.
        .retry(reqwest::retry::never())
        .build()?;
    Ok(client)
}

/// Returns when the API wants to be asked again, if it says so in seconds.
pub(super) fn retry_after_seconds(response: &Response) -> Option<u32> {
    response.headers().get("retry-after")?.to_str().ok()?.parse().ok()
}

impl Gateway for Twilio {
    fn send<'a>(&'a self, text: &'a OutboundText, permit: Permit) -> Answer<'a, Outcome> {
        Box::pin(self.create(text, permit))
    }

    fn sent_to<'a>(&'a self, to: &'a E164, since: DateTime<Utc>) -> Answer<'a, Result<Vec<CarrierCopy>, Unreachable>> {
        Box::pin(self.list(to, since))
    }
}

async fn read_create(response: Response) -> Outcome {
    let status = response.status();
    let retry_after_seconds = retry_after_seconds(&response);
    if status.is_success() {
        // An answer that breaks off after a success: the carrier has it, but its id is not known.
        return match response.json::<Created>().await {
            Ok(created) => Outcome::Accepted { sid: created.sid },
            Err(_) => Outcome::Unknown,
        };
    }
    let code = response.json::<Refusal>().await.ok().map(|refusal| refusal.code);
    judge(status, code, retry_after_seconds)
}

/// Returns the meaning of an answer without success. Without a code of the carrier's a server's
/// error may be that of something between, which may have passed the request on.
fn judge(status: StatusCode, code: Option<i32>, retry_after_seconds: Option<u32>) -> Outcome {
    match code {
        Some(code) => Outcome::Refused { code, retry_after_seconds },
        None if status.is_server_error() => Outcome::Unknown,
        None => Outcome::Refused { code: i32::from(status.as_u16()), retry_after_seconds },
    }
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: i32,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    sid: String,
    from: Option<String>,
    to: Option<String>,
    body: String,
    date_created: String,
    direction: Option<String>,
    status: Option<String>,
    error_code: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7a_a_text_is_valid_for_whole_seconds_within_the_carriers_limits() {
        let seconds = |ms| validity_seconds(Duration::from_millis(ms));
        assert_eq!([seconds(0), seconds(999)], [None, None]);
        assert_eq!([seconds(1_000), seconds(5_999)], [Some(1), Some(5)], "never longer than it may");
        assert_eq!([seconds(36_000_000), seconds(86_400_000)], [Some(36_000), Some(36_000)]);
    }

    #[test]
    fn s2_a_servers_error_that_is_not_the_carriers_own_word_leaves_it_open() {
        let refused = |code| Outcome::Refused { code, retry_after_seconds: None };
        for status in [500, 502, 503, 504, 520, 524] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(judge(status, None, None), Outcome::Unknown, "{status}");
            assert_eq!(judge(status, Some(20_503), None), refused(20_503));
        }
        assert_eq!(judge(StatusCode::TOO_MANY_REQUESTS, None, None), refused(429));
        assert_eq!(judge(StatusCode::BAD_REQUEST, Some(21_610), None), refused(21_610));
    }
}
