//! Failures of texts in plain words, of the carrier's codes and the engine's reasons.

use muster_carrier::codes;
use muster_domain::sending::message::MessageState;
use muster_storage::conversations::threads::ThreadMessage;

/// Returns why a text waits or did not arrive; none for one that goes its way.
pub(crate) fn in_words(message: &ThreadMessage) -> Option<String> {
    let reason = || message.reason.map(|reason| reason.in_words().to_owned());
    match message.state {
        MessageState::Failed => Some(carrier("the carrier refused it", message.error_code)),
        MessageState::Undelivered => Some(carrier("the carrier could not deliver it", message.error_code)),
        MessageState::Unknown => Some("it is not known whether the carrier has it; it is not sent again".to_owned()),
        MessageState::Held | MessageState::Cancelled => reason(),
        MessageState::Queued
        | MessageState::Sending
        | MessageState::Sent
        | MessageState::Delivered
        | MessageState::Received => None,
    }
}

fn carrier(what: &str, code: Option<i32>) -> String {
    match (code, code.and_then(codes::find)) {
        (_, Some(row)) => format!("{what}: {}", row.meaning),
        (Some(code), None) => format!("{what}, with its code {code}"),
        (None, None) => what.to_owned(),
    }
}
