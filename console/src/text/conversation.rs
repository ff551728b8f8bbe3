//! `GET /text/conversations/{thread_id}`: one conversation.

use askama::Template;
use axum::{extract::Path, response::Response};
use futures::join;
use uuid::Uuid;

use crate::{
    client::{Problem, operations::agent as operations},
    form::Query,
    page::{Page, html},
    text::{
        batch::Reason,
        replies,
        thread::{Colleague, Conversation, Scripts, Tag},
    },
    visit::Visit,
};

/// A text that the agent may write has at most so many characters (rule M3).
const LONGEST_REPLY: u32 = 1_600;

#[derive(Template)]
#[template(path = "text/conversation.html")]
struct ConversationPage {
    page: Page,
    /// The agent holds it.
    is_mine: bool,
    conversation: Conversation,
    /// Replies to pick from; none where the agent may not write now.
    scripts: Option<Scripts>,
    /// Why the agent may not write now.
    refusal: String,
    tags: Vec<Tag>,
    reasons: Vec<Reason>,
    colleagues: Vec<Colleague>,
    /// Other conversations in hand that wait for an answer.
    waiting: usize,
    /// The first of these, which the page's script asks for ahead.
    next: Option<String>,
    key: Uuid,
    longest: u32,
}

impl ConversationPage {
    /// Returns the address of an act in the conversation.
    fn at(&self, act: &str) -> String {
        format!("/text/conversations/{}/{act}", self.conversation.thread.id)
    }

    /// Returns the tags that the contact has, with the ids of those that the agent may take.
    fn tags_of_contact(&self) -> Vec<(&str, Option<&str>)> {
        let id = |name: &str| self.tags.iter().find(|tag| tag.name == name).map(|tag| tag.id.as_str());
        self.conversation.contact.tags.iter().map(|name| (name.as_str(), id(name))).collect()
    }

    /// Returns the tags that the contact can get.
    fn other_tags(&self) -> Vec<&Tag> {
        self.tags.iter().filter(|tag| !self.conversation.contact.tags.contains(&tag.name)).collect()
    }
}

/// `after` names the conversation that was answered when this one is shown: a page that is asked
/// for ahead leaves it out.
pub(crate) async fn show(
    visit: Visit,
    Path(thread_id): Path<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    let thread = visit.call(&operations::THREAD, [&thread_id]).query_some("before", query.some("before"));
    let conversation: Conversation = thread.read().await?;
    let (scripts, tags, reasons, colleagues, waiting) = join!(
        visit.call(&operations::THREAD_SCRIPTS, [&thread_id]).read::<Scripts>(),
        visit.call(&operations::TAGS, []).read(),
        visit.call(&operations::REASONS, []).read(),
        visit.call(&operations::COLLEAGUES, [&conversation.thread.group_id]).read(),
        replies::waiting(&visit),
    );
    let (agent, waiting) = waiting?;
    let (scripts, refusal) = match scripts {
        Ok(scripts) => (Some(scripts), String::new()),
        Err(problem) if problem.status == 409 => (None, visit.lang.not_yours_now(&problem)),
        Err(problem) => return Err(problem),
    };
    let next = replies::after(&waiting, &conversation.thread.id, query.some("after")).map(|thread| thread.id.clone());
    let shown = [Some(conversation.thread.id.as_str()), query.some("after")];
    let others = waiting.iter().filter(|thread| !shown.contains(&Some(&thread.id))).count();
    Ok(html(&ConversationPage {
        page: visit.page(conversation.thread.name(visit.lang), "conversations").of(&agent.member_id),
        is_mine: conversation.thread.is_held_by(&agent.member_id),
        scripts,
        refusal,
        tags: tags?,
        reasons: reasons?,
        colleagues: colleagues?,
        waiting: others,
        next,
        conversation,
        key: Uuid::now_v7(),
        longest: LONGEST_REPLY,
    }))
}
