//! The cut of a launched goal's contacts into batches, and the rows that a text to one of them
//! reads of the rest (rules B1, B5, T2 and W1).

use muster_integration_tests::{World, set, text};
use serde_json::{Value, json};

use crate::workflow::{Field, contacts, field};

/// Returns a goal's targets in their order, each with the number of its batch, the batch's agent
/// and its estimated segments.
async fn targets(world: &World, goal: &str) -> Vec<(String, i64, Value, Value, Value)> {
    world
        .rows("target t left join batch b on b.id = t.batch_id")
        .and(&format!("t.goal_id = '{goal}'"))
        .list(
            "json_build_array(t.contact_id, t.position, b.number, b.assigned_agent_id, b.estimated_segments)",
            "t.position",
        )
        .await
}

#[tokio::test]
async fn b1_each_target_is_in_exactly_one_batch_and_their_order_is_the_contacts() {
    World::with_engine()
        .run(async |world| {
            let Field { goal, .. } = field(&world, 1, 5, json!({})).await;
            let ids: Vec<String> = world.rows("contact").list("id", "id").await;
            let seen = targets(&world, &goal).await;
            let wanted: Vec<_> = [(1, 2), (1, 2), (2, 2), (2, 2), (3, 1)]
                .into_iter()
                .zip(1..)
                .zip(ids)
                .map(|(((number, segments), position), id)| (id, position, json!(number), Value::Null, json!(segments)))
                .collect();
            assert_eq!(seen, wanted);
            assert_eq!(world.rows("batch").goal(&goal).count().await, 3);
        })
        .await;
}

#[tokio::test]
async fn b1_batches_of_an_assigned_goal_are_each_agents_and_who_has_no_agent_is_in_none() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 2 })).await;
            let group = ours.group("One").await;
            let ((ada, _), (bea, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            ours.contacts(&group, 7).await;
            let ids: Vec<String> = world.rows("contact").list("id", "id").await;
            // Ada's, Bea's, Ada's, nobody's, Ada's, Bea's, and an opted-out contact.
            let agents = [Some(&ada), Some(&bea), Some(&ada), None, Some(&ada), Some(&bea), Some(&bea)];
            for (id, agent) in ids.iter().zip(agents) {
                if let Some(agent) = agent {
                    world.rows("membership").is("contact_id", id).set("assigned_agent_id", &agent.id).await;
                }
            }
            world.rows("contact").id(&ids[6]).set("opted_out_at", "2026-11-01T12:00:00Z").await;
            let goal = ours.open_goal(&world, &group, json!({ "strategy": "assigned" })).await;

            let seen = targets(&world, &goal).await;
            assert_eq!(seen.iter().map(|(id, ..)| id.clone()).collect::<Vec<_>>(), ids[..6]);
            // The agents' batches follow one another in the order of the agents.
            let (first_of_ada, of_bea) = if ada.id < bea.id { (1, 3) } else { (2, 1) };
            let (ada, bea) = (json!(ada.id), json!(bea.id));
            let of = |number: i64, agent: &Value, segments: i64| (json!(number), agent.clone(), json!(segments));
            let wanted = [
                of(first_of_ada, &ada, 2),
                of(of_bea, &bea, 2),
                of(first_of_ada, &ada, 2),
                (Value::Null, Value::Null, Value::Null),
                of(first_of_ada + 1, &ada, 1),
                of(of_bea, &bea, 2),
            ];
            let batches: Vec<_> =
                seen.into_iter().map(|(_, _, number, agent, segments)| (number, agent, segments)).collect();
            assert_eq!(batches, wanted);
            assert_eq!(world.rows("batch").goal(&goal).count().await, 3);
        })
        .await;
}

#[tokio::test]
async fn b5_who_may_not_be_texted_any_more_leaves_a_batch_with_a_text_to_another() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 4).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = agent.client.claim(&goal, "initial").await;
            let ids = contacts(&batch);
            world.rows("contact").id(&ids[2]).set("opted_out_at", "2026-11-01T12:00:00Z").await;

            let at = format!("/v1/agent/batches/{}", text(&batch["id"]));
            let of = |more: Value| {
                let mut body = json!({ "lease_token": batch["lease_token"] });
                set(&mut body, more);
                body
            };
            let skipped = || world.rows("target").is("contact_id", &ids[2]).is("skip_reason", "opted_out");
            // By the operation for one contact the others stay as they are.
            let sent = agent.client.post(&format!("{at}/contacts/{}/send", ids[0]), of(json!({}))).await.ok();
            assert_eq!((&sent["queued"], &sent["batch_finished"]), (&json!(true), &json!(false)));
            assert_eq!(skipped().count().await, 0);
            let sent = agent.client.post(&format!("{at}/send"), of(json!({ "contact_ids": [ids[1]] }))).await.ok();
            assert_eq!(sent, json!({ "queued": 1, "skipped": {}, "batch_finished": false }));
            assert_eq!(skipped().count().await, 1);
            let sent = agent.client.post(&format!("{at}/send"), of(json!({ "contact_ids": [ids[3]] }))).await.ok();
            assert_eq!(sent, json!({ "queued": 1, "skipped": {}, "batch_finished": true }));
            world.messages().kind("initial").state("delivered").until(3).await;
        })
        .await;
}
