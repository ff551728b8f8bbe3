//! Contacts as their agents see them, by the knowledge of the conversation's group (rule A5).

use muster_domain::ids::ContactId;
use muster_storage::people::contacts::Contact;
use serde::Serialize;
use utoipa::ToSchema;

/// A contact in a conversation; without their number.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgentContact {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    first_name: String,
    last_name: String,
    email: Option<String>,
    postal_code: Option<String>,
    /// Custom fields by name.
    #[schema(value_type = BTreeMap<String, String>)]
    fields: serde_json::Value,
    tags: Vec<String>,
}

pub(crate) fn contact(contact: Contact) -> AgentContact {
    AgentContact {
        id: contact.id,
        first_name: contact.first_name,
        last_name: contact.last_name,
        email: contact.email,
        postal_code: contact.postal_code,
        fields: contact.fields,
        tags: contact.tags,
    }
}
