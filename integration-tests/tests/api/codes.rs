//! Effects of codes on receipts on texts and contacts (rules S2 and S7).

use muster_integration_tests::World;
use muster_simulator::{Behaviour, Millis, Receipts};
use serde_json::json;

use crate::rates::send_all;

/// Codes on receipts, and their meaning for the contact.
const CODES: [(u32, &str); 7] = [
    (21_610, "opted_out_at is not null"),
    (21_614, "line_type = 'landline'"),
    (21_635, "line_type = 'landline'"),
    (30_005, "line_type = 'invalid'"),
    (30_006, "line_type = 'landline'"),
    (30_003, "opted_out_at is null and line_type not in ('landline', 'invalid')"),
    (30_007, "opted_out_at is null and line_type not in ('landline', 'invalid')"),
];

#[tokio::test]
async fn s7_a_receipts_code_marks_the_contact_and_no_text_goes_a_second_time() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 40).await;
            let receipts = || Receipts { delay_ms: Millis { min: 20, max: 80 }, ..Receipts::default() };
            let failing = Behaviour {
                receipts: receipts(),
                undelivered: 1.0,
                undelivered_codes: CODES.map(|(code, _)| code).to_vec(),
                ..Behaviour::default()
            };
            world.carrier().set_behaviour(failing).unwrap();
            let first = ours.open_goal(&world, &group, json!({})).await;
            send_all(&agent.client, &first).await;
            world.messages().state("undelivered").is("send_attempts", 1).until(40).await;
            world.settled().await;
            let mut texts = 0;
            for (code, says) in CODES {
                let of_code = format!("message m join contact c on c.id = m.contact_id where m.error_code = {code}");
                let seen = world.count(&of_code).await;
                assert!(seen > 0, "no receipt said {code}");
                assert_eq!(world.count(&format!("{of_code} and {says}")).await, seen, "{code}");
                texts += seen;
            }
            assert_eq!(texts, 40);

            // Contacts without a code are in the next goal, and no others.
            world.carrier().set_behaviour(Behaviour { receipts: receipts(), ..Behaviour::default() }).unwrap();
            let left =
                world.contacts().lacks("opted_out_at").and("line_type not in ('landline', 'invalid')").count().await;
            let second = ours.open_goal(&world, &group, json!({})).await;
            send_all(&agent.client, &second).await;
            world.messages().goal(&second).state("delivered").until(left).await;
            world.settled().await;
            assert_eq!(world.messages().goal(&first).is("send_attempts", 1).count().await, 40);
            assert_eq!(i64::try_from(world.carrier().accepted().len()).unwrap(), 40 + left);
        })
        .await;
}
