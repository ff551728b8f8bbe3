//! Forms as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::ids::{FormId, GroupId, TagId};
use muster_storage::{
    Db, Page,
    people::forms::{self, Definition, Filter, Form},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{admin::forms::QuestionBody, auth::Admin, bounds, list::Item, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct FormBody {
    #[schema(value_type = uuid::Uuid)]
    id: FormId,
    /// The group that people join.
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    title: String,
    /// The words that people agree to.
    consent_text: String,
    questions: Vec<QuestionBody>,
    #[schema(value_type = Vec<uuid::Uuid>)]
    tag_ids: Vec<TagId>,
    /// Origins of pages elsewhere that may post to it.
    #[schema(value_type = Vec<bounds::Origin>)]
    allowed_origins: Vec<String>,
    sign_ups_an_hour: u32,
    sign_ups_an_hour_and_client: u32,
    active: bool,
    /// Where anybody reads its questions: the target of a QR code. Sign-ups are posted to `submit`
    /// below it.
    url: String,
    created_at: DateTime<Utc>,
}

impl Item for FormBody {
    type Id = FormId;

    const PAGE: &'static str = "FormPage";
}

pub(crate) fn body(api: &Api, form: Form) -> FormBody {
    let Definition { group_id, title, consent_text, questions, tags, allowed_origins, active, .. } = form.definition;
    let base = api.settings.carrier.public_url.trim_end_matches('/').to_owned();
    FormBody {
        id: form.id,
        group_id,
        title,
        consent_text,
        questions: questions.into_iter().map(QuestionBody::of).collect(),
        tag_ids: tags,
        allowed_origins,
        sign_ups_an_hour: form.definition.sign_ups_an_hour,
        sign_ups_an_hour_and_client: form.definition.sign_ups_an_hour_and_client,
        active,
        url: format!("{base}/v1/sign-ups/{}", form.public_key),
        created_at: form.created_at,
    }
}

/// Returns a form of a group that the admin sees.
pub(crate) async fn find(db: impl Into<Db<'_>>, admin: &Admin, id: FormId) -> Result<Form, Problem> {
    let filter = Filter { id: Some(id), groups: admin.groups() };
    let found = forms::page(db, admin.organization_id, &filter, Page::first(1)).await?.pop();
    found.ok_or_else(|| Problem::no("form"))
}
