//! Invites of members (rule A6).

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// Days for which an invite can be accepted unless an admin says otherwise.
pub const INVITE_DAYS: i32 = 7;

/// How far an invite is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InviteState {
    /// It can be accepted.
    Pending,
    /// The member has accepted it.
    Accepted,
    /// Its time is over.
    Expired,
    /// An admin has taken it back.
    Revoked,
}

text_enum!(InviteState);

impl InviteState {
    /// Returns the state by the record's instants.
    pub fn of(
        accepted_at: Option<DateTime<Utc>>,
        revoked_at: Option<DateTime<Utc>>,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        match (accepted_at, revoked_at) {
            (Some(_), _) => Self::Accepted,
            (None, Some(_)) => Self::Revoked,
            (None, None) if expires_at <= now => Self::Expired,
            (None, None) => Self::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a6_an_invite_is_pending_until_it_is_accepted_revoked_or_too_old() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + TimeDelta::days(7);
        assert_eq!(InviteState::of(None, None, later, now), InviteState::Pending);
        assert_eq!(InviteState::of(None, None, now, now), InviteState::Expired);
        assert_eq!(InviteState::of(Some(now), None, now, later), InviteState::Accepted);
        assert_eq!(InviteState::of(None, Some(now), now, later), InviteState::Revoked);
    }
}
