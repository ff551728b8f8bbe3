//! Release plans: when a goal's batches become available to agents (rule B6).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    engine::schedule::{CronExpression, Gap, Overlap, Schedule},
    text_enum,
    zone::Zone,
};

/// Which batches are released when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// How the batches are spread over time.
    pub pace: Pace,
    /// Never release more initial segments than the brand can still send that carrier day.
    #[serde(default = "yes")]
    pub paced_to_caps: bool,
}

/// How batches are spread over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Some at each tick of a cron expression in the group's zone.
    Cron {
        /// Batches in each release, at least 1.
        batches: u32,
        /// The expression, to the minute.
        cron: CronExpression,
    },
}

impl Pace {
    /// Returns whether the next release is still to come, when it is set for `next` without a named
    /// condition. A look between two releases, because a goal was opened or resumed or a contact
    /// was reassigned, releases nothing ahead of its time. A batch that waits for longer than an
    /// interval waits for a cap, which may have changed.
    pub fn waits(&self, next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        match self {
            Self::AllAtOpen => false,
            Self::Every { minutes, .. } => {
                next.is_some_and(|next| next > now && next <= now + TimeDelta::minutes((*minutes).into()))
            }
            Self::Cron { .. } => next.is_some_and(|next| next > now),
        }
    }

    /// Returns the ticks at which batches are released, in the group's zone. A tick in a gap is at
    /// the first instant after it, and one that happens twice at the first (rule G11).
    pub fn ticks(&self, zone: &Zone) -> Option<Schedule> {
        match self {
            Self::AllAtOpen | Self::Every { .. } => None,
            Self::Cron { cron, .. } => {
                Some(Schedule { cron: cron.clone(), zone: zone.clone(), gap: Gap::After, overlap: Overlap::First })
            }
        }
    }
}

/// Returns the first tick at this instant or after it.
pub fn first_tick(ticks: &Schedule, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    ticks.fires_after(from - TimeDelta::seconds(1)).map(|fire| fire.at).find(|at| *at >= from)
}

/// Returns the first tick after this instant.
pub fn next_tick(ticks: &Schedule, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    ticks.fires_after(after).next().map(|fire| fire.at)
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
#[error(
    "a release of batches needs at least 1 batch every 1 to 44640 minutes, or at each tick of a cron expression of five fields"
)]
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
    /// At the plan's next tick.
    NextTick,
}

impl CapRoom {
    /// Returns whether a batch may be released that no day has room for.
    const fn takes_alone(self, segments: i64) -> bool {
        segments > self.day && self.left > 0 && self.spoken_for == 0
    }
}

impl ReleasePlan {
    /// Checks the numbers.
    pub fn check(&self) -> Result<(), BadPlan> {
        let sound = match &self.pace {
            Pace::AllAtOpen => true,
            Pace::Every { batches, minutes } => *batches > 0 && *minutes > 0 && *minutes <= 31 * 24 * 60,
            Pace::Cron { batches, cron } => *batches > 0 && cron.as_str().split_whitespace().count() != 6,
        };
        if sound { Ok(()) } else { Err(BadPlan) }
    }

    /// Decides a step. `held` are the estimated segments of the held batches in their order; `room`
    /// is the brand's room today, `None` when it has no cap.
    ///
    /// A batch that is larger than a whole day's cap would wait for ever. It is released alone,
    /// when nothing else of the brand waits: its excess is held at the cap (rule S3).
    pub fn step(&self, held: &[i64], room: Option<CapRoom>) -> Release {
        let wanted = match &self.pace {
            Pace::AllAtOpen => held.len(),
            Pace::Every { batches, .. } | Pace::Cron { batches, .. } => held.len().min(*batches as usize),
        };
        let fits = match room.filter(|_| self.paced_to_caps) {
            Some(room) => match crate::sending::cap::admit(room.left, held[..wanted].iter().copied()) {
                0 if held[..wanted].first().is_some_and(|first| room.takes_alone(*first)) => 1,
                fits => fits,
            },
            None => wanted,
        };
        let again = match &self.pace {
            _ if fits == held.len() => Again::Never,
            // The rest waits for its tick, with or without a cap.
            Pace::Cron { .. } => Again::NextTick,
            _ if fits < wanted => Again::NextCarrierDay,
            Pace::AllAtOpen => Again::Never,
            Pace::Every { minutes, .. } => Again::Minutes(*minutes),
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
        let unpaced = ReleasePlan { paced_to_caps: false, ..plan.clone() };
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

    fn cron(text: &str, batches: u32) -> ReleasePlan {
        ReleasePlan { pace: Pace::Cron { batches, cron: CronExpression::parse(text).unwrap() }, paced_to_caps: true }
    }

    #[test]
    fn b6_n_batches_at_each_tick_of_a_cron_expression() {
        let plan = cron("0 9 * * *", 2);
        assert_eq!(plan.step(&[100; 5], None), Release { batches: 2, again: Again::NextTick });
        assert_eq!(plan.step(&[100; 2], None), Release { batches: 2, again: Again::Never });
        assert_eq!(plan.step(&[100; 2], Some(room(150))), Release { batches: 1, again: Again::NextTick });
        assert_eq!(plan.check(), Ok(()));
        assert_eq!(cron("@daily", 1).check(), Ok(()));
        assert_eq!((cron("0 9 * * *", 0).check(), cron("0 0 9 * * *", 1).check()), (Err(BadPlan), Err(BadPlan)));
        let now: DateTime<Utc> = "2026-11-22T15:00:00Z".parse().unwrap();
        assert!(plan.pace.waits(Some(now + TimeDelta::days(40)), now) && !plan.pace.waits(None, now));
        let written = serde_json::to_value(&plan).unwrap();
        assert_eq!(written["pace"], serde_json::json!({ "cron": { "batches": 2, "cron": "0 9 * * *" } }));
        assert_eq!(serde_json::from_value::<ReleasePlan>(written).unwrap(), plan);
        assert!(serde_json::from_str::<Pace>(r#"{ "cron": { "batches": 1, "cron": "61 * * * *" } }"#).is_err());
    }

    #[test]
    fn b6_ticks_are_in_the_groups_zone_across_both_changes_of_clocks() {
        let pace = cron("30 2 * * *", 1).pace;
        let ticks = |zone: &str, from: &str| {
            let ticks = pace.ticks(&Zone::parse(zone).unwrap()).unwrap();
            let mut at = first_tick(&ticks, from.parse().unwrap()).unwrap();
            let mut all = vec![at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)];
            for _ in 0..2 {
                at = next_tick(&ticks, at).unwrap();
                all.push(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            }
            all
        };
        // 02:30 does not exist on 2027-03-14 in New York: the first instant after the gap.
        let spring = ["2027-03-13T07:30:00Z", "2027-03-14T07:00:00Z", "2027-03-15T06:30:00Z"];
        assert_eq!(ticks("America/New_York", "2027-03-13T07:30:00Z"), spring);
        let autumn = ["2027-11-06T06:30:00Z", "2027-11-07T07:30:00Z", "2027-11-08T07:30:00Z"];
        assert_eq!(ticks("America/New_York", "2027-11-06T00:00:00Z"), autumn);
        let phoenix = ["2027-03-13T09:30:00Z", "2027-03-14T09:30:00Z", "2027-03-15T09:30:00Z"];
        assert_eq!(ticks("America/Phoenix", "2027-03-13T09:00:00Z"), phoenix);
        let honolulu = ["2027-11-06T12:30:00Z", "2027-11-07T12:30:00Z", "2027-11-08T12:30:00Z"];
        assert_eq!(ticks("Pacific/Honolulu", "2027-11-06T00:00:00Z"), honolulu);
    }

    #[test]
    fn b6_n_batches_every_m_minutes() {
        let plan = ReleasePlan { pace: Pace::Every { batches: 2, minutes: 10 }, paced_to_caps: true };
        assert_eq!(plan.step(&[100; 5], None), Release { batches: 2, again: Again::Minutes(10) });
        assert_eq!(plan.step(&[100; 2], None), Release { batches: 2, again: Again::Never });
        assert_eq!(plan.step(&[100; 5], Some(room(150))), Release { batches: 1, again: Again::NextCarrierDay });
    }
}
