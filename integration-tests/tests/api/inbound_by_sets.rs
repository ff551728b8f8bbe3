//! Contacts' texts that are handled by sets (rules I1 and I5).

use muster_integration_tests::World;
use serde_json::{Value, json};

use crate::inbound::{texted, texted_by};

/// Texts that change nothing but their conversation are written by sets; an automation, though it
/// acts on none of them, has each text handled by itself. Both give the same rows.
#[tokio::test]
async fn i1_texts_are_handled_alike_by_sets_and_one_by_one() {
    World::with_engine()
        .run(async |world| {
            let (by_sets, group, _, number) = texted(&world, 12).await;
            let (theirs, their_group, _, their_number) = texted_by(&world, "One by one", 12).await;
            let never = json!({ "name": "Never", "keywords": ["never said"], "matching": "exact",
                "actions": [{ "kind": "add_tag", "tag": "never" }] });
            theirs.admin.post(&theirs.at("automations"), never).await.ok();
            for (organization, group) in [(&by_sets.id, &group), (&theirs.id, &their_group)] {
                world.plant_contact(organization, "+16465550912").await;
                world.plant_contact_in(organization, group, "+16465550913").await;
            }
            // Opted out, deactivated, held, held until just now, of a number that is gone, without
            // an agent.
            world
                .execute(&[
                    "update contact set opted_out_at = now(), opt_out_origin = 'admin', opt_out_reason = 'asked', last_word = 1
                     where e164 in ('+16465550003', '+16465550004')",
                    "update membership m set deactivated_at = now() from contact c
                     where c.id = m.contact_id and c.e164 = '+16465550005'",
                    "update thread t set held_by = t.agent_id, held_since = now(), held_until = now() + interval '1 hour',
                         next_goal_id = t.goal_id, goal_id = null
                     from contact c where c.id = t.contact_id and c.e164 = '+16465550006'",
                    "update thread t set held_by = t.agent_id, held_since = now(), held_until = now(),
                         next_goal_id = t.goal_id, goal_id = null
                     from contact c where c.id = t.contact_id and c.e164 = '+16465550007'",
                    "update thread t set sender_e164 = '+16465559999' from contact c
                     where c.id = t.contact_id and c.e164 = '+16465550008'",
                    "update thread t set agent_id = null from contact c
                     where c.id = t.contact_id and c.e164 = '+16465550009'",
                    "update thread t set held_by = t.agent_id, held_since = now(), held_until = now() + interval '1 hour'
                     from contact c where c.id = t.contact_id and c.e164 = '+16465550010'",
                ])
                .await;
            world.pause_jobs("inbound-message").await;
            let said = ["Hello", "STOP", "help", "Where?", "yes", "Hi", "Sí", "So?", "Then", "And", "Later"];
            let others = [("+16465550912", "Known"), ("+16465550913", "No thread"), ("+16465550914", "Unknown")];
            let of_goal = said.iter().enumerate().map(|(nth, said)| (format!("+164655500{nth:02}"), *said));
            let texts: Vec<_> = of_goal.chain(others.map(|(from, said)| (from.to_owned(), said))).collect();
            for number in [&number, &their_number] {
                for (from, said) in &texts {
                    world.text(from, number, said).await;
                }
                let sid = format!("SM{number}");
                let picture = [("MessageSid", sid.as_str()), ("From", "+16465550011"), ("To", number), ("Body", ""),
                    ("NumMedia", "1"), ("MediaUrl0", "https://pictures.example/1"), ("MediaContentType0", "image/png")];
                assert_eq!(world.webhook("/v1/webhooks/twilio/inbound", &picture).await.status, 204);
            }
            world.job_policies().delete().await;
            world.webhooks().lacks("processed_at").until(0).await;
            world.settled().await;
            let rows = async |organization: &str| -> Value {
                world
                    .row(&format!(
                        "select json_agg(json_build_array(c.e164, c.first_name, c.opted_out_at is not null, c.opt_out_origin,
                             m.deactivated_at is not null, t.goal_id is not null, t.agent_id is not null, t.next_goal_id is not null,
                             t.unread_since is not null, t.held_by is not null, t.sender_e164 = n.e164,
                             g.replied_at is not null, g.opted_out_at is not null,
                             (select json_agg(json_build_array(s.kind, s.body, s.encoding, s.segments, s.goal_id is not null,
                                  s.agent_id is not null, s.media, s.channel) order by s.kind, s.body)
                              from message s where s.contact_id = c.id)) order by c.e164)
                         from contact c
                         join sender_number n on n.organization_id = c.organization_id
                         left join membership m on m.contact_id = c.id
                         left join thread t on t.contact_id = c.id
                         left join target g on g.contact_id = c.id
                         where c.organization_id = '{organization}'"
                    ))
                    .await
            };
            let (ours, theirs) = (rows(&by_sets.id).await, rows(&theirs.id).await);
            assert_eq!(ours.as_array().map(Vec::len), Some(15));
            assert_eq!(ours, theirs);
            assert_eq!(world.webhooks().is("outcome", "conversation").count().await, 30);
        })
        .await;
}
