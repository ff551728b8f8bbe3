//! The receipts that Twilio posts to us.

use muster_domain::{ids::MessageId, sending::message::ReceiptStatus};

use super::form::Form;

/// Returns the path, below the public URL, to which receipts of a message are posted.
pub fn status_path(message_id: MessageId) -> String {
    format!("/v1/webhooks/twilio/status/{message_id}")
}

/// The carrier's id, by which a webhook is recorded once, is missing or cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the field MessageSid is missing or cannot be read")]
pub struct NoId;

/// Longest id of a carrier.
const SID_LIMIT: usize = 128;

/// Returns the carrier's id of a text.
pub(super) fn message_sid(form: &Form) -> Result<String, NoId> {
    let sid = form.first_of(&["MessageSid", "SmsMessageSid", "SmsSid"]).ok_or(NoId)?;
    if sid.len() > SID_LIMIT || sid.contains('\0') { Err(NoId) } else { Ok(sid.to_owned()) }
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// The carrier's id.
    pub sid: String,
    /// Its meaning; none for steps that tell us nothing, such as `queued`.
    pub status: Option<ReceiptStatus>,
    /// Why it was not delivered.
    pub error_code: Option<i32>,
}

impl StatusUpdate {
    /// Returns the meaning of the carrier's word; none for steps that tell us nothing.
    pub fn status_of(word: &str) -> Option<ReceiptStatus> {
        match word {
            "sent" => Some(ReceiptStatus::Sent),
            "delivered" | "read" => Some(ReceiptStatus::Delivered),
            "undelivered" => Some(ReceiptStatus::Undelivered),
            "failed" | "canceled" => Some(ReceiptStatus::Failed),
            _ => None,
        }
    }

    /// Reads a form. A receipt is not lost for an odd field beside its status.
    pub fn read(form: &Form) -> Result<Self, NoId> {
        Ok(Self {
            sid: message_sid(form)?,
            status: Self::status_of(form.first_of(&["MessageStatus", "SmsStatus"]).unwrap_or_default()),
            error_code: form.first_of(&["ErrorCode"]).and_then(|code| code.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<StatusUpdate, NoId> {
        let pairs: Vec<_> = fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        StatusUpdate::read(&Form::from(pairs))
    }

    #[test]
    fn s8_a_receipt_needs_its_id_and_its_status_alone() {
        let undelivered = Some(ReceiptStatus::Undelivered);
        let all = read(&[("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")]);
        assert_eq!(all, Ok(StatusUpdate { sid: "SM1".into(), status: undelivered, error_code: Some(30003) }));
        let odd = read(&[("SmsSid", "SM1"), ("SmsStatus", "undelivered"), ("ErrorCode", "none")]);
        assert_eq!(odd, Ok(StatusUpdate { sid: "SM1".into(), status: undelivered, error_code: None }));
        assert_eq!(read(&[("MessageSid", "SM1")]).map(|update| update.status), Ok(None));
        assert_eq!(read(&[("MessageStatus", "sent")]), Err(NoId));
    }
}
