//! Contacts that an admin may see, and the one that an edit expects.

use muster_domain::{ids::ContactId, tenancy::role::Role};
use muster_storage::{
    Tx,
    people::contacts::{self, Contact},
};

use crate::{admin::contacts::body::body, auth::Admin, document::digest, extract::IfMatch, problem::Problem};

/// A group admin reaches the contacts of their groups.
pub(crate) async fn reachable(tx: &mut Tx, admin: &Admin, id: ContactId) -> Result<(), Problem> {
    let groups = contacts::groups_of(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("contact"))?;
    if admin.at_least(Role::OrganizationAdmin).is_ok() || groups.into_iter().any(|group| admin.group(group).is_ok()) {
        Ok(())
    } else {
        Err(Problem::no("contact"))
    }
}

/// Returns a contact that is locked, as this admin sees it, if it is as the edit expects.
pub(crate) async fn as_expected(
    tx: &mut Tx,
    admin: &Admin,
    id: ContactId,
    expected: &IfMatch,
) -> Result<Contact, Problem> {
    let found = contacts::get(&mut *tx, admin.organization_id, admin.groups(), id).await?;
    let found = found.ok_or_else(|| Problem::no("contact"))?;
    if expected.is_sent() && !expected.allows_tag(&digest(&body(found.clone(), admin))) {
        return Err(Problem::edited_meanwhile("the contact is not as it was read"));
    }
    Ok(found)
}
