//! Reasons of rejects: rows that cannot be imported (rule C7).

use strum::{VariantArray, VariantNames};

use crate::{people::phone::PhoneError, text_enum};

/// The reason of a reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RejectReason {
    /// A quote within a quoted cell is not doubled.
    QuoteMalformed,
    /// A quoted cell that begins on the line is not properly closed, or looks as if it had
    /// swallowed a row.
    QuoteUnclosed,
    /// The line is too long.
    RecordTooLong,
    /// There are values behind the header's last column.
    TooManyColumns,
    /// A cell is not text in the file's encoding.
    Encoding,
    /// A cell has too many characters.
    CellTooLong,
    /// A tag has too many characters.
    TagTooLong,
    /// An agent's address has too many characters.
    AgentTooLong,
    /// The phone is blank or a null.
    PhoneMissing,
    /// A spreadsheet has damaged the phone.
    PhoneDamaged,
    /// There is an extension behind the phone.
    PhoneExtension,
    /// There are two phones in the cell.
    PhoneSeveral,
    /// The phone is not a North American number.
    PhoneInvalid,
    /// The group has as many contacts as it may have (rule A2).
    GroupFull,
    /// No agent of the organization has the address (rule C10).
    AgentUnknown,
    /// The agent has as many contacts as one may have (rule A2).
    AgentFull,
    /// The person is being redacted, or was (rule R3).
    Redacted,
}

text_enum!(RejectReason);

impl From<PhoneError> for RejectReason {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Missing => Self::PhoneMissing,
            PhoneError::Damaged => Self::PhoneDamaged,
            PhoneError::Extension => Self::PhoneExtension,
            PhoneError::Several => Self::PhoneSeveral,
            PhoneError::Shape => Self::PhoneInvalid,
        }
    }
}
