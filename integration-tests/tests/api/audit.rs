//! The audit through the API: an entry for each change, and none for anything else (rules R9, A5,
//! R3 and R5).

use muster_integration_tests::{CONFIRMATION, Call, Client, Organization, World, eventually, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    bulk_changes::group_of,
    held_threads::{Desk, ids, reply},
};

/// Returns entries of an organization, the newest first.
async fn entries(by: &Client, ours: &Organization, query: &str) -> Vec<Value> {
    let page = by.get(&ours.at(&format!("audit{query}"))).await.ok();
    page["items"].as_array().unwrap().clone()
}

/// Makes a contact; returns its id.
async fn contact_of(ours: &Organization, group: &str, phone: &str) -> String {
    let body = json!({ "group_id": group, "phone": phone, "first_name": "Grace" });
    text(&ours.admin.post(&ours.at("contacts"), body).await.ok()["id"])
}

/// Returns the operations of entries, in the order in which they were done.
fn operations(entries: &[Value]) -> Vec<&str> {
    entries.iter().rev().map(|entry| entry["operation"].as_str().unwrap()).collect()
}

/// Returns the last number of an organization's entries.
async fn last(ours: &Organization) -> i64 {
    entries(&ours.admin, ours, "?limit=1").await.first().map_or(0, |entry| entry["number"].as_i64().unwrap())
}

#[tokio::test]
async fn r9_a_change_is_in_the_audit_with_its_party_records_members_address_and_reason() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let contact = contact_of(&ours, &group, "+16465550001").await;
            let before = last(&ours).await;
            let admin = ours.member("organization_admin").await;
            let path = ours.at(&format!("contacts/{contact}"));
            let trace = "0af7651916cd43dd8448eb211c80319c";
            let edit = Call::json(&json!({ "first_name": "Planted Name", "notes": "Planted notes" }))
                .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
            admin.client.call(Method::PATCH, &path, edit).await.ok();
            let out = json!({ "reason": "asked by phone" });
            assert!(admin.client.post(&format!("{path}/opt-out"), out).await.status < 300);

            let found = entries(&admin.client, &ours, &format!("?member_id={}", admin.id)).await;
            assert_eq!(operations(&found), ["patch_contact", "opt_out_contact"]);
            let [opted_out, edited] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(edited["records"], json!([{ "kind": "contact", "id": contact }]));
            assert_eq!(edited["members"], json!(["first_name", "notes"]));
            for (member, value) in [
                ("principal", json!("member")),
                ("role", json!("organization_admin")),
                ("via", json!("api")),
                ("method", json!("PATCH")),
                ("organization_id", json!(ours.id)),
                ("trace_id", json!(trace)),
                ("address", json!("127.0.0.1")),
                ("reason", json!(null)),
                ("operator", json!(null)),
            ] {
                assert_eq!(edited[member], value, "{member}: {edited}");
            }
            assert_eq!(opted_out["reason"], "asked by phone");
            let everything: String = world.row("select json_agg(e)::text from audit_entry e").await;
            assert!(!everything.contains("Planted") && !everything.contains("asked by phone"), "{everything}");
            // The member's making is another's act, and names them.
            let made = entries(&ours.admin, &ours, &format!("?record_id={}&operation=create_member", admin.id)).await;
            assert_eq!(made.len(), 1);
            assert_eq!(made[0]["records"][0], json!({ "kind": "member", "id": admin.id }));
            assert!(made[0]["number"].as_i64().unwrap() > before);
        })
        .await;
}

#[tokio::test]
async fn r9_what_changes_nothing_writes_nothing_and_a_repeat_writes_nothing_more() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let before = last(&ours).await;
            let tag = |key: &str, name: &str| Call::json(&json!({ "name": name })).header("idempotency-key", key);
            let first = ours.admin.call(Method::POST, &ours.at("tags"), tag("one", "Runner")).await.ok();
            let again = ours.admin.call(Method::POST, &ours.at("tags"), tag("one", "Runner")).await.ok();
            assert_eq!(first["id"], again["id"]);
            // Refusals, reads and previews.
            ours.admin.call(Method::POST, &ours.at("tags"), tag("two", "Runner")).await.problem(409, "conflict");
            ours.admin.post(&ours.at("tags"), json!({ "nmae": "Runner" })).await.problem(422, "invalid-body");
            let path = ours.at(&format!("tags/{}", text(&first["id"])));
            let stale = Call::json(&json!({ "name": "Walker" })).header("if-match", "\"7\"");
            ours.admin.call(Method::PATCH, &path, stale).await.problem(412, "edited-meanwhile");
            ours.member_of("group_admin", &[&group]).await.0.client.get(&ours.at("tags")).await.ok();
            ours.admin.post(&ours.at("texts/segments"), json!({ "text": "Hi" })).await.ok();
            ours.admin.post(&ours.at("opt-outs/lookup"), json!({ "phone": "+16465550001" })).await.ok();

            let found = entries(&ours.admin, &ours, "").await;
            let new: Vec<_> = found.into_iter().filter(|entry| entry["number"].as_i64().unwrap() > before).collect();
            let new: Vec<_> =
                operations(&new).into_iter().filter(|name| name.contains("tag")).map(str::to_owned).collect();
            assert_eq!(new, ["create_tag"]);
        })
        .await;
}

#[tokio::test]
async fn r9_a_file_of_people_is_in_the_audit_as_a_read_before_it_is_answered() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            let before = last(&ours).await;
            assert!(admin.client.get(&ours.at("opt-outs.csv")).await.status < 300);
            ours.admin.get(&ours.at("opt-outs")).await.ok();
            let found = entries(&ours.admin, &ours, "?operation=get_opt_outs_csv").await;
            assert_eq!(found.len(), 1);
            assert_eq!((&found[0]["member_id"], &found[0]["method"]), (&json!(admin.id), &json!("GET")));
            assert_eq!(last(&ours).await, before + 1, "a page is no file");
            // Without its entry the file is not given.
            world.execute(&["revoke execute on function audit_append from muster_app"]).await;
            admin.client.get(&ours.at("opt-outs.csv")).await.problem(500, "internal");
            admin.client.get(&ours.at("opt-outs")).await.ok();
        })
        .await;
}

#[tokio::test]
async fn r9_agents_acts_are_in_the_audit_and_their_texts_and_claims_are_not() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let before = last(&desk.ours).await;
            let phones = desk.written_to_by(1).await;
            let thread = ids(&desk.claim(&desk.second).await).remove(0);
            reply(&desk.second.client, &thread).await.ok();
            let agent = &desk.second.client;
            let at = |rest: &str| format!("/v1/agent/threads/{thread}/{rest}");
            agent.call(Method::PATCH, &at("contact"), Call::json(&json!({ "first_name": "Emmy" }))).await.ok();
            agent.post(&at("opt-out"), json!({})).await.ok();
            agent.act(&at("opt-out/undo")).await.ok();

            let found = entries(&desk.ours.admin, &desk.ours, &format!("?member_id={}", desk.second.id)).await;
            assert_eq!(
                operations(&found),
                ["patch_agent_thread_contact", "opt_out_agent_thread", "undo_agent_thread_opt_out"]
            );
            // The conversation comes first, and its contact is found too.
            let contact = text(&desk.ours.contact(&phones[0]).await["id"]);
            for entry in &found {
                assert_eq!(entry["records"][0], json!({ "kind": "thread", "id": thread }));
            }
            let of_contact = entries(&desk.ours.admin, &desk.ours, &format!("?record_id={contact}")).await;
            assert_eq!(of_contact.len(), 3, "{of_contact:?}");
            assert!(found.iter().all(|entry| entry["number"].as_i64().unwrap() > before));
        })
        .await;
}

#[tokio::test]
async fn a5_admins_read_the_acts_that_are_within_their_reach() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let foreign = world.organization("Foreign").await;
            let group = ours.group("One").await;
            let (group_admin, _) = ours.member_of("group_admin", &[&group]).await;
            let admin = ours.member("organization_admin").await;
            group_admin.client.get(&ours.at("audit")).await.problem(403, "forbidden");
            for other in [&sister, &foreign] {
                admin.client.get(&other.at("audit")).await.problem(404, "not-found");
            }
            for someone in [&admin, &group_admin] {
                someone.client.get("/v1/account/audit").await.problem(403, "forbidden");
            }
            let own = entries(&admin.client, &ours, "?limit=500").await;
            assert!(own.iter().all(|entry| entry["organization_id"] == json!(ours.id)), "{own:?}");
            let all = ours.admin.get("/v1/account/audit?limit=500").await.ok();
            let all = all["items"].as_array().unwrap().clone();
            let of = |id: &str| all.iter().filter(|entry| entry["organization_id"] == json!(id)).count();
            assert_eq!(of(&ours.id), own.len());
            assert!(of(&sister.id) > 0);
            assert_eq!(of(&foreign.id), 0);
            assert_eq!(all.len(), usize::try_from(all[0]["number"].as_i64().unwrap()).unwrap(), "without a gap");

            // Pages and filters.
            let mut paged = Vec::new();
            let mut query = "?limit=2".to_owned();
            loop {
                let page = ours.admin.get(&ours.at(&format!("audit{query}"))).await.ok();
                paged.extend(page["items"].as_array().unwrap().clone());
                let Some(next) = page["next"].as_i64() else { break };
                query = format!("?limit=2&cursor={next}");
            }
            assert_eq!(paged, own);
            let at = text(&own[1]["at"]);
            let earlier = entries(&admin.client, &ours, &format!("?to={at}")).await;
            assert_eq!(earlier, own[2..]);
            let later = entries(&admin.client, &ours, &format!("?from={at}")).await;
            assert_eq!(later, own[..2]);
            let groups = entries(&admin.client, &ours, "?record_kind=group").await;
            assert!(!groups.is_empty() && groups.iter().all(|entry| entry["records"][0]["kind"] == "group"));
            for wrong in ["?operation=x%20y", "?cursor=0", "?limit=501", "?from=yesterday", "?who=me"] {
                admin.client.get(&ours.at(&format!("audit{wrong}"))).await.problem(400, "invalid-parameter");
            }
        })
        .await;
}

#[tokio::test]
async fn r9_a_job_that_ends_is_in_the_audit_for_the_member_that_asked() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (_, contacts) = group_of(&ours, 3).await;
            let admin = ours.member("organization_admin").await;
            let change = json!({ "contact_ids": contacts, "action": "tag", "tag": "Runner" });
            let made = admin.client.post(&ours.at("bulk-changes"), change).await.ok();
            let id = text(&made["id"]);
            let done = eventually(seconds(30), async || {
                let found = entries(&ours.admin, &ours, &format!("?record_id={id}")).await;
                if found.len() == 2 { Ok(found) } else { Err(format!("{found:?}")) }
            })
            .await;
            assert_eq!(operations(&done), ["create_bulk_change", "bulk_change_succeeded"]);
            assert_eq!((&done[0]["member_id"], &done[0]["via"]), (&json!(admin.id), &json!("job")));
            let imports = entries(&ours.admin, &ours, "?operation=import_succeeded").await;
            assert_eq!(imports.len(), 1, "the one that brought the contacts");
        })
        .await;
}

#[tokio::test]
async fn r3_a_redaction_takes_the_persons_words_from_beside_the_chain_and_leaves_it_whole() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let [first, second] = ["+16465550001", "+16465550002"];
            for (phone, reason) in [(first, "she told Quillfeather so"), (second, "tired of texts")] {
                let contact = contact_of(&ours, &group, phone).await;
                let path = ours.at(&format!("contacts/{contact}/opt-out"));
                assert!(ours.admin.post(&path, json!({ "reason": reason })).await.status < 300);
            }
            let redaction = json!({ "phone": first, "confirmation": CONFIRMATION });
            let made = ours.admin.post("/v1/redactions", redaction).await.ok();
            let id = text(&made["id"]);
            eventually(seconds(30), async || {
                let status = ours.admin.get(&format!("/v1/redactions/{id}")).await.ok();
                if status["done"] == true { Ok(()) } else { Err(status.to_string()) }
            })
            .await;
            let found = entries(&ours.admin, &ours, "?operation=opt_out_contact").await;
            let reasons: Vec<_> = found.iter().map(|entry| entry["reason"].clone()).collect();
            assert_eq!(reasons, [json!("tired of texts"), json!(null)]);
            let all = ours.admin.get(&format!("/v1/account/audit?record_id={id}")).await.ok();
            assert_eq!(operations(all["items"].as_array().unwrap()), ["create_redaction", "redaction_done"]);
            let account = text(&ours.admin.get("/v1/account").await.ok()["account_id"]).parse().unwrap();
            let report = muster_storage::trust::audit::verify(world.pool(), account, Vec::new()).await.unwrap();
            assert_eq!(report.breaks, []);
        })
        .await;
}

#[tokio::test]
async fn r9_fifty_admins_of_one_account_change_things_at_once_and_the_chain_has_each_change_once() {
    const EACH: usize = 6;
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let before = last(&ours).await;
            let mut admins = Vec::new();
            for _ in 0..50 {
                admins.push(ours.member("organization_admin").await);
            }
            let work = admins.iter().enumerate().map(|(nth, admin)| {
                let ours = &ours;
                async move {
                    for tag in 0..EACH {
                        let body = json!({ "name": format!("tag {nth} {tag}") });
                        eventually(seconds(30), async || {
                            let answer = admin.client.post(&ours.at("tags"), body.clone()).await;
                            match answer.status {
                                // More than may wait are told to come back.
                                429 => Err("too many at once".to_owned()),
                                status if status < 300 => Ok(()),
                                status => panic!("{status}: {}", answer.text),
                            }
                        })
                        .await;
                    }
                }
            });
            futures::future::join_all(work).await;
            let made = world.count("audit_entry where operation = 'create_tag'").await;
            assert_eq!(made, 300);
            assert_eq!(world.count("tag").await, 300);
            assert_eq!(last(&ours).await, before + 50 * 2 + 300, "members, their tokens, and tags");
            let account = text(&ours.admin.get("/v1/account").await.ok()["account_id"]).parse().unwrap();
            let report = muster_storage::trust::audit::verify(world.pool(), account, Vec::new()).await.unwrap();
            assert_eq!(report.breaks, []);
        })
        .await;
}
