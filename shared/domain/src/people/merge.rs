//! Merging a tag or custom field into another, contact by contact (rule C16).
//!
//! First the contacts of the one get the other as well, then goals and scripts name the other, then
//! the one goes. So targeting and scripts find the same contacts at any moment of it.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The subject of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MergeKind {
    /// Tags.
    Tag,
    /// Custom fields.
    Field,
}

/// The progress of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MergeStep {
    /// Contacts of the one get the other as well.
    Copy,
    /// Goals, scripts, sources and forms come to name the other.
    Switch,
    /// Contacts lose the one.
    Move,
    /// Nothing has the one any more.
    Done,
}

text_enum!(MergeKind, MergeStep);

impl MergeStep {
    /// Returns the step after a slice that had so many contacts of as many as it may have. A slice
    /// that is not full was the step's last.
    #[must_use]
    pub fn after_slice(self, contacts: usize, slice: usize) -> Self {
        match self {
            Self::Copy | Self::Move if contacts >= slice => self,
            Self::Copy => Self::Switch,
            Self::Switch => Self::Move,
            Self::Move | Self::Done => Self::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_a_merge_ends_whatever_its_slices_have() {
        for slices in [vec![], vec![5, 5, 0], vec![5, 2], vec![5; 40]] {
            let (mut step, mut seen) = (MergeStep::Copy, vec![MergeStep::Copy]);
            for half in [&slices, &vec![0], &slices] {
                for contacts in half.iter().copied().chain([0]) {
                    let next = step.after_slice(contacts, 5);
                    if next != step {
                        seen.push(next);
                        step = next;
                        break;
                    }
                }
            }
            assert_eq!(seen, MergeStep::ALL, "{slices:?}");
        }
        assert_eq!(MergeStep::Done.after_slice(5, 5), MergeStep::Done);
    }
}
