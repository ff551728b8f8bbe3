//! Goals as the API answers them, and as it takes them.

use std::collections::BTreeMap;

use muster_domain::goals::goal::GoalStatus;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::kit::{Cell, Tone},
    words::states,
};

/// A goal.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Goal {
    pub(crate) id: String,
    pub(crate) group_id: String,
    pub(crate) status: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) goal_type: String,
    pub(crate) date: String,
    pub(crate) strategy: String,
    pub(crate) instructions: String,
    pub(crate) targeting: Value,
    pub(crate) release_plan: Value,
    pub(crate) script: String,
    pub(crate) reminder_script: Option<String>,
    pub(crate) responses: Value,
    pub(crate) zone: String,
    pub(crate) opens: String,
    pub(crate) closes: String,
    pub(crate) reminder_opens: Option<String>,
    pub(crate) reminder_closes: Option<String>,
    pub(crate) launched_at: Option<String>,
    pub(crate) partitioned_at: Option<String>,
    pub(crate) version: i32,
    pub(crate) figures: Option<Figures>,
}

/// Live figures of a goal, as lists tell them.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Figures {
    pub(crate) targeted: i64,
    pub(crate) messaged: i64,
    pub(crate) replied: i64,
    pub(crate) yes: i64,
    pub(crate) opted_out: i64,
}

/// All figures of a goal.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Stats {
    pub(crate) targeted: i64,
    pub(crate) messaged: i64,
    pub(crate) skipped: i64,
    pub(crate) skip_reasons: BTreeMap<String, i64>,
    pub(crate) replied: i64,
    pub(crate) answers: BTreeMap<String, i64>,
    pub(crate) opted_out: i64,
    pub(crate) reminded: i64,
    pub(crate) batches: BTreeMap<String, i64>,
    pub(crate) messages: BTreeMap<String, i64>,
    pub(crate) reasons: BTreeMap<String, i64>,
    pub(crate) errors: BTreeMap<String, i64>,
    pub(crate) segments: i64,
}

impl Goal {
    /// Returns whether nobody is texted yet, and everything can change.
    pub(crate) fn is_draft(&self) -> bool {
        self.launched_at.is_none()
    }

    /// Returns the state as a page shows it.
    pub(crate) fn state(&self) -> Cell {
        status(&self.status)
    }

    /// Returns the body of an edit of the goal, as it is now.
    pub(crate) fn input(&self) -> Value {
        let reminder = self
            .reminder_script
            .as_ref()
            .map(|script| json!({ "script": script, "opens": self.reminder_opens, "closes": self.reminder_closes }));
        json!({
            "name": self.name,
            "description": self.description,
            "goal_type": self.goal_type,
            "date": self.date,
            "strategy": self.strategy,
            "instructions": self.instructions,
            "targeting": self.targeting,
            "script": self.script,
            "reminder": reminder,
            "responses": self.responses,
            "opens": self.opens,
            "closes": self.closes,
            "release_plan": self.release_plan,
        })
    }
}

/// Returns a status as a page shows it.
pub(crate) fn status(word: &str) -> Cell {
    let tone = match GoalStatus::parse(word) {
        Some(GoalStatus::Active) => Tone::Good,
        Some(GoalStatus::Paused) => Tone::Warn,
        Some(GoalStatus::Draft | GoalStatus::Scheduled | GoalStatus::Completed) | None => Tone::Plain,
    };
    Cell::state(tone, &states::of_word::<GoalStatus>(word))
}
