//! The audit's chain against an owner of the tables: `muster audit verify` finds entries that were
//! altered, removed, moved or cut off (rule R9).

use muster_domain::trust::audit::{Record, Via};
use muster_integration_tests::{World, seconds};
use muster_jobs::kinds::AuditHeads;
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    testing::{execute, number},
    trust::audit::Draft,
};
use serde_json::Value;
use uuid::Uuid;

use crate::operators::{json, muster, succeeds};

/// An account's chain of so many entries; returns the account.
async fn chain(world: &World, entries: usize) -> Uuid {
    let account = Uuid::now_v7();
    for nth in 0..entries {
        let mut tx = world.pool().begin().await.unwrap();
        let mut draft = Draft::of("patch_contact", Via::Api).in_account(account);
        draft.act.member_id = Some(Uuid::now_v7());
        draft.act.records.push(Record { kind: "contact".to_owned(), id: Uuid::now_v7() });
        draft.address = Some("192.0.2.1".to_owned());
        draft.reason = (nth % 2 == 0).then(|| "asked for".to_owned());
        tx.record(draft);
        tx.commit().await.unwrap();
    }
    account
}

/// Runs statements with the tables' triggers off, as their owner may.
async fn tamper(world: &World, statements: &str) {
    let tables = ["audit_entry", "audit_aside", "audit_head", "audit_published"];
    let switch = |to: &str| tables.map(|table| format!("alter table {table} {to} trigger all;")).concat();
    let all = format!("do $$ begin {} {statements}; {} end $$", switch("disable"), switch("enable"));
    world.execute(&[&all]).await;
}

/// Returns the breaks that are told of a chain.
async fn breaks(world: &World, chain: Uuid) -> Vec<Value> {
    let output = muster(world, &["audit", "verify", "--json", "--account", &chain.to_string()]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let breaks = report["breaks"].as_array().unwrap().clone();
    assert_eq!(output.status.success(), breaks.is_empty(), "{report}");
    breaks
}

/// Publishes the heads as they are.
async fn publish(world: &World) {
    let mut tx = world.pool().begin().await.unwrap();
    enqueue(&mut tx, &AuditHeads {}, &Origin { organization_id: None, traceparent: None }).await.unwrap();
    tx.commit().await.unwrap();
    let daemons = (world.scheduler("scheduler"), world.worker("worker"));
    world.jobs().kind("audit-heads").state("succeeded").at_least(1, seconds(30)).await;
    daemons.0.stop().await;
    daemons.1.stop().await;
}

#[tokio::test]
async fn r9_an_altered_removed_or_moved_entry_is_found() {
    World::run(async |world| {
        for (statements, kind) in [
            ("update audit_entry set member_id = gen_random_uuid() where number = 3", "altered"),
            ("update audit_entry set operation = 'get_contact' where number = 6", "altered"),
            ("update audit_entry set at = at - interval '1 day' where number = 1", "altered"),
            ("update audit_entry set address_hash = null where number = 2", "altered"),
            ("update audit_aside set words = '192.0.2.9' where number = 2 and kind = 'address'", "aside_altered"),
            ("delete from audit_aside where number = 4; delete from audit_entry where number = 4", "missing"),
            (
                "update audit_entry set number = 100 where number = 2; update audit_entry set number = 2 where number = 5; \
                 update audit_entry set number = 5 where number = 100",
                "altered",
            ),
        ] {
            let account = chain(&world, 6).await;
            assert_eq!(breaks(&world, account).await, Vec::<Value>::new());
            // The chain's rows alone; keys of the words beside them go with their entries.
            let of_chain = statements.replace(" where ", &format!(" where chain = '{account}' and "));
            let of_chain = if of_chain.contains("number = 100") {
                format!("delete from audit_aside where chain = '{account}'; {of_chain}")
            } else {
                of_chain
            };
            tamper(&world, &of_chain).await;
            let found = breaks(&world, account).await;
            assert_eq!(found.first().map(|found| &found["break"]), Some(&Value::from(kind)), "{statements}: {found:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn r9_a_chain_that_was_cut_off_or_written_anew_is_found_by_its_published_heads() {
    World::run(async |world| {
        let accounts = [chain(&world, 6).await, chain(&world, 6).await, chain(&world, 6).await, chain(&world, 6).await];
        publish(&world).await;
        for account in accounts {
            assert_eq!(breaks(&world, account).await, Vec::<Value>::new());
        }
        let cut = |account: Uuid| {
            format!(
                "delete from audit_aside where chain = '{account}' and number > 4; \
                 delete from audit_entry where chain = '{account}' and number > 4"
            )
        };
        let rewind = |account: Uuid| {
            format!(
                "update audit_head h set number = e.number, hash = e.hash, at = e.at from audit_entry e \
                 where h.chain = '{account}' and e.chain = h.chain and e.number = 4"
            )
        };
        let kinds = |found: Vec<Value>| found.iter().map(|found| found["break"].clone()).collect::<Vec<_>>();
        // Truncated; the head rewritten; both.
        tamper(&world, &cut(accounts[0])).await;
        assert_eq!(kinds(breaks(&world, accounts[0]).await), ["head_differs", "truncated"]);
        tamper(&world, &rewind(accounts[1])).await;
        assert_eq!(kinds(breaks(&world, accounts[1]).await), ["head_differs"]);
        let forget = format!("delete from audit_published where chain = '{}'", accounts[2]);
        tamper(&world, &format!("{}; {}; {forget}", cut(accounts[2]), rewind(accounts[2]))).await;
        assert_eq!(kinds(breaks(&world, accounts[2]).await), ["truncated"]);
        // New entries behind the cut have other hashes than those that were published.
        let mut tx = world.pool().begin().await.unwrap();
        for _ in 0..2 {
            tx.record(Draft::of("patch_contact", Via::Api).in_account(accounts[2]));
        }
        tx.commit().await.unwrap();
        assert_eq!(kinds(breaks(&world, accounts[2]).await), ["not_as_published"]);
        // A chain of which nothing is left.
        let gone = format!(
            "delete from audit_aside where chain = '{0}'; delete from audit_entry where chain = '{0}'; \
             delete from audit_head where chain = '{0}'; delete from audit_published where chain = '{0}'",
            accounts[3]
        );
        tamper(&world, &gone).await;
        let output = muster(&world, &["audit", "verify"]).await;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success());
        assert!(told.contains(&format!("BROKEN  {}", accounts[3])), "{told}");
        assert!(told.contains("the chain ends with entry 0, and entry 6 was published"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn r9_a_published_head_is_never_written_over() {
    World::run(async |world| {
        let account = chain(&world, 2).await;
        publish(&world).await;
        let folder = world.folder().join(format!("audit/{account}"));
        let object = folder.join(format!("{:019}.json", 2));
        let before = std::fs::read_to_string(&object).unwrap();
        // As if the job had died behind its objects, and the head had another hash by now.
        tamper(
            &world,
            &format!(
                "delete from audit_published; update audit_head set hash = sha256('other') where chain = '{account}'"
            ),
        )
        .await;
        world.execute(&["update job set state = 'cancelled' where kind = 'audit-heads' and state = 'pending'"]).await;
        let mut tx = world.pool().begin().await.unwrap();
        enqueue(&mut tx, &AuditHeads {}, &Origin { organization_id: None, traceparent: None }).await.unwrap();
        tx.commit().await.unwrap();
        let daemons = (world.scheduler("scheduler"), world.worker("worker"));
        world.jobs().kind("audit-heads").state("succeeded").at_least(2, seconds(30)).await;
        daemons.0.stop().await;
        daemons.1.stop().await;
        assert_eq!(std::fs::read_to_string(&object).unwrap(), before);
        assert_eq!(breaks(&world, account).await[0]["break"], "head_differs");
    })
    .await;
}

#[tokio::test]
async fn r9_a_chain_in_a_file_is_verified_as_in_the_database() {
    World::run(async |world| {
        let account = chain(&world, 5).await;
        let output = muster(&world, &["audit", "list", "--whole", "--account", &account.to_string()]).await;
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(lines.lines().count(), 5);
        let file = world.folder().join("chain.jsonl");
        let verify = async |text: &str| {
            std::fs::write(&file, text).unwrap();
            let output = muster(&world, &["audit", "verify", "--json", "--file", file.to_str().unwrap()]).await;
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            report["breaks"].as_array().unwrap().iter().map(|found| found["break"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(verify(&lines).await, Vec::<Value>::new());
        assert_eq!(verify(&lines.replacen("patch_contact", "patch_goal", 1)).await, ["altered"]);
        let without: String = lines
            .lines()
            .enumerate()
            .filter(|(nth, _)| *nth != 2)
            .fold(String::new(), |all, (_, line)| all + line + "\n");
        assert_eq!(verify(&without).await, ["missing"]);
        let mut moved: Vec<&str> = lines.lines().collect();
        moved.swap(1, 2);
        assert_eq!(verify(&moved.join("\n")).await, ["missing", "out_of_order"]);
        publish(&world).await;
        let cut: String = lines.lines().take(3).fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(verify(&cut).await, ["truncated"]);
    })
    .await;
}

#[tokio::test]
async fn r9_the_audits_tables_refuse_changes_by_anybody_whose_triggers_are_on() {
    World::run(async |world| {
        chain(&world, 2).await;
        for statement in [
            "update audit_entry set operation = 'x'",
            "delete from audit_entry",
            "truncate audit_entry cascade",
            "update audit_aside set words = 'x'",
            "truncate audit_aside",
            "delete from audit_head",
            "truncate audit_head",
            "insert into audit_published select chain, number, hash, at from audit_head; delete from audit_published",
            "truncate audit_published",
        ] {
            assert!(execute(world.pool(), statement).await.is_err(), "{statement}");
        }
        assert_eq!(number(world.pool(), "select count(*) from audit_entry").await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn r9_addresses_of_clients_age_and_the_chain_stays_whole() {
    World::run(async |world| {
        let account = chain(&world, 3).await;
        tamper(&world, "update audit_aside set at = at - interval '400 days' where number < 3").await;
        let mut tx = world.pool().begin().await.unwrap();
        let gone = muster_storage::trust::audit::forget_addresses(&mut tx, 365, 100).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(gone, 2);
        assert_eq!(world.count("audit_aside where kind = 'address'").await, 1);
        assert_eq!(world.count("audit_aside where kind = 'reason'").await, 2);
        assert_eq!(breaks(&world, account).await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn r9_operators_acts_are_in_the_chain_of_the_account_or_of_the_installation() {
    World::run(async |world| {
        let made = json(&world, &["account", "create", "--name", "Ours", "--json"]).await;
        let account = made["account_id"].as_str().unwrap();
        succeeds(&world, &["numbers", "assign", "--account", account, "+16465550001"]).await;
        let other = json(&world, &["account", "create", "--name", "Other", "--json"]).await;
        let other = other["account_id"].as_str().unwrap();
        succeeds(&world, &["numbers", "assign", "--account", other, "--move", "+16465550001"]).await;
        succeeds(&world, &["pause", "--kind", "send", "--reason", "the carrier is away"]).await;
        succeeds(&world, &["resume", "--kind", "send"]).await;
        succeeds(&world, &["schedule", "disable", "reconcile"]).await;
        assert!(!muster(&world, &["schedule", "disable", "nothing"]).await.status.success());
        assert!(!muster(&world, &["jobs", "cancel", &Uuid::now_v7().to_string()]).await.status.success());
        let listed = async |chain: Option<&str>| {
            let chain = chain.map_or_else(Vec::new, |account| vec!["--account", account]);
            let output = muster(&world, &[&["audit", "list", "--json"], &chain[..]].concat()).await;
            let lines = String::from_utf8(output.stdout).unwrap();
            let mut entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            entries.reverse();
            entries
        };
        let operations = |entries: &[Value]| {
            entries.iter().map(|entry| entry["operation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(operations(&listed(Some(account)).await), ["account_create", "numbers_assign", "numbers_assign"]);
        assert_eq!(operations(&listed(Some(other)).await), ["account_create", "numbers_assign"]);
        let own = listed(None).await;
        assert_eq!(operations(&own), ["pause", "resume", "schedule_disable"]);
        assert_eq!(
            (&own[0]["reason"], &own[0]["members"]),
            (&Value::from("the carrier is away"), &serde_json::json!(["send"]))
        );
        for entry in &own {
            assert_eq!((&entry["principal"], &entry["via"]), (&Value::from("operator"), &Value::from("cli")));
            assert!(entry["operator"].as_str().is_some_and(|name| !name.is_empty()), "{entry}");
        }
        succeeds(&world, &["audit", "verify"]).await;
        succeeds(&world, &["audit", "heads"]).await;
    })
    .await;
}
