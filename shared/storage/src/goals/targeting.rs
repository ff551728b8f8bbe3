//! Names in a targeting: they must be the organization's, and the asker's to see (rules T1a and
//! A5).

use std::fmt::{self, Display, Formatter};

use muster_domain::{
    goals::targeting::Targeting,
    ids::{GroupId, OrganizationId},
};

use crate::{Result, Tx};

/// Names in a targeting that are nothing to the asker, by kind, each as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownNames(Vec<(String, Vec<String>)>);

impl UnknownNames {
    /// Returns whether every name is known.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for UnknownNames {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (nth, (kind, names)) in self.0.iter().enumerate() {
            write!(f, "{}there is no such {kind}: {}", if nth > 0 { "; " } else { "" }, names.join(", "))?;
        }
        Ok(())
    }
}

/// Returns the names of a targeting that are not the organization's or not the reader's to see.
/// Readers with groups see these, the goals and agents in them, and the tags and fields that one of
/// them knows of a contact.
pub async fn unknown_names(
    tx: &mut Tx,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    targeting: &Targeting,
) -> Result<UnknownNames> {
    let readers: Option<Vec<_>> = readers.map(|groups| groups.iter().map(|id| id.0).collect());
    let tags: Vec<_> = targeting.tags().map(ToOwned::to_owned).collect();
    let fields: Vec<_> = targeting.fields.iter().map(|filter| filter.field.clone()).collect();
    let agents: Vec<_> = targeting.agents().map(ToOwned::to_owned).collect();
    let groups: Vec<_> = targeting.member_of.iter().chain(&targeting.not_member_of).map(|id| id.0).collect();
    let goals: Vec<_> = targeting.earlier_goals.iter().map(|earlier| earlier.goal_id.0).collect();
    let rows = sqlx::query_file!(
        "src/goals/unknown_names.sql",
        organization_id.0,
        readers.as_deref(),
        &tags,
        &fields,
        &agents,
        &groups,
        &goals,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(UnknownNames(rows.into_iter().map(|row| (row.kind, row.names)).collect()))
}
