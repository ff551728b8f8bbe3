//! An agent's home as the API tells it (docs/agent-home.md).

use serde::Deserialize;

use crate::language::Language;

/// An agent's work now.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Home {
    pub(crate) groups: Vec<Group>,
    pub(crate) goals: Vec<Goal>,
}

/// A group of the agent's.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Group {
    pub(crate) group_id: String,
    pub(crate) replies: Replies,
}

/// A goal.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Goal {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) instructions: String,
    pub(crate) status: String,
    pub(crate) opens_at: String,
    pub(crate) closes_at: String,
    pub(crate) initial: Workflow,
    pub(crate) reminder: Workflow,
    pub(crate) replies: Replies,
}

/// A workflow with batches.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Workflow {
    pub(crate) can: Option<String>,
    pub(crate) why_not: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) texts_wait_until: Option<String>,
    pub(crate) left: Option<i64>,
    pub(crate) batch: Option<Batch>,
}

/// A batch in hand.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Batch {
    pub(crate) expires_at: String,
    pub(crate) seconds_left: i64,
    pub(crate) left: i64,
}

/// Conversations with unread replies.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Replies {
    pub(crate) can: Option<String>,
    pub(crate) why_not: Option<String>,
    pub(crate) waiting: i64,
    pub(crate) oldest_at: Option<String>,
    pub(crate) in_hand: i64,
    pub(crate) held_until: Option<String>,
}

impl Home {
    /// Returns a goal.
    pub(crate) fn goal(&self, id: &str) -> Option<&Goal> {
        self.goals.iter().find(|goal| goal.id == id)
    }
}

impl Goal {
    /// Returns one of its two workflows with batches.
    pub(crate) fn workflow(&self, name: &str) -> Option<&Workflow> {
        match name {
            "initial" => Some(&self.initial),
            "reminder" => Some(&self.reminder),
            _ => None,
        }
    }

    /// Returns whether the agent has something to do in it now.
    pub(crate) fn has_work(&self) -> bool {
        self.initial.can.is_some() || self.reminder.can.is_some() || self.replies.can.is_some()
    }

    /// Returns the workflows that are worth a line; reminders where the goal has some.
    pub(crate) fn works(&self, lang: Language) -> Vec<NamedWorkflow<'_>> {
        let mut works = vec![NamedWorkflow { word: "initial", name: lang.first_texts(), workflow: &self.initial }];
        if self.reminder.why_not.as_deref() != Some("no_reminder") {
            works.push(NamedWorkflow { word: "reminder", name: lang.reminders(), workflow: &self.reminder });
        }
        works
    }
}

/// A workflow with its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedWorkflow<'g> {
    /// As addresses and the API have it.
    pub(crate) word: &'static str,
    /// For people.
    pub(crate) name: &'static str,
    pub(crate) workflow: &'g Workflow,
}
