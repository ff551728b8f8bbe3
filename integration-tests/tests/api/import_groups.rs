//! The group of an import: its limit, its name, and the contacts that were in it (rules C9 to C11
//! and A2).

use muster_integration_tests::{Call, World, open_goal, text};
use reqwest::Method;
use serde_json::json;

use crate::imports::{counters, reasons, rejects};

/// Rules A2 and C10.
#[tokio::test]
async fn c10_rows_over_the_groups_limit_are_rejected_and_not_the_file() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 3 })).await;
            let group = ours.group("One").await;
            let file = |from: usize, to: usize| {
                let rows: Vec<String> = (from..to).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
                format!("first,last,phone\n{}\n", rows.join("\n"))
            };
            let query = format!("file_name=a.csv&group_id={group}");
            let report = ours.import(&query, file(0, 2)).await;
            assert_eq!(counters(&report), [2, 2, 0, 0, 0, 0]);
            // Contacts that are in it already take no place, and one more fits: the first of the
            // file.
            let dry = ours.import(&format!("{query}&dry_run=true"), file(0, 5)).await;
            let report = ours.import(&query, file(0, 5)).await;
            assert_eq!(counters(&report), [5, 1, 0, 2, 0, 2], "{report}");
            assert_eq!(counters(&dry), counters(&report));
            assert_eq!(reasons(&report), [("group_full".to_owned(), 2)].into());
            let rows = rejects(&ours, &report).await;
            assert!(rows[0].starts_with("5,\"group_full\"") && rows[1].starts_with("6,\"group_full\""), "{rows:?}");
            assert_eq!(world.memberships().count().await, 3);
            assert_eq!(world.contacts().count().await, 3, "who does not fit is not made");
            // Two at once do not pass it together.
            let second = ours.group("Two").await;
            let query = format!("file_name=a.csv&group_id={second}");
            let (one, two) = tokio::join!(ours.import(&query, file(10, 13)), ours.import(&query, file(20, 23)));
            assert_eq!(counters(&one)[5] + counters(&two)[5], 3, "{one} {two}");
            assert_eq!(world.memberships().is("group_id", &second).count().await, 3);
        })
        .await;
}

/// Rule C9 and R1.
#[tokio::test]
async fn c9_a_reimport_neither_undoes_an_opt_out_nor_reactivates() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 2).await;
            let (out, inactive) = (ours.contact("+16465550000").await, ours.contact("+16465550001").await);
            let path = ours.at(&format!("contacts/{}/opt-out", text(&out["id"])));
            ours.admin.post(&path, json!({ "reason": "by phone" })).await.ok();
            let path = ours.at(&format!("groups/{group}/contacts/{}", text(&inactive["id"])));
            ours.admin.patch(&path, json!({ "active": false })).await.ok();
            let since = ours.contact("+16465550000").await["opted_out_at"].clone();
            assert!(since.is_string());
            let file = "first,last,phone\nNew,Name,6465550000\nNew,Name,6465550001\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [2, 0, 2, 0, 0, 0]);
            let after = ours.contact("+16465550000").await;
            assert_eq!((&after["opted_out_at"], &after["first_name"]), (&since, &json!("New")));
            assert_eq!(world.memberships().has("deactivated_at").count().await, 1);
            // T2: neither is targeted.
            let goal = open_goal(&world, json!({})).await;
            let id = ours.draft(&group, goal).await;
            let preview = ours.admin.get(&ours.at(&format!("goals/{id}/preview"))).await.ok();
            assert_eq!(preview["contacts"], 0);
            assert_eq!(preview["excluded"], json!({ "opted_out": 1, "deactivated": 1 }));
        })
        .await;
}

/// Rule C11.
#[tokio::test]
async fn c11_without_a_group_the_files_name_is_the_groups() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let file = "first,last,phone\nAda,L,6465550001\n";
            ours.upload("file_name=Spring%20list.v2.csv", file).await.problem(400, "invalid-parameter");
            let place = "&zone=America/Chicago&area_code=312";
            let first = ours.import(&format!("file_name=Spring%20list.v2.csv{place}"), file).await;
            let group = ours.admin.get(&ours.at(&format!("groups/{}", text(&first["group_id"])))).await.ok();
            assert_eq!(
                (&group["name"], &group["zone"], &group["area_code"]),
                (&json!("Spring list.v2"), &json!("America/Chicago"), &json!("312"))
            );
            assert_eq!(group["contacts"], 1);
            let again = ours.import("file_name=Spring%20list.v2.csv", file).await;
            assert_eq!((&again["group_id"], counters(&again)), (&first["group_id"], [1, 0, 0, 1, 0, 0]));
            // Another organization's group of that name is not there.
            let other = world.organization("Other").await;
            let theirs = other.import(&format!("file_name=Spring%20list.v2.csv{place}"), file).await;
            assert_ne!(theirs["group_id"], first["group_id"]);
            assert_eq!(counters(&theirs), [1, 1, 0, 0, 0, 0]);
            // A group admin may use a group of theirs, and may not make one.
            let (admin, _) = ours.member_of("group_admin", &[first["group_id"].as_str().unwrap()]).await;
            let upload = async |query: &str| {
                admin
                    .client
                    .call(Method::POST, &ours.at(&format!("imports?{query}")), Call::raw("text/csv", file))
                    .await
            };
            assert_eq!(upload("file_name=Spring%20list.v2.csv").await.status, 202);
            upload(&format!("file_name=Another.csv{place}")).await.problem(403, "forbidden");
            // Another group's name tells them nothing: it is as if there were none (rule A5).
            ours.group("Not theirs").await;
            upload("file_name=Not%20theirs.csv").await.problem(403, "forbidden");
        })
        .await;
}

/// Rule C11: two uploads of a new file at once are one group.
#[tokio::test]
async fn c11_uploads_at_once_make_one_group() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let query = "file_name=New.csv&zone=America/Chicago&area_code=312";
            let uploads = (0..6).map(|nth| ours.upload(query, format!("first,last,phone\nAda,L,646555000{nth}\n")));
            for answer in futures::future::join_all(uploads).await {
                answer.ok();
            }
            assert_eq!(world.rows("contact_group").count().await, 1);
        })
        .await;
}
