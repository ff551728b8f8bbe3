//! Exports (rule E1): an organization's records as a file.
//!
//! An export waits until a worker begins it, and ends once. A worker that begins it again writes
//! another file: files have the number of the attempt, and none but the last attempt's is served.

mod columns;
mod lines;

use strum::{VariantArray, VariantNames};

pub use columns::{BadColumn, CUSTOM_FIELD, Chosen, Column, ColumnForm, FIELD_NAME_LIMIT};
pub use lines::Lines;

use crate::text_enum;

/// The records of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExportKind {
    /// Contacts.
    Contacts,
    /// The texts of conversations.
    Conversations,
    /// The targets of goals, each with its result.
    GoalResults,
    /// The goals of campaigns, each with its figures.
    CampaignResults,
    /// Opt-outs in force.
    OptOuts,
    /// Acts (rule R9).
    Audit,
    /// Everything that is held of one contact (rule R8). It is asked for by an access request.
    AccessRequest,
}

impl ExportKind {
    /// The kinds with records of groups, which admins of groups may ask for.
    pub const OF_GROUPS: [Self; 5] =
        [Self::Contacts, Self::Conversations, Self::GoalResults, Self::CampaignResults, Self::OptOuts];

    /// The kinds that an export is asked for by; an access request has a way of its own.
    pub const OFFERED: [Self; 6] =
        [Self::Contacts, Self::Conversations, Self::GoalResults, Self::CampaignResults, Self::OptOuts, Self::Audit];
}

/// The format of an export's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExportFormat {
    /// CSV as RFC 4180 has it, with a line of headers. A cell that a spreadsheet would take for a
    /// formula begins with an apostrophe (rule C7).
    Csv,
    /// A JSON object on each line.
    JsonLines,
    /// A page with the same records as JSON in it: the form of an access request.
    Html,
}

impl ExportFormat {
    /// The formats that an export is asked for in.
    pub const OFFERED: [Self; 2] = [Self::Csv, Self::JsonLines];

    /// Returns the ending of a file's name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Html => "html",
        }
    }

    /// Returns the media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/jsonl; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExportState {
    /// No worker has begun it.
    Waiting,
    /// A worker writes its file.
    Running,
    /// Its file is whole.
    Succeeded,
    /// It could not go on.
    Failed,
    /// An admin cancelled it.
    Cancelled,
}

/// A command to an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportCommand {
    /// A worker begins, or begins again.
    Begin,
    /// A worker has written all of the file.
    Finish,
    /// A worker found that it cannot go on.
    Fail,
    /// An admin cancels it.
    Cancel,
}

impl ExportState {
    /// Returns the state after a command; none where it refuses.
    #[must_use]
    pub const fn after(self, command: ExportCommand) -> Option<Self> {
        match (self, command) {
            (Self::Waiting | Self::Running, ExportCommand::Begin) => Some(Self::Running),
            (Self::Running, ExportCommand::Finish) => Some(Self::Succeeded),
            (Self::Waiting | Self::Running, ExportCommand::Fail) => Some(Self::Failed),
            (Self::Waiting | Self::Running, ExportCommand::Cancel) => Some(Self::Cancelled),
            (
                Self::Succeeded | Self::Failed | Self::Cancelled,
                ExportCommand::Begin | ExportCommand::Finish | ExportCommand::Fail | ExportCommand::Cancel,
            )
            | (Self::Waiting, ExportCommand::Finish) => None,
        }
    }

    /// Returns whether nothing more happens to it.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// Why an export could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExportFailure {
    /// The admin that asked may do it no more: is suspended, removed, or has lost a group.
    NotAllowedAnyMore,
    /// People were redacted at every attempt, so that its file had to be begun again too often.
    Redactions,
    /// Its work was given up by the engine.
    GivenUp,
}

/// Why an export has no file any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FileEnd {
    /// It was kept as long as files are.
    Aged,
    /// Somebody of the account was redacted after it was written (rule R3).
    Redaction,
}

text_enum!(ExportKind, ExportFormat, ExportState, ExportFailure, FileEnd);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMANDS: [ExportCommand; 4] =
        [ExportCommand::Begin, ExportCommand::Finish, ExportCommand::Fail, ExportCommand::Cancel];

    proptest! {
        #[test]
        fn e1_an_export_ends_once_and_succeeds_only_after_a_worker_began(
            commands in proptest::collection::vec(proptest::sample::select(&COMMANDS[..]), 0..12)
        ) {
            let (mut state, mut began, mut ends) = (ExportState::Waiting, false, 0);
            for command in commands {
                let Some(after) = state.after(command) else { continue };
                prop_assert!(!state.is_over(), "{state} obeyed {command:?}");
                began |= command == ExportCommand::Begin;
                ends += i32::from(after.is_over());
                prop_assert!(after != ExportState::Succeeded || began);
                state = after;
            }
            prop_assert_eq!(ends, i32::from(state.is_over()));
        }
    }
}
