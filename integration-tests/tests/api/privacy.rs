//! Redaction (rules R3 to R5 and C9).

use muster_integration_tests::{CONFIRMATION, Organization, World, text};
use serde_json::{Value, json};

/// Waits until a redaction is done; returns it.
pub(crate) async fn redact(world: &World, organization: &Organization, phone: &str) -> Value {
    let body = json!({ "phone": phone, "confirmation": CONFIRMATION });
    let id = text(&organization.admin.post("/v1/redactions", body).await.ok()["id"]);
    world.redactions().id(&id).has("finished_at").until(1).await;
    organization.admin.get(&format!("/v1/redactions/{id}")).await.ok()
}

/// Nothing that identifies the person is anywhere in the account's rows. The strangers' account has
/// its own person.
async fn nothing_identifies(world: &World, stranger: &Organization) {
    let strangers = format!("organization_id <> '{}'", stranger.id);
    for (table, of) in [
        ("contact", strangers.clone()),
        ("message", strangers.clone()),
        ("thread", strangers.clone()),
        ("import", strangers.clone()),
        (
            "import_reject",
            format!("import_id not in (select id from import where organization_id = '{}')", stranger.id),
        ),
        ("webhook", "true".to_owned()),
        ("redaction", "true".to_owned()),
        ("job", "true".to_owned()),
        ("idempotency", "true".to_owned()),
        ("dead_letter", "true".to_owned()),
        ("import_change", "true".to_owned()),
        ("bulk_change", "true".to_owned()),
        ("export", "true".to_owned()),
    ] {
        for needle in
            ["zebulon", "quagmire", "6465550001", "646-555-0001", "zq@example.org", "likes tea", "ward-nine", "van-77"]
        {
            let found = world.count(&format!("{table} t where {of} and lower(t::text) like '%{needle}%'")).await;
            assert_eq!(found, 0, "{needle} in {table}");
        }
    }
}

#[tokio::test]
async fn r3_a_redaction_blanks_the_person_everywhere_and_a_reimport_keeps_the_opt_out() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let stranger = world.organization("Stranger").await;
            let (group, sister_group, their_group) =
                (ours.group("One").await, sister.group("S").await, stranger.group("T").await);
            let (agent, number) = ours.agent(&group).await;
            let file = "first,last,phone,email,notes,tags,Ward,zip,van id\n\
            Zebulon,Quagmire,6465550001,zq@example.org,likes tea,vip,Ward-Nine,10001,VAN-77\n\
            Grace,Hopper,6465550002,gh@example.org,,,,,\n\
            Zebulon,Quagmire,646-555-0001 x99,zq@example.org,,,,,\n";
            for (organization, group) in [(&ours, &group), (&sister, &sister_group), (&stranger, &their_group)] {
                let report = organization.import(&format!("file_name=c.csv&group_id={group}"), file).await;
                assert_eq!((&report["created"], &report["rejected"]), (&json!(2), &json!(1)), "{report}");
            }
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = agent.client.claim(&goal, "initial").await;
            agent.client.send(&batch).await.ok();
            world.messages().kind("initial").state("delivered").until(2).await;
            world.text("+16465550001", &number, "Zebulon here, what is it?").await;
            world.text("+16465550001", &number, "STOP").await;
            world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
            world.settled().await;
            let before = ours.contact("+16465550001").await;
            let stats = async || ours.admin.get(&ours.at(&format!("goals/{goal}/stats"))).await.ok();
            let figures = stats().await;
            let thread: String = world.threads().is("contact_id", text(&before["id"])).the("id").await;

            let done = redact(&world, &ours, "(646) 555-0001").await;
            assert_eq!(
                (&done["done"], &done["contacts"], &done["messages"]),
                (&json!(true), &json!(2), &json!(4)),
                "{done}"
            );

            // The contact is there, with nothing of the person.
            let after = ours.admin.get(&ours.at(&format!("contacts/{}", text(&before["id"])))).await.ok();
            let wanted = json!({
                "phone": null, "first_name": "", "last_name": "", "email": null, "postal_code": null, "external_id": null,
                "fields": {}, "tags": [], "groups": [group], "opted_out_at": before["opted_out_at"],
            });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&after[name], value, "{name} of {after}");
            }
            assert!(after["redacted_at"].is_string());
            let conversation = ours.admin.get(&ours.at(&format!("conversations/{thread}"))).await.ok();
            for message in conversation["messages"].as_array().unwrap() {
                assert_eq!(message["body"], "", "{message}");
            }
            assert_eq!(stats().await, figures, "history and counts stay");

            nothing_identifies(&world, &stranger).await;
            assert!(
                stranger.contact("+16465550001").await["first_name"] == "Zebulon",
                "another account's person stays"
            );
            let files = world.objects();
            assert!(files.iter().all(|file| file.to_str().unwrap().contains(&stranger.id)), "{files:?}");
            // R4: a keyed hash remains.
            assert_eq!(world.suppressions().and("opted_out").count().await, 1);
            assert_eq!(world.suppressions().count().await, 2);

            // C9: the number comes back as a new contact that keeps its opt-out where it had one.
            let report = ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
            assert_eq!((&report["created"], &report["unchanged"]), (&json!(1), &json!(1)), "{report}");
            let again = ours.contact("+16465550001").await;
            assert_ne!(again["id"], before["id"]);
            assert!(again["opted_out_at"].is_string(), "{again}");
            let report = sister.import(&format!("file_name=c.csv&group_id={sister_group}"), file).await;
            assert_eq!(report["created"], 1, "{report}");
            assert!(sister.contact("+16465550001").await["opted_out_at"].is_null(), "there they had not opted out");

            // Once more is harmless, and a number of nobody as well.
            assert_eq!(redact(&world, &ours, "+16465550001").await["contacts"], 2);
            assert_eq!(redact(&world, &ours, "+16465559999").await["contacts"], 0);
            let report = ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
            assert_eq!(report["created"], 1);
            assert!(ours.contact("+16465550001").await["opted_out_at"].is_string(), "for good");
        })
        .await;
}

/// Rules C9 and I6: a redacted person that writes is a new contact, and their opt-out is not
/// forgotten either.
#[tokio::test]
async fn c9_a_redacted_person_who_writes_keeps_their_opt_out() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            ours.contacts(&group, 1).await;
            world.text("+16465550000", &number, "STOP").await;
            world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
            world.settled().await;
            redact(&world, &ours, "+16465550000").await;
            world.text("+16465550000", &number, "Are you still there?").await;
            world.contacts().is("e164", "+16465550000").until(1).await;
            assert!(ours.contact("+16465550000").await["opted_out_at"].is_string());
        })
        .await;
}

/// Rule S9: a redaction reaches queued texts.
#[tokio::test]
async fn s9_a_redaction_takes_effect_on_what_is_queued() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 2).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = agent.client.claim(&goal, "initial").await;
            let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
            // Held, so that the redaction is quicker than the hand-over.
            let gate = world.close_publish_gate().await;
            agent.client.post(&path, json!({ "lease_token": batch["lease_token"] })).await.ok();
            ours.goal_act(&goal, "pause").await;
            gate.open().await;
            world.messages().state("held").until(2).await;
            redact(&world, &ours, "+16465550000").await;
            ours.goal_act(&goal, "resume").await;
            world.messages().state("delivered").until(1).await;
            world.settled().await;
            assert_eq!(world.messages().state("cancelled").reason("redacted").is("body", "").count().await, 1);
            let to: Vec<String> = world.carrier().accepted().into_iter().map(|message| message.to).collect();
            assert_eq!(to, ["+16465550001"]);
        })
        .await;
}
