//! The operators' `muster doctor`, as a process of its own, against a system that runs.

use muster_domain::ids::{JobId, OrganizationId};
use muster_integration_tests::{World, eventually, seconds};
use muster_storage::engine::enqueue::JobOrder;
use serde_json::Value;
use uuid::Uuid;

use crate::operators::{json, muster, probes, succeeds};

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_mends_what_is_safe() {
    World::run(async |world| {
        let checks = json(&world, &["doctor", "--json"]).await;
        let unset = checks.as_array().unwrap().iter().find(|check| check["check"] == "broker_policy").unwrap();
        assert!(unset["detail"].as_str().unwrap().contains("muster broker apply"), "{unset}");
        let failed = |checks: &Value| -> Vec<String> {
            let checks = checks.as_array().unwrap().iter();
            let failed =
                checks.filter(|check| check["ok"] == false).map(|check| check["check"].as_str().unwrap().to_owned());
            // This machine's zone rules are not the test's affair.
            failed.filter(|check| check != "zone_rules").collect()
        };
        succeeds(&world, &["broker", "apply"]).await;
        succeeds(&world, &["broker", "apply"]).await;
        // The management API's figures on a queue are some seconds old.
        let checks = eventually(seconds(30), async || {
            let checks = json(&world, &["doctor", "--json"]).await;
            if failed(&checks).is_empty() { Ok(checks) } else { Err(checks.to_string()) }
        })
        .await;
        for check in ["broker_version", "object_store"] {
            assert!(checks.as_array().unwrap().iter().any(|found| found["check"] == check), "{check}: {checks}");
        }

        let ids = probes(&world, OrganizationId::new(), JobOrder::InOrder("key"), 2).await;
        let other = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 3).await;
        world
            .execute(&[
                // As if nobody had let the second go when the first ended.
                "alter table job disable trigger release_next_in_order",
                &format!("update job set state = 'cancelled' where id = '{}'", ids[0]),
                "alter table job enable trigger release_next_in_order",
                &format!("insert into job_unique values ('an orphan', '{}')", JobId::new()),
                &format!(
                    "update job set state = 'published', published_at = now() - interval '1 hour' where id = \
                         '{}'",
                    other[2]
                ),
                &format!("update job set state = 'parked' where id = '{}'", other[0]),
                &format!(
                    "update job set state = 'running', lease_until = now() - interval '1 hour' where id = \
                         '{}'",
                    other[1]
                ),
                // Ticks that the ledger has lost: all of a day.
                "update schedule set enabled = true, changed_at = now() - interval '1 day' where name = \
                     'partitions'",
            ])
            .await;

        let found = json(&world, &["doctor", "--json"]).await;
        assert_eq!(
            failed(&found),
            ["lease_expired", "unclaimed", "blocked_head", "orphan_key", "parked", "ticks"],
            "{found}"
        );
        let mended = json(&world, &["doctor", "--repair", "--json"]).await;
        assert_eq!(failed(&mended), ["parked", "ticks"], "{mended}");
        let said = mended.as_array().unwrap().iter().filter(|check| check["check"] == "mended");
        let said: Vec<_> = said.map(|check| check["detail"].as_str().unwrap()).collect();
        assert_eq!(said, ["1 lease_expired", "1 unclaimed", "1 blocked_head", "1 orphan_key"]);
        let ledger = mended.as_array().unwrap().iter().find(|check| check["check"] == "job_ledger").unwrap();
        assert_eq!(ledger["detail"], "in the last day 5 enqueued, 0 succeeded, 1 parked, 1 cancelled, 3 live");
        assert!(!muster(&world, &["doctor"]).await.status.success(), "what is left makes the exit code");
        assert_eq!(world.jobs().and("blocked").count().await, 0);
        // A switched-off trigger could lose a job without a trace, and is told as well.
        world.execute(&["alter table job disable trigger job_stays"]).await;
        let found = json(&world, &["doctor", "--json"]).await;
        assert!(failed(&found).contains(&"job_ledger".to_owned()), "{found}");
    })
    .await;
}

#[tokio::test]
async fn s2_the_doctor_names_texts_whose_outcome_stays_unknown() {
    World::run(async |world| {
        let check = async || {
            let checks = json(&world, &["doctor", "--json"]).await;
            checks.as_array().unwrap().iter().find(|check| check["check"] == "unknown_messages").cloned().unwrap()
        };
        let text = async |hours: u32, state: &str| {
            let id = Uuid::now_v7();
            let insert = format!(
                "insert into message (id, organization_id, group_id, contact_id, thread_id, kind, state, body, \
                 encoding, segments, handed_over_at)
             values ('{id}', uuid_v7(), uuid_v7(), uuid_v7(), uuid_v7(), 'initial', '{state}', 'Hello', 'GSM-7', 1,
                     now() - interval '{hours} hours')"
            );
            world.execute(&[&insert]).await;
            id
        };
        text(23, "unknown").await;
        text(25, "delivered").await;
        text(9 * 24, "unknown").await;
        let found = check().await;
        assert_eq!(
            (&found["ok"], &found["detail"]),
            (&Value::from(true), &Value::from("0 texts without a known outcome for over 24 hours"))
        );

        let (first, ..) = (text(25, "unknown").await, text(48, "unknown").await, text(30, "unknown").await);
        let found = check().await;
        let detail = found["detail"].as_str().unwrap();
        assert!(
            found["ok"] == false && detail.starts_with("3 texts") && detail.contains(&first.to_string()),
            "{found}"
        );
        text(26, "unknown").await;
        let found = check().await;
        let detail = found["detail"].as_str().unwrap();
        assert!(detail.starts_with("4 texts") && detail.ends_with(", …") && !detail.contains("Hello"), "{found}");
    })
    .await;
}
