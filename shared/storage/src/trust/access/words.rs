//! The words of an access request's file, for tables and columns that have plainer ones than their
//! names. A table or a column without words here is in the file under its name.

/// Tables in the order of the file, each with its heading and a sentence on its records. Others
/// come behind them.
pub(super) const TITLES: &[(&str, &str, &str)] = &[
    ("contact", "Profile", "Your number, your names, and the rest that was brought or found out."),
    ("membership", "Groups, consents and their sources", "The groups that you are in, and how you came into each."),
    ("contact_tag", "Tags", "Words by which the organization sorts people."),
    ("sign_up", "Forms that you filled in", "With the words that you agreed to."),
    ("thread", "Conversations", "One for each group."),
    ("message", "Texts to you and from you", "A text of the kind inbound is yours."),
    ("webhook", "Texts from you that are not in a conversation yet", ""),
    ("target", "Goals that you were chosen for, and your answers", "A goal is a campaign in one group."),
    ("automation_run", "Automatic reactions to your texts", ""),
    ("account_word", "Your latest word in the account", "Whether any organization of the account may text you."),
    ("agent_opt_out", "Opt-outs that an agent recorded", "For as long as the agent can take it back."),
    ("ledger_word", "Opt-outs and opt-ins on their way into the ledger", "The ledger outlives backups."),
    ("suppression", "Opt-outs kept from before an erasure", "Under a keyed hash of your number."),
    ("contact_event", "History of your record", ""),
    ("message_event", "History of the texts", "How far each text came, and when."),
    ("import_change", "Changes by files", "Files of contacts that had you, with the values before and after."),
    ("import_assignment", "Assignments by files", ""),
    ("import_reject", "Rejected rows of files with your number", "As they stood in the file."),
    ("bulk_change_contact", "Changes of many people that are under way", ""),
    ("export", "Files that you were in", "Exports that named you, or had everybody of the organization."),
    ("access_request", "Access requests", "Files such as this one."),
    ("redaction", "Erasures of your number", "With the counts of erased rows and files."),
    ("audit_entry", "Acts on your record", "Of admins, agents, operators, forms and jobs; reading is not among them."),
    ("audit_aside", "Reasons and addresses beside these acts", "An address is yours, from when you filled in a form."),
];

/// Headings of columns.
pub(super) const HEADINGS: &[(&str, &str)] = &[
    ("after", "Values after"),
    ("answered", "Was answered"),
    ("at", "When"),
    ("before", "Values before"),
    ("body", "Text"),
    ("carrier_sid", "The carrier's id"),
    ("consent_text", "Consent"),
    ("e164", "Number"),
    ("external_id", "Id at the organization"),
    ("file_until", "File kept until"),
    ("handed_over_at", "Handed to the carrier"),
    ("id", "Record"),
    ("knows", "Values that the group knows"),
    ("known_after", "Values that the group knew after"),
    ("known_before", "Values that the group knew before"),
    ("last_word", "Number of your latest word"),
    ("media", "Pictures"),
    ("payload", "As the carrier sent it"),
    ("raw", "Row"),
    ("sender_e164", "Number that texts you"),
    ("what", "Event"),
];

/// Columns that come first, in this order.
pub(super) const FIRST: &[&str] = &[
    "at",
    "created_at",
    "received_at",
    "signed_up_at",
    "added_at",
    "changed_at",
    "started_at",
    "e164",
    "first_name",
    "last_name",
    "email",
    "postal_code",
    "external_id",
    "notes",
    "fields",
    "group",
    "goal",
    "tag",
    "form",
    "automation",
    "import",
    "kind",
    "operation",
    "what",
    "body",
    "words",
    "answer",
    "consent_text",
    "source",
];

/// Columns by which records are ordered: the first of them that a table has.
pub(super) const ORDER: &[&str] =
    &["created_at", "at", "received_at", "signed_up_at", "added_at", "changed_at", "started_at", "id"];

/// Ids with a name: the column, the table that it names a row of, and the name there. The column of
/// the name is that of the id without `_id`.
pub(super) const NAMES: &[(&str, &str, &str)] = &[
    ("automation_id", "automation", "name"),
    ("form_id", "form", "title"),
    ("goal_id", "goal", "name"),
    ("group_id", "contact_group", "name"),
    ("import_id", "import", "file_name"),
    ("next_goal_id", "goal", "name"),
    ("organization_id", "organization", "name"),
    ("source_import_id", "import", "file_name"),
    ("tag_id", "tag", "name"),
];

/// Returns a name as words.
pub(super) fn plain(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Returns the heading of a column.
pub(super) fn heading(column: &str) -> String {
    let said = HEADINGS.iter().find(|(name, _)| *name == column);
    said.map_or_else(|| plain(column), |(_, words)| (*words).to_owned())
}
