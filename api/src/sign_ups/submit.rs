//! `POST /v1/sign-ups/{form_key}/submit` (rules C13 and C16).

use std::collections::BTreeMap;

use axum::extract::State;
use muster_domain::{
    engine::bucket::Empty,
    people::{
        form::{self, Question},
        phone,
    },
};
use muster_storage::{
    people::{
        forms::{self, PublicForm},
        sign_ups::{self, NewSignUp, SignedUp},
    },
    trust::audit::{self, Principal},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    bounds,
    document::NoContent,
    extract::Path,
    problem::Problem,
    sign_ups::{
        cross_origin::{CrossOrigin, allowed},
        visitor::{FormKey, SmallJson, Visitor},
    },
    state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpBody {
    /// The number to text.
    #[schema(value_type = bounds::WrittenPhone)]
    phone: String,
    #[serde(default)]
    #[schema(value_type = bounds::FormAnswers)]
    answers: BTreeMap<String, String>,
    /// The person agrees to the form's consent text; without it nothing is taken.
    agrees: bool,
    /// A page may have a question of this name that people do not see. Programs answer it: their
    /// sign-ups are dropped, with the same answer.
    #[serde(default)]
    #[schema(value_type = bounds::Honeypot)]
    website: String,
}

/// Signs a person up for the form's group. A known number is updated as by an import; an opt-out
/// stays, because a form proves no number. The answer is the same for numbers that are known and
/// that are not.
#[utoipa::path(post, path = "/v1/sign-ups/{form_key}/submit", tag = "sign-ups")]
pub(crate) async fn submit(
    State(api): State<Api>,
    Path(FormKey(key)): Path<FormKey>,
    visitor: Visitor,
    SmallJson(body): SmallJson<SignUpBody>,
) -> Result<CrossOrigin<NoContent>, Problem> {
    if let Some(name) = body.answers.keys().find(|name| !Question::asks(name)) {
        return Err(Problem::invalid_body(format!("answers: {name:?} is no field of a question")));
    }
    let mut tx = api.pool.begin().await?;
    let form = forms::public(&mut tx, &key).await?.ok_or_else(|| Problem::no("form"))?;
    let origin = allowed(&api, &form.form, &visitor)?;
    tx.rollback().await?;
    Ok(CrossOrigin { origin, answer: take(&api, &form, &visitor, &body).await })
}

async fn take(api: &Api, public: &PublicForm, visitor: &Visitor, body: &SignUpBody) -> Result<NoContent, Problem> {
    let form = &public.form;
    let written = bounds::WrittenPhone::read("phone", &body.phone)?;
    let number = phone::read(written).map_err(|error| Problem::invalid_body(format!("phone: {error}")))?;
    bounds::Honeypot::read("website", &body.website)?;
    if !body.agrees {
        return Err(Problem::invalid_body("agrees must be true: nobody is signed up without"));
    }
    let answers = form::read(&form.definition.questions, &body.answers)
        .map_err(|error| Problem::invalid_body(format!("answers: {error}")))?;
    let client = api.phone_hash_keys.client_hash(&visitor.address);
    let mut tx = api.pool.begin().await?;
    if let Err(Empty { seconds }) = forms::take(&mut tx, form, &client[..16]).await? {
        return Err(Problem::sign_up_limit("more sign-ups come than the form takes; try again later").after(seconds));
    }
    // It counts, with any outcome.
    tx.commit_unrecorded().await?;
    audit::acting_as(Principal::visitor(public.account_id.0, form.organization_id.0));
    audit::concerns("form", form.id.0);
    let mut tx = api.pool.begin().await?;
    if body.website.trim().is_empty() {
        let hashes = api.phone_hash_keys.of(&number);
        let new = NewSignUp { public, number: &number, hashes: &hashes, answers: &answers };
        match sign_ups::sign_up(&mut tx, &new).await? {
            SignedUp::Done => tx.commit().await?,
            // A number that is being redacted is told as any other; nothing is kept of it.
            SignedUp::BeingRedacted => {}
            SignedUp::GroupFull => return Err(Problem::conflict("the form takes no more people")),
        }
    }
    Ok(NoContent)
}
