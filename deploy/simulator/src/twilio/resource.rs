//! The message resource in Twilio's shape.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{fate::Status, message::Message};

/// Shows a message as it stands at `now`.
pub(crate) fn of(message: &Message, account: &str, now: DateTime<Utc>) -> Value {
    let status = message.status(now);
    let fate = &message.fate;
    let final_at = message.after(fate.final_ms);
    let sent_at = fate.sent_ms.map(|ms| message.after(ms));
    let (date_sent, date_updated) = match status {
        Status::Queued => (None, message.accepted_at),
        Status::Sent => (sent_at, sent_at.unwrap_or(message.accepted_at)),
        Status::Delivered | Status::Undelivered => (sent_at.or(Some(final_at)), final_at),
        Status::Failed => (None, final_at),
    };
    let error_code = match status {
        Status::Undelivered | Status::Failed => fate.error_code,
        Status::Queued | Status::Sent | Status::Delivered => None,
    };
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}.json", message.sid);
    json!({
        "sid": message.sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "messaging_service_sid": null,
        "to": message.to,
        "from": message.from,
        "body": message.body,
        "status": status.as_str(),
        "direction": "outbound-api",
        "num_segments": message.segments.to_string(),
        "num_media": "0",
        "price": null,
        "price_unit": "USD",
        "error_code": error_code,
        "error_message": null,
        "date_created": rfc2822(message.accepted_at),
        "date_sent": date_sent.map(rfc2822),
        "date_updated": rfc2822(date_updated),
        "uri": uri,
        "subresource_uris": { "media": uri.replace(".json", "/Media.json") },
    })
}

/// Returns a time as in `Fri, 06 Mar 2026 17:00:00 +0000`; the day has two digits, as Twilio writes
/// it.
fn rfc2822(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_can_be_read_as_rfc_2822() {
        let time: DateTime<Utc> = "2026-03-06T17:00:00Z".parse().unwrap();
        let written = rfc2822(time);
        assert_eq!(written, "Fri, 06 Mar 2026 17:00:00 +0000");
        assert_eq!(DateTime::parse_from_rfc2822(&written).unwrap(), time);
    }
}
