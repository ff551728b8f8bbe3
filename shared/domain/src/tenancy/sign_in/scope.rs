//! The scope of a token or a session: a part of its member's rights (rule A5).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The part of a member's rights that a token or a session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    /// Reading alone.
    Read,
    /// All rights of the member.
    Full,
}

text_enum!(Scope);

impl Scope {
    /// Returns whether a request of this scope may be made: one that changes something needs the
    /// full scope.
    pub const fn allows(self, changes: bool) -> bool {
        match self {
            Self::Full => true,
            Self::Read => !changes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_a_reading_scope_allows_no_change() {
        assert!(Scope::Full.allows(true) && Scope::Full.allows(false));
        assert!(Scope::Read.allows(false) && !Scope::Read.allows(true));
        assert!(Scope::Read < Scope::Full);
    }
}
