//! Undoing an import gives contacts that were in the group before their earlier agents back, and
//! takes contacts that it brought out of goals that have texted none of them
//! (rules A2, C7, S1 and W4).

use muster_integration_tests::{Organization, Person, World, text};
use serde_json::{Value, json};

use crate::privacy::redact;

/// Returns the number of a person of a file.
fn phone(nth: usize) -> String {
    format!("+1646555{nth:04}")
}

/// Returns a file of people by number and first name, each assigned to somebody.
fn file(rows: &[(usize, &str, &str)]) -> String {
    let rows = rows.iter().map(|(nth, first, agent)| format!("{first},L,{},{agent}\n", phone(*nth)));
    format!("first,last,phone,Assigned Agent\n{}", rows.collect::<String>())
}

/// Returns a file of people from the first, each assigned to somebody.
fn assigned<'a>(agents: impl IntoIterator<Item = &'a Person>) -> String {
    let rows: Vec<_> = agents.into_iter().enumerate().map(|(nth, agent)| (nth, "Ada", agent.id.as_str())).collect();
    file(&rows)
}

/// Imports a file into a group; returns the import's id.
async fn import(ours: &Organization, group: &str, file: String) -> String {
    let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
    assert_eq!((&report["state"], &report["rejected"]), (&json!("succeeded"), &json!(0)), "{report}");
    text(&report["id"])
}

/// Undoes an import; returns the outcome for its contacts.
async fn undo(world: &World, ours: &Organization, id: &str) -> Value {
    let path = ours.at(&format!("imports/{id}"));
    assert_eq!(ours.admin.act(&format!("{path}/undo")).await.status, 202);
    world.imports().id(id).has("undone_at").until(1).await;
    assert_eq!(world.import_assignments().is("import_id", id).count().await, 0);
    ours.admin.get(&path).await.ok()["undone"].clone()
}

/// Returns each contact's agent, in the order of their phones.
async fn agents(world: &World) -> Vec<Option<String>> {
    world
        .row(
            "select json_agg(m.assigned_agent_id order by c.e164) from membership m join contact c on c.id = m.contact_id
             join contact_group g on g.id = m.group_id where g.name = 'One'",
        )
        .await
}

/// Returns how many contacts an agent has.
async fn has(world: &World, agent: &Person) -> i64 {
    world.memberships().is("assigned_agent_id", &agent.id).count().await
}

/// An admin assigns somebody.
async fn assign(ours: &Organization, group: &str, nth: usize, agent: &Person) {
    let contact = text(&ours.contact(&phone(nth)).await["id"]);
    let path = ours.at(&format!("groups/{group}/contacts/{contact}"));
    let done = ours.admin.patch(&path, json!({ "assigned_agent_id": agent.id })).await;
    assert_eq!(done.status, 204, "{}", done.text);
}

#[tokio::test]
async fn w4_who_was_in_the_group_before_an_import_gets_the_earlier_agent_back() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((amy, _), (ben, _), (cat, _)) =
                (ours.agent(&group).await, ours.agent(&group).await, ours.agent(&group).await);
            let (a, b) = (amy.id.as_str(), ben.id.as_str());
            let known = [
                (0, "Ada", a),
                (1, "Ada", ""),
                (2, "Ada", a),
                (3, "Ada", a),
                (4, "Ada", a),
                (5, "Ada", a),
                (6, "Ada", a),
                (7, "Ada", a),
            ];
            import(&ours, &group, file(&known)).await;
            let rows = file(&[
                (0, "Ada", b), // another agent
                (1, "Ada", b), // the first agent
                (2, "Ada", b), // assigned by an admin later
                (3, "Eve", b), // another name, too
                (4, "Ada", a), // nothing new
                (5, "Eve", b), // another name that a later file changes
                (6, "Eve", b), // another name, assigned by an admin later
                (7, "Eve", a), // another name alone
                (8, "New", b), // new
            ]);
            let id = import(&ours, &group, rows.clone()).await;
            let mine = world.import_assignments().is("import_id", &id);
            assert_eq!(mine.count().await, 6);

            // The same again keeps nothing, because it changes nothing.
            let again = import(&ours, &group, rows).await;
            assert_eq!(world.import_assignments().count().await, mine.count().await);
            assert_eq!(ours.admin.get(&ours.at(&format!("imports/{again}/changes"))).await.ok()["items"], json!([]));

            let changes = ours.admin.get(&ours.at(&format!("imports/{id}/changes"))).await.ok();
            let told = async |nth: usize| {
                let contact = ours.contact(&phone(nth)).await["id"].clone();
                let all = changes["items"].as_array().unwrap().iter();
                all.filter(|change| change["contact_id"] == contact)
                    .map(|change| json!([change["before"], change["after"]]))
                    .collect::<Value>()
            };
            assert_eq!(told(0).await, json!([[{ "assigned_agent_id": a }, { "assigned_agent_id": b }]]));
            assert_eq!(told(1).await, json!([[{ "assigned_agent_id": null }, { "assigned_agent_id": b }]]));
            let both =
                json!([[{ "assigned_agent_id": a, "first_name": "Ada" }, { "assigned_agent_id": b, "first_name": "Eve" }]]);
            assert_eq!(told(3).await, both);
            assert_eq!(told(4).await, json!([]));
            assert_eq!(told(8).await, json!([]), "who is new had nothing before");
            // A page at a time, they are the same.
            let (mut paged, mut next) = (Vec::new(), Value::Null);
            loop {
                let cursor = next.as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
                let page = ours.admin.get(&ours.at(&format!("imports/{id}/changes?limit=2{cursor}"))).await.ok();
                paged.extend(page["items"].as_array().unwrap().clone());
                next = page["next"].clone();
                if next.is_null() {
                    break;
                }
            }
            assert_eq!(Value::from(paged), changes["items"]);

            assign(&ours, &group, 2, &cat).await;
            assign(&ours, &group, 6, &cat).await;
            let other = ours.group("Two").await;
            import(&ours, &other, format!("first,last,phone\nZoe,L,{}\n", phone(5))).await;
            // The later file has found the same people.
            ours.admin.act(&ours.at(&format!("imports/{id}/undo"))).await.problem(409, "conflict");
            assert_eq!(undo(&world, &ours, &again).await, json!({ "deleted": 0, "restored": 0, "kept": 0 }));
            // Restored: 0, 1, 3 and 7, each once. Something stays of 2, 5 and 6.
            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 1, "restored": 4, "kept": 3 }));
            let c = cat.id.as_str();
            let wanted = [Some(a), None, Some(c), Some(a), Some(a), Some(a), Some(c), Some(a)];
            assert_eq!(agents(&world).await, wanted.map(|agent| agent.map(str::to_owned)));
            let mut names = Vec::new();
            for nth in 0..8 {
                names.push(text(&ours.contact(&phone(nth)).await["first_name"]));
            }
            assert_eq!(names, ["Ada", "Ada", "Ada", "Ada", "Ada", "Zoe", "Ada", "Ada"]);
            ours.admin.act(&ours.at(&format!("imports/{id}/undo"))).await.problem(409, "conflict");
        })
        .await;
}

/// Each finds the people as it left them, also where a later import that is undone had changed
/// them.
#[tokio::test]
async fn imports_are_taken_back_from_the_last_to_the_first() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let first = import(&ours, &group, file(&[(0, "Ada", ""), (1, "Bea", "")])).await;
            let second = import(&ours, &group, file(&[(0, "Eve", ""), (1, "Bea", "")])).await;
            ours.admin.act(&ours.at(&format!("imports/{first}/undo"))).await.problem(409, "conflict");
            assert_eq!(undo(&world, &ours, &second).await, json!({ "deleted": 0, "restored": 1, "kept": 0 }));
            assert_eq!(ours.contact(&phone(0)).await["first_name"], "Ada");
            assert_eq!(undo(&world, &ours, &first).await, json!({ "deleted": 2, "restored": 0, "kept": 0 }));
            assert_eq!(world.contacts().count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn w4_whom_an_undo_gives_back_moves_between_the_batches_of_every_goal() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((first, _), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            let nobody = "first,last,phone\nAda,L,6465550004\n";
            import(&ours, &group, assigned([&first; 4])).await;
            import(&ours, &group, nobody.to_owned()).await;
            let mut goals = Vec::new();
            for _ in 0..2 {
                goals.push(ours.open_goal(&world, &group, json!({ "strategy": "assigned" })).await);
            }
            let id = import(&ours, &group, assigned([&first, &second, &second, &second, &second])).await;
            let claim = async |agent: &Person, goal: &str| {
                let path = format!("/v1/agent/goals/{goal}/claim");
                agent.client.post(&path, json!({ "workflow": "initial" })).await.ok()["batch"].clone()
            };
            let in_hand = |batch: &Value| batch["contacts"].as_array().map_or(0, Vec::len);
            let batch = claim(&second, &goals[0]).await;
            assert_eq!((in_hand(&batch), in_hand(&claim(&first, &goals[0]).await)), (4, 1));
            // One of them is texted before the import is taken back.
            let send =
                json!({ "lease_token": batch["lease_token"], "contact_ids": [ours.contact(&phone(1)).await["id"]] });
            second.client.post(&format!("/v1/agent/batches/{}/send", text(&batch["id"])), send).await.ok();
            world.messages().kind("initial").state("delivered").until(1).await;

            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 0, "restored": 4, "kept": 0 }));
            let places = "select coalesce(json_agg(json_build_array(t.goal_id, b.assigned_agent_id, t.n) order by \
         t.goal_id, t.n), '[]') from (
        select goal_id, batch_id, count(*) as n from target where initial_message_id is null group by 1, 2) t
        left join batch b on b.id = t.batch_id";
            let seen: Value = world.row(places).await;
            let (one, two) = (&goals[0], &goals[1]);
            assert_eq!(
                seen,
                json!([[one, null, 1], [one, first.id, 3], [two, null, 1], [two, first.id, 4]]),
                "who had no agent is in no batch again"
            );
            assert_eq!(in_hand(&claim(&first, one).await), 3, "the batch in hand has them again");
        })
        .await;
}

#[tokio::test]
async fn a2_an_undo_gives_no_agent_more_contacts_than_the_limit() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((amy, _), (ben, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            import(&ours, &group, assigned([&amy, &amy, &ben, &ben])).await;
            let swapped = import(&ours, &group, assigned([&ben, &ben, &amy, &amy])).await;
            ours.set(json!({ "agent_contact_limit": 2 })).await;
            // Both are full, and make room for one another.
            assert_eq!(undo(&world, &ours, &swapped).await, json!({ "deleted": 0, "restored": 4, "kept": 0 }));
            let wanted = [&amy, &amy, &ben, &ben].map(|agent| Some(agent.id.clone()));
            assert_eq!(agents(&world).await, wanted);

            // New people leave before earlier ones come back.
            ours.set(json!({ "agent_contact_limit": 4 })).await;
            let rows = [(0, &ben), (1, &ben), (4, &amy), (5, &amy)].map(|(nth, agent)| (nth, "Ada", agent.id.as_str()));
            let id = import(&ours, &group, file(&rows)).await;
            ours.set(json!({ "agent_contact_limit": 2 })).await;
            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 2, "restored": 2, "kept": 0 }));
            assert_eq!(agents(&world).await, wanted);

            // Somebody else has one of the places by now.
            ours.set(json!({ "agent_contact_limit": 4 })).await;
            let id = import(&ours, &group, assigned([&ben, &ben])).await;
            assign(&ours, &group, 2, &amy).await;
            ours.set(json!({ "agent_contact_limit": 2 })).await;
            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 0, "restored": 1, "kept": 1 }));
            assert_eq!((has(&world, &amy).await, has(&world, &ben).await), (2, 2));
        })
        .await;
}

#[tokio::test]
async fn a5_an_undo_gives_nobody_to_who_is_no_agent_of_the_group_any_more() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((amy, _), (ben, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            import(&ours, &group, assigned([&amy, &ben])).await;
            let id = import(&ours, &group, assigned([&ben, &amy])).await;
            world.rows("group_member").is("member_id", &amy.id).delete().await;
            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 0, "restored": 1, "kept": 1 }));
            assert_eq!(agents(&world).await, [Some(ben.id.clone()), Some(ben.id.clone())]);
        })
        .await;
}

#[tokio::test]
async fn r3_an_undo_leaves_a_redacted_person_alone() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((amy, _), (ben, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            import(&ours, &group, assigned([&amy, &amy])).await;
            let id = import(&ours, &group, assigned([&ben, &ben])).await;
            redact(&world, &ours, &phone(0)).await;
            assert_eq!(world.import_assignments().is("import_id", &id).count().await, 1);
            let changes = ours.admin.get(&ours.at(&format!("imports/{id}/changes"))).await.ok();
            assert_eq!(changes["items"].as_array().map(Vec::len), Some(1), "{changes}");
            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 0, "restored": 1, "kept": 0 }));
            assert_eq!((has(&world, &amy).await, has(&world, &ben).await), (1, 1));
        })
        .await;
}

#[tokio::test]
async fn goals_let_go_of_whom_an_undone_import_brought_as_long_as_nobody_was_texted() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.set(json!({ "batch_size": 2 })).await;
            import(&ours, &group, file(&[(0, "Ada", "")])).await;
            let id = import(&ours, &group, file(&[(0, "Eve", ""), (1, "New", ""), (2, "New", "")])).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let claim = format!("/v1/agent/goals/{goal}/claim");
            let batch = agent.client.post(&claim, json!({ "workflow": "initial" })).await.ok()["batch"].clone();
            assert_eq!(
                batch["contacts"].as_array().map(Vec::len),
                Some(2),
                "the one who was there before, and one more"
            );

            assert_eq!(undo(&world, &ours, &id).await, json!({ "deleted": 2, "restored": 1, "kept": 0 }));
            assert_eq!(world.targets().count().await, 1);
            assert_eq!(world.batches().state("finished").count().await, 1, "everybody has left it");
            let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
            let sent = agent.client.post(&path, json!({ "lease_token": batch["lease_token"] })).await.ok();
            assert_eq!(sent, json!({ "queued": 1, "skipped": {}, "batch_finished": true }));
            world.messages().state("delivered").until(1).await;
            assert_eq!(world.messages().count().await, 1);
            assert_eq!(world.batches().not("state", "finished").count().await, 0);
        })
        .await;
}

/// Between the asking and the job that does it somebody is texted.
#[tokio::test]
async fn s1_an_import_is_not_taken_back_once_a_text_to_somebody_of_it_waits() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            import(&ours, &group, file(&[(0, "Ada", "")])).await;
            let id = import(&ours, &group, file(&[(0, "Eve", ""), (1, "New", ""), (2, "New", "")])).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            world
                .execute(&["insert into job_policy (kind, paused) values ('import-undo', true), ('send', true)"])
                .await;
            let path = ours.at(&format!("imports/{id}"));
            assert_eq!(ours.admin.act(&format!("{path}/undo")).await.status, 202);
            let claim = format!("/v1/agent/goals/{goal}/claim");
            let batch = agent.client.post(&claim, json!({ "workflow": "initial" })).await.ok()["batch"].clone();
            let send =
                json!({ "lease_token": batch["lease_token"], "contact_ids": [ours.contact(&phone(1)).await["id"]] });
            agent.client.post(&format!("/v1/agent/batches/{}/send", text(&batch["id"])), send).await.ok();

            world.job_policies().kind("import-undo").delete().await;
            world.imports().id(&id).has("undone").until(1).await;
            let report = ours.admin.get(&path).await.ok();
            let why = "people whom it brought into the group have a conversation there";
            assert_eq!((&report["undone"], &report["undone_at"]), (&json!({ "refused": why }), &Value::Null));
            assert_eq!(ours.contact(&phone(0)).await["first_name"], "Eve");
            assert_eq!((world.contacts().count().await, world.targets().count().await), (3, 3));
            assert_eq!(ours.admin.act(&format!("{path}/undo")).await.problem(409, "conflict")["detail"], why);
            world.job_policies().delete().await;
            world.messages().state("delivered").until(1).await;
        })
        .await;
}
