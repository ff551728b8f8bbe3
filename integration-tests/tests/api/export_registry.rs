//! Exports and the registry of personal data: each column of an export shows the columns that the
//! registry names, and nothing of a redacted person (rules E1, R3 and R5a).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use muster_domain::{
    ids::{ExportId, GroupId, MemberId, OrganizationId},
    trust::export::{CUSTOM_FIELD, ExportFormat, ExportKind, ExportState},
};
use muster_integration_tests::{Organization, World, text};
use muster_service::clock;
use muster_storage::{
    Tx, testing,
    trust::{
        exported::{self, OfRedacted},
        exports::{self, Export, Piece, Values},
        personal::COLUMNS,
    },
};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::exports::full;

type Record = BTreeMap<String, Option<String>>;
/// The columns of the database that each column of an export has shown.
type Shown = HashMap<(ExportKind, String), BTreeSet<String>>;

/// Says whether a statement could be done.
const DONE: &str = "create function done(statement text) returns text language plpgsql as $$
    begin execute statement; return 'yes'; exception when others then return 'no'; end $$";

/// Numbers of the contacts begin so: they are no marks, but are as unique.
const NUMBERS: &str = "+16465550";

/// Returns the types of all columns.
async fn types(world: &World) -> BTreeMap<String, String> {
    world
        .row(
            "select json_object_agg(c.relname || '.' || a.attname, a.atttypid::regtype::text)
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition",
        )
        .await
}

/// Writes each personal column's name into all of its rows. Returns the columns that could be
/// written.
async fn mark(tx: &mut Tx, types: &BTreeMap<String, String>, but: Option<&str>) -> BTreeSet<String> {
    let mut marked = BTreeSet::new();
    for (table, column, _) in COLUMNS.iter().filter(|(.., holds)| holds.is_personal()) {
        let place = format!("{table}.{column}");
        if but == Some(&place) {
            continue;
        }
        let mark = format!("('mark {place} ' || t.ctid)");
        let value = match (place.as_str(), types[&place].as_str()) {
            ("membership.knows", _) => {
                let names = ["first_name", "last_name", "email", "postal_code", "notes", "external_id"];
                let members: Vec<_> = names.iter().map(|name| format!("'{name}', {mark}")).collect();
                let fields = format!("'fields', jsonb_build_object('mark', {mark}), 'tags', '[]'::jsonb");
                format!("jsonb_build_object({}, {fields})", members.join(", "))
            }
            (_, "jsonb") => format!("jsonb_build_object('mark', {mark})"),
            (_, "text[]") => format!("array[{mark}]"),
            (_, "text") => mark,
            _ => continue,
        };
        let statement = format!("update \"{table}\" t set \"{column}\" = {value}").replace('\'', "''");
        if testing::texts(tx, &format!("select done('{statement}')")).await.unwrap() == ["yes"] {
            marked.insert(place);
        }
    }
    marked
}

/// Returns all records of a kind, with all columns that the registry has.
async fn records(tx: &mut Tx, ours: &Organization, kind: ExportKind, readers: Option<&[GroupId]>) -> Vec<Record> {
    let name = |column: &str| if column == CUSTOM_FIELD { format!("{CUSTOM_FIELD}mark") } else { column.to_owned() };
    let names: Vec<_> = exported::of(kind).iter().map(|exported| name(exported.column)).collect();
    let export = Export {
        id: ExportId::new(),
        organization_id: OrganizationId(ours.id.parse().unwrap()),
        created_by: MemberId::new(),
        kind,
        format: ExportFormat::Csv,
        gzip: false,
        columns: names.clone(),
        filter: json!({}),
        readers: readers.map(<[GroupId]>::to_vec),
        state: ExportState::Running,
        failure: None,
        attempt: 1,
        rows_expected: None,
        rows: 0,
        bytes: 0,
        created_at: clock::machine_now(),
        started_at: None,
        finished_at: None,
        file_until: None,
        file_ended_at: None,
        file_end: None,
    };
    let (to, mut from) = mpsc::channel::<Piece>(4);
    let reading = async {
        let mut records = Vec::new();
        while let Some(Some(piece)) = from.recv().await {
            let one = |values: &[Option<&str>]| {
                let values = values.iter().map(|value| value.map(ToOwned::to_owned));
                records.push(names.iter().cloned().zip(values).collect::<Record>());
            };
            Values::default().read(&piece, one).unwrap();
        }
        records
    };
    let (copied, records) = tokio::join!(exports::copy(tx, &export, &to), reading);
    copied.unwrap();
    records
}

/// Returns the columns of the database that are marked in a value.
fn marks(value: &str) -> impl Iterator<Item = String> {
    let marks = value.split("mark ").skip(1).filter_map(|behind| behind.split(' ').next());
    marks
        .chain(value.contains(NUMBERS).then_some("contact.e164"))
        .map(ToOwned::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

fn note(shown: &mut Shown, kind: ExportKind, records: &[Record]) {
    for (name, value) in records.iter().flatten() {
        let name = if name.starts_with(CUSTOM_FIELD) { CUSTOM_FIELD } else { name };
        let seen = shown.entry((kind, name.to_owned())).or_default();
        seen.extend(value.as_deref().into_iter().flat_map(marks));
    }
}

/// An organization with something of each kind, also an act with a reason; its groups.
async fn ready(world: &World) -> (Organization, Vec<GroupId>) {
    let (ours, _) = full(world).await;
    let contact = text(&ours.contact("+16465550003").await["id"]);
    ours.admin.post(&ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": "asked" })).await.ok();
    world.settled().await;
    world.execute(&[DONE]).await;
    let groups: Vec<Uuid> = world.row("select json_agg(id) from contact_group").await;
    (ours, groups.into_iter().map(GroupId).collect())
}

/// Begins a transaction that may write any value.
async fn begin(world: &World) -> Tx {
    let mut tx = world.pool().begin().await.unwrap();
    let unguarded = "select set_config('session_replication_role', 'replica', true)";
    testing::texts(&mut tx, unguarded).await.unwrap();
    tx
}

#[tokio::test]
async fn r5a_each_column_of_an_export_shows_the_columns_that_the_registry_says_and_no_other() {
    World::with_engine()
        .run(async |world| {
            let (ours, groups) = ready(&world).await;
            let types = types(&world).await;
            let (mut shown, mut marked) = (Shown::new(), BTreeSet::new());
            // A consent of a file shows where the membership has none of its own.
            for but in [None, Some("membership.consent_text")] {
                let mut tx = begin(&world).await;
                marked.extend(mark(&mut tx, &types, but).await);
                for kind in ExportKind::OFFERED {
                    for readers in [None, Some(&groups[..])] {
                        note(&mut shown, kind, &records(&mut tx, &ours, kind, readers).await);
                    }
                }
                tx.rollback().await.unwrap();
            }
            assert!(marked.len() > 60, "{marked:?}");
            for kind in ExportKind::OFFERED {
                for exported in exported::of(kind) {
                    let personal = |place: &(&str, &str)| {
                        COLUMNS.iter().any(|(table, column, holds)| (*table, *column) == *place && holds.is_personal())
                    };
                    let said: BTreeSet<_> = exported
                        .sources()
                        .filter(personal)
                        .map(|(table, column)| format!("{table}.{column}"))
                        .collect();
                    let seen = shown.remove(&(kind, exported.column.to_owned())).unwrap_or_default();
                    assert_eq!(seen, said, "{kind}.{}", exported.column);
                }
            }
        })
        .await;
}

/// The columns of the database have everything of a person still, and an export tells none of it.
#[tokio::test]
async fn r3_a_redacted_person_is_redacted_in_each_export_by_the_registry_alone() {
    World::with_engine()
        .run(async |world| {
            let (ours, groups) = ready(&world).await;
            let types = types(&world).await;
            let mut tx = begin(&world).await;
            for statement in [
                "alter table contact drop constraint contact_redacted_has_no_number",
                "update contact set redacted_at = now()",
            ] {
                let done = testing::texts(&mut tx, &format!("select done('{statement}')")).await.unwrap();
                assert_eq!(done, ["yes"], "{statement}");
            }
            mark(&mut tx, &types, None).await;
            let mut people = 0;
            for kind in ExportKind::OFFERED {
                for readers in [None, Some(&groups[..])] {
                    for record in records(&mut tx, &ours, kind, readers).await {
                        for (exported, value) in exported::of(kind).iter().filter_map(|exported| {
                            let name = if exported.column == CUSTOM_FIELD { "field:mark" } else { exported.column };
                            record.get(name).map(|value| (exported, value.as_deref()))
                        }) {
                            let place = format!("{kind}.{}: {value:?}", exported.column);
                            match exported.of_redacted {
                                OfRedacted::Word => assert_eq!(value, Some("redacted"), "{place}"),
                                OfRedacted::Nothing => assert!(matches!(value, None | Some("[]")), "{place}"),
                                OfRedacted::Kept => continue,
                            }
                            people += 1;
                        }
                    }
                }
            }
            assert!(people > 50, "{people} values of people were looked at");
            tx.rollback().await.unwrap();
        })
        .await;
}
