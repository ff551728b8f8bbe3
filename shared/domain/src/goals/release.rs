//! Release plans: when a goal's batches become available to agents (rule B6).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// Which batches are released when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// How the batches are spread over time.
    pub pace: Pace,
    /// Never release more initial segments than the brand can still send that carrier day.
    #[serde(default = "yes")]
    pub paced_to_caps: bool,
}

/// How batches are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pace {
    /// All when the goal opens.
    AllAtOpen,
    /// Some at open, and as many again after each interval.
    Every {
        /// Batches in each release, at least 1.
        batches: u32,
        /// Minutes between releases, at least 1.
        minutes: u32,
    },
}

impl Pace {
    /// Returns whether the next release is still to come, when it is set for `next` without a named
    /// condition. A look between two releases, because a goal was opened or resumed or a contact
    /// was reassigned, releases nothing ahead of its time. A batch that waits for longer than an
    /// interval waits for a cap, which may have changed.
    pub fn waits(self, next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        match self {
            Self::AllAtOpen => false,
            Self::Every { minutes, .. } => {
                next.is_some_and(|next| next > now && next <= now + TimeDelta::minutes(minutes.into()))
            }
        }
    }
}

/// Conditions that held batches wait for. A timer says until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum WaitsFor {
    /// The plan's interval.
    Pace,
    /// The sending hours.
    Hours,
    /// The next carrier day's cap.
    Cap,
}

text_enum!(WaitsFor);

const fn yes() -> bool {
    true
}

impl Default for ReleasePlan {
    fn default() -> Self {
        Self { pace: Pace::AllAtOpen, paced_to_caps: true }
    }
}

/// The plan cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a release of batches needs at least 1 batch every 1 to 44640 minutes")]
pub struct BadPlan;

/// A brand's room for sending on a carrier day, in segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapRoom {
    /// The rest of the day, less the segments that are spoken for.
    pub left: i64,
    /// The day's whole cap.
    pub day: i64,
    /// Work that waits already: queued texts, and contacts still to be texted in batches that
    /// agents have or can claim.
    pub spoken_for: i64,
}

/// Outcome of one release step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// How many of the held batches to release now, in their order.
    pub batches: usize,
    /// When to look again, if batches stay held.
    pub again: Again,
}

/// When the next release step comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Nothing is held any more.
    Never,
    /// After the plan's interval, in minutes.
    Minutes(u32),
    /// When the carrier day turns.
    NextCarrierDay,
}

impl CapRoom {
    /// Returns whether a batch may be released that no day has room for.
    const fn takes_alone(self, segments: i64) -> bool {
        segments > self.day && self.left > 0 && self.spoken_for == 0
    }
}

impl ReleasePlan {
    /// Checks the numbers.
    pub const fn check(self) -> Result<Self, BadPlan> {
        match self.pace {
            Pace::Every { batches, minutes } if batches == 0 || minutes == 0 || minutes > 31 * 24 * 60 => Err(BadPlan),
            Pace::Every { .. } | Pace::AllAtOpen => Ok(self),
        }
    }

    /// Decides a step. `held` are the estimated segments of the held batches in their order; `room`
    /// is the brand's room today, `None` when it has no cap.
    ///
    /// A batch that is larger than a whole day's cap would wait for ever. It is released alone,
    /// when nothing else of the brand waits: its excess is held at the cap (rule S3).
    pub fn step(self, held: &[i64], room: Option<CapRoom>) -> Release {
        let wanted = match self.pace {
            Pace::AllAtOpen => held.len(),
            Pace::Every { batches, .. } => held.len().min(batches as usize),
        };
        let fits = match room.filter(|_| self.paced_to_caps) {
            Some(room) => match crate::sending::cap::admit(room.left, held[..wanted].iter().copied()) {
                0 if held[..wanted].first().is_some_and(|first| room.takes_alone(*first)) => 1,
                fits => fits,
            },
            None => wanted,
        };
        let again = match self.pace {
            _ if fits == held.len() => Again::Never,
            _ if fits < wanted => Again::NextCarrierDay,
            Pace::AllAtOpen => Again::Never,
            Pace::Every { minutes, .. } => Again::Minutes(minutes),
        };
        Release { batches: fits, again }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So much is left of a day with a cap of a thousand.
    fn room(left: i64) -> CapRoom {
        CapRoom { left, day: 1_000, spoken_for: 0 }
    }

    #[test]
    fn b6_a_batch_larger_than_a_day_goes_alone_when_nothing_else_waits() {
        let plan = ReleasePlan::default();
        let alone = Release { batches: 1, again: Again::NextCarrierDay };
        let not_yet = Release { batches: 0, again: Again::NextCarrierDay };
        assert_eq!(plan.step(&[1_100, 1_100], Some(room(1_000))), alone);
        assert_eq!(plan.step(&[1_100, 1], Some(room(1))), alone, "replies use some of every day");
        assert_eq!(plan.step(&[1_100], Some(room(1_000))), Release { batches: 1, again: Again::Never });
        let waits = |left, spoken_for| Some(CapRoom { left, day: 1_000, spoken_for });
        assert_eq!(plan.step(&[1_100, 1_100], waits(999, 1)), not_yet, "others wait");
        assert_eq!(plan.step(&[1_100, 1_100], Some(room(0))), not_yet, "the day is used up");
        assert_eq!(plan.step(&[1_000, 1_000], Some(room(999))), not_yet, "tomorrow has room for it");
        assert_eq!(plan.step(&[1], Some(CapRoom { left: 0, day: 0, spoken_for: 0 })), not_yet, "a cap of nothing");
    }

    #[test]
    fn b6_all_at_open_is_paced_to_the_cap() {
        let plan = ReleasePlan::default();
        assert_eq!(plan.step(&[100, 100, 100], None), Release { batches: 3, again: Again::Never });
        assert_eq!(plan.step(&[100, 100, 100], Some(room(250))), Release { batches: 2, again: Again::NextCarrierDay });
        let unpaced = ReleasePlan { paced_to_caps: false, ..plan };
        assert_eq!(unpaced.step(&[100, 100, 100], Some(room(250))).batches, 3);
    }

    #[test]
    fn b6_between_two_releases_nothing_is_released() {
        let now: DateTime<Utc> = "2026-11-22T15:00:00Z".parse().unwrap();
        let pace = Pace::Every { batches: 1, minutes: 60 };
        assert!(!pace.waits(None, now), "the first, or the one that a timer has fired for");
        assert!(
            pace.waits(Some(now + TimeDelta::minutes(1)), now) && pace.waits(Some(now + TimeDelta::minutes(60)), now)
        );
        assert!(!pace.waits(Some(now + TimeDelta::minutes(61)), now), "it waits for a cap");
        assert!(!Pace::AllAtOpen.waits(Some(now + TimeDelta::minutes(1)), now));
    }

    #[test]
    fn b6_n_batches_every_m_minutes() {
        let plan = ReleasePlan { pace: Pace::Every { batches: 2, minutes: 10 }, paced_to_caps: true };
        assert_eq!(plan.step(&[100; 5], None), Release { batches: 2, again: Again::Minutes(10) });
        assert_eq!(plan.step(&[100; 2], None), Release { batches: 2, again: Again::Never });
        assert_eq!(plan.step(&[100; 5], Some(room(150))), Release { batches: 1, again: Again::NextCarrierDay });
    }
}
