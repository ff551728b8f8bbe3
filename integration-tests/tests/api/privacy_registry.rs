//! Rule R5: every column that may tell of a person is in the registry, with its treatment by a
//! redaction.

use muster_integration_tests::World;
use std::collections::BTreeSet;

use muster_storage::trust::personal::COLUMNS;

#[tokio::test]
async fn r5_every_column_of_text_json_or_bytes_is_in_the_registry_and_no_other() {
    World::with_api()
        .run(async |world| {
            let there: BTreeSet<(String, String)> = world
            .row(
                "select json_agg(json_build_array(c.relname, a.attname))
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like '\\_sqlx%'
               and coalesce(e.typname, t.typname) in ('text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'bytea', 'xml', 'inet', 'citext')",
            )
            .await;
            let said: BTreeSet<(String, String)> =
                COLUMNS.iter().map(|(table, column, _)| ((*table).to_owned(), (*column).to_owned())).collect();
            let unsaid: Vec<_> = there.difference(&said).collect();
            let gone: Vec<_> = said.difference(&there).collect();
            assert!(unsaid.is_empty(), "say in shared/storage/src/trust/personal.rs what these hold of people: {unsaid:?}");
            assert!(gone.is_empty(), "there are no such columns: {gone:?}");
        })
        .await;
}
