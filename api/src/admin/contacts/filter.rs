//! The filter of contacts, the same in the list's query and in a bulk change (rule C16).

use muster_domain::{
    ids::{GroupId, MemberId},
    people::{
        filter::{self, ContactStatus},
        phone,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{bounds, problem::Problem, shapes};

/// Conditions on contacts, which combine with AND. Conditions on groups, agents and a standing in a
/// group hold for one membership together.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContactFilter {
    /// Only members of this group.
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) group_id: Option<GroupId>,
    /// With this number, in any of the usual ways of writing it.
    #[param(inline, value_type = Option<bounds::ContactValue>)]
    #[schema(value_type = Option<bounds::ContactValue>)]
    phone: Option<String>,
    /// With this in their names, without regard to case.
    #[param(inline, value_type = Option<bounds::Search>)]
    #[schema(value_type = Option<bounds::Search>)]
    name: Option<String>,
    /// With this e-mail address, without regard to case.
    #[param(inline, value_type = Option<bounds::Email>)]
    #[schema(value_type = Option<bounds::Email>)]
    email: Option<String>,
    /// With this id of your own.
    #[param(inline, value_type = Option<bounds::ContactValue>)]
    #[schema(value_type = Option<bounds::ContactValue>)]
    external_id: Option<String>,
    /// With this tag.
    #[param(inline, value_type = Option<bounds::Tag>)]
    #[schema(value_type = Option<bounds::Tag>)]
    tag: Option<String>,
    /// Without this tag.
    #[param(inline, value_type = Option<bounds::Tag>)]
    #[schema(value_type = Option<bounds::Tag>)]
    without_tag: Option<String>,
    /// Assigned to this agent in a group.
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    assigned_agent_id: Option<MemberId>,
    /// True: with an agent in a group; false: in a group without one.
    assigned: Option<bool>,
    /// With this standing, in the group if one is named.
    #[param(inline, value_type = Option<shapes::ContactStatus>)]
    #[schema(value_type = Option<shapes::ContactStatus>)]
    status: Option<ContactStatus>,
}

impl ContactFilter {
    /// Returns the filter, if all its values are within their bounds.
    pub(crate) fn read(&self) -> Result<filter::ContactFilter, Problem> {
        let texts = [
            self.name.as_deref().map(|text| bounds::Search::read("name", text)),
            self.email.as_deref().map(|text| bounds::Email::read("email", text)),
            self.external_id.as_deref().map(|text| bounds::ContactValue::read("external_id", text)),
            self.tag.as_deref().map(|text| bounds::Tag::read("tag", text)),
            self.without_tag.as_deref().map(|text| bounds::Tag::read("without_tag", text)),
        ];
        let [name, email, external_id, tag, without_tag] =
            texts.map(|text| text.transpose().map(|text| text.map(ToOwned::to_owned)));
        Ok(filter::ContactFilter {
            ids: None,
            group_id: self.group_id,
            phone: self.phone.as_deref().map(read_phone).transpose()?,
            name: name?,
            email: email?,
            external_id: external_id?,
            tag: tag?,
            without_tag: without_tag?,
            assigned_agent_id: self.assigned_agent_id,
            assigned: self.assigned,
            status: self.status,
        })
    }
}

/// Reads a number as people write it; returns it in E.164 form.
fn read_phone(written: &str) -> Result<String, Problem> {
    let written = bounds::ContactValue::read("phone", written)?;
    let number = phone::read(written).map_err(|error| Problem::invalid_body(format!("phone: {error}")))?;
    Ok(number.as_str().to_owned())
}
