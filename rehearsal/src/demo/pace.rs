//! When things happen in the demo.

use std::time::Duration;

/// After how long the reminder window opens.
pub(crate) const REMINDERS_AFTER: Duration = Duration::from_secs(45);

/// Segments of the brand's cap, in hundredths of the contacts: fewer than there are initials.
pub(crate) const CAP_PERCENT: i64 = 95;
/// After so many initials, in hundredths of the cap, the agents pause for the reminders, so that
/// those still fit under it.
pub(crate) const BREAK_PERCENT: i64 = 62;
/// So many texts may wait for the carrier before the agents pause.
pub(crate) const AHEAD: i64 = 2_500;
