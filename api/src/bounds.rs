//! Bounds of the values in requests. Each is a type: the document refers to it, and handlers read
//! by it, so that both say the same.

use std::collections::BTreeMap;

use muster_domain::{
    conversations::automation::LONGEST_KEYWORD,
    goals::{goal::INSTRUCTIONS_LIMIT, script::NAME_LIMIT},
    people::form::{ANSWER_LIMIT, QUESTION_LIMIT},
    sending::{
        rate::FASTEST_RATE,
        template::{REMINDER_LIMIT, RENDERED_LIMIT},
    },
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};

use crate::{
    admin::forms::QuestionBody,
    extract::{at_most, text},
    problem::Problem,
};

/// Texts: the least and the most characters. A text that may not be empty may not be blank either,
/// and is trimmed.
macro_rules! texts {
    ($($name:ident = $least:literal..=$most:expr, $description:literal;)+) => {$(
        #[doc = $description]
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl $name {
            /// Reads a member.
            #[allow(dead_code, reason = "some are checked where the rule lives")]
            pub(crate) fn read<'a>(member: &str, value: &'a str) -> Result<&'a str, Problem> {
                if $least == 0 { at_most(member, value, $most) } else { text(member, value, $most) }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let schema = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .max_length(Some($most))
                    .description(Some($description));
                if $least == 0 { schema.into() } else { schema.min_length(Some($least)).pattern(Some(r"\S")).into() }
            }
        }

        impl ToSchema for $name {}
    )+};
}

texts! {
    Name = 1..=200, "A name.";
    Location = 0..=200, "Where it is, in words.";
    Description = 0..=2_000, "A description for admins.";
    Instructions = 0..=INSTRUCTIONS_LIMIT, "What agents read.";
    Script = 0..=RENDERED_LIMIT, "A script with merge fields such as `{{first_name|there}}`.";
    ReminderScript = 0..=REMINDER_LIMIT, "A reminder's script.";
    ScriptName = 1..=NAME_LIMIT, "A script's name.";
    ReplyText = 1..=RENDERED_LIMIT, "A text to a contact.";
    AnyText = 0..=RENDERED_LIMIT, "A text.";
    Reason = 1..=200, "A reason, without personal data.";
    ContactName = 0..=200, "A part of a contact's name.";
    ContactValue = 1..=200, "A value of a contact.";
    Notes = 1..=10_000, "Notes for agents.";
    FieldValue = 1..=10_000, "The value of a custom field.";
    PersonName = 1..=100, "A part of a person's name.";
    Email = 1..=254, "An email address.";
    PostalCode = 1..=20, "A postal code.";
    TokenName = 0..=100, "A name by which tokens are told apart.";
    Search = 1..=100, "Words to look for.";
    Tag = 1..=100, "A tag.";
    CronFields = 1..=200, "A cron expression, such as `0 9,13,17 * * MON-FRI`, or `@daily`.";
    FieldName = 1..=200, "A custom field's name.";
    WrittenPhone = 1..=64, "A number as people write it.";
    Keyword = 1..=LONGEST_KEYWORD, "Words that a contact's text is held against.";
    Consent = 0..=2_000, "The consent that the contacts gave.";
    Url = 0..=2_000, "`https://…`, or `store:PATH`.";
    FileName = 1..=255, "A file's name.";
    FormTitle = 1..=200, "A form's title.";
    FormConsent = 1..=2_000, "The words that people agree to.";
    QuestionLabel = 1..=200, "A question's words.";
    OperatorName = 1..=100, "An operator's name.";
    SignInSecret = 1..=200, "A secret that an answer or a link had.";
    OidcCode = 1..=2_000, "A code of an identity provider.";
    Issuer = 1..=500, "The address of an identity provider.";
    ClientSecret = 1..=500, "A secret at an identity provider.";
    EmailDomain = 1..=253, "A domain of email addresses.";
    SignInCode = 1..=40, "A code as people type it.";
    Honeypot = 0..=500, "A value that people do not see the question of.";
    CarrierSid = 1..=64, "A carrier's id of a text.";
    ExportColumn = 1..=206, "A column of an export, or `field:NAME`.";
}

/// Whole numbers from the least to the most.
macro_rules! numbers {
    ($($name:ident: $number:ty = $least:literal..=$most:expr, $description:literal;)+) => {$(
        #[doc = $description]
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl $name {
            /// Reads a member.
            #[allow(dead_code, reason = "some are checked where the rule lives")]
            pub(crate) fn read(member: &str, value: $number) -> Result<$number, Problem> {
                if ($least..=$most).contains(&value) {
                    Ok(value)
                } else {
                    Err(Problem::invalid_body(format!("{member} must be {} to {}", $least, $most)))
                }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let most: $number = $most;
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some($least))
                    .maximum(Some(most))
                    .description(Some($description))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

numbers! {
    CarrierPace: i64 = 1..=FASTEST_RATE, "Segments in any minute to one carrier.";
    DailySegments: i64 = 0..=i64::MAX, "Segments a carrier day.";
    AuditNumber: i64 = 1..=i64::MAX, "A place in an account's chain of acts.";
    JobsASecond: i32 = 1..=10_000, "Jobs a second.";
    JitterSeconds: i32 = 0..=86_400, "Seconds of a day.";
    JobsAtMost: i32 = 1..=1_000_000, "Jobs at a time.";
    CarrierCode: i32 = 1..=999_999, "A carrier's code.";
    PageLimit: i64 = 1..=500, "Items of a page.";
    BacklogMinutes: i32 = 1..=1_440, "Minutes of a day.";
    PreviewRows: usize = 1..=100, "Rows to show.";
    Place: i32 = 0..=10_000, "A place among others.";
    SampleTexts: i64 = 1..=50, "Texts to show.";
    OpensMinute: u16 = 0..=1_439, "Minutes after midnight.";
    ClosesMinute: u16 = 1..=1_440, "Minutes after midnight.";
    ReleasedBatches: u32 = 1..=u32::MAX, "Batches of one release.";
    SignUpsAnHour: u32 = 1..=100_000, "Sign-ups in an hour.";
    SessionIdleMinutes: i32 = 5..=43_200, "Minutes without a request.";
    SessionLifetimeHours: i32 = 1..=8_760, "Hours from a sign-in on.";
    InviteDays: i32 = 1..=60, "Days for which an invite can be accepted.";
    ReleaseMinutes: u32 = 1..=44_640, "Minutes between releases, at most 31 days.";
}

/// A share, from 0 to 1.
#[derive(Debug)]
pub(crate) enum Share {}

impl Share {
    /// Reads a member.
    pub(crate) fn read(member: &str, value: f64) -> Result<f64, Problem> {
        if (0.0..=1.0).contains(&value) {
            Ok(value)
        } else {
            Err(Problem::invalid_body(format!("{member} must be 0 to 1")))
        }
    }
}

impl PartialSchema for Share {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(0))
            .maximum(Some(1))
            .description(Some("A share, from 0 to 1."))
            .into()
    }
}

impl ToSchema for Share {}

/// Texts of one form.
macro_rules! forms {
    ($($name:ident = $pattern:expr, $description:literal;)+) => {$(
        #[doc = $description]
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                form($pattern, $description).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

fn form(pattern: &str, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).description(Some(description))
}

forms! {
    AuditWord = "^[a-z][a-z_]{0,59}$", "An operation or a kind of record, in the audit's words.";
    AreaCode = "^[2-9][0-9]{2}$", "An area code of the North American numbering plan.";
    CampaignClass = "^[A-Z]{1,2}$", "A class of registered campaigns.";
    CapTier = "^[a-z0-9_]{1,40}$", "A tier of caps.";
    Carrier = "^[a-z0-9-]{1,40}$", "A carrier as caps, rates and lookups call it, such as `t-mobile`.";
    PhoneNumber = r"^\+1[2-9][0-9]{2}[2-9][0-9]{6}$", "A number in E.164 form.";
    NumberCursor = "^[0-9]{11}$", "Where a page of numbers ended.";
    OptOutCursor = "^[0-9]{1,16}-[0-9a-f]{32}$", "Where a page of opt-outs ended.";
    ZoneName = "^[A-Za-z0-9_+/-]{1,64}$", "An IANA time zone.";
    LocalTime = r"^-?[0-9]{4,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?$",
        "A time on the group's clocks, without an offset: `2026-11-03T10:00:00`.";
    Moment = concat!(
        r"^2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]",
        r"(:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?$"
    ),
        "A time on the group's clocks (`2026-11-03T10:00:00`), or with an offset an instant \
         (`2026-11-03T15:00:00Z`), in the years 2000 to 2199.";
    GoalDate = concat!(
        r"^2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9]",
        r"(:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?)?$"
    ),
        "A day (`2026-11-03`), a time on the group's clocks (`2026-11-03T10:00:00`), or with an offset an \
         instant, in the years 2000 to 2199.";
    QuestionField = "^(first_name|last_name|email|postal_code|custom:.{1,200})$",
        "A value of a contact, or `custom:NAME`.";
    Origin = r"^(\*|https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?)$", "An origin, `https://example.org`, or `*` for any.";
    FormKey = "^[0-9a-f]{32}$", "The public name of a form.";
    DownloadKey = "^muster_[0-9a-f]{64}$", "The secret of a link.";
    Sha256 = "^[0-9a-f]{64}$", "A SHA-256.";
    CsvMapping = r"^\s*\{", "An object of strings, as JSON.";
}

impl AuditWord {
    /// Reads a member.
    pub(crate) fn read(word: &str) -> Result<(), Problem> {
        let letters = word.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_');
        if letters && (1..=60).contains(&word.len()) && !word.starts_with('_') {
            Ok(())
        } else {
            Err(Problem::invalid_body("operation and record_kind are words such as patch_contact"))
        }
    }
}

/// An Employer Identification Number.
#[derive(Debug)]
pub(crate) enum TaxNumber {}

impl TaxNumber {
    /// Reads a member.
    pub(crate) fn read<'a>(member: &str, value: &'a str) -> Result<&'a str, Problem> {
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        match value.split_once('-') {
            Some((front, back)) if digits(front, 2) && digits(back, 7) => Ok(value),
            _ => Err(Problem::invalid_body(format!("{member} must be of the form 12-3456789"))),
        }
    }
}

impl PartialSchema for TaxNumber {
    fn schema() -> RefOr<Schema> {
        form("^[0-9]{2}-[0-9]{7}$", "An Employer Identification Number.").into()
    }
}

impl ToSchema for TaxNumber {}

/// Custom fields by name, with the most of them.
#[derive(Debug)]
pub(crate) enum FieldEdits {}

/// Custom fields of one request.
const FIELDS_LIMIT: usize = 200;
/// Characters of a custom field's name.
const FIELD_NAME_LIMIT: usize = 200;

impl FieldEdits {
    /// Reads custom fields; none takes a value away.
    pub(crate) fn read(
        member: &str,
        fields: &BTreeMap<String, Option<String>>,
    ) -> Result<BTreeMap<String, Option<String>>, Problem> {
        if fields.len() > FIELDS_LIMIT {
            return Err(Problem::invalid_body(format!("{member} must have at most {FIELDS_LIMIT} members")));
        }
        let read = |(name, value): (&String, &Option<String>)| {
            let name = text(&format!("a name in {member}"), name, FIELD_NAME_LIMIT)?;
            let told = format!("{member}.{name}");
            let value = value.as_deref().map(|value| FieldValue::read(&told, value)).transpose()?;
            Ok((name.to_owned(), value.map(ToOwned::to_owned)))
        };
        fields.iter().map(read).collect()
    }
}

impl PartialSchema for FieldEdits {
    fn schema() -> RefOr<Schema> {
        let value = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .max_length(Some(10_000))
            .pattern(Some(r"\S"));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(value))
            .description(Some("Custom fields by name; null takes a value away."))
            .into()
    }
}

impl ToSchema for FieldEdits {}

/// Lists with the least and the most items.
macro_rules! lists {
    ($($name:ident = $items:expr, $least:literal..=$most:expr, $description:literal;)+) => {$(
        #[doc = $description]
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl $name {
            /// Checks how many there are.
            #[allow(dead_code, reason = "some are checked where the rule lives")]
            pub(crate) fn check<T>(member: &str, items: &[T]) -> Result<(), Problem> {
                if ($least..=$most).contains(&items.len()) {
                    Ok(())
                } else {
                    Err(Problem::invalid_body(format!("{member} must have {} to {} items", $least, $most)))
                }
            }

            /// The most items.
            #[allow(dead_code, reason = "some are checked where the rule lives")]
            pub(crate) const MOST: usize = $most;
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let items: RefOr<Schema> = $items;
                ArrayBuilder::new()
                    .items(items)
                    .min_items(Some($least))
                    .max_items(Some($most))
                    .description(Some($description))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

/// Returns an id.
pub(crate) fn id() -> RefOr<Schema> {
    let format = SchemaFormat::Custom("uuid".to_owned());
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
}

/// Answers to a form's questions.
#[derive(Debug)]
pub(crate) enum FormAnswers {}

impl PartialSchema for FormAnswers {
    fn schema() -> RefOr<Schema> {
        let answer = ObjectBuilder::new().schema_type(Type::String).max_length(Some(ANSWER_LIMIT));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(answer))
            .description(Some("Answers by the question's `field`."))
            .into()
    }
}

impl ToSchema for FormAnswers {}

lists! {
    CampaignGroups = id(), 1..=5_000, "Groups of a campaign, each once.";
    EmailDomains = EmailDomain::schema(), 1..=50, "Domains of email addresses, each once.";
    DuplicateGroups = id(), 1..=1_000, "Groups that get a copy, each once.";
    MemberGroups = id(), 0..=1_000, "Groups of a member, each once.";
    CampaignNumbers = PhoneNumber::schema(), 0..=1_000, "Numbers of the organization in E.164 form.";
    AssignedThreads = id(), 1..=500, "Conversations, each once.";
    FormQuestions = QuestionBody::schema(), 0..=QUESTION_LIMIT, "Questions beside the phone, each once.";
    FormTags = id(), 0..=50, "Tags for everybody who signs up.";
    FormOrigins = Origin::schema(), 0..=20, "Origins of pages elsewhere that may post to the form.";
    ContactTags = Tag::schema(), 0..=100, "Tags of a contact, each once.";
    ContactIds = id(), 1..=1_000, "Contacts, each once.";
    ExportColumns = ExportColumn::schema(), 1..=200, "Columns of an export in their order, each once.";
    ExportGoals = id(), 1..=1_000, "Goals, each once.";
    ExportCampaigns = id(), 1..=1_000, "Campaigns, each once.";
    NewNumbers = PhoneNumber::schema(), 1..=1_000, "Numbers in E.164 form, owned at the carrier.";
}
