//! Bulk changes beside agents, groups' knowledge, redactions and opt-outs
//! (rules A5, I3, R3, S9 and W4).

use muster_integration_tests::{Organization, World, text};
use serde_json::json;

use crate::{
    bulk_changes::{ask, done, get, group_of, over},
    group_knowledge::{Two, reach, seen},
    people_save::save,
    people_search::found,
    rates::send_all,
};

/// Rule W4: agents' work follows at once, also by a bulk change; rule S9: texts that wait do not
/// go.
#[tokio::test]
async fn w4_a_bulk_assignment_moves_the_batches_and_a_bulk_opt_out_stops_the_texts() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, ids) = group_of(&ours, 4).await;
            let ((first, _), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            let assign = |agent: &str| json!({ "filter": { "group_id": group }, "action": "assign", "group_id": group, "agent_id": agent });
            done(&ours, assign(&first.id)).await;
            let goal = ours.open_goal(&world, &group, json!({ "strategy": "assigned" })).await;
            let batch = first.client.claim(&goal, "initial").await;
            assert_eq!(batch["contacts"].as_array().unwrap().len(), 4);
            done(&ours, assign(&second.id)).await;
            assert_eq!(first.client.send(&batch).await.ok()["queued"], 0);
            let gate = world.close_publish_gate().await;
            send_all(&second.client, &goal).await;
            // The job of a bulk change would wait at the gate as well.
            ours.goal_act(&goal, "pause").await;
            gate.open().await;
            world.messages().state("held").until(4).await;
            done(&ours, json!({ "contact_ids": ids[..2], "action": "opt_out", "reason": "a list" })).await;
            done(&ours, json!({ "contact_ids": ids[2..3], "action": "remove_from_group", "group_id": group })).await;
            ours.goal_act(&goal, "resume").await;
            world.messages().state("delivered").until(1).await;
            world.messages().state("cancelled").reason("opted_out").until(2).await;
            world.messages().state("cancelled").reason("not_in_group").until(1).await;
        })
        .await;
}

/// Rule A5: a group admin's change is for contacts of their groups, by the knowledge of these, and
/// tells other groups nothing.
#[tokio::test]
async fn a5_a_group_admins_change_reaches_their_groups_alone() {
    Two::run(async |two| {
        let Two { mine, ours, theirs, group, their_group, world, .. } = &two;
        two.import("first,last,phone\n,,6465550001\n,,6465550002\n").await;
        let before = seen(theirs, their_group, "+16465550001").await;
        for filter in
            [json!({ "tag": "secret-tag" }), json!({ "name": "secret" }), json!({ "email": "secret@example.org" })]
        {
            let dry = json!({ "filter": filter, "action": "tag", "tag": "x", "dry_run": true });
            assert_eq!(ask(mine, dry).await.ok()["contacts"], 0, "{filter}");
        }
        let change = done(mine, json!({ "filter": { "status": "active" }, "action": "tag", "tag": "mine" })).await;
        assert_eq!(change["outcomes"], json!({ "changed": 2 }), "{change}");
        assert_eq!(two.seen("+16465550001").await["tags"], json!(["mine"]));
        assert_eq!(seen(theirs, their_group, "+16465550001").await, before);
        // A tag that only others gave is none of theirs to take.
        let secret = json!({ "filter": { "status": "active" }, "action": "untag", "tag": "secret-tag" });
        assert_eq!(done(mine, secret).await["outcomes"], json!({ "unchanged": 2 }));
        assert!(ours.contact("+16465550001").await["tags"].as_array().unwrap().contains(&json!("secret-tag")));
        // Neither groups nor changes of others are there.
        for body in [
            json!({ "filter": { "group_id": their_group }, "action": "tag", "tag": "x" }),
            json!({ "filter": { "group_id": group }, "action": "add_to_group", "group_id": their_group }),
        ] {
            ask(mine, body).await.problem(404, "not-found");
        }
        let id = text(&change["id"]);
        let path = theirs.at(&format!("bulk-changes/{id}"));
        theirs.admin.get(&path).await.problem(404, "not-found");
        theirs.admin.act(&format!("{path}/cancel")).await.problem(404, "not-found");
        assert_eq!(theirs.admin.get(&theirs.at("bulk-changes")).await.ok()["items"], json!([]));
        assert_eq!(get(ours, &id).await, change, "an admin of the organization sees all");

        // Rights that are lost end the change.
        let (lost, person) = {
            let (person, _) = ours.member_of("group_admin", &[group]).await;
            (Organization { admin: person.client.clone(), ..ours.clone() }, person)
        };
        world.pause_jobs("bulk-change").await;
        let asked = ask(&lost, json!({ "filter": { "group_id": group }, "action": "tag", "tag": "late" })).await.ok();
        ours.admin.act(&ours.at(&format!("members/{}/suspend", person.id))).await.ok();
        world.job_policies().kind("bulk-change").delete().await;
        let failed = over(ours, &text(&asked["id"])).await;
        assert_eq!(
            (&failed["state"], &failed["failure"], &failed["done"]),
            (&json!("failed"), &json!("not_allowed_any_more"), &json!(0))
        );
        assert_eq!(found(ours, "tag=late").await.len(), 0);
        assert_eq!(reach(ours, &[group]).await.admin.get(&mine.at("bulk-changes")).await.ok()["items"], json!([]));
    })
    .await;
}

/// Rule R3: a redaction beside a bulk change: nothing is done with the person, and nothing of them
/// is in its record.
#[tokio::test]
async fn r3_a_redacted_contact_is_left_out_and_goes_out_of_the_filter() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            for (phone, name) in [("+16465550001", "Zebulon"), ("+16465550002", "Grace")] {
                save(&ours, &group, phone, json!({ "first_name": name, "last_name": "Quagmire" })).await.ok();
            }
            let gate = world.hold_writes("contact_tag").await;
            let both = json!({ "filter": { "name": "quagmire", "group_id": group }, "action": "tag", "tag": "vip" });
            let id = text(&ask(&ours, both).await.ok()["id"]);
            world.until_locked("into contact_tag").await;
            gate.open().await;
            over(&ours, &id).await;
            let alone = json!({ "filter": { "phone": "+16465550001" }, "action": "opt_out", "reason": "Zebulon Quagmire called" });
            done(&ours, alone).await;
            // The set is frozen, and the person redacted before their turn.
            world.pause_jobs("bulk-change").await;
            let later = text(&ask(&ours, json!({ "filter": { "group_id": group }, "action": "tag", "tag": "late" })).await.ok()["id"]);
            world
                .execute(&[
                    &format!("update bulk_change set state = 'running', contacts = 2, started_at = now() where id = '{later}'"),
                    &format!("insert into bulk_change_contact select '{later}', id from contact"),
                ])
                .await;
            crate::privacy::redact(&world, &ours, "+16465550001").await;
            world.job_policies().kind("bulk-change").delete().await;
            let change = over(&ours, &later).await;
            assert_eq!(change["outcomes"], json!({ "changed": 1, "redacted": 1 }), "{change}");
            let told = ours.admin.get(&ours.at("bulk-changes")).await.ok().to_string().to_lowercase();
            assert!(!told.contains("zebulon") && !told.contains("6465550001"), "{told}");
            let dry = json!({ "filter": { "group_id": group }, "action": "tag", "tag": "x", "dry_run": true });
            assert_eq!(ask(&ours, dry).await.ok()["contacts"], 1, "a redacted contact is in no bulk change");
        })
        .await;
}

/// Rule I3a: a bulk opt-out is a later word than a text that came before it.
#[tokio::test]
async fn i3_a_bulk_opt_out_stands_over_an_older_start_that_is_handled_later() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, ids) = group_of(&ours, 1).await;
            let (_, number) = ours.agent(&group).await;
            let out = json!({ "contact_ids": ids, "action": "opt_out", "reason": "a list" });
            done(&ours, out.clone()).await;
            world.pause_jobs("inbound-message").await;
            world.text("+16465550000", &number, "START").await;
            assert_eq!(done(&ours, out).await["outcomes"], json!({ "unchanged": 1 }));
            world.job_policies().kind("inbound-message").delete().await;
            world.messages().kind("inbound").until(1).await;
            world.settled().await;
            assert!(ours.contact("+16465550000").await["opted_out_at"].is_string());
        })
        .await;
}
