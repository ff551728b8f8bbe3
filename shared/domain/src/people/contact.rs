//! Contacts: their sources, and the changes that decide whether they are texted (rules C13 and T2).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The source of a contact (rule C13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContactSource {
    /// An imported file.
    File,
    /// A request to the API.
    Api,
    /// A form.
    Form,
    /// A text from a number that no contact had (rule I6).
    Inbound,
}

text_enum!(ContactSource);

/// The way by which an opt-out was recorded (rules I3, R2, C17 and R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OptOutOrigin {
    /// The contact's own text.
    Text,
    /// An agent, on the contact's behalf.
    Agent,
    /// An admin, on the contact's behalf.
    Admin,
    /// A column of an imported file.
    File,
    /// The carrier.
    Carrier,
    /// The remainder of a redacted person with this number.
    Redacted,
    /// Another organization of the account, where its organizations hear each other's opt-outs.
    Account,
}

text_enum!(OptOutOrigin);

/// The outcome of saving a contact in a group, as the group sees it (rules A5 and C1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SaveOutcome {
    /// The contact is new, or new to a group that does not see whether others have it.
    Created,
    /// A contact of the organization has joined the group.
    Joined,
    /// A contact of the group was changed.
    Updated,
    /// A contact of the group was so already.
    Unchanged,
}

text_enum!(SaveOutcome);

/// A change of a contact that decides whether they are texted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContactEventKind {
    /// Opted out of the organization.
    OptedOut,
    /// Opted out of another organization of the account, which counts for all.
    OptedOutByAccount,
    /// Opted in again.
    OptedIn,
    /// A lookup or a carrier said that the number takes no texts.
    NotTextable,
    /// A lookup said that the number takes texts.
    Textable,
    /// Was redacted.
    Redacted,
    /// Was deactivated in a group.
    Deactivated,
    /// Is active in a group again.
    Reactivated,
    /// Was taken out of a group.
    RemovedFromGroup,
}

text_enum!(ContactEventKind);
