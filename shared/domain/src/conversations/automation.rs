//! Keyword automations (rule I4): the effects of a contact's text by itself.
//!
//! Only texts of contacts set anything off, never a text of ours, and one automation answers one
//! contact at most once in [`ANSWER_AGAIN_HOURS`]: two machines that answer each other come to
//! rest. An opt-out, an opt-in or a call for help is the engine's: no automation looks at it.

use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    conversations::inbound::{Intent, plain_words},
    ids::{AutomationId, GoalId, GroupId},
    text_enum,
};

/// Automations of one organization at most, so that a text is held against a bounded list.
pub const MOST_AUTOMATIONS: usize = 200;
/// Keywords of one automation at most.
pub const MOST_KEYWORDS: usize = 50;
/// Characters of a keyword at most.
pub const LONGEST_KEYWORD: usize = 100;
/// Actions of one automation at most.
pub const MOST_ACTIONS: usize = 10;
/// Hours until an automation answers the same contact again.
pub const ANSWER_AGAIN_HOURS: i32 = 24;

/// How a keyword is looked for in a text. Case, accents, punctuation and quotations of other texts
/// do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum KeywordMatch {
    /// The keyword is the whole text.
    Exact,
    /// The keyword's words stand in the text, in a row.
    Contains,
}

text_enum!(KeywordMatch);

/// The texts that an automation acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomationCondition {
    /// The keywords, of which one is enough; none: every text.
    pub keywords: Vec<String>,
    /// How they are looked for.
    pub matching: KeywordMatch,
    /// The group that the text was sent to; any where none is named.
    pub group: Option<GroupId>,
    /// The goal that last texted the contact in the conversation; any where none is named.
    pub in_reply_to: Option<GoalId>,
}

/// An action of an automation on the contact of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AutomationAction {
    /// Puts a tag on them.
    AddTag {
        /// The tag's name.
        tag: String,
    },
    /// Takes a tag from them.
    RemoveTag {
        /// The tag's name.
        tag: String,
    },
    /// Sets a custom field.
    SetField {
        /// The field's name.
        field: String,
        /// Its value.
        value: String,
    },
    /// Puts them into a group (a join word), or makes them active there.
    AddToGroup {
        /// The group.
        group_id: GroupId,
    },
    /// Deactivates them in a group (a leave word).
    LeaveGroup {
        /// The group.
        group_id: GroupId,
    },
    /// Opts them out, as STOP does.
    OptOut {},
    /// Opts them in again, as START does.
    OptIn {},
    /// Answers with a text.
    Answer {
        /// The text.
        text: String,
    },
}

impl AutomationAction {
    /// Returns the action's kind, as it is stored.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AddTag { .. } => "add_tag",
            Self::RemoveTag { .. } => "remove_tag",
            Self::SetField { .. } => "set_field",
            Self::AddToGroup { .. } => "add_to_group",
            Self::LeaveGroup { .. } => "leave_group",
            Self::OptOut {} => "opt_out",
            Self::OptIn {} => "opt_in",
            Self::Answer { .. } => "answer",
        }
    }
}

/// An automation that is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automation {
    /// Its id.
    pub id: AutomationId,
    /// The texts that it acts on.
    pub condition: AutomationCondition,
    /// Its actions, in order.
    pub actions: Vec<AutomationAction>,
}

/// A contact's text where it arrived.
#[derive(Debug, Clone, Copy)]
pub struct InboundText<'a> {
    /// The text.
    pub body: &'a str,
    /// The engine's verdict on it.
    pub intent: Intent,
    /// The group that it was sent to.
    pub group: GroupId,
    /// The goal that last texted the contact in the conversation.
    pub goal: Option<GoalId>,
}

impl AutomationCondition {
    /// Returns whether the automation acts on a text.
    pub fn holds(&self, text: &InboundText<'_>) -> bool {
        let here = self.group.is_none_or(|group| group == text.group)
            && self.in_reply_to.is_none_or(|goal| Some(goal) == text.goal);
        if !here || text.intent != Intent::Conversation {
            return false;
        }
        let said = plain_words(text.body);
        let stands = |keyword: &String| {
            let wanted = plain_words(keyword);
            !wanted.is_empty()
                && match self.matching {
                    KeywordMatch::Exact => said == wanted,
                    KeywordMatch::Contains => said.windows(wanted.len()).any(|run| run == wanted),
                }
        };
        self.keywords.is_empty() || self.keywords.iter().any(stands)
    }
}

/// An automation that acts on a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomationRun<'a> {
    /// The automation.
    pub id: AutomationId,
    /// Its actions, in order, without those that an earlier one has made idle.
    pub actions: Vec<&'a AutomationAction>,
}

/// Returns the automations that act on a text, in their order. The first that opts the contact out
/// ends the list, and takes all answers from it: a person that leaves hears the confirmation alone
/// (rule I3). One text gets one answer: the first.
pub fn runs<'a>(automations: &'a [Automation], text: &InboundText<'_>) -> Vec<AutomationRun<'a>> {
    let mut runs = Vec::new();
    let mut answered = false;
    for automation in automations.iter().filter(|automation| automation.condition.holds(text)) {
        let actions: Vec<&AutomationAction> = automation
            .actions
            .iter()
            .filter(|action| {
                !matches!(action, AutomationAction::Answer { .. }) || !std::mem::replace(&mut answered, true)
            })
            .collect();
        let opts_out = actions.contains(&&AutomationAction::OptOut {});
        runs.push(AutomationRun { id: automation.id, actions });
        if opts_out {
            for run in &mut runs {
                run.actions
                    .retain(|action| !matches!(action, AutomationAction::Answer { .. } | AutomationAction::OptIn {}));
            }
            break;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn condition(keywords: &[&str], matching: KeywordMatch) -> AutomationCondition {
        let keywords = keywords.iter().map(|word| (*word).to_owned()).collect();
        AutomationCondition { keywords, matching, group: None, in_reply_to: None }
    }

    fn text(body: &str, group: GroupId) -> InboundText<'_> {
        InboundText { body, intent: Intent::Conversation, group, goal: None }
    }

    fn holds(condition: &AutomationCondition, body: &str) -> bool {
        condition.holds(&text(body, GroupId::new()))
    }

    #[test]
    fn i4_a_keyword_is_the_whole_text_or_stands_in_it() {
        let exact = condition(&["join", "sign me up"], KeywordMatch::Exact);
        for (body, wanted) in [
            ("JOIN", true),
            (" Join! ", true),
            ("“join”", true),
            ("Sign me up.", true),
            ("join us", false),
            ("I join", false),
            ("", false),
            ("Liked “join”", false),
        ] {
            assert_eq!(holds(&exact, body), wanted, "{body}");
        }
        let contains = condition(&["yard sign", "señal"], KeywordMatch::Contains);
        for (body, wanted) in [
            ("Can I get a yard sign?", true),
            ("YARD-SIGN please", true),
            ("una senal", true),
            ("a sign for my yard", false),
            ("yards signs", false),
        ] {
            assert_eq!(holds(&contains, body), wanted, "{body}");
        }
        assert!(holds(&condition(&[], KeywordMatch::Exact), "anything"));
    }

    #[test]
    fn i4_an_automation_of_a_group_or_a_goal_acts_there_alone() {
        let (group, goal) = (GroupId::new(), GoalId::new());
        let here =
            AutomationCondition { group: Some(group), in_reply_to: Some(goal), ..condition(&[], KeywordMatch::Exact) };
        assert!(here.holds(&InboundText { goal: Some(goal), ..text("hi", group) }));
        assert!(!here.holds(&text("hi", group)));
        assert!(!here.holds(&InboundText { goal: Some(goal), ..text("hi", GroupId::new()) }));
    }

    #[test]
    fn an_actions_word_is_its_kind() {
        for action in [
            AutomationAction::AddTag { tag: "a".into() },
            AutomationAction::LeaveGroup { group_id: GroupId::new() },
            AutomationAction::OptOut {},
            AutomationAction::Answer { text: "a".into() },
        ] {
            assert_eq!(serde_json::to_value(&action).unwrap()["kind"], action.word());
        }
    }

    #[test]
    fn i4_words_of_the_engine_set_nothing_off() {
        for intent in [Intent::OptOut, Intent::OptIn, Intent::Help] {
            let said = InboundText { intent, ..text("stop", GroupId::new()) };
            assert!(!condition(&["stop"], KeywordMatch::Exact).holds(&said), "{intent:?}");
        }
    }

    fn action() -> impl Strategy<Value = AutomationAction> {
        prop_oneof![
            Just(AutomationAction::AddTag { tag: "keen".into() }),
            Just(AutomationAction::OptOut {}),
            Just(AutomationAction::OptIn {}),
            Just(AutomationAction::Answer { text: "Thanks".into() }),
        ]
    }

    proptest! {
        #[test]
        fn i4_a_text_gets_one_answer_at_most_and_none_with_an_opt_out(
            actions in prop::collection::vec(prop::collection::vec(action(), 0..4), 0..6),
        ) {
            let automations: Vec<Automation> = actions
                .into_iter()
                .map(|actions| Automation {
                    id: AutomationId::new(),
                    condition: condition(&[], KeywordMatch::Exact),
                    actions,
                })
                .collect();
            let runs = runs(&automations, &text("hi", GroupId::new()));
            let all: Vec<&&AutomationAction> = runs.iter().flat_map(|run| &run.actions).collect();
            let answers = all.iter().filter(|action| matches!(action, AutomationAction::Answer { .. })).count();
            let out = all.contains(&&&AutomationAction::OptOut {});
            prop_assert!(answers <= usize::from(!out), "{:?}", runs);
            let back = all.contains(&&&AutomationAction::OptIn {});
            prop_assert!(!out || !back);
            let is_tag = |action: &AutomationAction| matches!(action, AutomationAction::AddTag { .. });
            let wanted = automations.iter().flat_map(|one| &one.actions).filter(|one| is_tag(one)).count();
            let tagged = all.iter().filter(|one| is_tag(one)).count();
            prop_assert!(out || tagged == wanted);
        }
    }
}
