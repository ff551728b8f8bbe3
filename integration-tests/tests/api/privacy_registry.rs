//! Rules R5 and R5a: every column and every folder of the object store is in the registry, with its
//! treatment.

use muster_integration_tests::World;
use std::collections::BTreeSet;

use muster_storage::trust::{
    personal::COLUMNS,
    tables::{TABLES, Table},
};

type Columns = BTreeSet<(String, String)>;

/// Returns columns of the database, those of text, JSON or bytes or the others.
async fn there(world: &World, texts: bool) -> Columns {
    world
        .row(&format!(
            "select json_agg(json_build_array(c.relname, a.attname))
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like '\\_sqlx%'
               and (coalesce(e.typname, t.typname) in ('text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'bytea', 'xml', 'inet', 'citext')) = {texts}"
        ))
        .await
}

fn compare(there: &Columns, said: &Columns, file: &str) {
    let unsaid: Vec<_> = there.difference(said).collect();
    let gone: Vec<_> = said.difference(there).collect();
    assert!(unsaid.is_empty(), "say in shared/storage/src/trust/{file} what these hold of people: {unsaid:?}");
    assert!(gone.is_empty(), "there are no such columns: {gone:?}");
}

#[tokio::test]
async fn r5a_every_column_is_in_the_registry_and_no_other() {
    World::with_api()
        .run(async |world| {
            let texts = COLUMNS.iter().map(|(table, column, _)| ((*table).to_owned(), (*column).to_owned())).collect();
            compare(&there(&world, true).await, &texts, "personal.rs");
            let others = |table: &'static Table| table.others().map(|name| (table.name.to_owned(), name.to_owned()));
            compare(&there(&world, false).await, &TABLES.iter().flat_map(others).collect(), "tables.rs");
        })
        .await;
}
