//! Opt-outs looked up by number and listed by recency (rules I3, R2, R4, C17 and A5).

use muster_integration_tests::{CONFIRMATION, Organization, World, text};
use serde_json::{Value, json};

use crate::group_knowledge::{Two, reach};

async fn looked_up(by: &Organization, phone: &str) -> Value {
    by.admin.post(&by.at("opt-outs/lookup"), json!({ "phone": phone })).await.ok()
}

/// Returns an organization with an opt-out of each origin that a test can make.
async fn opted_out(world: &World) -> (Organization, String) {
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let (_, number) = ours.agent(&group).await;
    let query = format!("file_name=a.csv&group_id={group}");
    ours.import(&query, "first,last,phone\nA,L,6465550001\nB,L,6465550002\n").await;
    ours.import(&query, "first,last,phone,opt_out\nC,L,6465550003,yes\n").await;
    world.text("+16465550001", &number, "STOP").await;
    world.contacts().is("e164", "+16465550001").has("opted_out_at").until(1).await;
    let second = text(&ours.contact("+16465550002").await["id"]);
    let path = ours.at(&format!("contacts/{second}/opt-out"));
    assert_eq!(ours.admin.post(&path, json!({ "reason": "=by phone" })).await.status, 204);
    (ours, group)
}

#[tokio::test]
async fn i3_an_opt_out_tells_since_when_and_by_what() {
    World::with_engine()
        .run(async |world| {
            let (ours, group) = opted_out(&world).await;
            for (phone, origin) in [("+16465550001", "text"), ("(646) 555-0002", "admin"), ("646-555-0003", "file")] {
                let found = looked_up(&ours, phone).await;
                assert_eq!((&found["opted_out"], &found["origin"]), (&json!(true), &json!(origin)), "{found}");
                assert!(found["since"].is_string() && found["contact_id"].is_string() && found["reason"].is_string());
            }
            let nothing =
                json!({ "opted_out": false, "since": null, "origin": null, "reason": null, "contact_id": null });
            ours.import(&format!("file_name=b.csv&group_id={group}"), "first,last,phone\nD,L,6465550004\n").await;
            assert_eq!(looked_up(&ours, "+16465550004").await, nothing, "somebody who may be texted");
            assert_eq!(looked_up(&ours, "+16465550999").await, nothing, "nobody");
            let other = world.organization("Other").await;
            assert_eq!(looked_up(&other, "+16465550001").await, nothing, "another tenant's");
            ours.admin.post(&ours.at("opt-outs/lookup"), json!({ "phone": "12" })).await.problem(422, "invalid-body");
            // Their own later word ends it.
            let first = text(&ours.contact("+16465550001").await["id"]);
            assert_eq!(ours.admin.act(&ours.at(&format!("contacts/{first}/opt-in"))).await.status, 204);
            assert_eq!(looked_up(&ours, "+16465550001").await, nothing);
        })
        .await;
}

#[tokio::test]
async fn r4_the_opt_out_that_remains_of_a_redacted_person_is_told_without_them() {
    World::with_engine()
        .run(async |world| {
            let (ours, group) = opted_out(&world).await;
            for phone in ["+16465550001", "+16465550003"] {
                let body = json!({ "phone": phone, "confirmation": CONFIRMATION });
                ours.admin.post("/v1/redactions", body).await.ok();
            }
            world.redactions().has("finished_at").until(2).await;
            let remains =
                json!({ "opted_out": true, "since": null, "origin": "redacted", "reason": null, "contact_id": null });
            assert_eq!(looked_up(&ours, "+16465550001").await, remains);
            let page = ours.admin.get(&ours.at("opt-outs")).await.ok();
            assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
            // Rule C9: the number comes back with its opt-out, as a contact.
            ours.import(&format!("file_name=b.csv&group_id={group}"), "first,last,phone\nE,L,6465550001\n").await;
            let back = looked_up(&ours, "+16465550001").await;
            assert_eq!(back["origin"], "redacted");
            assert!(back["contact_id"].is_string() && back["since"].is_string(), "{back}");
        })
        .await;
}

#[tokio::test]
async fn r2_opt_outs_are_listed_the_latest_first_by_origin_and_as_a_file() {
    World::with_engine()
        .run(async |world| {
            let (ours, _) = opted_out(&world).await;
            let page = async |query: &str| ours.admin.get(&ours.at(&format!("opt-outs{query}"))).await.ok();
            let phones = |page: &Value| -> Vec<String> {
                page["items"].as_array().unwrap().iter().map(|item| text(&item["phone"])).collect()
            };
            let all = page("").await;
            assert_eq!(phones(&all), ["+16465550002", "+16465550001", "+16465550003"], "{all}");
            assert_eq!(all["next"], Value::Null);
            // Page by page, each once.
            let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
            loop {
                let one = page(&query).await;
                seen.extend(phones(&one));
                let Some(next) = one["next"].as_str() else { break };
                query = format!("?limit=1&cursor={next}");
            }
            assert_eq!(seen, phones(&all));
            assert_eq!(phones(&page("?origin=file").await), ["+16465550003"]);
            assert_eq!(phones(&page("?origin=carrier").await), [""; 0]);
            for wrong in ["?cursor=1", "?origin=sun", "?limit=0"] {
                ours.admin.get(&ours.at(&format!("opt-outs{wrong}"))).await.problem(400, "invalid-parameter");
            }
            let file = ours.admin.get(&ours.at("opt-outs.csv")).await;
            assert_eq!(
                (file.status, file.header("content-type")),
                (200.try_into().unwrap(), "text/csv; charset=utf-8")
            );
            let lines: Vec<_> = file.text.lines().collect();
            assert_eq!((lines.len(), lines[0]), (4, "contact_id,phone,opted_out_at,origin,reason"));
            assert!(lines[1].contains(",+16465550002,") && lines[1].ends_with(",admin,\"'=by phone\""), "{}", lines[1]);
            let file = ours.admin.get(&ours.at("opt-outs.csv?origin=text")).await;
            assert_eq!(file.text.lines().count(), 2);
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admin_is_told_opt_outs_and_the_reasons_of_their_own_contacts_alone() {
    Two::run(async |two| {
        let contact = text(&two.ours.contact("+16465550001").await["id"]);
        let path = two.ours.at(&format!("contacts/{contact}/opt-out"));
        two.ours.admin.post(&path, json!({ "reason": "secret reason" })).await;
        let found = looked_up(&two.mine, "+16465550001").await;
        assert_eq!((&found["opted_out"], &found["origin"]), (&json!(true), &json!("admin")), "it holds for the number");
        assert_eq!((&found["reason"], &found["contact_id"]), (&Value::Null, &Value::Null));
        assert_eq!(looked_up(&two.theirs, "+16465550001").await["reason"], "secret reason");
        // Rule W8: a reason that is a tag is given with it, to the admin's groups.
        let tag = json!({ "name": "moved", "reason": true });
        let tag = text(&two.ours.admin.post(&two.ours.at("tags"), tag).await.ok()["id"]);
        let path = two.theirs.at(&format!("contacts/{contact}/opt-out"));
        let why = json!({ "reason": "by phone", "reason_id": contact });
        two.theirs.admin.post(&path, why).await.problem(422, "invalid-body");
        let why = json!({ "reason": "by phone", "reason_id": tag });
        assert_eq!(two.theirs.admin.post(&path, why).await.status, 204);
        assert_eq!(two.ours.contact("+16465550001").await["tags"], json!(["moved", "secret-all", "secret-tag"]));
        let list = async |by: &Organization| by.admin.get(&by.at("opt-outs")).await.ok()["items"].clone();
        assert_eq!(list(&two.mine).await, json!([]));
        two.import("first,last,phone\nEmmy,,6465550001\n").await;
        assert_eq!(two.seen("+16465550001").await["tags"], json!([]));
        let mine = list(&two.mine).await;
        assert_eq!((&mine[0]["phone"], &mine[0]["reason"]), (&json!("+16465550001"), &Value::Null));
        assert_eq!(two.mine.admin.get(&two.mine.at("opt-outs.csv")).await.text.lines().count(), 2);
        let nobody = reach(&two.ours, &[]).await;
        assert_eq!(list(&nobody).await, json!([]));
    })
    .await;
}
