//! Lists and searches of contacts (rules A5 and C16).

use muster_integration_tests::{Organization, World, text};
use serde_json::{Value, json};

use crate::{
    group_knowledge::{Two, reach},
    people_save::save,
};

/// Returns the numbers that a filter finds, the youngest contact first.
pub(crate) async fn found(by: &Organization, filter: &str) -> Vec<String> {
    let page = by.admin.get(&by.at(&format!("contacts?{filter}"))).await.ok();
    page["items"].as_array().unwrap().iter().map(|contact| text(&contact["phone"])[9..].to_owned()).collect()
}

#[tokio::test]
async fn c16_each_filter_finds_its_contacts_the_youngest_first() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, two) = (ours.group("One").await, ours.group("Two").await);
            let (agent, _) = ours.agent(&one).await;
            let people = [
                (&one, "+16465550001", json!({ "first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Example.org", "tags": ["vip"] })),
                (&one, "+16465550002", json!({ "first_name": "Grace", "last_name": "Hopper", "external_id": "van-2", "assigned_agent_id": agent.id })),
                (&one, "+16465550003", json!({ "first_name": "Alan", "last_name": "Lovelace", "tags": ["vip", "old"] })),
                (&two, "+16465550004", json!({ "first_name": "Emmy", "last_name": "Noether" })),
                (&two, "+16465550001", json!({})),
            ];
            let mut ids = Vec::new();
            for (group, phone, more) in people {
                ids.push(text(&save(&ours, group, phone, more).await.ok()["id"]));
            }
            let member = |group: &str, nth: usize| ours.at(&format!("groups/{group}/contacts/{}", ids[nth]));
            ours.admin.patch(&member(&one, 0), json!({ "active": false })).await.ok();
            ours.admin.post(&ours.at(&format!("contacts/{}/opt-out", ids[2])), json!({ "reason": "r" })).await.ok();
            world.contacts().id(&ids[3]).set("line_type", "landline").await;
            // Another tenant's are in no answer.
            let theirs = world.organization("Theirs").await;
            let their_group = theirs.group("Theirs").await;
            save(&theirs, &their_group, "+16465550001", json!({ "first_name": "Ada", "tags": ["vip"] })).await.ok();

            let cases: [(String, &[&str]); 24] = [
                (String::new(), &["004", "003", "002", "001"]),
                (format!("group_id={one}"), &["003", "002", "001"]),
                (format!("group_id={two}"), &["004", "001"]),
                ("phone=(646)%20555-0002".into(), &["002"]),
                ("phone=%2B16465550009".into(), &[]),
                ("name=lovelace".into(), &["003", "001"]),
                ("name=ada%20love".into(), &["001"]),
                ("name=A%25".into(), &[]),
                ("name=a_a".into(), &[]),
                ("name=a%5C".into(), &[]),
                ("email=ada@example.ORG".into(), &["001"]),
                ("external_id=van-2".into(), &["002"]),
                ("external_id=VAN-2".into(), &[]),
                ("tag=vip".into(), &["003", "001"]),
                ("tag=vip&without_tag=old".into(), &["001"]),
                ("without_tag=vip".into(), &["004", "002"]),
                (format!("assigned_agent_id={}", agent.id), &["002"]),
                ("assigned=true".into(), &["002"]),
                (format!("assigned=false&group_id={one}"), &["003", "001"]),
                ("status=active".into(), &["002", "001"]),
                (format!("status=active&group_id={one}"), &["002"]),
                ("status=deactivated".into(), &["001"]),
                ("status=opted_out".into(), &["003"]),
                ("status=not_textable&name=emmy".into(), &["004"]),
            ];
            for (filter, wanted) in cases {
                assert_eq!(found(&ours, &filter).await, wanted, "{filter}");
            }
            for wrong in ["phone=12", "status=asleep", "name=", "assigned=maybe", "nmae=x"] {
                ours.admin.get(&ours.at(&format!("contacts?{wrong}"))).await.problem(400, "invalid-parameter");
            }
            // Pages are of one order, with the filter, and none is told twice.
            let mut seen = Vec::new();
            let mut path = "contacts?limit=1&tag=vip".to_owned();
            loop {
                let page = ours.admin.get(&ours.at(&path)).await.ok();
                seen.extend(page["items"].as_array().unwrap().iter().map(|contact| text(&contact["id"])));
                let Some(next) = page["next"].as_str() else { break };
                path = format!("contacts?limit=1&tag=vip&cursor={next}");
            }
            assert_eq!(seen, [ids[2].clone(), ids[0].clone()]);
        })
        .await;
}

/// Filters are no way to ask: they go by the knowledge of the admin's groups.
#[tokio::test]
async fn a5_no_filter_finds_a_contact_by_what_the_group_does_not_know() {
    Two::run(async |two| {
        let Two { mine, theirs, group, ours, .. } = &two;
        assert_eq!(found(mine, "").await, Vec::<String>::new());
        two.import("first,last,phone,tags\nMymy,,6465550001,mine\n,,6465550002,\n").await;
        for (filter, wanted) in [
            ("", vec!["002", "001"]),
            ("name=secret", vec![]),
            ("name=mymy", vec!["001"]),
            ("email=secret@example.org", vec![]),
            ("external_id=secret-van", vec![]),
            ("tag=secret-tag", vec![]),
            ("tag=mine", vec!["001"]),
            ("without_tag=secret-tag", vec!["002", "001"]),
            ("phone=6465550001", vec!["001"]),
            ("status=active", vec!["002", "001"]),
        ] {
            assert_eq!(found(mine, filter).await, wanted, "{filter}");
        }
        assert_eq!(found(theirs, "name=secretfirst").await, ["001"], "who brought it finds it");
        assert_eq!(found(theirs, "name=mymy").await, Vec::<String>::new());
        assert_eq!(found(ours, "tag=secret-tag&name=mymy").await, ["001"]);
        // Another's group is none.
        let other = &two.their_group;
        mine.admin.get(&mine.at(&format!("contacts?group_id={other}"))).await.problem(404, "not-found");
        let both = reach(ours, &[group, other]).await;
        assert_eq!(found(&both, "name=secretfirst").await, ["001"]);
    })
    .await;
}

/// A contact that is redacted is found as such, and by nothing else.
#[tokio::test]
async fn r3_a_redacted_contact_is_found_as_redacted_alone() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            save(&ours, &group, "+16465550001", json!({ "first_name": "Ada", "tags": ["vip"] })).await.ok();
            crate::privacy::redact(&world, &ours, "+16465550001").await;
            for (filter, wanted) in [
                ("status=redacted", 1),
                ("status=active", 0),
                ("status=opted_out", 0),
                ("status=deactivated", 0),
                ("name=ada", 0),
                ("tag=vip", 0),
                ("phone=6465550001", 0),
                ("", 1),
            ] {
                let page = ours.admin.get(&ours.at(&format!("contacts?{filter}"))).await.ok();
                let items: &Vec<Value> = page["items"].as_array().unwrap();
                assert_eq!(items.len(), wanted, "{filter}");
            }
        })
        .await;
}
