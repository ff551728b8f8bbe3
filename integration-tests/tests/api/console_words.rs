//! Words of the console's pages: every list of words of the document, and every carrier's code
//! (rule S7).

use muster_console::states::{self, Tongue, of_code};
use muster_domain::{
    conversations::{automation::KeywordMatch, outcome::InboundOutcome, thread::ThreadProgress},
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
use muster_integration_tests::DOCUMENT;
use serde_json::Value;

/// Lists that the console has words for, in any language. One without does not compile here.
macro_rules! told {
    ($($list:ty),+ $(,)?) => {
        [$({
            const fn has_words<T: states::Plain>() {}
            has_words::<$list>();
            <$list as TextEnum>::WORDS
        }),+]
    };
}

/// The lists.
const LISTS: &[&[&str]] = &told![
    KeywordMatch,
    InboundOutcome,
    ThreadProgress,
    act::JobVerb,
    act::JobActState,
    job::JobState,
    process::ProcessRole,
    schedule::Gap,
    schedule::Overlap,
    schedule::CatchUpPolicy,
    schedule::TickFate,
    schedule::SkipReason,
    schedule::Note,
    answer::Answer,
    availability::Work,
    batch::BatchKind,
    calendar::EntryKind,
    campaign::CampaignAction,
    forecast::UnreachedReason,
    goal::GoalType,
    goal::GoalStatus,
    goal::AssignmentStrategy,
    home::Step,
    home::ObstacleKind,
    script::ScriptKind,
    targeting::Attribute,
    targeting::EarlierResult,
    targeting::Part,
    imports::ImportState,
    imports::Compression,
    imports::FileEncoding,
    bulk::BulkActionKind,
    bulk::BulkState,
    bulk::BulkFailure,
    bulk::BulkOutcome,
    contact::ContactSource,
    contact::OptOutOrigin,
    contact::SaveOutcome,
    filter::ContactStatus,
    line::LineType,
    merge::MergeKind,
    merge::MergeStep,
    admission::UnknownCarriers,
    brand_hold::BrandHoldReason,
    hours::Strictness,
    hours::HolidayCalendar,
    message::MessageKind,
    message::MessageState,
    segments::Encoding,
    member::MemberState,
    role::Role,
    code::MailLanguage,
    invite::InviteState,
    operator::OperatorRights,
    scope::Scope,
    session::SignInMethod,
    audit::PrincipalKind,
    audit::Via,
    export::ExportState,
    export::ExportFailure,
    export::FileEnd,
    export::ExportKind,
    export::ExportFormat,
    retention::RetentionStep
];

#[test]
fn every_list_of_words_in_the_document_has_words_for_people() {
    let is_told = |words: &[&str]| LISTS.iter().any(|list| words.iter().all(|word| list.contains(word)));
    // Kinds of jobs are the operators' words, and types of problems have their sentences elsewhere.
    let elsewhere = ["JobKind", "Problem", "Workflow"];
    let schemas = DOCUMENT.0["components"]["schemas"].as_object().unwrap();
    let words = schemas.iter().map(|(name, schema)| {
        let words: Vec<_> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        (name, words)
    });
    let unknown: Vec<_> = words
        .filter(|(name, words)| !words.is_empty() && !is_told(words) && !elsewhere.contains(&name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "without words for people: {unknown:?}");
}

#[test]
fn s7_every_code_of_the_carriers_table_has_words_of_its_own() {
    let other = of_code(1, Tongue::English);
    for row in &muster_carrier::codes::TABLE {
        assert_ne!(of_code(row.code, Tongue::English), other, "{}: {}", row.code, row.meaning);
    }
}
