//! The audit among the exports (rules A5, E1 and R9).

use muster_integration_tests::{Organization, World, text};
use serde_json::{Value, json};

use crate::exports::{ask, file, get, records};

#[tokio::test]
async fn r9_the_audit_is_exported_as_its_list_has_it_and_for_those_that_may_read_it() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let group = ours.group("=One").await;
            let contact = world.plant_contact_in(&ours.id, &group, "+16465550001").await;
            let path = ours.at(&format!("contacts/{contact}/opt-out"));
            ours.admin.post(&path, json!({ "reason": "=asked by phone" })).await.ok();
            let admin = ours.member("organization_admin").await;
            let admin = Organization { admin: admin.client, ..ours.clone() };
            let (group_admin, _) = ours.member_of("group_admin", &[&group]).await;
            let of = async |by: &Organization, filter: Value| {
                records(&world, by, json!({ "kind": "audit", "audit": filter })).await
            };

            // The same acts with the same values as the list, the oldest first.
            let opt_outs = of(&admin, json!({ "operation": "opt_out_contact" })).await;
            let listed = admin.admin.get(&admin.at("audit?operation=opt_out_contact")).await.ok()["items"][0].clone();
            assert_eq!(opt_outs.len(), 1, "{opt_outs:?}");
            for name in [
                "number",
                "organization_id",
                "principal",
                "member_id",
                "role",
                "via",
                "operation",
                "members",
                "address",
                "reason",
                "hash",
            ] {
                assert_eq!(opt_outs[0][name], listed[name], "{name}");
            }
            assert_eq!(opt_outs[0]["records"], json!([format!("contact {contact}")]));
            let csv = file(&world, &admin, json!({ "kind": "audit", "columns": ["reason"] })).await;
            assert!(csv.contains("\"'=asked by phone\""), "{csv}");
            let all = of(&admin, json!({})).await;
            let numbers: Vec<_> = all.iter().map(|act| act["number"].as_i64().unwrap()).collect();
            assert!(numbers.is_sorted() && all.iter().all(|act| act["organization_id"] == ours.id.as_str()), "{all:?}");
            for filter in [
                json!({ "record_id": contact }),
                json!({ "record_kind": "contact" }),
                json!({ "member_id": opt_outs[0]["member_id"], "operation": "opt_out_contact" }),
                json!({ "from": opt_outs[0]["at"], "to": "2999-01-01T00:00:00Z", "operation": "opt_out_contact" }),
            ] {
                assert_eq!(of(&admin, filter.clone()).await, opt_outs, "{filter}");
            }
            for filter in [json!({ "operator": "nobody" }), json!({ "to": "2001-01-01T00:00:00Z" })] {
                assert!(of(&admin, filter.clone()).await.is_empty(), "{filter}");
            }

            // Acts of the whole account are for its admins alone, the file with them as well.
            let whole = of(&ours, json!({ "account": true })).await;
            assert!(whole.iter().any(|act| act["organization_id"] == sister.id.as_str()), "{whole:?}");
            assert!(whole.len() > all.len(), "{whole:?}");
            let audit = |filter: Value| json!({ "kind": "audit", "audit": filter });
            ask(&admin, audit(json!({ "account": true }))).await.problem(403, "forbidden");
            let id = text(&ours.admin.get(&ours.at("exports?limit=1")).await.ok()["items"][0]["id"]);
            assert_eq!(get(&ours, &id).await["filter"], json!({ "account": true }));
            admin.admin.get(&admin.at(&format!("exports/{id}"))).await.problem(404, "not-found");
            admin.admin.act(&admin.at(&format!("exports/{id}/links"))).await.problem(404, "not-found");
            let groups = Organization { admin: group_admin.client, ..ours.clone() };
            ask(&groups, audit(json!({}))).await.problem(403, "forbidden");
            for filter in [json!({ "operation": "No Word" }), json!({ "operator": "" }), json!({ "from": "yesterday" })]
            {
                ask(&admin, audit(filter)).await.problem(422, "invalid-body");
            }
        })
        .await;
}
