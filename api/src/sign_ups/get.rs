//! `GET /v1/sign-ups/{form_key}`: a form's questions, the target of its QR code.

use axum::{Json as Answer, extract::State};
use muster_storage::people::forms::{self, Definition};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::forms::QuestionBody,
    extract::Path,
    problem::Problem,
    sign_ups::{
        cross_origin::{CrossOrigin, allowed},
        visitor::{FormKey, Visitor},
    },
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct PublicFormBody {
    /// The organization's name.
    organization: String,
    title: String,
    /// The words to agree to.
    consent_text: String,
    /// Questions beside the phone.
    questions: Vec<QuestionBody>,
}

/// Reads a form that takes sign-ups: for anybody, from pages at the origins that it names.
#[utoipa::path(get, path = "/v1/sign-ups/{form_key}", tag = "sign-ups")]
pub(crate) async fn get(
    State(api): State<Api>,
    Path(FormKey(key)): Path<FormKey>,
    visitor: Visitor,
) -> Result<CrossOrigin<Answer<PublicFormBody>>, Problem> {
    let mut tx = api.pool.begin().await?;
    let public = forms::public(&mut tx, &key).await?.ok_or_else(|| Problem::no("form"))?;
    let origin = allowed(&api, &public.form, &visitor)?;
    let Definition { title, consent_text, questions, .. } = public.form.definition;
    let questions = questions.into_iter().map(QuestionBody::of).collect();
    let body = PublicFormBody { organization: public.organization, title, consent_text, questions };
    Ok(CrossOrigin { origin, answer: Ok(Answer(body)) })
}
