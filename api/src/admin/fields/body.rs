//! Custom fields as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{ids::FieldId, people::names};
use muster_storage::people::fields::Field;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{list::Item, problem::Problem};

#[derive(Serialize, ToSchema)]
pub(crate) struct FieldItem {
    #[schema(value_type = uuid::Uuid)]
    id: FieldId,
    /// Unique in the organization, with regard to case; scripts have it as `{{name}}`.
    name: String,
    /// Files and agents leave its values as they are.
    locked: bool,
    created_at: DateTime<Utc>,
}

impl Item for FieldItem {
    type Id = FieldId;

    const PAGE: &'static str = "FieldPage";
}

pub(crate) fn item(field: Field) -> FieldItem {
    FieldItem { id: field.id, name: field.name, locked: field.locked, created_at: field.created_at }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FieldBody {
    #[schema(value_type = uuid::Uuid)]
    id: FieldId,
    /// Unique in the organization, with regard to case; scripts have it as `{{name}}`.
    name: String,
    /// Files and agents leave its values as they are.
    locked: bool,
    /// Contacts with a value, counted to 10,000; for a group admin those with a value that their
    /// groups know.
    contacts: i64,
    created_at: DateTime<Utc>,
}

pub(crate) fn body(field: Field, contacts: i64) -> FieldBody {
    let Field { id, name, locked, created_at, version: _ } = field;
    FieldBody { id, name, locked, contacts, created_at }
}

/// Returns a field's name as it is kept.
pub(crate) fn name(written: &str) -> Result<String, Problem> {
    names::field(written).map_err(|error| Problem::invalid_body(format!("name: {error}")))
}

/// Returns the answer to a name that is taken.
pub(crate) fn taken() -> Problem {
    Problem::conflict("another field of the organization has this name")
}
