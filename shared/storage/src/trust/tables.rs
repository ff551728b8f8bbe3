//! The registry of tables: the owners of their rows, how a person's are found, how they age, and
//! the columns that hold no text (rule R5a).
//!
//! Columns of text, JSON or bytes stand in `personal` with their contents. A column of any type
//! that is in neither does not pass the tests
//! (`integration-tests/tests/api/privacy_registry.rs`).

use crate::trust::personal::{COLUMNS, Holds};

/// The person that a table tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// None.
    Nobody,
    /// A contact.
    Contact,
    /// A member: staff or a volunteer.
    Member,
    /// A visitor of a page that is neither yet.
    Visitor,
    /// An operator of the installation.
    Operator,
}

/// How a table's rows of a person or an account are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Each is of one contact, and its id is in this column.
    OfContact(&'static str),
    /// The rows of an account are found by a condition on the table as `t`, with the account's id
    /// as `$1`.
    OfAccount(&'static str),
    /// They are the installation's.
    Installation,
}

/// How rows age (rule R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aged {
    /// They are redacted with their contact: by a redaction, or once the contact was not in touch
    /// for the organization's time.
    WithContact,
    /// The same, and their texts go earlier, after the organization's time for texts.
    Bodies,
    /// Their addresses of clients go after the organization's time for addresses; the rows stay.
    Addresses,
    /// They leave when the work that they are for is over.
    Work,
    /// A scheduled task of upkeep removes them.
    Upkeep(&'static str),
    /// They stay, for this reason.
    Kept(&'static str),
}

/// How rows that an import has brought age with it, after the organization's time for imports
/// (rule R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfImport {
    /// They leave with the import's file.
    Leaves,
    /// They stay, for this reason.
    Stays(&'static str),
}

/// A table of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The person that its rows tell of.
    pub whose: Whose,
    /// How rows are found.
    pub rows: Rows,
    /// How rows age.
    pub aged: Aged,
    /// Columns that are neither text nor JSON nor bytes: ids, instants and figures, parted by
    /// blanks. Of a contact's rows they are facts about the person too.
    others: &'static str,
}

const fn table(name: &'static str, whose: Whose, rows: Rows, aged: Aged, others: &'static str) -> Table {
    Table { name, whose, rows, aged, others }
}

const BY_ORGANIZATION: &str = "t.organization_id in (select id from organization where account_id = $1)";
const BY_MEMBER: &str = "t.member_id in (select id from member where account_id = $1)";
const BY_BRAND: &str = "t.brand_id in (select id from brand where account_id = $1)";
const BY_IMPORT: &str = "t.import_id in (select i.id from import i join organization o on o.id = i.organization_id where o.account_id = $1)";
const BY_GOAL: &str =
    "t.goal_id in (select g.id from goal g join organization o on o.id = g.organization_id where o.account_id = $1)";

impl Table {
    /// Returns the columns that hold no text.
    pub fn others(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.others.split_whitespace()
    }

    /// Returns the columns of text, JSON or bytes, with their contents.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, Holds)> + use<> {
        let name = self.name;
        COLUMNS.iter().filter(move |(table, ..)| *table == name).map(|(_, column, holds)| (*column, *holds))
    }

    /// Returns how its rows age with the import that brought them; none for a table that names no
    /// import.
    pub fn of_import(&self) -> Option<OfImport> {
        OF_IMPORTS.iter().find(|(name, _)| *name == self.name).map(|(_, of)| *of)
    }

    /// Returns the columns that an access request tells of a contact's rows (rule R8): all but
    /// those that [`WITHHELD`] names. None for a table with rows that are not a contact's.
    pub fn told(&self) -> Vec<&'static str> {
        if !matches!(self.rows, Rows::OfContact(_)) {
            return Vec::new();
        }
        let withheld = |column: &str| WITHHELD.iter().any(|(table, name, _)| *table == self.name && *name == column);
        let mut told: Vec<_> = self.texts().map(|(column, _)| column).chain(self.others()).collect();
        told.retain(|column| !withheld(column));
        told.sort_unstable();
        told
    }
}

/// Returns a table of the registry.
pub fn named(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Columns of a contact's rows that tell nothing of the person, and why.
pub const WITHHELD: &[(&str, &str, &str)] = &[
    ("agent_opt_out", "agent_id", "a member"),
    ("import_assignment", "after_agent_id", "a member"),
    ("import_assignment", "before_agent_id", "a member"),
    ("membership", "assigned_agent_id", "a member"),
    ("message", "agent_id", "a member"),
    ("message", "traceparent", "a trace of the engine"),
    ("message", "send_job_id", "a job of the engine"),
    ("message", "send_epoch", "a job of the engine"),
    ("message", "lane", "the engine's queue"),
    ("message", "rate_slot", "the engine's queue"),
    ("message", "cap_day", "the brand's ledger"),
    ("message", "cap_state", "the brand's ledger"),
    ("message", "cap_carrier", "the brand's ledger"),
    ("thread", "agent_id", "a member"),
    ("thread", "held_by", "a member"),
    ("thread", "next_agent_id", "a member"),
    ("thread", "recency", "the place in the agents' list"),
];

/// Every table that names an import, and how its rows age with it.
pub const OF_IMPORTS: &[(&str, OfImport)] = &[
    ("contact", OfImport::Stays("a contact's source, which ages with them")),
    ("contact_tag", OfImport::Stays("a tag of a contact, which ages with them")),
    ("import_agent", OfImport::Stays("it leaves when the import is over")),
    ("import_assignment", OfImport::Leaves),
    ("import_change", OfImport::Leaves),
    ("import_part", OfImport::Stays("counts of the file; its words leave when the import is over")),
    ("import_reject", OfImport::Leaves),
    ("import_shard", OfImport::Stays("counts of the file")),
    ("import_source", OfImport::Stays("the organization's own work")),
    ("membership", OfImport::Stays("a membership's source, which ages with the contact")),
];

/// Every table, in the order of their names.
#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    table("access_request", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "contact_id id"),
    table("account", Whose::Nobody, Rows::Installation, Aged::Kept("the organization's own work"), "created_at id opt_outs_catching_up opt_outs_shared_since version"),
    table("account_word", Whose::Contact, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the latest word of a number, until its redaction"), "account_id last_word opted_out_at"),
    table("agent_opt_out", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "agent_id at contact_id goal_id held_since held_until tag_id texts_before thread_id unread_since unread_threads word word_before"),
    table("agent_script", Whose::Member, Rows::OfAccount(BY_MEMBER), Aged::Kept("the organization's own work"), "created_at id member_id version"),
    table("audit_aside", Whose::Member, Rows::OfAccount("t.chain = $1"), Aged::Upkeep("audit-addresses"), "at chain number"),
    table("audit_entry", Whose::Member, Rows::OfAccount("t.chain = $1"), Aged::Kept("append-only, and ids alone"), "at chain job_id member_id number organization_id record_ids"),
    table("audit_head", Whose::Nobody, Rows::OfAccount("t.chain = $1"), Aged::Kept("where a chain stands"), "at chain number"),
    table("audit_published", Whose::Nobody, Rows::OfAccount("t.chain = $1"), Aged::Kept("where a chain stood"), "at chain number published_at"),
    table("automation", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "active created_at created_by group_id id in_reply_to organization_id position version"),
    table("automation_run", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "answered at automation_id contact_id id message_id organization_id"),
    table("batch", Whose::Nobody, Rows::OfAccount(BY_GOAL), Aged::Kept("the organization's own work"), "assigned_agent_id created_at estimated_segments goal_id id lease_expires_at lease_token leased_to number"),
    table("brand", Whose::Nobody, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the organization's own work"), "account_id id"),
    table("brand_cap", Whose::Nobody, Rows::OfAccount(BY_BRAND), Aged::Kept("the organization's own work"), "brand_id daily_segments"),
    table("brand_hold", Whose::Nobody, Rows::OfAccount(BY_BRAND), Aged::Kept("the organization's own work"), "brand_id code since until"),
    table("brand_rate", Whose::Nobody, Rows::OfAccount(BY_BRAND), Aged::Kept("the organization's own work"), "brand_id segments_per_minute"),
    table("bulk_change", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "contacts created_at created_by done finished_at id organization_id readers started_at tag_id"),
    table("bulk_change_contact", Whose::Contact, Rows::OfContact("contact_id"), Aged::Work, "bulk_change_id contact_id"),
    table("campaign", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "created_at created_by id organization_id version"),
    table("cap_ledger", Whose::Nobody, Rows::OfAccount(BY_BRAND), Aged::Kept("the organization's own work"), "brand_id daily_limit day reserved settled"),
    table("cap_tier", Whose::Nobody, Rows::Installation, Aged::Kept("the organization's own work"), "daily_segments position"),
    table("contact", Whose::Contact, Rows::OfContact("id"), Aged::WithContact, "created_at id last_word looked_up_at opted_out_at organization_id redacted_at source_import_id updated_at"),
    table("contact_event", Whose::Contact, Rows::OfContact("contact_id"), Aged::Kept("append-only, and ids alone"), "at contact_id group_id id organization_id"),
    table("contact_group", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "archived_at created_at id organization_id version"),
    table("contact_tag", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "contact_id import_id tag_id"),
    table("custom_field", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "created_at id locked merged_into organization_id switched_at version"),
    table("dead_letter", Whose::Nobody, Rows::Installation, Aged::Upkeep("engine-history"), "id received_at"),
    table("export", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the record of a file, which leaves"), "attempt bytes created_at created_by file_ended_at file_until finished_at gzip id objects_removed_at organization_id readers rows rows_expected started_at"),
    table("export_link", Whose::Member, Rows::OfAccount("t.export_id in (select e.id from export e join organization o on o.id = e.organization_id where o.account_id = $1)"), Aged::Kept("the record of a file, which leaves"), "created_at expires_at export_id id member_id"),
    table("export_opening", Whose::Member, Rows::OfAccount("t.link_id in (select l.id from export_link l join export e on e.id = l.export_id join organization o on o.id = e.organization_id where o.account_id = $1)"), Aged::Addresses, "at id link_id"),
    table("figure_minute", Whose::Nobody, Rows::Installation, Aged::Work, "at"),
    table("figures", Whose::Nobody, Rows::Installation, Aged::Work, "claimed_at id taken_at"),
    table("form", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "active created_at created_by group_id id organization_id sign_ups_an_hour sign_ups_an_hour_and_client tag_ids version"),
    table("goal", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "campaign_id closes_at closes_local created_at created_by date_local group_id id launched_at opens_at opens_local organization_id partitioned_at paused_at reminder_closes_at reminder_closes_local reminder_opens_at reminder_opens_local version"),
    table("goal_estimate", Whose::Nobody, Rows::OfAccount(BY_GOAL), Aged::Kept("the organization's own work"), "goal_id segments_each"),
    table("group_member", Whose::Member, Rows::OfAccount(BY_MEMBER), Aged::Work, "added_at group_id member_id"),
    table("group_size", Whose::Nobody, Rows::OfAccount("t.group_id in (select g.id from contact_group g join organization o on o.id = g.organization_id where o.account_id = $1)"), Aged::Kept("the organization's own work"), "contacts group_id id"),
    table("idempotency", Whose::Contact, Rows::OfAccount(BY_MEMBER), Aged::Upkeep("idempotency-keys"), "created_at member_id status"),
    table("identity_provider", Whose::Nobody, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the organization's own work"), "account_id created_at required version"),
    table("import", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("counts of the file, whose rows leave"), "bytes_cut cancel_requested created created_at created_by dry_run file_forgotten_at finished_at group_id id last_admitted_line merged organization_id parts_left places_left rejected rejects_forgotten_at rejects_kept rejects_kept_bytes rows_expected rows_read shards shards_left size_bytes source_id started_at unchanged undo_requested undone_at updated"),
    table("import_agent", Whose::Member, Rows::OfAccount(BY_IMPORT), Aged::Work, "import_id last_admitted_line member_id"),
    table("import_assignment", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "after_agent_id before_agent_id contact_id import_id"),
    table("import_change", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "changed_at contact_id import_id"),
    table("import_part", Whose::Contact, Rows::OfAccount(BY_IMPORT), Aged::Work, "bytes first_byte first_line import_id merged number read_epoch rejected rows_read shard_starts warning_lines warnings"),
    table("import_phone", Whose::Contact, Rows::Installation, Aged::Work, "line"),
    table("import_reject", Whose::Contact, Rows::OfAccount(BY_IMPORT), Aged::Upkeep("import-rejects"), "import_id line"),
    table("import_row", Whose::Contact, Rows::Installation, Aged::Work, "changed contact_id created joined line news opt_out"),
    table("import_shard", Whose::Nobody, Rows::OfAccount(BY_IMPORT), Aged::Kept("the organization's own work"), "created import_id merged number opted_out rejected rejects_kept unchanged updated"),
    table("import_source", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "checked_at created_at created_by group_id id last_import_id organization_id"),
    table("invite", Whose::Member, Rows::OfAccount(BY_MEMBER), Aged::Kept("history names the invite"), "accepted_at created_at created_by expires_at generation id mailed_at member_id revoked_at"),
    table("job", Whose::Nobody, Rows::Installation, Aged::Upkeep("job-history"), "attempt blocked claimed_at created_at epoch finished_at id lease_until life max_attempts organization_id position priority progress_done progress_total published_at run_at suspect"),
    table("job_act", Whose::Nobody, Rows::Installation, Aged::Upkeep("engine-history"), "abort_above acted acted_at created_at failed finished_at id matching rate tried"),
    table("job_act_job", Whose::Nobody, Rows::Installation, Aged::Work, "job_act_id job_id"),
    table("job_policy", Whose::Nobody, Rows::Installation, Aged::Kept("the organization's own work"), "at_most changed_at organization_id paused"),
    table("job_unique", Whose::Nobody, Rows::Installation, Aged::Work, "job_id"),
    table("ledger", Whose::Nobody, Rows::Installation, Aged::Kept("where the ledger stands"), "beat beat_at one restored_at segment"),
    table("ledger_replay", Whose::Nobody, Rows::Installation, Aged::Kept("the record of a restore"), "id opt_ins opt_outs redactions replayed_at texts_found texts_known texts_open texts_since"),
    table("ledger_word", Whose::Contact, Rows::OfContact("contact_id"), Aged::Work, "at contact_id id opted_out organization_id segment word"),
    table("library_script", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "archived_at created_at created_by id organization_id version"),
    table("life", Whose::Nobody, Rows::Installation, Aged::Work, "began_at id over_at server_started_at"),
    table("member", Whose::Member, Rows::OfAccount("t.account_id = $1"), Aged::Kept("history names the member"), "account_id created_at id organization_id removed_at suspended_at version"),
    table("membership", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "added_at assigned_agent_id contact_id deactivated_at group_id import_id"),
    table("message", Whose::Contact, Rows::OfContact("contact_id"), Aged::Bodies, "agent_id cap_day contact_id created_at delivered_at edited error_code goal_id group_id handed_over_at held_until id organization_id rate_slot segments send_attempts send_epoch send_job_id sent_at thread_id"),
    table("message_event", Whose::Contact, Rows::OfContact("contact_id"), Aged::Kept("append-only, and ids alone"), "at contact_id error_code goal_id held_until id message_id organization_id"),
    table("name_merge", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "after_contact_id contacts created_at finished_at from_id id into_id organization_id renames"),
    table("number_owner", Whose::Nobody, Rows::Installation, Aged::Kept("the organization's own work"), "account_id arranged_by_operator since"),
    table("oidc_sign_in", Whose::Visitor, Rows::OfAccount("t.account_id = $1"), Aged::Upkeep("sign-in-history"), "account_id created_at expires_at id used_at"),
    table("operator", Whose::Operator, Rows::Installation, Aged::Kept("history names the operator"), "created_at ended_at expires_at id"),
    table("operator_use", Whose::Operator, Rows::Installation, Aged::Kept("history names the operator"), "operator_id used_at"),
    table("organization", Whose::Nobody, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the organization's own work"), "account_id brand_id created_at id"),
    table("phone_hash_key", Whose::Nobody, Rows::Installation, Aged::Kept("hashes are under it"), "first_used_at"),
    table("process", Whose::Nobody, Rows::Installation, Aged::Upkeep("engine-history"), "draining_since seen_at started_at"),
    table("rate_bucket", Whose::Visitor, Rows::Installation, Aged::Work, "at full_at tokens"),
    table("rate_lane", Whose::Nobody, Rows::OfAccount(BY_BRAND), Aged::Kept("the organization's own work"), "brand_id free_at segments_per_minute waiting_segments"),
    table("receipt", Whose::Nobody, Rows::Installation, Aged::Work, "error_code id message_id received_at shard"),
    table("redaction", Whose::Contact, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the receipt of an erasure"), "account_id contact_ids contacts created_at ended_imports finished_at id ledger_segment looked_at messages requested_by waits_for"),
    table("registered_campaign", Whose::Nobody, Rows::OfAccount(BY_BRAND), Aged::Kept("the organization's own work"), "brand_id created_at id"),
    table("retention_item", Whose::Contact, Rows::OfAccount("t.run_id in (select r.id from retention_run r join organization o on o.id = r.organization_id where o.account_id = $1)"), Aged::Work, "id run_id"),
    table("retention_run", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the report of a run"), "began_at finished_at frozen_at id left_alone organization_id"),
    table("schedule", Whose::Nobody, Rows::Installation, Aged::Kept("the organization's own work"), "catch_up_at_most changed_at decided_until enabled grace_seconds jitter_seconds next_at organization_id retired_at"),
    table("sender_number", Whose::Nobody, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "agent_id former_agent_id group_id organization_id registered_campaign_id"),
    table("session", Whose::Member, Rows::OfAccount(BY_MEMBER), Aged::Upkeep("sign-in-history"), "created_at ended_at id idle_minutes lifetime_hours member_id"),
    table("session_use", Whose::Member, Rows::OfAccount("t.session_id in (select s.id from session s join member m on m.id = s.member_id where m.account_id = $1)"), Aged::Upkeep("sign-in-history"), "session_id used_at"),
    table("sign_in", Whose::Visitor, Rows::Installation, Aged::Upkeep("sign-in-history"), "created_at expires_at id mailed_at tries used_at"),
    table("sign_in_policy", Whose::Nobody, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the organization's own work"), "account_id session_idle_minutes session_lifetime_hours version"),
    table("sign_up", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "contact_id form_id id signed_up_at"),
    table("suppression", Whose::Contact, Rows::OfAccount("t.account_id = $1"), Aged::Kept("the opt-out outlives the person"), "account_id opted_out organization_id"),
    table("tag", Whose::Contact, Rows::OfAccount(BY_ORGANIZATION), Aged::Kept("the organization's own work"), "created_at id locked merged_into organization_id reason version"),
    table("target", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "answered_at batch_id contact_id goal_id initial_message_id opted_out_at position reminder_batch_id reminder_message_id replied_at skipped_at"),
    table("thread", Whose::Contact, Rows::OfContact("contact_id"), Aged::WithContact, "agent_id contact_id goal_id group_id held_by held_since held_until id last_message_at next_agent_id next_goal_id organization_id recency unread_since"),
    table("tick", Whose::Nobody, Rows::Installation, Aged::Upkeep("engine-history"), "coalesced_into decided_at job_id late_ms local planned_at planned_until ticks"),
    table("timer", Whose::Nobody, Rows::Installation, Aged::Work, "fire_at organization_id subject"),
    table("token", Whose::Member, Rows::OfAccount(BY_MEMBER), Aged::Kept("history names the token"), "created_at expires_at id member_id revoked_at"),
    table("token_use", Whose::Member, Rows::OfAccount("t.token_id in (select k.id from token k join member m on m.id = k.member_id where m.account_id = $1)"), Aged::Kept("the organization's own work"), "token_id used_at"),
    table("webhook", Whose::Contact, Rows::Installation, Aged::Work, "id processed_at receive_order received_at"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5a_a_table_is_said_once_and_in_order_and_every_column_has_its_table() {
        assert!(TABLES.is_sorted_by(|one, next| one.name < next.name));
        for (table, column, _) in COLUMNS {
            let found = named(table).unwrap_or_else(|| panic!("say in tables.rs whose the rows of {table} are"));
            assert!(!found.others().any(|other| other == *column), "{table}.{column} is said twice");
        }
    }

    #[test]
    fn r7_every_table_that_names_an_import_says_how_it_ages_with_it() {
        let names = |table: &Table| table.others().any(|column| column.ends_with("import_id"));
        let naming: Vec<_> = TABLES.iter().filter(|table| names(table)).map(|table| table.name).collect();
        assert_eq!(naming, OF_IMPORTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "say it in OF_IMPORTS");
    }

    #[test]
    fn r8_an_access_request_tells_the_rows_of_a_contact_and_no_trace_of_the_engine() {
        let contact = named("contact").unwrap().told();
        assert!(contact.contains(&"e164") && contact.contains(&"opted_out_at"), "{contact:?}");
        let message = named("message").unwrap().told();
        assert!(message.contains(&"body") && !message.contains(&"traceparent"), "{message:?}");
        assert!(named("job").unwrap().told().is_empty());
        for (table, column, _) in WITHHELD {
            let table = named(table).unwrap();
            let all = table.texts().map(|(name, _)| name).chain(table.others()).collect::<Vec<_>>();
            assert!(all.contains(column), "{}.{column}", table.name);
        }
    }
}
