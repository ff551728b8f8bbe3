//! The latest word to any organization of an account that shares opt-outs, its effects on queued
//! texts, and its readers (rules I3, I3a, S9, W9 and A5).

use muster_integration_tests::{Call, Organization, World, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    account_opt_outs::{House, Sisters},
    group_knowledge::reach,
    rates::send_all,
};

#[tokio::test]
async fn i3a_the_latest_word_to_any_organization_stands_in_all_and_is_confirmed_once() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            sisters.share(true).await;
            let phone = sisters.both(0).await;
            let stands = async || -> Vec<bool> { sisters.out(&phone).await.into_iter().map(|(out, _)| out).collect() };
            let confirmations = world.messages().kind("opt_out_confirmation");
            world.text(&phone, &one.number, "STOP").await;
            world.settled().await;
            world.text(&phone, &two.number, "STOP").await;
            world.settled().await;
            assert_eq!((stands().await, confirmations.count().await), (vec![true, true], 1));
            let group: String = confirmations.the("group_id").await;
            assert_eq!(group, one.group, "from the organization that was written to");
            world.text(&phone, &two.number, "START").await;
            world.settled().await;
            assert_eq!(stands().await, [false, false]);
            world.text(&phone, &one.number, "STOP").await;
            world.settled().await;
            assert_eq!((stands().await, confirmations.count().await), (vec![true, true], 2));
            // A yes opts in again only where the person had opted out: everywhere.
            world.text(&phone, &two.number, "Yes").await;
            world.settled().await;
            assert_eq!(stands().await, [false, false]);
            // An admin's word of the first, and the account admin's of the second.
            one.opt_out(&phone).await;
            assert_eq!(stands().await, [true, true]);
            let id = text(&two.ours.contact(&phone).await["id"]);
            two.ours.admin.act(&two.ours.at(&format!("contacts/{id}/opt-in"))).await.ok();
            assert_eq!(stands().await, [false, false]);
            // A number that only the other organization knows, to this one.
            let theirs = "+16465550700";
            world.plant_contact_in(&two.ours.id, &two.group, theirs).await;
            world.text(theirs, &one.number, "STOP").await;
            let out = world.contacts().is("e164", theirs).is("organization_id", &two.ours.id).has("opted_out_at");
            assert_eq!(out.count().await, 1, "with the answer, before the job");
        })
        .await;
}

#[tokio::test]
async fn s9_a_sister_organizations_queued_texts_are_cancelled_also_for_opt_outs_from_before() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            let phones = two.ours.contacts(&two.group, 3).await;
            for phone in &phones {
                world.plant_contact_in(&one.ours.id, &one.group, phone).await;
            }
            one.opt_out(&phones[0]).await;
            let goal = two.ours.open_goal(world, &two.group, json!({})).await;
            let gate = world.close_publish_gate().await;
            send_all(&two.agent.client, &goal).await;
            world.messages().kind("initial").state("queued").until(3).await;
            // The job that writes the first one's to the second organization does not run.
            world.pause_jobs("opt-out-sharing").await;
            let on = json!({ "opt_outs_account_wide": true });
            assert_eq!(one.ours.admin.patch("/v1/account", on).await.ok()["opt_outs_catching_up"], true);
            one.opt_out(&phones[1]).await;
            assert!(!sisters.out(&phones[0]).await[1].0);
            gate.open().await;
            world.messages().kind("initial").state("cancelled").reason("opted_out").until(2).await;
            world.messages().kind("initial").state("delivered").until(1).await;
            let sent: Vec<String> = world.carrier().accepted().into_iter().map(|text| text.to).collect();
            assert_eq!(sent, [phones[2].clone()]);
        })
        .await;
}

#[tokio::test]
async fn w9_an_agents_undo_is_heard_by_the_sister_organization_too() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            sisters.share(true).await;
            let phone = sisters.both(0).await;
            world.text(&phone, &two.number, "Hello?").await;
            world.text(&phone, &one.number, "Hello?").await;
            let unread = world.threads().has("unread_since");
            unread.until(2).await;
            world.settled().await;
            let claimed = one.agent.client.act(&format!("/v1/agent/groups/{}/replies/claim", one.group)).await.ok();
            let thread = format!("/v1/agent/threads/{}", text(&claimed[0]["thread"]["id"]));
            one.agent.client.act(&format!("{thread}/opt-out")).await.ok();
            assert_eq!((sisters.out(&phone).await[1].0, unread.count().await), (true, 0));
            one.agent.client.act(&format!("{thread}/opt-out/undo")).await.ok();
            assert_eq!(sisters.out(&phone).await, [(false, None), (false, None)]);
            assert_eq!(unread.count().await, 2);
            // The person's word to the other organization ends the undo.
            one.agent.client.act(&format!("{thread}/opt-out")).await.ok();
            world.text(&phone, &two.number, "STOP").await;
            one.agent.client.act(&format!("{thread}/opt-out/undo")).await.problem(409, "conflict");
            assert!(sisters.out(&phone).await.iter().all(|(out, _)| *out));
        })
        .await;
}

#[tokio::test]
async fn a5_an_organization_learns_that_the_account_has_it_and_a_group_admin_that_it_is_an_opt_out() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { one, two, .. } = &sisters;
            sisters.share(true).await;
            let phone = sisters.both(0).await;
            one.opt_out(&phone).await;
            let mine = reach(&two.ours, &[&two.group]).await;
            let mine = House { ours: mine, group: two.group.clone(), agent: two.agent.clone(), number: String::new() };
            let found = two.look_up(&phone).await;
            assert_eq!((&found["opted_out"], &found["origin"]), (&json!(true), &json!("account")), "{found}");
            assert_eq!(found["reason"], "opted out of another organization of the account");
            let told = mine.look_up(&phone).await;
            assert_eq!(
                (&told["opted_out"], &told["origin"], &told["reason"]),
                (&json!(true), &Value::Null, &Value::Null)
            );
            let list = async |by: &House, query: &str| {
                by.ours.admin.get(&by.ours.at(&format!("opt-outs{query}"))).await.ok()["items"].clone()
            };
            assert_eq!(list(two, "?origin=account").await[0]["origin"], "account");
            let all = list(&mine, "").await;
            assert_eq!((&all[0]["origin"], &all[0]["reason"]), (&Value::Null, &Value::Null), "{all}");
            assert_eq!(list(&mine, "?origin=account").await, json!([]));
            assert_eq!(mine.ours.contact(&phone).await["opt_out_reason"], Value::Null);
            // Why they are not texted.
            let goal = two.ours.open_goal(&sisters.world, &two.group, json!({})).await;
            let id = text(&two.ours.contact(&phone).await["id"]);
            let why = async |by: &Organization| {
                let why = by.admin.get(&by.at(&format!("contacts/{id}/why?goal_id={goal}"))).await.ok();
                let reasons = why["reasons"].as_array().unwrap().clone();
                reasons.into_iter().find(|reason| reason["what"] == "opted_out").unwrap()
            };
            assert_eq!(
                (&why(&two.ours).await["detail"], &why(&two.ours).await["rule"]),
                (&json!("account"), &json!("I3"))
            );
            assert_eq!(why(&mine.ours).await["detail"], Value::Null);
            // A number that only the other organization knows.
            let theirs = "+16465550700";
            sisters.world.plant_contact_in(&one.ours.id, &one.group, theirs).await;
            one.opt_out(theirs).await;
            let found = two.look_up(theirs).await;
            assert_eq!((&found["origin"], &found["contact_id"]), (&json!("account"), &Value::Null));
            let told = mine.look_up(theirs).await;
            assert_eq!(
                (&told["opted_out"], &told["origin"], &told["since"]),
                (&json!(true), &Value::Null, &Value::Null)
            );
            let other = House::of(sisters.world.organization("Another account").await).await;
            assert_eq!(other.look_up(&phone).await["opted_out"], false);
        })
        .await;
}

#[tokio::test]
async fn a5_the_accounts_settings_are_the_account_admins_and_edits_do_not_collide() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let read = ours.admin.get("/v1/account").await;
            assert_eq!(
                (read.header("etag"), &read.ok()["settings"]),
                ("\"1\"", &json!({ "opt_outs_account_wide": false }))
            );
            let on = json!({ "opt_outs_account_wide": true });
            for role in ["agent", "group_admin", "organization_admin"] {
                ours.member(role).await.client.patch("/v1/account", on.clone()).await.problem(403, "forbidden");
            }
            let edit = async |etag: &str| {
                ours.admin.call(Method::PATCH, "/v1/account", Call::json(&on).header("if-match", etag)).await
            };
            assert_eq!(edit("\"1\"").await.header("etag"), "\"2\"");
            edit("\"1\"").await.problem(412, "edited-meanwhile");
            ours.admin.patch("/v1/account", json!({ "batch_size": 7 })).await.problem(422, "invalid-body");
            assert_eq!(ours.admin.get("/v1/account").await.ok()["settings"], on);
        })
        .await;
}
