//! `GET /v1/agent/threads/{thread_id}/scripts`: replies to pick from in a conversation, as they
//! would go to its contact (rules G5, M1 and W9).

use axum::extract::State;
use muster_domain::{
    conversations::thread::ThreadRefusal,
    goals::{
        availability::{GoalMoment, Work},
        goal::GoalStatus,
    },
    ids::{ScriptId, ThreadId},
    sending::{batch_send::SkipReason, compose::Composer, template::Template},
};
use muster_storage::{
    Tx,
    conversations::recipient::{self, Recipient},
    goals::{
        self,
        scripts::{library, own},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Agent, compose::composer_in, document::Unheld, extract::Path, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadScripts {
    /// The status of the goal that the conversation is about; null where it is about none.
    #[schema(value_type = Option<shapes::GoalStatus>)]
    goal_status: Option<GoalStatus>,
    /// The status allows the goal's scripts and the library's; without, there are none here.
    scripts: bool,
    /// The status allows the agent's own.
    own_scripts: bool,
    /// Response scripts of the goal, in their order.
    responses: Vec<RenderedScript>,
    /// Response scripts of the organization's library, by age.
    library: Vec<RenderedScript>,
    /// The agent's own, by age.
    own: Vec<RenderedScript>,
}

/// A script with its text for a contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct RenderedScript {
    /// Of the library or of the agent; null for a goal's.
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Option<ScriptId>,
    name: String,
    /// The text for the contact; null where there is none.
    text: Option<String>,
    segments: Option<u32>,
    /// Why there is none, such as `missing_value:ward`.
    kept_out: Option<String>,
}

/// Returns the scripts to reply with, rendered for the conversation's contact by the group's
/// knowledge of them. For the conversation's holder, or the agent that texted last while nobody
/// holds it. Picking one is a reply with its text.
#[utoipa::path(get, path = "/v1/agent/threads/{thread_id}/scripts", tag = "agent")]
pub(crate) async fn get(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
) -> Result<Unheld<ThreadScripts>, Problem> {
    let mut tx = api.pool.begin().await?;
    let recipient = find(&mut tx, &agent, id).await?;
    let goal = match recipient.goal_id {
        Some(goal_id) => goals::get(&mut tx, agent.organization_id, goal_id).await?,
        None => None,
    };
    let moment = goal.as_ref().map(|goal| goal.moment(recipient.now).texted());
    let allows = |work| moment.is_none_or(|moment: GoalMoment| moment.allows(work));
    let (scripts, own_scripts) = (allows(Work::Scripts), allows(Work::OwnScripts));
    let organization = agent.organization(&mut tx).await?;
    let composer = composer_in(&mut tx, &agent.member, &organization, recipient.group_id, goal.as_ref()).await?;
    let render = |id, name, script: &str| rendered(&composer, &recipient, id, name, script);
    let (mut responses, mut library, mut own) = (Vec::new(), Vec::new(), Vec::new());
    if scripts {
        let of_goal = goal.map(|goal| goal.content.responses).unwrap_or_default();
        responses.extend(of_goal.into_iter().map(|response| render(None, response.name, &response.script)));
        let stored = library::responses(&mut tx, agent.organization_id).await?;
        library.extend(stored.into_iter().map(|stored| render(Some(stored.id), stored.name, &stored.script)));
    }
    if own_scripts {
        let stored = own::list(&mut tx, agent.member.id).await?;
        own.extend(stored.into_iter().map(|stored| render(Some(stored.id), stored.name, &stored.script)));
    }
    let goal_status = moment.map(|moment| moment.status);
    Ok(Unheld(ThreadScripts { goal_status, scripts, own_scripts, responses, library, own }))
}

/// Returns the contact of a conversation that is the agent's to answer.
async fn find(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<Recipient, Problem> {
    let found = recipient::of_thread(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("thread"))?;
    agent.group(found.group_id).map_err(|_| Problem::no("thread"))?;
    match found.claim {
        Some(claim) if claim.agent_id == agent.member.id => Ok(found),
        Some(claim) => Err(ThreadRefusal::Held(claim).into()),
        None if found.agent_id == Some(agent.member.id) => Ok(found),
        None => Err(ThreadRefusal::NotClaimed.into()),
    }
}

fn rendered(
    composer: &Composer,
    recipient: &Recipient,
    id: Option<ScriptId>,
    name: String,
    script: &str,
) -> RenderedScript {
    let Ok(template) = Template::parse(script, |_| true) else {
        return RenderedScript { id, name, text: None, segments: None, kept_out: Some("script_unreadable".to_owned()) };
    };
    match (Composer { template, ..composer.clone() }).compose(&recipient.values) {
        Ok(text) => {
            RenderedScript { id, name, segments: Some(text.segments.segments), text: Some(text.body), kept_out: None }
        }
        Err(why) => {
            RenderedScript { id, name, text: None, segments: None, kept_out: Some(SkipReason::NoText(why).word()) }
        }
    }
}
