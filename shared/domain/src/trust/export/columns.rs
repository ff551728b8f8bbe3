//! The columns of exports, in their documented order (`docs/exports.md`).

use super::ExportKind;

/// Before the name of a custom field in the name of its column.
pub const CUSTOM_FIELD: &str = "field:";

/// Characters of a custom field's name at most.
pub const FIELD_NAME_LIMIT: usize = 200;

/// The form of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnForm {
    /// An id, or a word of ours: it has no character that any reader would take for another.
    Word,
    /// A text that somebody wrote.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// An instant, as RFC 3339 in UTC.
    Instant,
    /// Texts. In CSV they are one cell, parted by `|`; a bar within one has a backslash before it.
    Texts,
}

/// A column of a kind of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, in requests, in headers and in the database's functions of exports.
    pub name: &'static str,
    /// The form of its values.
    pub form: ColumnForm,
}

macro_rules! columns {
    ($($name:ident: $form:ident),+ $(,)?) => {
        &[$(Column { name: stringify!($name), form: ColumnForm::$form }),+]
    };
}

const CONTACTS: &[Column] = columns![
    contact_id: Word,
    phone: Text,
    first_name: Text,
    last_name: Text,
    email: Text,
    postal_code: Text,
    notes: Text,
    external_id: Text,
    tags: Texts,
    groups: Texts,
    line_type: Word,
    carrier: Text,
    opted_out_at: Instant,
    opt_out_reason: Text,
    redacted_at: Instant,
    source: Word,
    consent_text: Text,
    created_at: Instant,
];

const CONVERSATIONS: &[Column] = columns![
    message_id: Word,
    conversation_id: Word,
    contact_id: Word,
    phone: Text,
    first_name: Text,
    last_name: Text,
    group_id: Word,
    group: Text,
    goal_id: Word,
    goal: Text,
    direction: Word,
    kind: Word,
    state: Word,
    reason: Word,
    body: Text,
    segments: Number,
    agent_id: Word,
    agent: Text,
    our_number: Text,
    created_at: Instant,
    sent_at: Instant,
    delivered_at: Instant,
    error_code: Number,
];

const GOAL_RESULTS: &[Column] = columns![
    goal_id: Word,
    goal: Text,
    group_id: Word,
    group: Text,
    campaign_id: Word,
    contact_id: Word,
    phone: Text,
    first_name: Text,
    last_name: Text,
    messaged: Flag,
    messaged_at: Instant,
    replied_at: Instant,
    answer: Word,
    answered_at: Instant,
    skipped_at: Instant,
    skip_reason: Text,
    opted_out_at: Instant,
    reminded: Flag,
];

const CAMPAIGN_RESULTS: &[Column] = columns![
    campaign_id: Word,
    campaign: Text,
    goal_id: Word,
    goal: Text,
    group_id: Word,
    group: Text,
    status: Word,
    opens_at: Instant,
    closes_at: Instant,
    targeted: Number,
    messaged: Number,
    skipped: Number,
    replied: Number,
    yes: Number,
    no: Number,
    maybe: Number,
    opted_out: Number,
    reminded: Number,
];

const OPT_OUTS: &[Column] = columns![
    contact_id: Word,
    phone: Text,
    opted_out_at: Instant,
    origin: Word,
    reason: Text,
];

const AUDIT: &[Column] = columns![
    number: Number,
    at: Instant,
    organization_id: Word,
    principal: Word,
    member_id: Word,
    role: Word,
    operator: Text,
    via: Word,
    job_id: Word,
    operation: Word,
    method: Word,
    records: Texts,
    members: Texts,
    trace_id: Word,
    address: Text,
    reason: Text,
    hash: Word,
];

impl ExportKind {
    /// Returns the columns of a kind, in their order. Contacts have their custom fields besides,
    /// and the file of an access request has none.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Contacts => CONTACTS,
            Self::Conversations => CONVERSATIONS,
            Self::GoalResults => GOAL_RESULTS,
            Self::CampaignResults => CAMPAIGN_RESULTS,
            Self::OptOuts => OPT_OUTS,
            Self::Audit => AUDIT,
            Self::AccessRequest => &[],
        }
    }
}

/// Why a name is none of a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadColumn {
    /// The kind has no such column.
    #[error("{name:?} is no column of {kind}; it has {}{}", .kind.columns().iter().map(|column| column.name).collect::<Vec<_>>().join(", "),
        if *.kind == ExportKind::Contacts { ", and field:NAME for each custom field" } else { "" })]
    Unknown {
        /// The kind.
        kind: ExportKind,
        /// The name.
        name: String,
    },
    /// A column is named twice.
    #[error("{0:?} is there twice")]
    Twice(String),
}

/// A column of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// One of the kind's.
    Fixed(Column),
    /// A custom field's.
    Field(String),
}

impl Chosen {
    /// Reads the names of columns: each once. None stand for all that the kind has, without custom
    /// fields.
    ///
    /// # Errors
    /// With the first name that is none of a column, or is there twice.
    pub fn read(kind: ExportKind, names: &[String]) -> Result<Vec<Self>, BadColumn> {
        if names.is_empty() {
            return Ok(kind.columns().iter().copied().map(Self::Fixed).collect());
        }
        let mut chosen: Vec<Self> = Vec::with_capacity(names.len());
        for name in names {
            let column = Self::parse(kind, name).ok_or_else(|| BadColumn::Unknown { kind, name: name.clone() })?;
            if chosen.contains(&column) {
                return Err(BadColumn::Twice(name.clone()));
            }
            chosen.push(column);
        }
        Ok(chosen)
    }

    fn parse(kind: ExportKind, name: &str) -> Option<Self> {
        if let Some(field) = name.strip_prefix(CUSTOM_FIELD) {
            let is_name =
                !field.trim().is_empty() && field.chars().count() <= FIELD_NAME_LIMIT && !field.contains('\0');
            return (kind == ExportKind::Contacts && is_name).then(|| Self::Field(field.to_owned()));
        }
        kind.columns().iter().copied().find(|column| column.name == name).map(Self::Fixed)
    }

    /// Returns the column's name.
    pub fn name(&self) -> String {
        match self {
            Self::Fixed(column) => column.name.to_owned(),
            Self::Field(field) => format!("{CUSTOM_FIELD}{field}"),
        }
    }

    /// Returns the form of its values.
    pub const fn form(&self) -> ColumnForm {
        match self {
            Self::Fixed(column) => column.form,
            Self::Field(_) => ColumnForm::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn e1_columns_are_chosen_by_name_each_once_and_in_any_order() {
        let chosen = Chosen::read(ExportKind::Contacts, &names(&["phone", "field:ward", "contact_id"])).unwrap();
        assert_eq!(chosen.iter().map(Chosen::name).collect::<Vec<_>>(), ["phone", "field:ward", "contact_id"]);
        let all = Chosen::read(ExportKind::OptOuts, &[]).unwrap();
        assert_eq!(
            all.iter().map(Chosen::name).collect::<Vec<_>>(),
            ["contact_id", "phone", "opted_out_at", "origin", "reason"]
        );
    }

    #[test]
    fn e1_columns_that_are_none_are_refused() {
        for (kind, list) in [
            (ExportKind::Contacts, &["phone", "phone"][..]),
            (ExportKind::Contacts, &["body"]),
            (ExportKind::Contacts, &["field: "]),
            (ExportKind::Conversations, &["field:ward"]),
            (ExportKind::OptOuts, &[""]),
        ] {
            Chosen::read(kind, &names(list)).unwrap_err();
        }
        let error = Chosen::read(ExportKind::OptOuts, &names(&["tags"])).unwrap_err().to_string();
        assert_eq!(error, "\"tags\" is no column of opt_outs; it has contact_id, phone, opted_out_at, origin, reason");
    }
}
