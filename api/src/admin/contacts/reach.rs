//! Contacts that an admin may see.

use muster_domain::{ids::ContactId, tenancy::role::Role};
use muster_storage::{Tx, people::contacts};

use crate::{auth::Admin, problem::Problem};

/// A group admin reaches the contacts of their groups.
pub(crate) async fn reachable(tx: &mut Tx, admin: &Admin, id: ContactId) -> Result<(), Problem> {
    let groups = contacts::groups_of(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("contact"))?;
    if admin.at_least(Role::OrganizationAdmin).is_ok() || groups.into_iter().any(|group| admin.group(group).is_ok()) {
        Ok(())
    } else {
        Err(Problem::no("contact"))
    }
}
