//! Columns that name agents: the members that they mean, how many contacts an agent may have, and
//! the effect on batches (rules A2, C2 and W4).

use muster_integration_tests::{Organization, Person, World, text};
use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Rows read, created, updated, unchanged and rejected.
fn counters(report: &Value) -> [i64; 5] {
    ["rows_read", "created", "updated", "unchanged", "rejected"].map(|name| report[name].as_i64().unwrap())
}

/// Returns a file of people, each assigned to somebody.
fn file<'a>(agents: impl IntoIterator<Item = &'a str>) -> String {
    let rows = agents.into_iter().enumerate().map(|(nth, agent)| format!("Ada{nth},L,646555{nth:04},{agent}\n"));
    format!("first,last,phone,Assigned Agent\n{}", rows.collect::<String>())
}

/// Returns an agent of a group with an address.
pub(crate) async fn agent(ours: &Organization, group: &str, email: &str) -> String {
    let body = json!({ "role": "agent", "first_name": "Amy", "last_name": "B", "email": email });
    let id = text(&ours.admin.post(&ours.at("members"), body).await.ok()["id"]);
    ours.join(group, "agent", &id).await;
    id
}

#[tokio::test]
async fn c2_a_column_of_agents_assigns_up_to_the_limit_of_each() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "40")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "agent_contact_limit": 2 })).await;
            let group = ours.group("One").await;
            let (amy, ben) = (agent(&ours, &group, "amy@Example.org").await, agent(&ours, &group, "ben@Example.org").await);
            let again = json!({ "role": "agent", "first_name": "Amy", "last_name": "B", "email": "AMY@example.org" });
            ours.admin.post(&ours.at("members"), again).await.problem(409, "conflict");
            let rows =
                file(["AMY@example.org", "amy@example.org", "amy@example.org", "ben@example.org", "who@example.org", ""]);
            let query = format!("file_name=a.csv&group_id={group}");
            let report = ours.import(&query, rows).await;
            assert_eq!(counters(&report), [6, 4, 0, 0, 2], "{report}");
            assert_eq!(report["reject_reasons"], json!({ "agent_full": 1, "agent_unknown": 1 }));
            let assigned: BTreeMap<String, i64> = world
            .row("select coalesce(json_object_agg(a, n), '{}') from (
            select assigned_agent_id::text as a, count(*) as n from membership where assigned_agent_id is not null group by 1) t")
            .await;
            assert_eq!(assigned, BTreeMap::from([(amy, 2), (ben.clone(), 1)]));
            // C7: the rejects say which column, and the rows can be read as the file's.
            let rejects = ours.admin.get(&ours.at(&format!("imports/{}/rejects.csv", text(&report["id"])))).await.text;
            assert_eq!(
                rejects.lines().skip(1).collect::<Vec<_>>(),
                [
                    "4,\"agent_full\",\"Assigned \
                     Agent\",\"\"\"Ada2\"\",\"\"L\"\",\"\"+16465550002\"\",\"\"amy@example.org\"\"\"",
                    "6,\"agent_unknown\",\"Assigned \
                     Agent\",\"\"\"Ada4\"\",\"\"L\"\",\"\"+16465550004\"\",\"\"who@example.org\"\"\"",
                ]
            );
            // A contact that is assigned to another agent moves, also by the agent's id; a contact
            // without a named agent stays.
            let report = ours.import(&query, file([ben.as_str(), ""])).await;
            assert_eq!(counters(&report), [2, 0, 1, 1, 0], "{report}");
        })
        .await;
}

/// Rule A5: as where an admin assigns, only an agent of the group can be meant.
#[tokio::test]
async fn a5_only_agents_of_the_group_can_be_named() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Two").await);
            let mine = agent(&ours, &group, "mine@example.org").await;
            agent(&ours, &other, "elsewhere@example.org").await;
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            let stranger = world.organization("Stranger").await;
            let theirs = stranger.group("T").await;
            let (their_agent, _) = stranger.agent(&theirs).await;
            let rows = file(["elsewhere@example.org", &admin.id, &their_agent.id, "mine@example.org", &mine]);
            let query = format!("file_name=a.csv&group_id={group}");
            for dry_run in [true, false] {
                let report = ours.import(&format!("{query}&dry_run={dry_run}"), rows.as_str()).await;
                assert_eq!(counters(&report), [5, 2, 0, 0, 3], "{report}");
                assert_eq!(report["reject_reasons"], json!({ "agent_unknown": 3 }));
            }
            assert_eq!(world.memberships().is("assigned_agent_id", &mine).count().await, 2);
            assert_eq!(world.memberships().has("assigned_agent_id").count().await, 2);
        })
        .await;
}

#[tokio::test]
async fn a2_who_assigns_while_a_file_is_imported_does_not_pass_the_agents_limit_with_it() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "agent_contact_limit": 2 })).await;
            let group = ours.group("One").await;
            let (amy, _) = ours.agent(&group).await;
            let query = format!("file_name=a.csv&group_id={group}");
            ours.import(&query, "first,last,phone\nZed,L,6465559999\n").await;
            let zed = text(&ours.contact("+16465559999").await["id"]);
            // The file is admitted, and the worker that applies it stops before it makes a contact.
            let lock = world.hold_writes("contact").await;
            let id = text(&ours.upload(&query, file([amy.id.as_str(), &amy.id])).await.ok()["id"]);
            world.until_locked("into contact ").await;
            let path = ours.at(&format!("groups/{group}/contacts/{zed}"));
            ours.admin.patch(&path, json!({ "assigned_agent_id": amy.id, "active": true })).await.ok();
            lock.open().await;
            let report = ours.report(&id).await;
            assert_eq!((&report["state"], counters(&report)), (&json!("succeeded"), [2, 1, 0, 0, 1]), "{report}");
            assert_eq!(report["reject_reasons"], json!({ "agent_full": 1 }));
            assert_eq!(world.memberships().is("assigned_agent_id", &amy.id).count().await, 2);
        })
        .await;
}

#[tokio::test]
async fn a2_assignments_at_once_do_not_pass_the_agents_limit_together() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "agent_contact_limit": 1 })).await;
            let group = ours.group("One").await;
            let (amy, _) = ours.agent(&group).await;
            let mut paths = Vec::new();
            for phone in ours.contacts(&group, 2).await {
                paths.push(ours.at(&format!("groups/{group}/contacts/{}", text(&ours.contact(&phone).await["id"]))));
            }
            // Both wait for the agent's row, so that each has begun before the other's assignment
            // is there.
            let lock = world.hold(&format!("select from group_member where member_id = '{}' for update", amy.id)).await;
            let assign =
                async |path: &String| ours.admin.patch(path, json!({ "assigned_agent_id": amy.id })).await.status;
            let let_go = async {
                let waiting =
                    "pg_stat_activity where wait_event_type = 'Lock' and query like '%group_member%for update%'";
                world.until(waiting, 2).await;
                lock.open().await;
            };
            let (one, two, ()) = tokio::join!(assign(&paths[0]), assign(&paths[1]), let_go);
            let mut statuses = [one, two];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409]);
            assert_eq!(world.memberships().has("assigned_agent_id").count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn w4_whom_a_file_takes_from_an_agent_moves_between_the_batches_of_every_goal() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((first, _), (second, _), (third, _)) =
                (ours.agent(&group).await, ours.agent(&group).await, ours.agent(&group).await);
            let query = format!("file_name=a.csv&group_id={group}");
            let assigned = |second_has: usize| {
                file((0..6).map(|nth| if nth < second_has { second.id.as_str() } else { first.id.as_str() }))
            };
            ours.import(&query, assigned(0)).await;
            let mut goals = Vec::new();
            for _ in 0..2 {
                goals.push(ours.open_goal(&world, &group, json!({ "strategy": "assigned" })).await);
            }
            let claim = async |agent: &Person, goal: &str| {
                let path = format!("/v1/agent/goals/{goal}/claim");
                agent.client.post(&path, json!({ "workflow": "initial" })).await.ok()["batch"].clone()
            };
            let in_hand = |batch: &Value| batch["contacts"].as_array().map_or(0, Vec::len);
            let batch = claim(&first, &goals[0]).await;
            assert_eq!(in_hand(&batch), 6);
            // One of them is texted before the others move.
            let mut send = json!({ "lease_token": batch["lease_token"] });
            send["contact_ids"] = json!([ours.contact("+16465550000").await["id"]]);
            first.client.post(&format!("/v1/agent/batches/{}/send", text(&batch["id"])), send).await.ok();
            // One that waits would be cancelled, and its contact would move as well.
            world.messages().state("delivered").until(1).await;

            let report = ours.import(&query, assigned(4)).await;
            assert_eq!(counters(&report), [6, 0, 4, 2, 0], "{report}");
            let places = "select coalesce(json_agg(json_build_array(t.goal_id, b.assigned_agent_id, t.n) order by \
         t.goal_id, t.n), '[]') from (
        select goal_id, batch_id, count(*) as n from target where initial_message_id is null group by 1, 2) t
        left join batch b on b.id = t.batch_id";
            let seen: Value = world.row(places).await;
            let (one, two) = (&goals[0], &goals[1]);
            assert_eq!(
                seen,
                json!([[one, first.id, 2], [one, second.id, 3], [two, first.id, 2], [two, second.id, 4]]),
                "one batch for each agent and goal"
            );
            assert_eq!(in_hand(&claim(&first, one).await), 2, "the batch in hand has lost them");
            assert_eq!((in_hand(&claim(&second, one).await), in_hand(&claim(&second, two).await)), (3, 4));
            // A later mover joins the batch that is there, and several agents get theirs at once.
            let rows = file([second.id.as_str(), &second.id, &second.id, &second.id, &second.id, &third.id]);
            let report = ours.import(&query, rows).await;
            assert_eq!(counters(&report), [6, 0, 2, 4, 0], "{report}");
            let seen: Value = world.row(places).await;
            assert_eq!(seen, json!([[one, third.id, 1], [one, second.id, 4], [two, third.id, 1], [two, second.id, 5]]));
        })
        .await;
}
