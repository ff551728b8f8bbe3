//! Tags as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{ids::TagId, people::names};
use muster_storage::people::tags::Tag;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{list::Item, problem::Problem};

#[derive(Serialize, ToSchema)]
pub(crate) struct TagItem {
    #[schema(value_type = uuid::Uuid)]
    id: TagId,
    /// Unique in the organization, with regard to case.
    name: String,
    /// Files and agents do not give it.
    locked: bool,
    /// Agents may name it as the reason of an opt-out or a skip.
    reason: bool,
    created_at: DateTime<Utc>,
}

impl Item for TagItem {
    type Id = TagId;

    const PAGE: &'static str = "TagPage";
}

pub(crate) fn item(tag: Tag) -> TagItem {
    TagItem { id: tag.id, name: tag.name, locked: tag.locked, reason: tag.reason, created_at: tag.created_at }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TagBody {
    #[schema(value_type = uuid::Uuid)]
    id: TagId,
    /// Unique in the organization, with regard to case.
    name: String,
    /// Files and agents do not give it.
    locked: bool,
    /// Agents may name it as the reason of an opt-out or a skip.
    reason: bool,
    /// Contacts that have it, counted to 10,000; for a group admin those that their groups know to
    /// have it.
    contacts: i64,
    created_at: DateTime<Utc>,
}

pub(crate) fn body(tag: Tag, contacts: i64) -> TagBody {
    let Tag { id, name, locked, reason, created_at, version: _ } = tag;
    TagBody { id, name, locked, reason, contacts, created_at }
}

/// Returns a tag's name as it is kept.
pub(crate) fn name(written: &str) -> Result<String, Problem> {
    names::tag(written).map_err(|error| Problem::invalid_body(format!("name: {error}")))
}

/// Returns the answer to a name that is taken.
pub(crate) fn taken() -> Problem {
    Problem::conflict("another tag of the organization has this name")
}
