//! Sessions: the ways to begin one, and its end by time (rule A6).

use chrono::{DateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The proof with which a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SignInMethod {
    /// A code that was sent to the member's address.
    EmailCode,
    /// An invite, which was sent there too.
    Invite,
    /// The account's identity provider (OpenID Connect).
    Oidc,
}

text_enum!(SignInMethod);

/// How long sessions of an account last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Minutes without a request after which a session is over.
    pub idle_minutes: i32,
    /// Hours after which a session is over, however much it is used.
    pub lifetime_hours: i32,
}

impl SessionLimits {
    /// Least and most minutes without a request. Last uses are kept to the minute.
    pub const IDLE_MINUTES: (i32, i32) = (5, 43_200);
    /// Least and most hours of a session.
    pub const LIFETIME_HOURS: (i32, i32) = (1, 8_760);

    /// Returns the lesser of each limit: settings that an admin narrows hold for sessions that have
    /// begun, and settings that an admin widens do not bring one back.
    #[must_use]
    pub fn narrowed(self, by: Self) -> Self {
        Self {
            idle_minutes: self.idle_minutes.min(by.idle_minutes),
            lifetime_hours: self.lifetime_hours.min(by.lifetime_hours),
        }
    }

    /// Returns the instant at which a session is over if nobody uses it any more.
    pub fn over_at(self, began: DateTime<Utc>, last_used: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let idle = last_used.unwrap_or(began).max(began) + TimeDelta::minutes(self.idle_minutes.into());
        idle.min(self.expires_at(began))
    }

    /// Returns the instant at which a session is over, however much it is used.
    pub fn expires_at(self, began: DateTime<Utc>) -> DateTime<Utc> {
        began + TimeDelta::hours(self.lifetime_hours.into())
    }
}

/// A working day without a request, and a month at most.
impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_minutes: 720, lifetime_hours: 720 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits() -> impl Strategy<Value = SessionLimits> {
        (5..43_200_i32, 1..8_760_i32)
            .prop_map(|(idle_minutes, lifetime_hours)| SessionLimits { idle_minutes, lifetime_hours })
    }

    proptest! {
        #[test]
        fn a6_a_session_is_over_after_idle_time_or_its_lifetime_and_no_change_of_settings_prolongs_it(
            own in limits(), of_the_account in limits(), used_minutes in prop::option::of(0..600_000_i64),
        ) {
            let began = DateTime::UNIX_EPOCH;
            let used = used_minutes.map(|minutes| began + TimeDelta::minutes(minutes));
            let over = own.over_at(began, used);
            prop_assert!(over <= own.expires_at(began));
            prop_assert!(over <= used.unwrap_or(began) + TimeDelta::minutes(own.idle_minutes.into()));
            let narrowed = own.narrowed(of_the_account).over_at(began, used);
            prop_assert!(narrowed <= over && narrowed <= of_the_account.over_at(began, used));
        }
    }
}
