//! Partitions of the tables that grow: by month, as they are, and by organization, as the page on
//! capacity plans it. The planner tells which parts a statement reads. The page's figures are those
//! of `muster plan`.

use std::collections::BTreeSet;

use muster_integration_tests::World;
use muster_local::programs::Binary;
use serde_json::Value;

use crate::alerts::root;

/// The blocks that a statement has read.
#[derive(Debug, Default)]
struct Read {
    parts: BTreeSet<String>,
    pages: u64,
}

/// Runs a statement; returns the parts and pages that it has read.
async fn read(world: &World, statement: &str) -> Read {
    let told: Value = world.row(&format!("select explained($statement${statement}$statement$)")).await;
    let plan = &told[0]["Plan"];
    let pages = ["Shared Hit Blocks", "Shared Read Blocks"].map(|name| plan[name].as_u64().unwrap());
    let mut read = Read { pages: pages.iter().sum(), ..Read::default() };
    let mut nodes = vec![plan];
    while let Some(node) = nodes.pop() {
        let has_run =
            node["Node Type"] != "ModifyTable" && node["Actual Loops"].as_f64().is_some_and(|loops| loops > 0.0);
        read.parts.extend(node["Relation Name"].as_str().filter(|_| has_run).map(ToOwned::to_owned));
        nodes.extend(node["Plans"].as_array().into_iter().flatten());
    }
    read
}

/// Makes the function that tells a statement's plan after it has run, with indexes as for tables of
/// millions.
async fn explain(world: &World) {
    world
        .execute(&[
            "create function explained(statement text) returns json language plpgsql set enable_seqscan = off as $$
             declare told json;
             begin execute 'explain (analyze, buffers, format json) ' || statement into told; return told; end $$",
        ])
        .await;
}

/// Two years of texts, a hundred of one goal in each month.
async fn two_years(world: &World) {
    world
        .execute(&[
            "do $$
             declare month timestamptz;
             begin
                 for back in 1..24 loop
                     month := (date_trunc('month', now() at time zone 'UTC') - make_interval(months => back)) at time zone 'UTC';
                     execute format('create table message_%s partition of message for values from (%L) to (%L)',
                         to_char(month at time zone 'UTC', 'YYYY_MM'), uuid_v7_floor(month),
                         uuid_v7_floor((month at time zone 'UTC' + interval '1 month') at time zone 'UTC'));
                     insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, kind, state, body, encoding, segments)
                     select uuid_v7_floor(month + n * interval '1 minute'), uuid_v7_floor(month), uuid_v7_floor(month),
                         uuid_v7_floor(month), uuid_v7_floor(month), uuid_v7_floor(month), 'initial', 'delivered', 'Hi', 'GSM-7', 1
                     from generate_series(1, 100) n;
                 end loop;
             end $$",
            "analyze message",
        ])
        .await;
}

#[tokio::test]
async fn a_text_is_found_by_its_id_in_its_month_alone_and_by_its_goal_with_a_look_into_each() {
    World::run(async |world| {
        explain(&world).await;
        two_years(&world).await;
        let parts = world.count("pg_inherits where inhparent = 'message'::regclass").await;
        assert!(parts >= 28, "two years, three months and the default: {parts}");

        let ids: Vec<String> =
            world.row("select json_agg(id) from (select id from message order by id offset 1200 limit 5) texts").await;
        let list = ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        for statement in [
            format!("select * from message where id = '{}'", ids[0]),
            format!("select * from message where id = any(array[{list}]::uuid[])"),
            format!("update message set traceparent = null where id in ({list})"),
        ] {
            let read = read(&world, &statement).await;
            assert_eq!(read.parts.len(), 1, "{statement}: {read:?}");
        }

        // Months that are over are not looked at by a statement that says since when.
        let young = read(&world, "select * from message where id >= uuid_v7_floor(now() - interval '20 days')").await;
        assert!(young.parts.len() <= 5, "{young:?}");

        // A goal's texts may be of any month: a look by the index into each costs a few pages.
        let goal: String = world.row("select to_json(goal_id) from message order by id desc limit 1").await;
        let of_goal = format!("select count(*) from message where goal_id = '{goal}' and state = 'queued'");
        let read = read(&world, &of_goal).await;
        assert!(i64::try_from(read.parts.len()).unwrap() >= parts - 1, "{read:?}");
        assert!(read.pages <= 4 * read.parts.len() as u64, "{read:?}");
    })
    .await;
}

/// The plan of docs/capacity.md for a hundred million contacts, on a copy of the table.
#[tokio::test]
async fn contacts_by_a_hash_of_their_organization_are_found_in_one_part_unless_only_their_id_is_named() {
    const PARTS: usize = 16;
    World::run(async |world| {
        explain(&world).await;
        world
            .execute(&[
                "create table contact_by_organization (like contact including defaults including constraints) partition by hash (organization_id)",
                &format!(
                    "do $$ begin
                         for part in 0..{PARTS} - 1 loop
                             execute format('create table contact_part_%s partition of contact_by_organization
                                 for values with (modulus {PARTS}, remainder %s)', part, part);
                         end loop;
                     end $$"
                ),
                "alter table contact_by_organization add primary key (organization_id, id), add unique (organization_id, e164)",
                "insert into contact_by_organization (id, organization_id, e164, source)
                 select uuid_v7(), ('00000000-0000-7000-8000-' || lpad(organization::text, 12, '0'))::uuid,
                     '+1646' || 2000000 + n, 'file'
                 from generate_series(1, 100) organization, generate_series(1, 200) n",
                "analyze contact_by_organization",
            ])
            .await;
        let of = "organization_id = '00000000-0000-7000-8000-000000000007'";
        let id: String = world.row(&format!("select to_json(id) from contact_by_organization where {of} limit 1")).await;
        for condition in [
            format!("{of} and e164 = '+16462000009'"),
            format!("{of} and id = '{id}'"),
            format!("{of} and id = any(array['{id}']::uuid[])"),
        ] {
            let read = read(&world, &format!("select * from contact_by_organization where {condition}")).await;
            assert_eq!(read.parts.len(), 1, "{condition}: {read:?}");
        }
        let read = read(&world, &format!("select * from contact_by_organization where id = '{id}'")).await;
        assert_eq!(read.parts.len(), PARTS, "an id alone is looked for everywhere: {read:?}");
        // Where one organization does not have most of the people, no part has most of an index.
        let sizes: Vec<i64> = world
            .row(
                "select json_agg(pg_relation_size(i.indexrelid)) from pg_index i join pg_inherits h on h.inhrelid = i.indrelid
                 where h.inhparent = 'contact_by_organization'::regclass and i.indisprimary",
            )
            .await;
        let (largest, all) = (sizes.iter().max().copied().unwrap(), sizes.iter().sum::<i64>());
        assert!(sizes.len() == PARTS && largest * 4 <= all, "{sizes:?}");
    })
    .await;
}

/// Blocks that begin with `$ muster plan` are the program's output.
#[tokio::test]
async fn the_page_on_capacity_has_the_figures_of_the_plan() {
    let page = std::fs::read_to_string(root().join("docs/capacity.md")).unwrap();
    let mut plans = 0;
    for block in page.split("```text\n$ ").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        let (command, told) = block.split_once('\n').unwrap();
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("muster"), "{command}");
        let mut muster = tokio::process::Command::new(Binary::Cli.path().unwrap());
        let output = muster.env_clear().args(words).output().await.unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), told, "{command}");
        plans += 1;
    }
    assert!(plans >= 2, "{plans}");
}
