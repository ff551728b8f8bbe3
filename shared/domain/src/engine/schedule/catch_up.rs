//! The fate of ticks after an outage (rule J11: nothing is silent).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    engine::schedule::{Fire, Schedule},
    text_enum,
};

/// The fate of ticks that were not fired when they were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CatchUp {
    /// None of them fires.
    Skip,
    /// One run stands for all: that of the first tick that is on time again, else a late one for
    /// the newest of them.
    #[default]
    Coalesce,
    /// The newest fire late, each for itself; older ones do not fire.
    All {
        /// How many fire, at most [`LISTED_TICKS`].
        at_most: u32,
    },
}

/// The policy for missed ticks, without its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CatchUpPolicy {
    /// None of them fires.
    Skip,
    /// One run stands for all.
    Coalesce,
    /// The newest fire late, each for itself.
    All,
}

text_enum!(CatchUpPolicy);

impl CatchUp {
    /// Returns the policy.
    pub const fn policy(self) -> CatchUpPolicy {
        match self {
            Self::Skip => CatchUpPolicy::Skip,
            Self::Coalesce => CatchUpPolicy::Coalesce,
            Self::All { .. } => CatchUpPolicy::All,
        }
    }
}

/// How many ticks of a kind are decided one by one. There is one entry for all ticks that were
/// missed before.
pub const LISTED_TICKS: u32 = 1_000;

/// The fate of each tick between two instants. Together the entries hold every tick once, in their
/// order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoning {
    /// Missed ticks that are too many to be listed: the oldest ones.
    pub earlier: Option<Earlier>,
    /// The others: at most [`LISTED_TICKS`] missed ones, and as many that are on time.
    pub ticks: Vec<Tick>,
}

/// Many ticks in a row with the same fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// The oldest.
    pub first: DateTime<Utc>,
    /// The newest.
    pub last: DateTime<Utc>,
    /// How many, with both.
    pub count: u64,
    /// The fate of each.
    pub fate: TickDecision,
}

/// A tick and its fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The tick as it was planned.
    pub fire: Fire,
    /// Its fate.
    pub fate: TickDecision,
}

/// Fate of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TickDecision {
    /// It fires, on time.
    Fired,
    /// It fires late.
    Late {
        /// How much.
        by: TimeDelta,
    },
    /// It does not fire by itself: a later tick stands for it.
    Coalesced {
        /// The tick that does.
        into: DateTime<Utc>,
    },
    /// It does not fire.
    Skipped {
        /// The reason.
        why: SkipReason,
    },
}

/// The fate of a tick: its decision without the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TickFate {
    /// It fires, on time.
    Fired,
    /// It fires late.
    Late,
    /// A later tick stands for it.
    Coalesced,
    /// It does not fire.
    Skipped,
}

text_enum!(TickFate);

impl TickDecision {
    /// Returns the fate of the tick.
    pub const fn fate(self) -> TickFate {
        match self {
            Self::Fired => TickFate::Fired,
            Self::Late { .. } => TickFate::Late,
            Self::Coalesced { .. } => TickFate::Coalesced,
            Self::Skipped { .. } => TickFate::Skipped,
        }
    }
}

/// The reason for which a tick does not fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SkipReason {
    /// It was missed, and the schedule does not catch up.
    Missed,
    /// It was missed, and there are more than the schedule catches up with.
    BeyondBound,
    /// The schedule was changed before the tick was decided.
    Changed,
    /// The schedule was switched off.
    Disabled,
    /// The schedule was removed.
    Removed,
}

text_enum!(SkipReason);

impl Schedule {
    /// Decides about every tick after `last`, the last one that was decided about, up to `now`.
    ///
    /// A tick is on time up to `grace` after its instant, and missed from then on. Of the ticks
    /// that the grace covers, the ones before the newest [`LISTED_TICKS`] count as missed too, so
    /// that the answer is bounded for any grace. `now` is the database's (rule J10).
    pub fn reckon(&self, last: DateTime<Utc>, now: DateTime<Utc>, grace: Duration, catch_up: CatchUp) -> Reckoning {
        if now <= last {
            return Reckoning { earlier: None, ticks: Vec::new() };
        }
        let patience = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
        let instant_before = |at: DateTime<Utc>| at - TimeDelta::nanoseconds(1);
        let missed_until = now.checked_sub_signed(patience).map_or(last, instant_before).max(last);
        let missed_until = self.newest(missed_until, now, LISTED_TICKS);
        let on_time: Vec<Fire> = self.until(missed_until, now).collect();

        let listed_after = self.newest(last, missed_until, LISTED_TICKS);
        let listed: Vec<Fire> = self.until(listed_after, missed_until).collect();
        // One run for all is that of the first tick after them, or of the newest of them.
        let stands_for_all = on_time.first().or(listed.last()).map_or(now, |fire| fire.at);
        let late = match catch_up {
            CatchUp::Skip => 0,
            CatchUp::Coalesce => usize::from(on_time.is_empty()),
            CatchUp::All { at_most } => at_most as usize,
        };
        let fate = match catch_up {
            CatchUp::Skip => TickDecision::Skipped { why: SkipReason::Missed },
            CatchUp::Coalesce => TickDecision::Coalesced { into: stands_for_all },
            CatchUp::All { .. } => TickDecision::Skipped { why: SkipReason::BeyondBound },
        };
        let first_late = listed.len().saturating_sub(late);
        let missed = listed.into_iter().enumerate().map(|(index, fire)| {
            let late = index >= first_late;
            Tick { fire, fate: if late { TickDecision::Late { by: now - fire.at } } else { fate } }
        });
        let ticks = missed.chain(on_time.into_iter().map(|fire| Tick { fire, fate: TickDecision::Fired })).collect();
        Reckoning { earlier: self.earlier(last, listed_after, fate), ticks }
    }

    fn until(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = Fire> + '_ {
        self.fires_after(after).take_while(move |fire| fire.at <= until)
    }

    fn earlier(&self, after: DateTime<Utc>, until: DateTime<Utc>, fate: TickDecision) -> Option<Earlier> {
        let first = self.until(after, until).next()?.at;
        let last = self.until(self.newest(after, until, 1), until).next()?.at;
        Some(Earlier { first, last, count: self.count_fires(after, until), fate })
    }

    /// Returns an instant in `after..=until` after which there are no more than `many` fires, and
    /// as many as there can be.
    ///
    /// Years of seconds are counted by days and halved, not walked: a per-second schedule may have
    /// been down for long.
    fn newest(&self, after: DateTime<Utc>, until: DateTime<Utc>, many: u32) -> DateTime<Utc> {
        let few = |from: DateTime<Utc>| self.count_fires(from, until) <= u64::from(many);
        if few(after) {
            return after;
        }
        let (mut too_many, mut enough) = (after, until);
        while enough - too_many > TimeDelta::seconds(1) {
            let middle = too_many + (enough - too_many) / 2;
            if few(middle) { enough = middle } else { too_many = middle }
        }
        enough
    }
}
