//! Release plans: when a goal's batches become available to agents (rule B6).

use serde::{Deserialize, Serialize};

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

/// What one release step does.
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

impl ReleasePlan {
    /// Checks the numbers.
    pub const fn check(self) -> Result<Self, BadPlan> {
        match self.pace {
            Pace::Every { batches, minutes } if batches == 0 || minutes == 0 || minutes > 31 * 24 * 60 => Err(BadPlan),
            Pace::Every { .. } | Pace::AllAtOpen => Ok(self),
        }
    }

    /// Decides a step. `held` are the estimated segments of the held batches in their order; `left` is what the brand can still
    /// send today beyond what is already released, `None` when it has no cap.
    pub fn step(self, held: &[i64], left: Option<i64>) -> Release {
        let wanted = match self.pace {
            Pace::AllAtOpen => held.len(),
            Pace::Every { batches, .. } => held.len().min(batches as usize),
        };
        let fits = match left.filter(|_| self.paced_to_caps) {
            Some(left) => crate::cap::admit(left, held[..wanted].iter().copied()),
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

    #[test]
    fn b6_all_at_open_is_paced_to_the_cap() {
        let plan = ReleasePlan::default();
        assert_eq!(plan.step(&[100, 100, 100], None), Release { batches: 3, again: Again::Never });
        assert_eq!(plan.step(&[100, 100, 100], Some(250)), Release { batches: 2, again: Again::NextCarrierDay });
        let unpaced = ReleasePlan { paced_to_caps: false, ..plan };
        assert_eq!(unpaced.step(&[100, 100, 100], Some(250)).batches, 3);
    }

    #[test]
    fn b6_n_batches_every_m_minutes() {
        let plan = ReleasePlan { pace: Pace::Every { batches: 2, minutes: 10 }, paced_to_caps: true };
        assert_eq!(plan.step(&[100; 5], None), Release { batches: 2, again: Again::Minutes(10) });
        assert_eq!(plan.step(&[100; 2], None), Release { batches: 2, again: Again::Never });
        assert_eq!(plan.step(&[100; 5], Some(150)), Release { batches: 1, again: Again::NextCarrierDay });
    }
}
