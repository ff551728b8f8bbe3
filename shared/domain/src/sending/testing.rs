//! Values for the tests of this crate.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    sending::{
        Candidate, GoalWindow,
        hours::{Clock, RecipientHours, SendingHours, Week},
        message::MessageKind,
    },
    zone::Zone,
};

/// Noon in New York, inside the sending hours.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-21T17:00:00Z".parse().unwrap()
}

/// Returns a text in New York that nothing forbids at noon. Its goal closes three days later.
pub(crate) fn candidate(kind: MessageKind) -> Candidate {
    let closes_at = noon() + TimeDelta::days(3);
    let week = Week::every_day(SendingHours::default());
    Candidate {
        kind,
        redacted: false,
        opted_out: false,
        deactivated: false,
        not_in_group: false,
        not_textable: false,
        reassigned: false,
        no_longer_yes: false,
        frequent_until: None,
        replies_at_any_hour: true,
        goal: Some(GoalWindow { paused: false, opens_at: DateTime::UNIX_EPOCH, closes_at }),
        hours: RecipientHours::in_all(vec![Clock { zone: Zone::parse("America/New_York").unwrap(), week }]),
    }
}
