//! Identities of records: time-ordered UUIDs (version 7), one type per noun so that they cannot be
//! confused.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Returns a new identity. Its first 48 bits are this machine's time in milliseconds:
            /// good for locality in an index, never used to decide anything.
            #[allow(clippy::new_without_default, reason = "a default identity would be a surprise")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// An account: the customer, above organizations.
    AccountId,
    /// An organization: the tenant.
    OrganizationId,
    /// A group of contacts in one place and time zone.
    GroupId,
    /// A person with a sign-in: an admin or an agent.
    MemberId,
    /// A person of one organization that can be texted.
    ContactId,
    /// An uploaded file of contacts.
    ImportId,
    /// Where a file of contacts comes from again and again.
    ImportSourceId,
    /// One goal template launched in many groups.
    CampaignId,
    /// An outbound campaign in one group.
    GoalId,
    /// A set of targets handed to one agent at a time.
    BatchId,
    /// A script of an organization's library, or of an agent.
    ScriptId,
    /// The conversation between a group and a contact.
    ThreadId,
    /// One text, in or out.
    MessageId,
    /// The sender's registration, by which carriers cap.
    BrandId,
    /// A job.
    JobId,
    /// An operator's act on all jobs that match a filter.
    JobActId,
    /// A keyword automation.
    AutomationId,
    /// A webhook as it was received.
    WebhookId,
    /// An erasure of one person.
    RedactionId,
    /// A tag of an organization's contacts.
    TagId,
    /// A custom field of an organization's contacts.
    FieldId,
    /// A tag or field that becomes another.
    MergeId,
    /// A sign-up form.
    FormId,
    /// A change of all contacts that match a filter.
    BulkChangeId,
    /// A member's session.
    SessionId,
    /// A sign-in by a code that is sent.
    SignInId,
    /// An invite of a member.
    InviteId,
    /// A person or program that operates the installation.
    OperatorId,
    /// Records of an organization as a file.
    ExportId,
    /// A link to an export's file.
    ExportLinkId,
    /// A run of an organization's retention.
    RetentionRunId,
}
