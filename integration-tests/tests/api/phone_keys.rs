//! Rule R4: the key under which phones are hashed is known by its check value, and can be rotated.

use muster_domain::people::phone_hash::PhoneHashKeys;
use muster_integration_tests::{World, seconds};
use muster_storage::people::phone_keys::{self, WrongKeys};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::privacy::redact;

const OLD: &str = "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"";
const NEW: &str = "\"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210\"";

fn key(quoted: &str) -> [u8; 32] {
    let hex = quoted.trim_matches('"');
    std::array::from_fn(|nth| u8::from_str_radix(&hex[2 * nth..2 * nth + 2], 16).unwrap())
}

#[tokio::test]
async fn r4_api_and_worker_refuse_to_start_with_another_key() {
    World::with_api()
        .run(async |world| {
            assert_eq!(world.rows("phone_hash_key").count().await, 1, "the api has written down which key it is");
            let settings = world.settings("wrong").with("phone_hash_key", NEW);
            let stop = CancellationToken::new();
            let api = tokio::time::timeout(seconds(80), muster_api::run(settings.settings(), stop.clone()))
                .await
                .expect("it ends");
            let worker =
                tokio::time::timeout(seconds(80), muster_workers::run(settings.settings(), CancellationToken::new()))
                    .await
                    .expect("it ends");
            for ended in [api, worker] {
                let error = ended.expect_err("it is refused").to_string();
                assert!(
                    error.starts_with("phone_hash_key is not the key of this database") && !error.contains('\n'),
                    "{error}"
                );
                assert!(!error.contains("fedcba98"), "{error}");
            }
            let judged = phone_keys::inspect(world.pool(), &PhoneHashKeys::new(key(NEW), None)).await.unwrap().judged;
            assert!(matches!(judged, Err(WrongKeys::Unknown { .. })), "{judged:?}");
        })
        .await;
}

#[tokio::test]
async fn r4_opt_outs_of_redacted_people_outlive_a_rotation_of_the_key() {
    World::with_engine()
        .with_all(&[("phone_hash_key", OLD)])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            let phones = ours.contacts(&group, 4).await;
            for phone in &phones[..3] {
                world.text(phone, &number, "STOP").await;
            }
            world.contacts().has("opted_out_at").until(3).await;
            world.settled().await;
            for phone in &phones {
                redact(&world, &ours, phone).await;
            }
            // A row of before keys were written down counts for the first key.
            assert_eq!(world.suppressions().and("key_id = (select key_id from phone_hash_key)").count().await, 4);

            let (old, new) = (PhoneHashKeys::new(key(OLD), None), PhoneHashKeys::new(key(NEW), Some(key(OLD))));
            world.restart_with(&[("phone_hash_key", NEW), ("phone_hash_key_previous", OLD)]).await;
            let ours = ours.at_new_address(&world);
            let inspected = phone_keys::inspect(world.pool(), &new).await.unwrap();
            assert_eq!((inspected.judged, inspected.left), (Ok(()), 4));
            // Seen again in a file and by a text: found under the old key, kept under the new one.
            let report = ours
                .import(
                    &format!("file_name=c.csv&group_id={group}"),
                    format!("first,last,phone\nA,B,{}\nC,D,{}\n", phones[0], phones[3]),
                )
                .await;
            assert_eq!(report["created"], 2, "{report}");
            assert!(ours.contact(&phones[0]).await["opted_out_at"].is_string());
            assert!(ours.contact(&phones[3]).await["opted_out_at"].is_null());
            world.text(&phones[1], &number, "Hello?").await;
            world.contacts().is("e164", &phones[1]).has("opted_out_at").until(1).await;
            let left = phone_keys::inspect(world.pool(), &new).await.unwrap().left;
            assert_eq!(left, 1, "who was not seen stays under the old key");
            // A number that was not seen is still found, and neither key may be left out.
            for alone in [old, PhoneHashKeys::new(key(NEW), None)] {
                let judged = phone_keys::verify(world.pool(), &alone).await.unwrap();
                assert!(matches!(judged, Err(WrongKeys::Missing { .. })), "{judged:?}");
            }
            // A second rotation needs nobody to be seen again: the keys of before are kept.
            let newest = PhoneHashKeys::new([9; 32], [key(NEW), key(OLD)]);
            assert_eq!(phone_keys::inspect(world.pool(), &newest).await.unwrap().judged, Ok(()));
            redact(&world, &ours, &phones[2]).await;
            let report = ours
                .import(&format!("file_name=d.csv&group_id={group}"), format!("first,last,phone\nE,F,{}\n", phones[2]))
                .await;
            assert_eq!(report["reject_reasons"], json!({}), "{report}");
            assert!(ours.contact(&phones[2]).await["opted_out_at"].is_string());
            assert_eq!(phone_keys::verify(world.pool(), &PhoneHashKeys::new(key(NEW), None)).await.unwrap(), Ok(()));
        })
        .await;
}
