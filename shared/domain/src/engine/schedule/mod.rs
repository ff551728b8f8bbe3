//! Recurring schedules (rules J10 and J11): the fires of a cron expression in a time zone, and the
//! fate of missed ticks.
//!
//! An expression is evaluated on the zone's local timeline, and each local time is then turned into
//! instants:
//!
//! - An expression with an unrestricted hour field (every hour matches: `*`, `*/1`, `0-23`) follows
//!   elapsed time. It fires whenever the clocks of the zone show a time that matches: in both
//!   passes of a repeated hour, and never inside a gap.
//! - Every other expression names times of day. One that does not exist follows [`Gap`], one that
//!   happens twice [`Overlap`].
//!
//! `field` and `cron` read expressions, `timeline` walks them over local times, `fires` turns those
//! into instants, `catch_up` decides about missed ticks, `jitter` spreads ticks of many schedules.
//! Times are arguments; nothing here reads a clock.

mod catch_up;
mod cron;
mod field;
mod fires;
mod jitter;
mod timeline;

use chrono::{DateTime, NaiveDateTime, Utc};
use strum::{VariantArray, VariantNames};

pub use crate::engine::schedule::{
    catch_up::{CatchUp, CatchUpPolicy, Earlier, LISTED_TICKS, Reckoning, SkipReason, Tick, TickDecision, TickFate},
    cron::{CronError, CronExpression},
    field::Field,
    jitter::jitter,
};
use crate::{text_enum, zone::Zone};

/// When something recurs.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The times.
    pub cron: CronExpression,
    /// The zone of its wall-clock times.
    pub zone: Zone,
    /// The policy for times that do not exist.
    pub gap: Gap,
    /// The policy for times that happen twice.
    pub overlap: Overlap,
}

/// One planned tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fire {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The wall-clock time that the expression names. The clocks show another one only if the fire
    /// was shifted out of a gap.
    pub local: NaiveDateTime,
    /// How the two belong together.
    pub note: Note,
}

/// Remark on a fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Note {
    /// The local time happens once.
    Plain,
    /// The local time does not exist: this is the first instant after the gap.
    Shifted,
    /// The local time happens twice: this is the first.
    FirstPass,
    /// The local time happens twice: this is the second.
    SecondPass,
}

text_enum!(Note);

/// The policy for a local time that does not exist, because clocks are put forward over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Gap {
    /// It does not fire.
    Skip,
    /// It fires at the first instant after the gap. Fires that then coincide are one.
    #[default]
    After,
}

text_enum!(Gap);

/// The policy for a local time that happens twice, because clocks are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Overlap {
    /// It fires the first time.
    #[default]
    First,
    /// It fires the second time.
    Last,
    /// It fires both times.
    Both,
}

text_enum!(Overlap);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_have_words_and_defaults() {
        assert_eq!("skip".parse(), Ok(Gap::Skip));
        assert_eq!("both".parse(), Ok(Overlap::Both));
        assert_eq!((Gap::default(), Overlap::default()), (Gap::After, Overlap::First));
        let error = "second".parse::<Overlap>().unwrap_err().to_string();
        assert_eq!(error, "unknown word \"second\": it is one of first, last, both");
        assert_eq!(serde_json::to_string(&Overlap::Last).unwrap(), "\"last\"");
    }
}
