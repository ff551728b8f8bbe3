//! What admins ask: one file each.

pub(crate) mod account;
pub(crate) mod campaigns;
pub(crate) mod caps;
pub(crate) mod contact;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod goal;
pub(crate) mod goal_actions;
pub(crate) mod goal_duplicate;
pub(crate) mod goal_stats;
pub(crate) mod goals;
pub(crate) mod group;
pub(crate) mod groups;
pub(crate) mod import;
pub(crate) mod imports;
pub(crate) mod members;
pub(crate) mod membership;
pub(crate) mod numbers;
pub(crate) mod organization;
pub(crate) mod organizations;
pub(crate) mod redactions;
pub(crate) mod segments;
pub(crate) mod tokens;
