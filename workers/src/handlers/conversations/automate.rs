//! Keyword automations of an inbound text (rule I4): their actions, each with its outcome.

use std::collections::BTreeMap;

use muster_domain::{
    conversations::automation::{self, AutomationAction, AutomationRun},
    ids::{ContactId, MessageId},
    people::bulk::BulkOutcome,
};
use muster_storage::{
    Tx,
    conversations::automations::{self, ActionOutcome, Run},
    people::{
        contacts,
        edit::{self, ContactEdit, Hearers},
        fields,
        memberships::{self, Joining},
    },
    tenancy::organizations::Organization,
};

use crate::error::JobError;

/// A contact's text, as it stands in its conversation.
pub(super) struct Taken<'a> {
    /// The organization.
    pub(super) organization: &'a Organization,
    /// The contact.
    pub(super) contact_id: ContactId,
    /// The text.
    pub(super) message_id: MessageId,
    /// The text's number in the order in which texts are received.
    pub(super) receive_order: i64,
    /// The text where it arrived.
    pub(super) text: automation::InboundText<'a>,
}

/// The effect of automations beyond the contact.
#[derive(Debug, Default)]
pub(super) struct Automated {
    /// The contact has opted out.
    pub(super) opted_out: bool,
    /// The answer that goes to the contact.
    pub(super) answer: Option<String>,
}

/// Runs the automations that act on a text, and records each run.
pub(super) async fn run(tx: &mut Tx, taken: &Taken<'_>) -> Result<Automated, JobError> {
    let mut automated = Automated::default();
    let active = automations::active(tx, taken.organization.id, taken.text.group).await?;
    for run in automation::runs(&active, &taken.text) {
        let outcomes = act(tx, taken, &run, &mut automated).await?;
        let run = Run {
            automation_id: run.id,
            contact_id: taken.contact_id,
            message_id: taken.message_id,
            answered: outcomes.iter().any(|done| done.action == "answer" && done.outcome == "queued"),
            outcomes,
        };
        automations::record(tx, taken.organization.id, &run).await?;
    }
    Ok(automated)
}

/// Does the actions of one run.
async fn act(
    tx: &mut Tx,
    taken: &Taken<'_>,
    run: &AutomationRun<'_>,
    automated: &mut Automated,
) -> Result<Vec<ActionOutcome>, JobError> {
    let mut outcomes = Vec::new();
    for action in &run.actions {
        let outcome = match action {
            AutomationAction::Answer { text } => {
                if automations::answered_lately(tx, run.id, taken.contact_id).await? {
                    "answered_lately"
                } else {
                    automated.answer = Some(text.clone());
                    "queued"
                }
            }
            AutomationAction::OptOut {} => {
                automated.opted_out = true;
                change(opt_out(tx, taken).await?)
            }
            AutomationAction::OptIn {} => change(
                contacts::opt_in_by(tx, taken.organization.id, taken.contact_id, Some(taken.receive_order)).await?,
            ),
            of_contact => edit_contact(tx, taken, of_contact).await?,
        };
        outcomes.push(ActionOutcome { action: action.word().to_owned(), outcome: outcome.to_owned() });
    }
    Ok(outcomes)
}

/// Opts the contact out by their text, as STOP does.
async fn opt_out(tx: &mut Tx, taken: &Taken<'_>) -> Result<bool, JobError> {
    let word = Some(taken.receive_order);
    Ok(contacts::opt_out_by(tx, taken.organization.id, taken.contact_id, "by an automation", word).await?)
}

/// Does an action that changes the contact's tags, fields and groups, and returns its outcome.
async fn edit_contact(tx: &mut Tx, taken: &Taken<'_>, action: &AutomationAction) -> Result<&'static str, JobError> {
    let (organization, contacts) = (taken.organization, [taken.contact_id]);
    let all = Hearers::of(None);
    Ok(match action {
        AutomationAction::AddTag { tag } => {
            let id = edit::tag(tx, organization.id, tag).await?;
            change(!edit::add_tag(tx, organization.id, all, &contacts, id).await?.is_empty())
        }
        AutomationAction::RemoveTag { tag } => match edit::known_tag(tx, organization.id, tag).await? {
            Some(id) => change(!edit::remove_tag(tx, organization.id, all, &contacts, id).await?.is_empty()),
            None => "unchanged",
        },
        AutomationAction::SetField { field, value } => match fields::present_name(tx, organization.id, field).await? {
            Some(name) => {
                let fields = BTreeMap::from([(name, Some(value.clone()))]);
                edit::edit(tx, all, taken.contact_id, &ContactEdit { fields, ..ContactEdit::default() }).await?;
                "changed"
            }
            None => "no_field",
        },
        AutomationAction::AddToGroup { group_id } => {
            let limit = organization.settings.group_contact_limit;
            let joining = Joining { organization_id: organization.id, group_id: *group_id, readers: None, limit };
            match memberships::add(tx, joining, &contacts).await?.get(&taken.contact_id) {
                // A join word of somebody who has left makes them active there.
                Some(BulkOutcome::Unchanged) => {
                    outcome(memberships::set_active(tx, *group_id, &contacts, true).await?.get(&taken.contact_id))
                }
                joined => outcome(joined),
            }
        }
        AutomationAction::LeaveGroup { group_id } => {
            outcome(memberships::set_active(tx, *group_id, &contacts, false).await?.get(&taken.contact_id))
        }
        AutomationAction::OptOut {} | AutomationAction::OptIn {} | AutomationAction::Answer { .. } => "unchanged",
    })
}

const fn change(changed: bool) -> &'static str {
    if changed { "changed" } else { "unchanged" }
}

fn outcome(of_group: Option<&BulkOutcome>) -> &'static str {
    of_group.map_or("unchanged", |outcome| outcome.as_str())
}
