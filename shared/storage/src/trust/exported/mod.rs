//! The registry of exports (rules E1, R3 and R5a): the columns of the database from which each
//! column of an export has its values, and its value of a redacted person.
//!
//! The statement of an export's records is made of it (`exports::rows`): a column that is not here
//! cannot be exported. A column of `personal` that may hold something of a person is a source here,
//! or in [`NOT_EXPORTED`] with its reason.

#[cfg(test)]
mod tests;

use muster_domain::trust::export::{CUSTOM_FIELD, Chosen, ColumnForm, ExportKind};

/// An exported column's value of a redacted person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfRedacted {
    /// The word `redacted`, even while the database has more.
    Word,
    /// Nothing, even while the database has more.
    Nothing,
    /// As of others: it is no person's own, or a redaction leaves a word of its own there.
    Kept,
}

/// A column of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Its name; `field:` stands for the column of any custom field.
    pub column: &'static str,
    /// Columns of the database, as `TABLE.COLUMN`, parted by blanks.
    from: &'static str,
    /// Its value of a redacted person.
    pub of_redacted: OfRedacted,
}

const fn word(column: &'static str, from: &'static str) -> Exported {
    Exported { column, from, of_redacted: OfRedacted::Word }
}

const fn nothing(column: &'static str, from: &'static str) -> Exported {
    Exported { column, from, of_redacted: OfRedacted::Nothing }
}

const fn kept(column: &'static str, from: &'static str) -> Exported {
    Exported { column, from, of_redacted: OfRedacted::Kept }
}

const CONTACTS: &[Exported] = &[
    kept("contact_id", "contact.id"),
    word("phone", "contact.e164"),
    word("first_name", "contact.first_name membership.knows"),
    word("last_name", "contact.last_name membership.knows"),
    nothing("email", "contact.email membership.knows"),
    nothing("postal_code", "contact.postal_code membership.knows"),
    nothing("notes", "contact.notes membership.knows"),
    nothing("external_id", "contact.external_id membership.knows"),
    nothing("tags", "contact_tag.tag_id tag.name"),
    kept("groups", "membership.group_id contact_group.name"),
    kept("line_type", "contact.line_type"),
    nothing("carrier", "contact.carrier"),
    kept("opted_out_at", "contact.opted_out_at"),
    nothing("opt_out_reason", "contact.opt_out_reason"),
    kept("redacted_at", "contact.redacted_at"),
    kept("source", "contact.source membership.source membership.import_id"),
    nothing("consent_text", "contact.consent_text membership.consent_text import.consent_text"),
    kept("created_at", "contact.created_at membership.added_at"),
    nothing(CUSTOM_FIELD, "contact.fields membership.knows"),
];

const CONVERSATIONS: &[Exported] = &[
    kept("message_id", "message.id"),
    kept("conversation_id", "thread.id"),
    kept("contact_id", "thread.contact_id"),
    word("phone", "contact.e164"),
    word("first_name", "contact.first_name membership.knows"),
    word("last_name", "contact.last_name membership.knows"),
    kept("group_id", "thread.group_id"),
    kept("group", "contact_group.name"),
    kept("goal_id", "message.goal_id"),
    kept("goal", "goal.name"),
    kept("direction", "message.kind"),
    kept("kind", "message.kind"),
    kept("state", "message.state"),
    kept("reason", "message.reason"),
    word("body", "message.body"),
    kept("segments", "message.segments"),
    kept("agent_id", "message.agent_id"),
    kept("agent", "member.first_name member.last_name"),
    kept("our_number", "thread.sender_e164"),
    kept("created_at", "message.created_at"),
    kept("sent_at", "message.sent_at"),
    kept("delivered_at", "message.delivered_at"),
    kept("error_code", "message.error_code"),
];

const GOAL_RESULTS: &[Exported] = &[
    kept("goal_id", "goal.id"),
    kept("goal", "goal.name"),
    kept("group_id", "goal.group_id"),
    kept("group", "contact_group.name"),
    kept("campaign_id", "goal.campaign_id"),
    kept("contact_id", "target.contact_id"),
    word("phone", "contact.e164"),
    word("first_name", "contact.first_name membership.knows"),
    word("last_name", "contact.last_name membership.knows"),
    kept("messaged", "target.initial_message_id message.state"),
    kept("messaged_at", "message.sent_at"),
    kept("replied_at", "target.replied_at"),
    kept("answer", "target.answer"),
    kept("answered_at", "target.answered_at"),
    kept("skipped_at", "target.skipped_at"),
    kept("skip_reason", "target.skip_reason"),
    kept("opted_out_at", "target.opted_out_at"),
    kept("reminded", "target.reminder_message_id message.state"),
];

const CAMPAIGN_RESULTS: &[Exported] = &[
    kept("campaign_id", "campaign.id"),
    kept("campaign", "campaign.name"),
    kept("goal_id", "goal.id"),
    kept("goal", "goal.name"),
    kept("group_id", "goal.group_id"),
    kept("group", "contact_group.name"),
    kept("status", "goal.launched_at goal.paused_at goal.opens_at goal.closes_at"),
    kept("opens_at", "goal.opens_at"),
    kept("closes_at", "goal.closes_at"),
    kept("targeted", "target.goal_id"),
    kept("messaged", "message.kind message.state"),
    kept("skipped", "target.skipped_at target.initial_message_id"),
    kept("replied", "target.replied_at"),
    kept("yes", "target.answer"),
    kept("no", "target.answer"),
    kept("maybe", "target.answer"),
    kept("opted_out", "target.opted_out_at"),
    kept("reminded", "message.kind message.state"),
];

const OPT_OUTS: &[Exported] = &[
    kept("contact_id", "contact.id"),
    word("phone", "contact.e164"),
    kept("opted_out_at", "contact.opted_out_at"),
    kept("origin", "contact.opt_out_origin"),
    nothing("reason", "contact.opt_out_reason"),
];

const AUDIT: &[Exported] = &[
    kept("number", "audit_entry.number"),
    kept("at", "audit_entry.at"),
    kept("organization_id", "audit_entry.organization_id"),
    kept("principal", "audit_entry.principal"),
    kept("member_id", "audit_entry.member_id"),
    kept("role", "audit_entry.role"),
    kept("operator", "audit_entry.operator"),
    kept("via", "audit_entry.via"),
    kept("job_id", "audit_entry.job_id"),
    kept("operation", "audit_entry.operation"),
    kept("method", "audit_entry.method"),
    kept("records", "audit_entry.record_kinds audit_entry.record_ids"),
    kept("members", "audit_entry.members"),
    kept("trace_id", "audit_entry.trace_id"),
    kept("address", "audit_aside.words"),
    kept("reason", "audit_aside.words"),
    kept("hash", "audit_entry.hash"),
];

const OWN_WORK: &str = "staff's own work";
const WORK: &str = "work that lasts for a moment";
const SIGN_IN: &str = "lists of sign-ins and sessions tell it";

/// Columns that may hold something of a person and that no export has, and why: the table, its
/// columns, parted by blanks, and the reason.
pub const NOT_EXPORTED: &[(&str, &str, &str)] = &[
    ("access_request", "reason", "the list of access requests tells it"),
    ("account_word", "e164", "an organization exports its own opt-outs"),
    ("agent_script", "name script", OWN_WORK),
    ("audit_entry", "address_hash reason_hash", "a keyed hash"),
    ("automation", "actions keywords name", OWN_WORK),
    ("bulk_change", "action filter", OWN_WORK),
    ("contact_group", "location", OWN_WORK),
    ("custom_field", "name", "a field is asked for by its name"),
    ("export", "columns filter", "the list of exports tells it"),
    ("export_opening", "client_address", "the list of links tells it"),
    ("form", "consent_text questions title", OWN_WORK),
    ("goal", "description instructions reminder_script responses script targeting", OWN_WORK),
    ("idempotency", "body key", "a copy of an answer"),
    ("import", "failure file_name header locked_tags mapping tags", "an import's report tells it"),
    ("import_agent", "email", WORK),
    ("import_change", "after before known_after known_before", "the list of an import's changes tells it"),
    ("import_part", "tags", WORK),
    ("import_reject", "column_name raw", "`rejects.csv` of its import has it"),
    ("import_source", "consent_text failure mapping name tags url", OWN_WORK),
    ("job_policy", "reason", "an operator's words"),
    ("library_script", "name script", OWN_WORK),
    ("member", "email", "the list of members tells it"),
    ("message", "media", "addresses of pictures at the carrier"),
    ("operator", "name", "the list of operators tells it"),
    ("organization", "settings", OWN_WORK),
    ("rate_bucket", "subject", WORK),
    ("redaction", "e164 phone_hash traces", "a receipt names nobody"),
    ("registered_campaign", "name", OWN_WORK),
    ("session", "address client", SIGN_IN),
    ("sign_in", "address client email", SIGN_IN),
    ("sign_up", "consent_text", "the contact has it"),
    ("suppression", "phone_hash", "a keyed hash"),
    ("token", "name", "the list of tokens tells it"),
    ("webhook", "payload", WORK),
];

/// Returns the columns of a kind, in the order of its file.
pub const fn of(kind: ExportKind) -> &'static [Exported] {
    match kind {
        ExportKind::Contacts => CONTACTS,
        ExportKind::Conversations => CONVERSATIONS,
        ExportKind::GoalResults => GOAL_RESULTS,
        ExportKind::CampaignResults => CAMPAIGN_RESULTS,
        ExportKind::OptOuts => OPT_OUTS,
        ExportKind::Audit => AUDIT,
        ExportKind::AccessRequest => &[],
    }
}

impl Exported {
    /// Returns the columns of the database from which it has its values: table and name.
    pub fn sources(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.from.split_whitespace().filter_map(|source| source.split_once('.'))
    }

    /// Returns the expression of its values, from the expression that a function of exports has for
    /// it.
    pub(super) fn expression(&self, form: ColumnForm, value: &str) -> String {
        let instead = match (self.of_redacted, form) {
            (OfRedacted::Kept, _) => return value.to_owned(),
            (OfRedacted::Word, _) => "'redacted'",
            (OfRedacted::Nothing, ColumnForm::Texts) => "'[]'",
            (OfRedacted::Nothing, _) => "null",
        };
        format!("case when is_redacted then {instead} else {value} end")
    }
}

/// Returns a column of a kind; none for one that the registry does not export.
pub(super) fn column(kind: ExportKind, chosen: &Chosen) -> Option<&'static Exported> {
    let name = match chosen {
        Chosen::Fixed(column) => column.name,
        Chosen::Field(_) => CUSTOM_FIELD,
    };
    of(kind).iter().find(|exported| exported.column == name)
}

/// Returns the kinds of exports that have values of a column of the database.
pub fn exports_of(table: &str, column: &str) -> impl Iterator<Item = ExportKind> {
    let has = move |exported: &Exported| exported.sources().any(|source| source == (table, column));
    ExportKind::OFFERED.into_iter().filter(move |kind| of(*kind).iter().any(has))
}

/// Returns why no export has a column of the database; none for one that an export has, or that
/// holds nothing of a person.
pub fn not_exported(table: &str, column: &str) -> Option<&'static str> {
    let found = NOT_EXPORTED
        .iter()
        .find(|(of, columns, _)| *of == table && columns.split_whitespace().any(|one| one == column));
    found.map(|(.., why)| *why)
}
