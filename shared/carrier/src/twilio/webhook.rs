//! The forms that Twilio posts to us.

use muster_domain::{e164::E164, ids::MessageId, message::ReceiptStatus};

/// The path, below the public URL, to which receipts of a message are posted.
pub fn status_path(message_id: MessageId) -> String {
    format!("/v1/webhooks/twilio/status/{message_id}")
}

/// A text from a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundText {
    /// The carrier's id.
    pub sid: String,
    /// Who wrote.
    pub from: E164,
    /// To which of our numbers.
    pub to: E164,
    /// What.
    pub body: String,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// The carrier's id.
    pub sid: String,
    /// What it says; none for steps that tell us nothing, such as `queued`.
    pub status: Option<ReceiptStatus>,
    /// Why it was not delivered.
    pub error_code: Option<i32>,
}

/// A field is missing or cannot be read; its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the field {0} is missing or cannot be read")]
pub struct BadField(pub &'static str);

fn field<'a>(form: &'a [(String, String)], name: &'static str) -> Result<&'a str, BadField> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).ok_or(BadField(name))
}

impl InboundText {
    /// Reads a form.
    pub fn read(form: &[(String, String)]) -> Result<Self, BadField> {
        Ok(Self {
            sid: field(form, "MessageSid")?.to_owned(),
            from: E164::parse(field(form, "From")?).map_err(|_| BadField("From"))?,
            to: E164::parse(field(form, "To")?).map_err(|_| BadField("To"))?,
            body: field(form, "Body")?.to_owned(),
        })
    }
}

impl StatusUpdate {
    /// Reads a form.
    pub fn read(form: &[(String, String)]) -> Result<Self, BadField> {
        let status = match field(form, "MessageStatus")? {
            "sent" => Some(ReceiptStatus::Sent),
            "delivered" | "read" => Some(ReceiptStatus::Delivered),
            "undelivered" => Some(ReceiptStatus::Undelivered),
            "failed" | "canceled" => Some(ReceiptStatus::Failed),
            _ => None,
        };
        let error_code = match field(form, "ErrorCode") {
            Ok(code) if !code.is_empty() => Some(code.parse().map_err(|_| BadField("ErrorCode"))?),
            _ => None,
        };
        Ok(Self { sid: field(form, "MessageSid")?.to_owned(), status, error_code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn forms_are_read_strictly() {
        let read = StatusUpdate::read(&form(&[
            ("MessageSid", "SM1"),
            ("MessageStatus", "undelivered"),
            ("ErrorCode", "30003"),
        ]));
        assert_eq!(
            read,
            Ok(StatusUpdate { sid: "SM1".into(), status: Some(ReceiptStatus::Undelivered), error_code: Some(30003) })
        );
        assert_eq!(StatusUpdate::read(&form(&[("MessageSid", "SM1")])), Err(BadField("MessageStatus")));
        assert_eq!(InboundText::read(&form(&[("MessageSid", "SM1"), ("From", "me")])), Err(BadField("From")));
    }
}
