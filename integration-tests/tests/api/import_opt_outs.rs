//! Opt-outs that a file's columns state (rule C17), and postal codes as spreadsheets write them
//! (rule S5).

use chrono::Timelike;
use muster_integration_tests::{World, ahead, days, open_goal, text};
use serde_json::{Value, json};

const FILE: &str = "first_name,last_name,can2_phone,can2_sms_status,Ward
Ada,L,6465550000,unsubscribed,1
Bob,L,6465550001,subscribed,2
Cyd,L,6465550002,,3
Dan,L,6465550003,bouncing,4
Eve,L,6465550004,Unsubscribed,5
Eve,L,6465550004,subscribed,5
";

#[tokio::test]
async fn c17_an_opt_out_that_a_file_states_is_kept_and_told() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            ours.import(&query, "first,last,phone\nAda,L,6465550000\nBob,L,6465550001\n").await;
            let bob = ours.contact("+16465550001").await;
            ours.admin
                .post(&ours.at(&format!("contacts/{}/opt-out", text(&bob["id"]))), json!({ "reason": "by phone" }))
                .await
                .ok();
            let since = ours.contact("+16465550001").await["opted_out_at"].clone();

            let dry = ours.import(&format!("{query}&dry_run=true"), FILE).await;
            assert_eq!(world.contacts().has("opted_out_at").count().await, 1, "{dry}");
            let events = "contact_event where what = 'opted_out'";
            assert_eq!(world.count(events).await, 1);
            let report = ours.import(&query, FILE).await;
            for report in [&dry, &report] {
                assert_eq!((&report["state"], &report["opted_out"]), (&json!("succeeded"), &json!(2)), "{report}");
                assert_eq!((&report["warnings"], &report["warning_lines"]), (&json!(1), &json!([5])), "{report}");
                assert_eq!(report["warning_reasons"], json!({ "opt_out_unknown": 1 }), "{report}");
                assert_eq!(report["columns"][3], json!({ "header": "can2_sms_status", "field": "opt_out_status" }));
            }
            // Contacts that were there, and contacts that are new though the last row of the phone
            // says nothing of it; with the source of their opt-out.
            for phone in ["+16465550000", "+16465550004"] {
                let contact = ours.contact(phone).await;
                assert!(contact["opted_out_at"].is_string(), "{contact}");
                let from = format!("stated in the file of import {}", text(&report["id"]));
                assert_eq!(contact["opt_out_reason"], from, "{contact}");
            }
            assert_eq!(world.count(events).await, 3);
            // Rule C9: no file undoes an opt-out.
            assert_eq!(ours.contact("+16465550001").await["opted_out_at"], since);
            let again =
                ours.import(&query, FILE.replace("unsubscribed", "subscribed").replace("Unsubscribed", "")).await;
            assert_eq!(again["opted_out"], 0, "{again}");
            assert_eq!(world.contacts().has("opted_out_at").count().await, 3);
            // The same file again changes nobody.
            let same = ours.import(&query, FILE).await;
            assert_eq!((&same["opted_out"], &same["updated"]), (&json!(2), &json!(0)), "{same}");
            assert_eq!(world.count(events).await, 3);
            // Rule T2.
            let goal = ours.draft(&group, open_goal(&world, json!({})).await).await;
            let preview = ours.admin.get(&ours.at(&format!("goals/{goal}/preview"))).await.ok();
            assert_eq!(preview["excluded"], json!({ "opted_out": 3 }), "{preview}");
            // An undo leaves opt-outs as they are.
            let path = ours.at(&format!("imports/{}/undo", text(&same["id"])));
            ours.admin.act(&path).await.ok();
            world.imports().has("undone_at").until(1).await;
            assert!(ours.contact("+16465550000").await["opted_out_at"].is_string());
        })
        .await;
}

#[tokio::test]
async fn c17_known_columns_of_other_tools_state_opt_outs() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let columns = [
                ("opted_out", "TRUE"),
                ("is_opted_out", "t"),
                ("optOut", "true"),
                ("NoTexts", "Yes"),
                ("Do Not Text", "1"),
                ("SMS Opt Out", "x"),
                ("SMS Opt-In Status", "O"),
                ("sms_opt_in", "no"),
                ("mobile_opt_in", "false"),
                ("SMS Consent", "UNSUBSCRIBED"),
                ("unsubscribed", "y"),
                ("opted_out_at", "2025-04-11 10:00:00"),
            ];
            for (nth, (column, value)) in columns.iter().enumerate() {
                let group = ours.group(&format!("G{nth}")).await;
                let (out, other) = (format!("64655510{nth:02}"), format!("64655520{nth:02}"));
                let file = format!("first,last,phone,{column}\nAda,L,{out},{value}\nBob,L,{other},\n");
                let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
                assert_eq!((&report["opted_out"], &report["warnings"]), (&json!(1), &json!(0)), "{column}: {report}");
                let (out, other) = (ours.contact(&format!("+1{out}")).await, ours.contact(&format!("+1{other}")).await);
                assert!(out["opted_out_at"].is_string() && other["opted_out_at"].is_null(), "{column}: {out} {other}");
                assert_eq!(out["fields"], json!({}), "{column}");
            }
        })
        .await;
}

/// A group that is full is no reason to text somebody from another.
#[tokio::test]
async fn c17_a_rejected_row_opts_out_whom_we_know() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 2).await;
            ours.set(json!({ "group_contact_limit": 1 })).await;
            let full = ours.group("Full").await;
            let file = "first,last,phone,opted_out\nNew,L,6465559000,no\nAda,L,6465550001,yes\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={full}"), file).await;
            assert_eq!(
                (&report["created"], &report["rejected"], &report["opted_out"]),
                (&json!(1), &json!(1), &json!(1)),
                "{report}"
            );
            assert!(ours.contact("+16465550001").await["opted_out_at"].is_string());
            assert!(ours.contact("+16465550000").await["opted_out_at"].is_null());
        })
        .await;
}

/// Rule S9: waiting texts do not go, and the thread leaves the agent that answers it.
#[tokio::test]
async fn c17_an_opt_out_of_a_file_stops_texts_that_wait() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, number) = ours.agent(&group).await;
            ours.contacts(&group, 3).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = agent.client.claim(&goal, "initial").await;
            // The minute of the next day in which texts may go must not be behind the end of the
            // window.
            world.goals().set("closes_at", ahead(days(3))).await;
            // Nothing goes outside a minute of the day in which it is not.
            let opens = if (3..9).contains(&world.now().await.hour()) { 720 } else { 0 };
            ours.set(
        json!({ "sending_hours": { "opens_minute": opens, "closes_minute": opens + 1 }, "recipient_safe": false }),
    )
    .await;
            let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
            agent.client.post(&path, json!({ "lease_token": batch["lease_token"] })).await.ok();
            world.messages().state("held").until(3).await;
            world.text("+16465550001", &number, "Who is this?").await;
            world.threads().has("unread_since").until(1).await;

            let file =
                "first,last,phone,Do Not Text\nAda,L,6465550000,yes\nAda,L,6465550001,yes\nAda,L,6465550002,no\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!((&report["opted_out"], &report["updated"]), (&json!(2), &json!(3)), "{report}");
            assert_eq!(world.threads().has("unread_since").count().await, 0, "it is hidden (I3)");
            ours.set(json!({ "sending_hours": { "opens_minute": 0, "closes_minute": 1_440 } })).await;
            world.messages().state("delivered").until(1).await;
            world.messages().state("cancelled").reason("opted_out").until(2).await;
            let to: Vec<_> = world.carrier().accepted().into_iter().map(|message| message.to).collect();
            assert_eq!(to, ["+16465550002"]);
        })
        .await;
}

#[tokio::test]
async fn s5_postal_codes_are_kept_clean_and_shown_so() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let codes = [
                ("\"=\"\"02134\"\"\"", "02134"),
                ("'02134", "02134"),
                ("０２１３４", "02134"),
                ("02134\u{2013}1000", "02134-1000"),
                ("021341000", "02134-1000"),
                ("MA 02134", "02134"),
                ("2134.0", "2134"),
                ("K1A 0B1", "K1A 0B1"),
                ("nowhere", "nowhere"),
            ];
            let rows: Vec<String> =
                codes.iter().enumerate().map(|(nth, (code, _))| format!("A,L,646555{nth:04},{code}")).collect();
            let report = ours
                .import(
                    &format!("file_name=a.csv&group_id={group}"),
                    format!("first,last,phone,zip\n{}\n", rows.join("\n")),
                )
                .await;
            assert_eq!(report["created"], codes.len(), "{report}");
            for (nth, (code, kept)) in codes.iter().enumerate() {
                let contact: Value = ours.contact(&format!("+1646555{nth:04}")).await;
                assert_eq!(contact["postal_code"], *kept, "{code}");
            }
        })
        .await;
}
