//! Every column that holds words of an enum allows the words of that enum, and no others.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::{
    conversations::{automation::KeywordMatch, outcome::InboundOutcome},
    engine::{
        act::{JobActState, JobVerb},
        bucket::BucketKind,
        job::JobState,
        process::ProcessRole,
        schedule::{CatchUpPolicy, Gap, Note, Overlap, SkipReason, TickFate},
    },
    goals::{
        answer::Answer,
        batch::{BatchKind, BatchState},
        goal::{AssignmentStrategy, GoalType},
        release::WaitsFor,
        script::ScriptKind,
    },
    imports::{Compression, FileEncoding, ImportState, RejectReason},
    people::{
        bulk::{BulkFailure, BulkState},
        contact::{ContactEventKind, ContactSource, OptOutOrigin},
        line::LineType,
        merge::{MergeKind, MergeStep},
    },
    sending::{
        CancelReason, HoldReason,
        brand_hold::BrandHoldReason,
        cap::CapState,
        message::{MessageKind, MessageState, ReceiptStatus},
        segments::Encoding,
    },
    tenancy::{
        role::Role,
        sign_in::{code::MailLanguage, operator::OperatorRights, scope::Scope, session::SignInMethod},
    },
    text_enum::TextEnum,
    trust::{
        audit::{AsideKind, PrincipalKind, Via},
        export::{ExportFailure, ExportFormat, ExportKind, ExportState, FileEnd},
        ledger::RestoredBy,
        retention::RetentionStep,
    },
};

use muster_integration_tests::World;

type Words = BTreeSet<String>;

fn of<T: TextEnum>() -> Words {
    T::WORDS.iter().map(|word| (*word).to_owned()).collect()
}

/// Returns the words of each column, by the enums of the domain.
fn of_the_domain() -> BTreeMap<String, Words> {
    [
        ("audit_aside.kind", of::<AsideKind>()),
        ("audit_entry.principal", of::<PrincipalKind>()),
        ("audit_entry.role", of::<Role>()),
        ("audit_entry.via", of::<Via>()),
        ("automation.matching", of::<KeywordMatch>()),
        ("batch.kind", of::<BatchKind>()),
        ("batch.state", of::<BatchState>()),
        ("brand_hold.reason", of::<BrandHoldReason>()),
        ("bulk_change.failure", of::<BulkFailure>()),
        ("bulk_change.state", of::<BulkState>()),
        ("contact.line_type", of::<LineType>()),
        ("contact.opt_out_origin", of::<OptOutOrigin>()),
        ("contact.source", of::<ContactSource>()),
        ("contact_event.what", of::<ContactEventKind>()),
        ("export.failure", of::<ExportFailure>()),
        ("export.file_end", of::<FileEnd>()),
        ("export.format", of::<ExportFormat>()),
        ("export.kind", of::<ExportKind>()),
        ("export.state", of::<ExportState>()),
        ("goal.goal_type", of::<GoalType>()),
        ("goal.strategy", of::<AssignmentStrategy>()),
        ("goal_estimate.release_waits_for", of::<WaitsFor>()),
        ("import.compression", of::<Compression>()),
        ("import.encoding", of::<FileEncoding>()),
        ("import.state", of::<ImportState>()),
        ("import_reject.reason", of::<RejectReason>()),
        ("invite.language", of::<MailLanguage>()),
        ("job.state", of::<JobState>()),
        ("job_act.state", of::<JobActState>()),
        ("job_act.verb", of::<JobVerb>()),
        ("library_script.kind", of::<ScriptKind>()),
        ("member.role", of::<Role>()),
        ("membership.source", of::<ContactSource>()),
        ("message.cap_state", of::<CapState>()),
        ("message.encoding", of::<Encoding>()),
        ("message.kind", of::<MessageKind>()),
        ("message.reason", &of::<HoldReason>() | &of::<CancelReason>()),
        ("message.state", of::<MessageState>()),
        ("ledger.restored_by", of::<RestoredBy>()),
        ("name_merge.kind", of::<MergeKind>()),
        ("name_merge.step", of::<MergeStep>()),
        ("operator.rights", of::<OperatorRights>()),
        ("process.role", of::<ProcessRole>()),
        ("rate_bucket.kind", of::<BucketKind>()),
        ("receipt.status", of::<ReceiptStatus>()),
        ("retention_run.step", of::<RetentionStep>()),
        ("schedule.catch_up", of::<CatchUpPolicy>()),
        ("schedule.gap", of::<Gap>()),
        ("schedule.overlap", of::<Overlap>()),
        ("session.method", of::<SignInMethod>()),
        ("session.scope", of::<Scope>()),
        ("sign_in.language", of::<MailLanguage>()),
        ("target.answer", of::<Answer>()),
        ("tick.fate", of::<TickFate>()),
        ("tick.note", of::<Note>()),
        ("tick.why", of::<SkipReason>()),
        ("token.scope", of::<Scope>()),
        ("webhook.outcome", of::<InboundOutcome>()),
    ]
    .map(|(column, words)| (column.to_owned(), words))
    .into()
}

#[tokio::test]
async fn the_words_of_every_column_are_the_words_of_its_enum() {
    World::run(async |world| {
        let of_the_database: BTreeMap<String, Words> = world
            .row(
                "select json_object_agg(column_name, words) from (
                     select c.relname || '.' || a.attname as column_name, json_agg(found.word[1]) as words
                     from pg_constraint k
                     join pg_class c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace and not c.relispartition
                     join pg_attribute a on a.attrelid = c.oid and k.conkey = array[a.attnum]
                     cross join lateral regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''::text', 'g') as found (word)
                     where k.contype = 'c' and pg_get_constraintdef(k.oid) ~ '= ANY \\(ARRAY\\['
                     group by 1) listed",
            )
            .await;
        assert_eq!(of_the_database, of_the_domain());
    })
    .await;
}
