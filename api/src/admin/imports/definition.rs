//! Mapping, tags and consent of an upload, as a source or the query gives them.

use std::collections::BTreeMap;

use muster_domain::ids::{GroupId, ImportSourceId};
use muster_storage::imports::sources;

use crate::{auth::Admin, problem::Problem, state::Api};

/// A source's definition, all of it optional.
#[derive(Default)]
pub(crate) struct Definition {
    pub(crate) group_id: Option<GroupId>,
    pub(crate) mapping: BTreeMap<String, String>,
    pub(crate) tags: Vec<String>,
    pub(crate) consent_text: Option<String>,
}

impl Definition {
    /// Returns the definition of the named source, or an empty one where none is named. The admin
    /// must see the source's group.
    pub(crate) async fn of(api: &Api, admin: &Admin, id: Option<ImportSourceId>) -> Result<Self, Problem> {
        let Some(id) = id else { return Ok(Self::default()) };
        let source = sources::get(&api.pool, admin.organization_id, id).await?;
        // Of another group's source a group admin learns nothing, neither its mapping nor its
        // consent.
        let source = source.filter(|source| admin.group(source.definition.group_id).is_ok());
        source.map(|source| source.definition.into()).ok_or_else(|| Problem::no("source"))
    }
}

impl From<sources::Definition> for Definition {
    fn from(source: sources::Definition) -> Self {
        let sources::Definition { group_id, mapping, tags, consent_text, .. } = source;
        Self { group_id: Some(group_id), mapping, tags, consent_text }
    }
}

/// Returns a mapping as it stands in a query.
pub(crate) fn mapping(text: Option<&str>) -> Result<BTreeMap<String, String>, Problem> {
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    let mapping: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|error| Problem::invalid_parameter(format!("mapping is not an object of strings: {error}")))?;
    if mapping.iter().any(|(header, field)| header.contains('\0') || field.contains('\0')) {
        return Err(Problem::invalid_parameter("mapping contains a NUL character"));
    }
    Ok(mapping)
}
