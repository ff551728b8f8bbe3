//! An initial that an agent has edited before it goes (rules W9, B6 and M1 to M3).
//! Chapter: sending.
//!
//! The edited text keeps to the rules of an initial script. Where it counts more segments than the
//! script, by which the goal's batches were released, the rest of the day's cap has room for them.

use crate::{
    goals::batch::BatchKind,
    sending::{
        compose::NoText,
        template::{self, Checks, Template, TemplateError},
    },
};

/// Why an edited text does not go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditRefusal {
    /// The organization has not switched it on.
    #[error("the organization does not let agents edit initials")]
    NotAllowed,
    /// Reminders go as they are written.
    #[error("a reminder cannot be edited")]
    Reminder,
    /// The text breaks a rule of scripts.
    #[error("text: {0}")]
    Text(#[from] TemplateError),
    /// A merge field that the agent wrote has no value.
    #[error("text: no value for {{{{{0}}}}} and no fallback")]
    Missing(String),
    /// The text is over the limit of segments or characters.
    #[error("text: it has more segments or characters than an initial may have")]
    TooLong,
    /// The day's cap has no room for the segments beyond the script's.
    #[error("text: {segments} segments are more than the script's {estimated}, and today's cap has no room for them")]
    OverCap {
        /// Segments of the text.
        segments: u32,
        /// Segments of one text of the script.
        estimated: i64,
    },
}

impl From<NoText> for EditRefusal {
    fn from(none: NoText) -> Self {
        match none {
            NoText::Missing(missing) => Self::Missing(missing.field),
            NoText::TooLong => Self::TooLong,
        }
    }
}

/// Checks a text that an agent has made of an initial; returns it as a script, because it may have
/// merge fields. `allowed` is the organization's setting.
pub fn check(text: &str, kind: BatchKind, allowed: bool, checks: Checks<'_>) -> Result<Template, EditRefusal> {
    match kind {
        BatchKind::Reminder => Err(EditRefusal::Reminder),
        BatchKind::Initial if !allowed => Err(EditRefusal::NotAllowed),
        BatchKind::Initial => Ok(template::check(text, checks)?),
    }
}

/// Makes sure that a text of more segments than were estimated fits into the cap (rule B6). `room`
/// are the segments of the day that nothing waiting is estimated to need; none without a cap.
pub fn fits(segments: u32, estimated: i64, room: Option<i64>) -> Result<(), EditRefusal> {
    let more = i64::from(segments) - estimated;
    match room {
        Some(room) if more > 0 && more > room => Err(EditRefusal::OverCap { segments, estimated }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sending::template::{MissingValue, RENDERED_LIMIT};

    fn checked(text: &str, kind: BatchKind, allowed: bool) -> Result<(), EditRefusal> {
        let own: [String; 0] = [];
        let checks = Checks { fields: &["ward".to_owned()], limit: RENDERED_LIMIT, opt_out_words: Some(&own) };
        check(text, kind, allowed, checks).map(|_| ())
    }

    #[test]
    fn w9_only_an_initial_is_edited_and_only_where_that_is_allowed() {
        const TEXT: &str = "Hi Ada, it's Grace. Reply STOP to quit";
        assert_eq!(checked(TEXT, BatchKind::Initial, true), Ok(()));
        assert_eq!(checked(TEXT, BatchKind::Initial, false), Err(EditRefusal::NotAllowed));
        for allowed in [false, true] {
            assert_eq!(checked(TEXT, BatchKind::Reminder, allowed), Err(EditRefusal::Reminder));
        }
    }

    #[test]
    fn m1_m2_and_m3_an_edited_text_keeps_to_the_rules_of_initials() {
        let refused = |text: &str| checked(text, BatchKind::Initial, true).unwrap_err();
        assert_eq!(refused("Hi Ada"), EditRefusal::Text(TemplateError::NoOptOut));
        let unknown = TemplateError::Unknown { name: "wrad".to_owned() };
        assert_eq!(refused("In {{wrad}}. Reply STOP to quit"), EditRefusal::Text(unknown));
        assert!(matches!(
            refused("Hi [first_name]. Reply STOP to quit"),
            EditRefusal::Text(TemplateError::LookAlike { .. })
        ));
        let long = format!("Reply STOP to quit. {}", "x".repeat(RENDERED_LIMIT));
        assert!(matches!(refused(&long), EditRefusal::Text(TemplateError::TooLong { .. })));
        assert_eq!(checked("In {{ward}}. Reply STOP to quit", BatchKind::Initial, true), Ok(()));
        let missing = NoText::Missing(MissingValue { field: "ward".to_owned() });
        assert_eq!(EditRefusal::from(missing).to_string(), "text: no value for {{ward}} and no fallback");
        assert_eq!(EditRefusal::from(NoText::TooLong), EditRefusal::TooLong);
    }

    #[test]
    fn b6_segments_beyond_the_estimate_need_room_under_the_cap() {
        for (segments, estimated, room, fit) in [
            (1, 1, Some(0), true),
            (1, 2, Some(0), true),
            (2, 1, Some(0), false),
            (2, 1, Some(1), true),
            (4, 1, Some(2), false),
            (4, 1, None, true),
        ] {
            let wanted = if fit { Ok(()) } else { Err(EditRefusal::OverCap { segments, estimated }) };
            assert_eq!(fits(segments, estimated, room), wanted, "{segments} {estimated} {room:?}");
        }
    }
}
