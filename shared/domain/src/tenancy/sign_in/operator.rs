//! Operators of the installation: principals of their own (rule A5).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// An operator's rights over the installation. Neither has a tenant's data beyond ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OperatorRights {
    /// Looking.
    Read,
    /// Looking and acting.
    Act,
}

text_enum!(OperatorRights);
