//! Forms as admins write them: read and checked here for creating and replacing.

use std::collections::BTreeSet;

use muster_domain::{
    ids::{GroupId, TagId},
    people::form::Question,
};
use muster_storage::{
    Tx,
    people::{contacts, forms::Definition, tags},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, bounds, problem::Problem};

/// Sign-ups in an hour of a form, and of one client, unless told otherwise.
const AN_HOUR: u32 = 600;
const AN_HOUR_AND_CLIENT: u32 = 20;

const fn an_hour() -> u32 {
    AN_HOUR
}

const fn an_hour_and_client() -> u32 {
    AN_HOUR_AND_CLIENT
}

const fn active() -> bool {
    true
}

/// An admin's definition of a form.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormInput {
    /// The group that people join.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) group_id: GroupId,
    #[schema(value_type = bounds::FormTitle)]
    pub(crate) title: String,
    /// The words that people agree to; they are kept with each contact as they were seen.
    #[schema(value_type = bounds::FormConsent)]
    pub(crate) consent_text: String,
    #[serde(default)]
    #[schema(value_type = bounds::FormQuestions)]
    pub(crate) questions: Vec<QuestionBody>,
    #[serde(default)]
    #[schema(value_type = bounds::FormTags)]
    pub(crate) tag_ids: Vec<Uuid>,
    /// Without one, only pages of this installation, and clients that are no browsers, post to it.
    #[serde(default)]
    #[schema(value_type = bounds::FormOrigins)]
    pub(crate) allowed_origins: Vec<String>,
    /// 600 unless told.
    #[serde(default = "an_hour")]
    #[schema(value_type = bounds::SignUpsAnHour)]
    pub(crate) sign_ups_an_hour: u32,
    /// From one client address; 20 unless told.
    #[serde(default = "an_hour_and_client")]
    #[schema(value_type = bounds::SignUpsAnHour)]
    pub(crate) sign_ups_an_hour_and_client: u32,
    /// It takes sign-ups, unless told otherwise.
    #[serde(default = "active")]
    pub(crate) active: bool,
}

/// A question of a form.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionBody {
    /// `first_name`, `last_name`, `email`, `postal_code`, or `custom:NAME`.
    #[schema(value_type = bounds::QuestionField)]
    field: String,
    /// Its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::QuestionLabel>)]
    label: Option<String>,
    /// A sign-up without an answer is refused.
    #[serde(default)]
    required: bool,
}

impl QuestionBody {
    /// Returns a question as answers tell it.
    pub(crate) fn of(question: Question) -> Self {
        Self { field: question.field, label: question.label, required: question.required }
    }
}

/// Checks an admin's definition of a form. Tags and custom fields must exist.
pub(crate) async fn check(tx: &mut Tx, admin: &Admin, body: &FormInput) -> Result<Definition, Problem> {
    admin.group(body.group_id)?;
    let group = groups::get(&mut *tx, admin.organization_id, body.group_id).await?;
    group.ok_or_else(|| Problem::no("group"))?;
    bounds::FormQuestions::check("questions", &body.questions)?;
    bounds::FormTags::check("tag_ids", &body.tag_ids)?;
    bounds::FormOrigins::check("allowed_origins", &body.allowed_origins)?;
    if let Some(wrong) = body.allowed_origins.iter().find(|origin| !is_origin(origin)) {
        return Err(Problem::invalid_body(format!(
            "allowed_origins: {wrong:?} is no origin such as https://example.org"
        )));
    }
    bounds::SignUpsAnHour::read("sign_ups_an_hour", body.sign_ups_an_hour)?;
    bounds::SignUpsAnHour::read("sign_ups_an_hour_and_client", body.sign_ups_an_hour_and_client)?;
    for id in &body.tag_ids {
        let found = tags::get(&mut *tx, admin.organization_id, admin.groups(), TagId(*id)).await?;
        found.ok_or_else(|| Problem::invalid_body(format!("tag_ids: there is no tag {id}")))?;
    }
    Ok(Definition {
        group_id: body.group_id,
        title: bounds::FormTitle::read("title", &body.title)?.to_owned(),
        consent_text: bounds::FormConsent::read("consent_text", &body.consent_text)?.to_owned(),
        questions: questions(tx, admin, &body.questions).await?,
        tags: body.tag_ids.iter().copied().map(TagId).collect(),
        allowed_origins: body.allowed_origins.clone(),
        sign_ups_an_hour: body.sign_ups_an_hour,
        sign_ups_an_hour_and_client: body.sign_ups_an_hour_and_client,
        active: body.active,
    })
}

async fn questions(tx: &mut Tx, admin: &Admin, asked: &[QuestionBody]) -> Result<Vec<Question>, Problem> {
    let fields = contacts::custom_fields(tx, admin.organization_id).await?;
    let (mut questions, mut seen) = (Vec::new(), BTreeSet::new());
    for one in asked {
        let label = one.label.as_deref().map(|label| bounds::QuestionLabel::read("label", label)).transpose()?;
        let question =
            Question { field: one.field.clone(), label: label.map(ToOwned::to_owned), required: one.required };
        let exists = question.custom().is_none_or(|name| fields.iter().any(|field| field == name));
        if !question.is_known() || !exists {
            return Err(Problem::invalid_body(format!("questions: there is no field {:?}", one.field)));
        }
        if !seen.insert(&one.field) {
            return Err(Problem::invalid_body(format!("questions: {:?} is asked twice", one.field)));
        }
        questions.push(question);
    }
    Ok(questions)
}

/// Returns whether it is an origin as browsers tell it, or `*`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(host) = host else { return text == "*" };
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    !name.is_empty() && name.len() <= 253 && name.chars().all(is_name) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn c16_an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for right in ["*", "https://example.org", "http://localhost:3000", "https://a-b.example.org:8443"] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in [
            "",
            "example.org",
            "https://",
            "https://Example.org",
            "https://example.org/",
            "https://a b",
            "https://a:0",
            "https://a:x",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
