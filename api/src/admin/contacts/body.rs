//! Contacts as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GroupId, ImportId, MemberId},
    people::{contact::ContactSource, line::LineType},
};
use muster_storage::people::contacts::Contact;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, list::Item, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactBody {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    /// E.164; null once redacted.
    #[schema(value_type = Option<bounds::PhoneNumber>)]
    phone: Option<String>,
    first_name: String,
    last_name: String,
    email: Option<String>,
    postal_code: Option<String>,
    /// Notes for agents.
    notes: Option<String>,
    external_id: Option<String>,
    /// Custom fields by name.
    #[schema(value_type = BTreeMap<String, String>)]
    fields: serde_json::Value,
    tags: Vec<String>,
    /// `unknown`, `mobile`, `voip`, or one that is never texted: `landline`, or `invalid`, a number
    /// without a subscriber.
    #[schema(value_type = shapes::LineType)]
    line_type: LineType,
    /// Carrier of the number, as caps and rates call it; null where it is unknown.
    carrier: Option<String>,
    opted_out_at: Option<DateTime<Utc>>,
    /// Reason of the opt-out, by its source: `stated in the file of import …`, for one.
    opt_out_reason: Option<String>,
    redacted_at: Option<DateTime<Utc>>,
    #[schema(value_type = Vec<uuid::Uuid>)]
    groups: Vec<GroupId>,
    /// The contact in each of these groups.
    memberships: Vec<MembershipBody>,
    /// Where the contact comes from: `file`, `api`, `form` or `inbound`.
    #[schema(value_type = shapes::ContactSource)]
    source: ContactSource,
    /// The import that made the contact; null where that is another group's for a group admin.
    #[schema(value_type = Option<uuid::Uuid>)]
    source_import_id: Option<ImportId>,
    /// The consent that was given then.
    consent_text: Option<String>,
    created_at: DateTime<Utc>,
}

/// A contact in a group.
#[derive(Serialize, ToSchema)]
pub(crate) struct MembershipBody {
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    /// False: no goal of the group targets or texts the contact.
    active: bool,
    /// Since when they are deactivated there.
    deactivated_at: Option<DateTime<Utc>>,
    /// The contact's agent there.
    #[schema(value_type = Option<uuid::Uuid>)]
    assigned_agent_id: Option<MemberId>,
    /// Since when they are in the group.
    added_at: DateTime<Utc>,
}

impl Item for ContactBody {
    type Id = ContactId;

    const PAGE: &'static str = "ContactPage";
}

/// Returns a contact as it was read for this admin: of the groups that the contact is in, those
/// that are the admin's to see, and of where it comes from as much.
pub(crate) fn body(contact: Contact, admin: &Admin) -> ContactBody {
    let memberships: Vec<_> = contact.memberships.into_iter().filter(|one| admin.group(one.group_id).is_ok()).collect();
    ContactBody {
        id: contact.id,
        phone: contact.e164,
        first_name: contact.first_name,
        last_name: contact.last_name,
        email: contact.email,
        postal_code: contact.postal_code,
        notes: contact.notes,
        external_id: contact.external_id,
        fields: contact.fields,
        tags: contact.tags,
        line_type: contact.line_type,
        carrier: contact.carrier,
        opted_out_at: contact.opted_out_at,
        opt_out_reason: contact.opt_out_reason,
        redacted_at: contact.redacted_at,
        groups: memberships.iter().map(|one| one.group_id).collect(),
        memberships: memberships
            .into_iter()
            .map(|one| MembershipBody {
                group_id: one.group_id,
                active: one.deactivated_at.is_none(),
                deactivated_at: one.deactivated_at,
                assigned_agent_id: one.assigned_agent_id,
                added_at: one.added_at,
            })
            .collect(),
        source: contact.source,
        source_import_id: contact
            .source_import_id
            .filter(|_| contact.source_group_id.is_none_or(|group| admin.group(group).is_ok())),
        consent_text: contact.consent_text,
        created_at: contact.created_at,
    }
}
