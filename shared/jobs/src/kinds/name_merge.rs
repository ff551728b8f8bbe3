//! `name-merge`: its payload and its policy.

use muster_domain::ids::MergeId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Take the merge of a tag or a custom field one slice of contacts further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameMerge {
    /// The merge.
    pub merge_id: MergeId,
}

impl Job for NameMerge {
    const NAME: &'static str = "name-merge";
    type Mode = Leased;
    // A slice writes thousands of rows, and waits for imports that hold some of them.
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };

    fn unique_key(&self) -> Option<String> {
        Some(format!("name-merge:{}", self.merge_id))
    }
}
