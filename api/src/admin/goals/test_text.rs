//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/test-text`: a goal's text on the
//! admin's own phone (rules S1, S3 and S9).

use axum::extract::State;
use muster_domain::{
    goals::{batch::BatchKind, estimate},
    ids::{ContactId, GoalId, MessageId},
    people::{e164::E164, knowledge::Values},
    sending::{
        compose::{Composer, NoText},
        message::MessageKind,
        own_phone::{TESTS_PER_HOUR, marked, proof},
        segments::{self, Segments},
    },
};
use muster_storage::{
    Page, Tx,
    goals::{self, Goal, Wanted},
    sending::{
        messages::{self, Batch, NewMessage},
        own_phones,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::goals::preview::seen,
    auth::Admin,
    bounds,
    compose::composer_of,
    document::{Accepted, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestText {
    /// The admin's own phone. It has texted the words of `…/test-phone` to a number of the goal's
    /// group.
    #[schema(value_type = bounds::PhoneNumber)]
    phone: String,
    /// The reminder instead of the initial.
    #[serde(default)]
    reminder: bool,
    /// The contact of the group as which the text is written; as the admin unless told.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    contact_id: Option<ContactId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Tested {
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// The text, with `[Test]` in front.
    text: String,
    #[schema(value_type = shapes::Segments)]
    segments: Segments,
}

/// Sends a goal's text to the admin's own phone, as a test: it counts against caps and rates as
/// every text, goes at any hour, and is no text of the goal. At most 10 an hour go to a phone. A
/// phone that has opted out gets none.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/test-text", tag = "goals")]
pub(crate) async fn test_text(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
    Json(body): Json<TestText>,
) -> Result<Once<Accepted<Tested>>, Problem> {
    let phone = E164::parse(&body.phone).map_err(|_| Problem::invalid_body("phone is no number in E.164 form"))?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let goal = seen(tx, &admin, id).await?;
            let proof = proof(admin.member.id);
            let own = own_phones::own_phone(tx, admin.organization_id, goal.group_id, &phone, &proof).await?;
            let own = own.ok_or_else(|| {
                let why = format!("text \"{proof}\" from this phone to a number of the group first");
                Problem::conflict(format!("the phone is not known as yours: {why}"))
            })?;
            let recent = own_phones::tests_in_an_hour(tx, own.thread_id).await?;
            if let Err(full) = recent.within(TESTS_PER_HOUR) {
                let now = tx.clock().await?;
                let seconds = full.retry_at.map_or(3_600, |at| (at - now).num_seconds() + 1);
                let why = format!("at most {TESTS_PER_HOUR} tests an hour go to a phone");
                return Err(Problem::reply_limit(why).after(seconds));
            }
            let text = text(tx, &admin, &goal, &body).await?;
            let settings = admin.organization(tx).await?.settings;
            let text = estimate::encoded(marked(&text), settings.smart_encoding);
            let message = NewMessage {
                id: MessageId::new(),
                contact_id: own.contact_id,
                thread_id: own.thread_id,
                segments: segments::count(&text),
                body: text.clone(),
            };
            let batch = Batch {
                organization_id: admin.organization_id,
                group_id: goal.group_id,
                goal_id: None,
                agent_id: Some(admin.member.id),
                kind: MessageKind::Test,
            };
            let (message_id, segments) = (message.id, message.segments);
            messages::queue(tx, batch, &[message], &admin.origin()).await?;
            Ok(Accepted(Tested { message_id, text, segments }))
        })
        .await
}

/// Returns the text of a contact, or as if the admin were one.
async fn text(tx: &mut Tx, admin: &Admin, goal: &Goal, body: &TestText) -> Result<String, Problem> {
    let kind = if body.reminder { BatchKind::Reminder } else { BatchKind::Initial };
    if body.reminder && goal.content.reminder_script.is_none() {
        return Err(Problem::conflict("the goal has no reminder"));
    }
    if goal.content.script.trim().is_empty() && !body.reminder {
        return Err(Problem::conflict("the goal has no script yet"));
    }
    let organization = admin.organization(tx).await?;
    let composer = composer_of(tx, &organization, goal, kind, &admin.member).await?;
    let values = match body.contact_id {
        Some(id) => {
            let wanted = Wanted { part: None, filter: None, id: Some(id), sample: false, whole: false };
            let found = goals::candidates(tx, goal.group_id, &goal.content.targeting, wanted, Page::first(1)).await?;
            found.into_iter().next().ok_or_else(|| Problem::no("contact"))?.values
        }
        None => Values {
            first_name: admin.member.first_name.clone(),
            last_name: admin.member.last_name.clone(),
            fields: serde_json::json!({}),
            ..Values::default()
        },
    };
    composed(&composer, &values)
}

fn composed(composer: &Composer, values: &Values) -> Result<String, Problem> {
    match composer.compose(values) {
        Ok(text) => Ok(text.body),
        Err(NoText::TooLong) => Err(Problem::conflict("the text is longer than texts may be")),
        Err(NoText::Missing(_)) => {
            let missing = composer.missing(values).join(", ");
            Err(Problem::conflict(format!("there is no value for: {missing}; name a contact who has them")))
        }
    }
}
