//! Retention (rule R7): people that were not in touch, and texts, files and addresses that are old,
//! leave after an organization's own time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::{tenancy::settings::OrganizationSettings, text_enum};

/// A step of a run, in the order of the declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RetentionStep {
    /// Contacts that were not in touch are redacted.
    Contacts,
    /// Texts lose their bodies.
    Texts,
    /// Imports lose their files, their rejected rows and the record for an undo.
    Imports,
    /// Openings of links lose their clients' addresses.
    Addresses,
    /// All of it is done.
    Done,
}

text_enum!(RetentionStep);

/// Records that left, by the step.
pub type RetentionCounts = BTreeMap<RetentionStep, i64>;

impl RetentionStep {
    /// Returns the step behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Contacts => Self::Texts,
            Self::Texts => Self::Imports,
            Self::Imports => Self::Addresses,
            Self::Addresses | Self::Done => Self::Done,
        }
    }

    /// Returns an organization's time for it, in days; none where it is off.
    pub fn days(self, settings: &OrganizationSettings) -> Option<i32> {
        let days = match self {
            Self::Contacts => settings.retention_contact_days,
            Self::Texts => settings.retention_text_days,
            Self::Imports => settings.retention_import_days,
            Self::Addresses => settings.retention_address_days,
            Self::Done => 0,
        };
        Some(days).filter(|days| *days > 0)
    }

    /// Returns the instant before which records leave, in a run that began at another; none where
    /// it is off.
    pub fn cutoff(self, settings: &OrganizationSettings, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.days(settings).map(|days| at - TimeDelta::days(days.into()))
    }
}

/// Returns whether an organization has a time for anything.
pub fn is_on(settings: &OrganizationSettings) -> bool {
    RetentionStep::ALL.iter().any(|step| step.days(settings).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_a_run_takes_each_step_once_and_ends() {
        let mut steps = vec![RetentionStep::Contacts];
        while let Some(last) = steps.last().copied().filter(|step| *step != RetentionStep::Done) {
            steps.push(last.next());
        }
        assert_eq!(steps, RetentionStep::ALL);
        assert_eq!(RetentionStep::Done.next(), RetentionStep::Done);
    }

    #[test]
    fn r7_everything_is_kept_unless_the_organization_says_a_time() {
        let mut settings = OrganizationSettings::default();
        assert!(!is_on(&settings));
        settings.retention_text_days = 30;
        assert!(is_on(&settings));
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        assert_eq!(RetentionStep::Texts.cutoff(&settings, at), Some(DateTime::UNIX_EPOCH + TimeDelta::days(70)));
        assert_eq!(RetentionStep::Contacts.cutoff(&settings, at), None);
    }
}
