//! Types of the domain as the document shows them: words, and objects within bodies. Their
//! serialized forms are the domain's own; tests hold each against it.

#![allow(dead_code, reason = "the document is made of these types, and nothing else is")]

mod goals;

use std::collections::BTreeMap;

use muster_domain::{
    conversations::{automation, thread},
    engine::{act, job, process, schedule},
    goals::{answer, availability, batch, calendar, campaign, forecast, goal, home, script, targeting},
    imports,
    people::{bulk, contact, filter, line, merge},
    sending::{admission, brand_hold, hours, message, segments},
    tenancy::{
        member, role,
        sign_in::{code, invite, operator, scope, session},
    },
    text_enum::TextEnum,
    trust::{audit, export, retention},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};
use uuid::Uuid;

pub(crate) use self::goals::{AutomationAction, ReleasePlan, Targeting};
use crate::bounds;

/// Words that a member may be: those of an enum of the domain.
macro_rules! words {
    ($($name:ident = $of:ty, $description:literal;)+) => {$(
        #[doc = $description]
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(<$of as TextEnum>::WORDS.iter().copied()))
                    .description(Some($description))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    KeywordMatch = automation::KeywordMatch, "How a keyword is looked for in a text.";
    GoalType = goal::GoalType, "What a goal is for.";
    AssignmentStrategy = goal::AssignmentStrategy, "Who gets which batch.";
    GoalStatus = goal::GoalStatus, "What a goal's clock and record say.";
    ScriptKind = script::ScriptKind, "What a script is for.";
    GoalWork = availability::Work, "What a goal's status allows.";
    BatchKind = batch::BatchKind, "What a batch is for.";
    HomeStep = home::Step, "What an agent can do now.";
    HomeObstacle = home::ObstacleKind, "What stands in an agent's way.";
    Answer = answer::Answer, "What a contact said.";
    EarlierResult = targeting::EarlierResult, "What happened to a contact that was targeted.";
    EntryKind = calendar::EntryKind, "A dated thing of a goal.";
    TargetingPart = targeting::Part, "A part of a group's contacts, by a targeting.";
    Attribute = targeting::Attribute, "An attribute that can be filtered like a field; an agent by id.";
    Role = role::Role, "What a member may do.";
    Scope = scope::Scope, "The part of the member's rights that a token or session has.";
    MailLanguage = code::MailLanguage, "The language of a mail.";
    InviteState = invite::InviteState, "How far an invite is.";
    SignInMethod = session::SignInMethod, "How a session began.";
    OperatorRights = operator::OperatorRights, "What an operator may do.";
    MemberState = member::MemberState, "Whether a member may do anything.";
    Strictness = hours::Strictness, "Which laws' hours are kept.";
    UnknownCarriers = admission::UnknownCarriers, "How texts count to numbers whose carrier is not known.";
    HolidayCalendar = hours::HolidayCalendar, "A list of holidays.";
    TextEncoding = segments::Encoding, "How a text travels.";
    FileEncoding = imports::FileEncoding, "How a file's characters are written.";
    Compression = imports::Compression, "How a file is packed.";
    ImportState = imports::ImportState, "How far an import is.";
    LineType = line::LineType, "What kind of line a number is.";
    ContactSource = contact::ContactSource, "Where a contact comes from.";
    ThreadProgress = thread::ThreadProgress, "How far a conversation is.";
    OptOutOrigin = contact::OptOutOrigin, "How an opt-out was recorded.";
    MergeKind = merge::MergeKind, "What is merged.";
    MergeStep = merge::MergeStep, "How far a merge is.";
    SaveOutcome = contact::SaveOutcome, "What became of a contact that was saved.";
    ContactStatus = filter::ContactStatus, "Whether a contact can be texted.";
    BulkActionKind = bulk::BulkActionKind, "What is done with each contact.";
    BulkState = bulk::BulkState, "How far a bulk change is.";
    BulkFailure = bulk::BulkFailure, "Why a bulk change could not go on.";
    ExportState = export::ExportState, "How far an export is.";
    ExportFailure = export::ExportFailure, "Why an export could not go on.";
    FileEnd = export::FileEnd, "Why an export has no file any more.";
    RetentionStep = retention::RetentionStep, "A kind of records that leave.";
    MessageKind = message::MessageKind, "Why a text was written.";
    MessageState = message::MessageState, "How far a text is.";
    BrandHoldReason = brand_hold::BrandHoldReason, "Why a carrier holds the brand.";
    UnreachedWhy = forecast::UnreachedReason, "Why contacts will not be reached.";
    PrincipalKind = audit::PrincipalKind, "A kind of party that does something.";
    AuditVia = audit::Via, "A way by which something is done.";
    JobActState = act::JobActState, "How far an act on many jobs is.";
    JobVerb = act::JobVerb, "What is done with each job.";
    JobState = job::JobState, "How far a job is.";
    ProcessRole = process::ProcessRole, "What a daemon does.";
    GapPolicy = schedule::Gap, "What becomes of a local time that does not exist.";
    OverlapPolicy = schedule::Overlap, "What becomes of a local time that happens twice.";
    CatchUpPolicy = schedule::CatchUpPolicy, "What becomes of ticks that were missed.";
    TickFate = schedule::TickFate, "What became of a tick.";
    SkipReason = schedule::SkipReason, "Why a tick was skipped.";
    TickNote = schedule::Note, "Whether a local time exists once.";
    CampaignAction = campaign::CampaignAction, "What is done with every goal of a campaign.";
}

/// The same with some of the words alone.
macro_rules! offered {
    ($($name:ident = $of:expr, $description:literal;)+) => {$(
        #[doc = $description]
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some($of))
                    .description(Some($description))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

offered! {
    JobKind = muster_jobs::JobKind::NAMES, "A kind of job.";
    ExportKind = export::ExportKind::OFFERED.map(export::ExportKind::as_str), "The records of an export.";
    ExportFormat = export::ExportFormat::OFFERED.map(export::ExportFormat::as_str), "The format of a file.";
}

/// A daily window of wall-clock time: it opens before it closes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendingHours {
    /// First minute of the window.
    #[schema(value_type = bounds::OpensMinute)]
    opens_minute: u16,
    /// First minute after the window.
    #[schema(value_type = bounds::ClosesMinute)]
    closes_minute: u16,
}

/// Laws on the hours of texts.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jurisdictions {
    /// The hours that hold in every state.
    federal: SendingHours,
    /// States with hours of their own, at most 60.
    #[schema(max_items = 60)]
    states: Vec<Jurisdiction>,
}

/// The hours of one state.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jurisdiction {
    /// The state, by its two letters.
    #[schema(pattern = "^[A-Z]{2}$")]
    state: String,
    /// Hours from Monday to Sunday; null for a day without any.
    #[schema(min_items = 7, max_items = 7)]
    days: Vec<Option<SendingHours>>,
    /// Holidays without hours.
    #[serde(default)]
    closed_on: Option<HolidayCalendar>,
    /// Where that is written.
    source: String,
    /// Seen in secondary sources only: to be checked before it is relied on.
    #[serde(default)]
    second_hand: bool,
}

/// The count of one text.
#[derive(ToSchema)]
pub(crate) struct Segments {
    /// How the text travels.
    encoding: TextEncoding,
    /// Septets or UTF-16 code units in all.
    units: u32,
    /// Parts that the carrier bills.
    segments: u32,
}

/// Outcome of an undo for the import's contacts.
#[derive(ToSchema)]
pub(crate) struct Undone {
    /// Contacts that were deleted.
    deleted: Option<i64>,
    /// Contacts that are as they were.
    restored: Option<i64>,
    /// Contacts that were used or edited since, and stayed.
    kept: Option<i64>,
    /// Why the import was not undone after all; then the others are absent.
    refused: Option<String>,
}

/// Fields of a contact; those that are not told are absent.
#[derive(ToSchema)]
pub(crate) struct ContactFields {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    postal_code: Option<String>,
    notes: Option<String>,
    external_id: Option<String>,
    /// Custom fields by name.
    fields: Option<BTreeMap<String, String>>,
    /// The agent that the contact was assigned to in the import's group.
    assigned_agent_id: Option<Uuid>,
    updated_at: Option<String>,
}

/// The filter of a bulk change as it was asked for; conditions that were not are absent. A
/// redaction takes the person out of it.
#[derive(ToSchema)]
pub(crate) struct BulkFilter {
    /// These contacts alone.
    ids: Option<Vec<Uuid>>,
    group_id: Option<Uuid>,
    phone: Option<String>,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    tag: Option<String>,
    without_tag: Option<String>,
    assigned_agent_id: Option<Uuid>,
    assigned: Option<bool>,
    status: Option<ContactStatus>,
}

/// The filter of an export. Members are those of the kind's list. They are texts and no more: a
/// redaction takes the person out of it.
#[derive(ToSchema)]
pub(crate) struct ExportFilter {
    /// These records alone.
    ids: Option<Vec<Uuid>>,
    group_id: Option<Uuid>,
    phone: Option<String>,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    tag: Option<String>,
    without_tag: Option<String>,
    assigned_agent_id: Option<Uuid>,
    assigned: Option<bool>,
    /// A standing of contacts, or a status of goals.
    status: Option<String>,
    agent_id: Option<Uuid>,
    goal_id: Option<Uuid>,
    /// Words of a search, in small letters.
    words: Option<Vec<String>>,
    /// Digits of a search.
    digits: Option<String>,
    state: Option<ThreadProgress>,
    origin: Option<OptOutOrigin>,
    /// Acts of the whole account.
    account: Option<bool>,
    member_id: Option<Uuid>,
    operator: Option<String>,
    operation: Option<String>,
    record_kind: Option<String>,
    record_id: Option<Uuid>,
    from: Option<String>,
    to: Option<String>,
}

/// The action of a bulk change with its own members.
#[derive(ToSchema)]
pub(crate) struct BulkAction {
    action: BulkActionKind,
    tag: Option<String>,
    group_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    reason: Option<String>,
}

/// A file's beginning as it would be read.
#[derive(ToSchema)]
pub(crate) struct FilePreview {
    encoding: FileEncoding,
    /// Character between its cells.
    delimiter: char,
    /// Its columns, in order.
    columns: Vec<PreviewColumn>,
    /// Its first rows and rejects.
    lines: Vec<PreviewLine>,
    /// There are fewer than were asked for, because they are long.
    lines_truncated: bool,
}

/// A column and the field that it fills.
#[derive(ToSchema)]
pub(crate) struct PreviewColumn {
    /// Its name as the file has it.
    header: String,
    /// `first_name`, …, `opt_out`, `custom:NAME`, or `ignore`.
    field: String,
    /// Meaning of its values where that is not plain: in columns that state opt-outs.
    meaning: Option<String>,
}

/// A row as it would be read, or why it would not.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum PreviewLine {
    Row(PreviewRow),
    Reject(PreviewReject),
}

/// A row as it would be read.
#[derive(ToSchema)]
pub(crate) struct PreviewRow {
    /// The line on which it begins.
    line: u64,
    /// Values by the names of their fields; those without a value are left out.
    values: BTreeMap<String, String>,
    /// The row's own tags.
    tags: Vec<String>,
    /// It states that the person has opted out, which an import keeps.
    opted_out: bool,
    /// Doubts about it: `area_code_unknown`, `opt_out_unknown`.
    warnings: Vec<String>,
}

/// A row that would be rejected.
#[derive(ToSchema)]
pub(crate) struct PreviewReject {
    /// The line on which it begins.
    line: u64,
    /// Why, as a word.
    reason: String,
    /// The column that is to blame.
    column: Option<String>,
    /// Text of the cell.
    value: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use muster_domain::{goals::release, ids::GoalId};
    use serde::Serialize;
    use serde_json::Value;

    use super::{
        goals::{AttributeFilter, EarlierGoal, FieldFilter},
        *,
    };

    fn schema<T: PartialSchema>() -> Value {
        serde_json::to_value(T::schema()).unwrap()
    }

    /// The members of a serialized value and those of its shape.
    fn same_members<T: PartialSchema>(value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap();
        let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&value), names(&schema::<T>()["properties"]), "{value}");
    }

    #[test]
    fn objects_of_the_domain_have_the_members_of_their_shapes() {
        same_members::<Targeting>(targeting::Targeting::default());
        let field = targeting::FieldFilter { field: "ward".into(), is: targeting::FieldCondition::HasValue };
        same_members::<FieldFilter>(field);
        let (attribute, is) = (targeting::Attribute::Email, targeting::FieldCondition::Blank);
        same_members::<AttributeFilter>(targeting::AttributeFilter { attribute, is });
        let earlier = targeting::EarlierGoal { goal_id: GoalId(Uuid::nil()), any_of: Vec::new() };
        same_members::<EarlierGoal>(earlier);
        same_members::<ReleasePlan>(release::ReleasePlan::default());
        same_members::<SendingHours>(hours::SendingHours::default());
        same_members::<Segments>(segments::count("a"));
    }
}
