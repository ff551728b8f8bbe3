//! Twilio's Lookup API, version 2: the carrier of a number, and the type of its line
//! (rules C5 and S10).
//!
//! `GET /v2/PhoneNumbers/{number}?Fields=line_type_intelligence`; each answer is paid for. Source:
//! Twilio's reference of the package "Line Type Intelligence".

use std::time::Duration;

use muster_domain::people::{
    e164::E164,
    line::{LineInfo, LineType, carrier_of_name},
};
use reqwest::{Client, Response, StatusCode};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::client::{ClientError, Credentials, http_client, retry_after_seconds};
use crate::spans;

/// An account that may look numbers up.
#[derive(Debug, Clone)]
pub struct Lookups {
    client: Client,
    base_url: String,
    credentials: Credentials,
}

/// A number could not be looked up. Never says which (rule R5).
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The account may not, or its secret is wrong; asking again is no use until somebody has
    /// looked.
    #[error("the lookup API refuses the account (HTTP {0})")]
    Denied(u16),
    /// Not now.
    #[error("the lookup API cannot be asked now: {why}")]
    Unavailable {
        /// Record of the events.
        why: String,
        /// Seconds after which it wants to be asked again, if it said so.
        retry_after_seconds: Option<u32>,
    },
}

impl Lookups {
    /// Returns a client of the API at `base_url`. No request takes longer than `timeout`.
    pub fn new(base_url: &str, credentials: Credentials, timeout: Duration) -> Result<Self, ClientError> {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self { client: http_client(timeout)?, base_url, credentials })
    }

    /// Looks a number up. One that the API knows nothing of is [`LineInfo::UNKNOWN`].
    pub async fn line(&self, number: &E164) -> Result<LineInfo, LookupError> {
        let unavailable = |error: reqwest::Error| LookupError::Unavailable {
            why: error.without_url().to_string(),
            retry_after_seconds: None,
        };
        let request = self
            .client
            .get(format!("{}/v2/PhoneNumbers/{}", self.base_url, number.as_str()))
            .query(&[("Fields", "line_type_intelligence")])
            .basic_auth(&self.credentials.account_sid, Some(self.credentials.auth_token.expose_secret()));
        let told = format!("{}/v2/PhoneNumbers/REDACTED", self.base_url);
        let response = spans::get("GET PhoneNumbers", &told, request).await.map_err(unavailable)?;
        match response.status() {
            status if status.is_success() => response.json::<Answer>().await.map(Answer::line).map_err(unavailable),
            // The number is none, or none that it has anything about.
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(LineInfo::UNKNOWN),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Err(LookupError::Denied(status.as_u16())),
            status => Err(later(status, &response)),
        }
    }
}

fn later(status: StatusCode, response: &Response) -> LookupError {
    LookupError::Unavailable { why: format!("HTTP {status}"), retry_after_seconds: retry_after_seconds(response) }
}

#[derive(Deserialize)]
struct Answer {
    line_type_intelligence: Option<Intelligence>,
}

#[derive(Deserialize)]
struct Intelligence {
    carrier_name: Option<String>,
    #[serde(rename = "type")]
    line_type: Option<String>,
}

impl Answer {
    fn line(self) -> LineInfo {
        // With an error code instead of an answer, all members are null.
        let Some(Intelligence { carrier_name, line_type }) = self.line_type_intelligence else {
            return LineInfo::UNKNOWN;
        };
        let line_type = match line_type.as_deref() {
            Some("mobile") => LineType::Mobile,
            Some("fixedVoip" | "nonFixedVoip") => LineType::Voip,
            Some("landline") => LineType::Landline,
            // Toll-free, premium, pager and the like: rare among contacts, and not said to take no
            // texts.
            _ => LineType::Unknown,
        };
        // A line that is not mobile has no carrier that caps texts.
        let carrier = carrier_name.filter(|_| line_type == LineType::Mobile);
        LineInfo { line_type, carrier: carrier.as_deref().and_then(carrier_of_name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> LineInfo {
        serde_json::from_str::<Answer>(json).unwrap().line()
    }

    #[test]
    fn c5_answers_are_read_as_lines() {
        let mobile = r#"{"valid": true, "line_type_intelligence": {"mobile_country_code": "310", "mobile_network_code": "260",
            "carrier_name": "T-Mobile USA, Inc.", "type": "mobile", "error_code": null}}"#;
        assert_eq!(line(mobile), LineInfo { line_type: LineType::Mobile, carrier: Some("t-mobile") });
        let landline =
            r#"{"line_type_intelligence": {"carrier_name": "AT&T Ohio", "type": "landline", "error_code": null}}"#;
        assert_eq!(line(landline), LineInfo { line_type: LineType::Landline, carrier: None });
        let voip = r#"{"line_type_intelligence": {"carrier_name": "Bandwidth.com", "type": "nonFixedVoip"}}"#;
        assert_eq!(line(voip), LineInfo { line_type: LineType::Voip, carrier: None });
        let error = r#"{"line_type_intelligence": {"carrier_name": null, "type": null, "error_code": 60601}}"#;
        assert_eq!(line(error), LineInfo::UNKNOWN);
        assert_eq!(line(r#"{"valid": false, "line_type_intelligence": null}"#), LineInfo::UNKNOWN);
        assert_eq!(line(r#"{"valid": false}"#), LineInfo::UNKNOWN);
    }
}
