//! Contacts that the API makes (rules A2, A5, C1, C9, C13, C14 and C16).

use muster_integration_tests::{Answer, Call, Organization, World, set, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::group_knowledge::{Two, reach, seen, tells_nothing};

pub(crate) async fn save(by: &Organization, group: &str, phone: &str, more: Value) -> Answer {
    let mut body = json!({ "phone": phone, "group_id": group });
    set(&mut body, more);
    by.admin.post(&by.at("contacts"), body).await
}

async fn read(by: &Organization, id: &Value) -> Value {
    by.admin.get(&by.at(&format!("contacts/{}", text(id)))).await.ok()
}

#[tokio::test]
async fn c13_a_contact_by_api_keeps_its_provenance_and_the_consent() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let whole = json!({
                "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "postal_code": " 10001 ",
                "notes": "likes tea", "external_id": "van-7", "fields": { "ward": "7" }, "tags": ["vip", "march"],
                "assigned_agent_id": agent.id, "consent_text": "at the door",
            });
            let saved = save(&ours, &group, "(646) 555-0001", whole).await.ok();
            assert_eq!(saved["outcome"], "created");
            let contact = read(&ours, &saved["id"]).await;
            let wanted = json!({
                "phone": "+16465550001", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org",
                "postal_code": "10001", "notes": "likes tea", "external_id": "van-7", "fields": { "ward": "7" },
                "tags": ["march", "vip"], "groups": [group], "source": "api", "source_import_id": null,
                "consent_text": "at the door", "opted_out_at": null,
            });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&contact[name], value, "{name}");
            }
            let membership = &contact["memberships"][0];
            assert_eq!((&membership["active"], &membership["assigned_agent_id"]), (&json!(true), &json!(agent.id)));
            // A bare number is a contact too.
            let bare = save(&ours, &group, "+16465550002", json!({})).await.ok();
            let bare = read(&ours, &bare["id"]).await;
            assert_eq!(
                (&bare["first_name"], &bare["consent_text"], &bare["tags"]),
                (&json!(""), &json!(null), &json!([]))
            );
            for (phone, more) in [
                ("12", json!({})),
                ("2.12E+09", json!({})),
                ("+16465550003", json!({ "fields": { "": "x" } })),
                ("+16465550003", json!({ "tags": [" "] })),
                ("+16465550003", json!({ "first_name": "x".repeat(201) })),
            ] {
                save(&ours, &group, phone, more).await.problem(422, "invalid-body");
            }
            assert_eq!(world.contacts().count().await, 2);
        })
        .await;
}

#[tokio::test]
async fn c1_the_same_number_is_one_contact_updated_in_its_group_and_joined_in_another() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, two) = (ours.group("One").await, ours.group("Two").await);
            let first = json!({ "first_name": "Ada", "email": "ada@example.org", "fields": { "ward": "7" }, "tags": ["a"], "consent_text": "first" });
            let saved = save(&ours, &one, "+16465550001", first.clone()).await.ok();
            let outcome = async |group: &str, more: Value| {
                let again = save(&ours, group, "646-555-0001", more).await.ok();
                assert_eq!(again["id"], saved["id"]);
                text(&again["outcome"])
            };
            assert_eq!(outcome(&one, first.clone()).await, "unchanged");
            assert_eq!(outcome(&one, json!({ "last_name": "King" })).await, "updated");
            assert_eq!(outcome(&one, json!({ "tags": ["a", "b"] })).await, "updated");
            assert_eq!(outcome(&two, json!({ "fields": { "ward": "8", "shift": "am" }, "consent_text": "second" })).await, "joined");
            let contact = read(&ours, &saved["id"]).await;
            // Values that the request does not name stay, and so does the consent that the contact
            // came by.
            let wanted = json!({
                "first_name": "Ada", "last_name": "King", "email": "ada@example.org", "tags": ["a", "b"],
                "fields": { "ward": "8", "shift": "am" }, "consent_text": "first",
            });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&contact[name], value, "{name}");
            }
            assert_eq!(contact["groups"].as_array().unwrap().len(), 2);
            assert_eq!((world.contacts().count().await, world.memberships().count().await), (1, 2));

            // Many at the same time are one contact as well.
            let others = (0..8).map(|nth| save(&ours, if nth % 2 == 0 { &one } else { &two }, "+16465550009", json!({ "notes": "n" })));
            for answer in futures::future::join_all(others).await {
                answer.ok();
            }
            assert_eq!((world.contacts().count().await, world.memberships().count().await), (2, 4));
        })
        .await;
}

#[tokio::test]
async fn a2_a_full_group_and_a_full_agent_are_refused_by_name_and_nothing_is_kept() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Two").await);
            let (agent, _) = ours.agent(&group).await;
            ours.set(json!({ "group_contact_limit": 3, "agent_contact_limit": 1 })).await;
            save(&ours, &group, "+16465550001", json!({ "assigned_agent_id": agent.id })).await.ok();
            save(&ours, &group, "+16465550002", json!({ "assigned_agent_id": agent.id, "tags": ["new"] }))
                .await
                .problem(409, "agent-full");
            for nth in 2..4 {
                save(&ours, &group, &format!("+1646555000{nth}"), json!({})).await.ok();
            }
            let fourth = json!({ "tags": ["new"], "fields": { "new": "x" } });
            save(&ours, &group, "+16465550004", fourth).await.problem(409, "group-full");
            assert_eq!((world.contacts().count().await, world.rows("tag").count().await), (3, 0));
            // The contacts of the group can be saved again, and a contact of another group does not
            // fit.
            save(&ours, &group, "+16465550003", json!({ "first_name": "Ada" })).await.ok();
            let fourth = save(&ours, &other, "+16465550004", json!({})).await.ok();
            let path = ours.at(&format!("groups/{group}/contacts/{}", text(&fourth["id"])));
            ours.admin.call(Method::PUT, &path, Call::empty()).await.problem(409, "group-full");
            // At the same time, no more than fit.
            ours.set(json!({ "group_contact_limit": 5 })).await;
            let phones: Vec<_> = (10..18).map(|nth| format!("+164655500{nth}")).collect();
            let many = phones.iter().map(|phone| save(&ours, &group, phone, json!({})));
            let answers = futures::future::join_all(many).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
            assert_eq!(world.memberships().is("group_id", &group).count().await, 5);
        })
        .await;
}

#[tokio::test]
async fn c9_a_redacted_number_comes_back_by_api_as_a_new_contact_that_keeps_its_opt_out() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let before = save(
                &ours,
                &group,
                "+16465550001",
                json!({ "first_name": "Zebulon", "consent_text": "Zebulon said so" }),
            )
            .await
            .ok();
            let path = ours.at(&format!("contacts/{}", text(&before["id"])));
            ours.admin.post(&format!("{path}/opt-out"), json!({ "reason": "said so" })).await.ok();
            // No contact is made of the number as long as it is being redacted.
            world.pause_jobs("redaction").await;
            let body = json!({ "phone": "+16465550001", "confirmation": muster_integration_tests::CONFIRMATION });
            ours.admin.post("/v1/redactions", body).await.ok();
            save(&ours, &group, "+16465550001", json!({})).await.problem(409, "conflict");
            ours.admin.patch(&path, json!({ "notes": "back" })).await.problem(409, "conflict");
            world.job_policies().kind("redaction").delete().await;
            world.redactions().lacks("finished_at").until(0).await;
            for table in ["contact", "membership", "bulk_change"] {
                assert_eq!(
                    world.count(&format!("{table} t where lower(t::text) like '%zebulon%'")).await,
                    0,
                    "{table}"
                );
            }
            let again = save(&ours, &group, "+16465550001", json!({ "first_name": "Zebulon" })).await.ok();
            assert_ne!(again["id"], before["id"]);
            let again = read(&ours, &again["id"]).await;
            assert!(again["opted_out_at"].is_string(), "{again}");
            // A deactivated contact that is saved again stays deactivated.
            let member = ours.at(&format!("groups/{group}/contacts/{}", text(&again["id"])));
            ours.admin.patch(&member, json!({ "active": false })).await.ok();
            save(&ours, &group, "+16465550001", json!({ "last_name": "Q" })).await.ok();
            assert_eq!(read(&ours, &again["id"]).await["memberships"][0]["active"], false);
        })
        .await;
}

/// Rules A5 and C1: a group admin that saves a number brings their own values, and is told nothing
/// of others' values.
#[tokio::test]
async fn a5_saving_a_known_number_tells_a_group_admin_nothing_of_another_group() {
    Two::run(async |two| {
        let Two { mine, ours, theirs, group, their_group, .. } = &two;
        let before = seen(theirs, their_group, "+16465550001").await;
        let body = json!({ "first_name": "Mymy", "fields": { "precinct": "9" }, "tags": ["mine"], "consent_text": "my consent" });
        let known = save(mine, group, "+16465550001", body.clone()).await.ok();
        let fresh = save(mine, group, "+16465550002", body).await.ok();
        assert_eq!((&known["outcome"], &fresh["outcome"]), (&json!("created"), &json!("created")));
        let alike = |mut contact: Value| {
            for own in ["id", "phone", "created_at", "memberships"] {
                contact[own] = Value::Null;
            }
            contact
        };
        let (known, fresh) = (two.seen("+16465550001").await, two.seen("+16465550002").await);
        tells_nothing("the contact", &known);
        assert_eq!(alike(known.clone()), alike(fresh));
        assert_eq!((&known["source"], &known["consent_text"]), (&json!("api"), &json!("my consent")));
        assert_eq!(seen(theirs, their_group, "+16465550001").await, before, "and the other group learns nothing");
        let whole = ours.contact("+16465550001").await;
        assert_eq!((&whole["first_name"], &whole["last_name"]), (&json!("Mymy"), &json!("Secretlast")));
        // An admin of the organization that saves it in a third group gives that group all.
        let third = ours.group("Third").await;
        assert_eq!(save(ours, &third, "+16465550001", json!({})).await.ok()["outcome"], "joined");
        assert_eq!(seen(&reach(ours, &[&third]).await, &third, "+16465550001").await["last_name"], "Secretlast");
    })
    .await;
}

#[tokio::test]
async fn c14_locked_custom_fields_take_no_new_names_by_api() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let saved = save(&ours, &group, "+16465550001", json!({ "fields": { "ward": "7" } })).await.ok();
            ours.set(json!({ "lock_custom_fields": true })).await;
            let path = ours.at(&format!("contacts/{}", text(&saved["id"])));
            let refused = save(&ours, &group, "+16465550002", json!({ "fields": { "shift": "am" } })).await;
            refused.problem(422, "invalid-body");
            assert!(refused.text.contains("shift"), "{}", refused.text);
            ours.admin.patch(&path, json!({ "fields": { "shift": "am" } })).await.problem(422, "invalid-body");
            // Known fields, and taking away, go on.
            ours.admin.patch(&path, json!({ "fields": { "ward": "8", "shift": null } })).await.ok();
            assert_eq!(read(&ours, &saved["id"]).await["fields"], json!({ "ward": "8" }));
            assert_eq!(world.rows("custom_field").count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn c16_a_contact_is_saved_once_with_an_idempotency_key() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let post = async |phone: &str, first: &str| {
                let body = json!({ "phone": phone, "group_id": group, "first_name": first });
                ours.admin.call(Method::POST, &ours.at("contacts"), Call::json(&body).key("once")).await
            };
            let first = post("+16465550001", "Ada").await.ok();
            // The number in another form is the same number.
            let again = post("(646) 555-0001", "Ada").await;
            assert_eq!((again.ok(), again.header("idempotency-replayed")), (first, "true"));
            post("+16465550001", "Eve").await.problem(422, "idempotency-key-reused");
            assert_eq!(ours.contact("+16465550001").await["first_name"], "Ada");
        })
        .await;
}
