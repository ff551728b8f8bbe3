//! The rights of daemons: they do their work, and cannot change append-only tables.

use muster_integration_tests::World;
use muster_storage::{
    Pool, PoolOptions,
    db::roles::{self, RoleInspection},
    testing::{execute, number},
};

use crate::operators::{json, muster};

/// Connects as daemons do.
fn as_daemon(world: &World) -> Pool {
    let options = PoolOptions { max_connections: 2, ..PoolOptions::default() };
    Pool::connect_lazily(&world.daemons_database_url().as_str().into(), &options).unwrap()
}

#[tokio::test]
async fn a_daemons_role_can_neither_change_the_schema_nor_what_is_append_only() {
    World::run(async |world| {
        let pool = as_daemon(&world);
        for statement in [
            "create table another (id int)",
            "alter table job add column another int",
            "drop table tick",
            "create index another on job (id)",
            "alter table audit_entry disable trigger audit_entry_stays",
            "alter table message_event disable trigger all",
            "set session_replication_role = replica",
            "truncate tick",
            "update message_event set reason = null",
            "delete from message_event",
            "update contact_event set at = now()",
            "delete from contact_event",
            "delete from job",
            "insert into audit_entry select * from audit_entry",
            "update audit_entry set operation = 'x'",
            "delete from audit_entry",
            "update audit_head set number = 0",
            "delete from audit_head",
            "insert into audit_aside select * from audit_aside",
            "delete from audit_aside",
            "update audit_published set number = 0",
            "delete from audit_published",
            "update _sqlx_migrations set success = false",
            "create function another() returns int language sql as 'select 1'",
            "alter function audit_append owner to muster_app",
            "create role another",
            "set role postgres",
            "copy tick to '/tmp/another'",
            // The parts of a table have no other rights than the table.
            "delete from message_event_default",
            "update job_default set state = 'succeeded'",
        ] {
            let refused = execute(&pool, statement).await.map_err(|error| error.to_string());
            let error = refused.expect_err(statement);
            assert!(
                error.contains("permission denied") || error.contains("must be owner") || error.contains("must be"),
                "{statement}: {error}"
            );
        }
        pool.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_daemons_role_makes_partitions_by_the_owners_functions_alone() {
    World::run(async |world| {
        let pool = as_daemon(&world);
        world.execute(&["drop table message_event_default"]).await;
        let before = number(world.pool(), "select count(*) from pg_inherits").await.unwrap();
        let next = "select count(*) from (select ensure_partitions('message_event', 5)) made";
        number(&pool, next).await.unwrap();
        assert!(number(world.pool(), "select count(*) from pg_inherits").await.unwrap() > before);
        let writable = "select count(*) from pg_class where relispartition and relkind = 'r' and has_table_privilege('muster_app', oid, 'delete')";
        assert_eq!(number(world.pool(), writable).await.unwrap(), 0);
        // A function of the owner's looks for its tables where the owner has put them.
        execute(&pool, "create temporary table job (id int)").await.unwrap();
        let dropped = number(&pool, "select count(*) from drop_job_partitions(now() - interval '1 year')").await;
        assert_eq!(dropped.unwrap(), 0);
        pool.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_doctor_tells_a_role_that_may_do_too_much() {
    World::run(async |world| {
        let pool = as_daemon(&world);
        let inspected = roles::inspect(&pool).await.unwrap();
        assert_eq!(inspected, RoleInspection { role: "muster_local".to_owned(), too_much: Vec::new() });
        for (statement, told) in [
            ("grant update on message_event to muster_app", "may change rows of message_event"),
            ("grant delete on job to muster_app", "may delete rows of job"),
            ("grant insert on audit_entry to muster_app", "may write into audit_entry"),
            ("grant truncate on tick to muster_app", "may empty, or put triggers on, tick"),
            ("grant create on schema public to muster_app", "may change the schema"),
        ] {
            world.execute(&[statement]).await;
            let inspected = roles::inspect(&pool).await.unwrap();
            assert_eq!(inspected.too_much, [told], "{statement}");
            roles::grant(world.pool()).await.unwrap();
            assert_eq!(
                roles::inspect(&pool).await.unwrap().too_much,
                [""; 0],
                "{statement}: the rights are as they were"
            );
        }
        pool.close().await;

        world.set("database_url", format!("{:?}", world.database_url()));
        let checks = json(&world, &["doctor", "--json"]).await;
        let role = checks.as_array().unwrap().iter().find(|check| check["check"] == "role").unwrap().clone();
        assert_eq!(role["ok"], false, "{role}");
        assert!(role["detail"].as_str().unwrap().contains("postgres is a superuser"), "{role}");
    })
    .await;
}

#[tokio::test]
async fn a_migration_gives_the_roles_their_rights_anew_where_they_have_any() {
    World::run(async |world| {
        world.set("database_url", format!("{:?}", world.database_url()));
        let told = async |arguments: &[&str]| {
            let output = muster(&world, arguments).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(told(&["migrate"]).await, "applied 0 migrations\n");
        world.execute(&["revoke select on tick from muster_app"]).await;
        assert!(told(&["migrate", "--roles"]).await.contains("have their rights"));
        let pool = as_daemon(&world);
        assert_eq!(number(&pool, "select count(*) from tick").await.unwrap(), 0);
        pool.close().await;
        assert_eq!(world.count("audit_entry where operation = 'migrate' and operator is not null").await, 1);
    })
    .await;
}
