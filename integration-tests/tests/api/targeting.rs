//! Targeting and its preview: every filter, names that must be the asker's to see, counts filter by
//! filter, and the contacts behind them (rules T1 to T3).

use muster_integration_tests::{Organization, World, goal_at, open_goal, text};
use serde_json::{Value, json};

use crate::{group_knowledge::Two, privacy::redact};

const DAY: (&str, &str) = ("2027-06-01T10:00:00", "2027-06-02T10:00:00");

const PEOPLE: &str = "first,last,phone,email,zip,external_id,ward,tags,agent
Ada,A,6465550001,ada@example.org,10001,van-1,7,\"red,tall\",amy@example.org
Ben,B,6465550002,BEN@example.org,10001,van-2,8,red,
Cyd,C,6465550003,,10002,,,blue,amy@example.org
Dee,D,6465550004,dee@example.org,,van-4,7,,
";

async fn people(ours: &Organization) -> (String, String) {
    let group = ours.group("One").await;
    let body = json!({ "role": "agent", "first_name": "Amy", "last_name": "B", "email": "amy@example.org" });
    let amy = text(&ours.admin.post(&ours.at("members"), body).await.ok()["id"]);
    ours.join(&group, "agent", &amy).await;
    let mapping = "%7B%22agent%22:%22assigned_agent%22%7D";
    let report = ours.import(&format!("file_name=a.csv&group_id={group}&mapping={mapping}"), PEOPLE).await;
    assert_eq!(report["created"], 4, "{report}");
    (group, amy)
}

async fn draft(ours: &Organization, group: &str, targeting: &Value) -> String {
    ours.draft(group, goal_at(DAY.0, DAY.1, json!({ "targeting": targeting }))).await
}

async fn preview(ours: &Organization, goal: &str) -> Value {
    ours.admin.get(&ours.at(&format!("goals/{goal}/preview"))).await.ok()
}

/// Returns the given names that a preview lists, in alphabetical order.
async fn names(ours: &Organization, goal: &str, query: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = ours.at(&format!("goals/{goal}/preview/contacts?limit=1{query}{cursor}"));
        let page = ours.admin.get(&path).await.ok();
        names.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["first_name"])));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    names.sort();
    names
}

#[tokio::test]
async fn t1a_postal_code_email_external_id_and_agent_are_filtered_like_fields() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, amy) = people(&ours).await;
            let other = ours.group("Other").await;
            world.join_group(&other, &text(&ours.contact("+16465550001").await["id"])).await;
            let is = |attribute: &str, is: Value| json!({ "attributes": [{ "attribute": attribute, "is": is }] });
            let ward = |is: Value| json!({ "fields": [{ "field": "ward", "is": is }] });
            for (targeting, wanted) in [
                (is("postal_code", json!({ "any_of": ["10001", "10003"] })), vec!["Ada", "Ben"]),
                (is("postal_code", json!({ "none_of": ["10001"] })), vec!["Cyd"]),
                (is("postal_code", json!("blank")), vec!["Dee"]),
                (is("email", json!("has_value")), vec!["Ada", "Ben", "Dee"]),
                (is("email", json!({ "any_of": ["ada@example.org", "ben@example.org"] })), vec!["Ada"]),
                (is("external_id", json!({ "none_of": ["van-1"] })), vec!["Ben", "Dee"]),
                (is("external_id", json!("blank")), vec!["Cyd"]),
                (is("assigned_agent", json!({ "any_of": [amy] })), vec!["Ada", "Cyd"]),
                (is("assigned_agent", json!({ "none_of": [amy] })), vec![]),
                (is("assigned_agent", json!("blank")), vec!["Ben", "Dee"]),
                (ward(json!({ "any_of": ["7", "9"] })), vec!["Ada", "Dee"]),
                (ward(json!({ "none_of": ["7"] })), vec!["Ben"]),
                (ward(json!("has_value")), vec!["Ada", "Ben", "Dee"]),
                (ward(json!("blank")), vec!["Cyd"]),
                (json!({ "member_of": [other] }), vec!["Ada"]),
                (json!({ "not_member_of": [other] }), vec!["Ben", "Cyd", "Dee"]),
                (json!({ "tags_all": ["red", "tall"] }), vec!["Ada"]),
                (json!({ "tags_any": ["red", "blue"], "tags_none": ["tall"] }), vec!["Ben", "Cyd"]),
                (
                    json!({ "fields": [{ "field": "ward", "is": { "any_of": ["7"] } }], "tags_all": ["red"] }),
                    vec!["Ada"],
                ),
                (json!({}), vec!["Ada", "Ben", "Cyd", "Dee"]),
            ] {
                let goal = draft(&ours, &group, &targeting).await;
                assert_eq!(names(&ours, &goal, "").await, wanted, "{targeting}");
                assert_eq!(preview(&ours, &goal).await["contacts"], wanted.len(), "{targeting}");
            }
            // A launch freezes the same.
            let email = is("email", json!("has_value"));
            let goal = ours.open_goal(&world, &group, json!({ "targeting": email })).await;
            assert_eq!(world.targets().is("goal_id", &goal).count().await, 3);
        })
        .await;
}

#[tokio::test]
async fn t1a_results_of_an_earlier_goal_combine_with_any_of_and_goals_with_and() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = people(&ours).await;
            let (first, second) =
                (ours.open_goal(&world, &group, json!({})).await, ours.open_goal(&world, &group, json!({})).await);
            let result = async |goal: &str, name: &str, change: &str| {
                let contact = format!("contact_id = (select id from contact where first_name = '{name}')");
                world.execute(&[&format!("update target set {change} where goal_id = '{goal}' and {contact}")]).await;
            };
            result(&first, "Ada", "answer = 'yes', answered_at = now(), replied_at = now()").await;
            result(&first, "Ben", "answer = 'maybe', answered_at = now(), replied_at = now()").await;
            result(&first, "Cyd", "answer = 'no', answered_at = now(), replied_at = now()").await;
            result(&second, "Ben", "opted_out_at = now()").await;
            let of = |goal: &str, results: &[&str]| json!({ "goal_id": goal, "any_of": results });
            for (earlier, wanted) in [
                (json!([of(&first, &["yes"])]), vec!["Ada"]),
                (json!([of(&first, &["yes", "maybe"])]), vec!["Ada", "Ben"]),
                (json!([of(&first, &["replied"])]), vec!["Ada", "Ben", "Cyd"]),
                (json!([of(&first, &["no", "maybe", "opted_out"])]), vec!["Ben", "Cyd"]),
                (json!([of(&first, &["messaged", "not_replied"])]), vec![]),
                (json!([of(&first, &["not_messaged"])]), vec!["Ada", "Ben", "Cyd", "Dee"]),
                (json!([of(&first, &["yes", "maybe"]), of(&second, &["opted_out"])]), vec!["Ben"]),
            ] {
                let goal = draft(&ours, &group, &json!({ "earlier_goals": earlier })).await;
                assert_eq!(names(&ours, &goal, "").await, wanted, "{earlier}");
            }
            let none = json!({ "targeting": { "earlier_goals": [of(&first, &[])] } });
            let body = json!({ "group_id": group, "goal": goal_at(DAY.0, DAY.1, none) });
            ours.admin.post(&ours.at("goals"), body).await.problem(422, "invalid-body");
        })
        .await;
}

/// The refusal names each, and a name of another group is as one of nothing.
#[tokio::test]
async fn t1a_names_in_a_filter_must_exist_and_be_the_askers_to_see() {
    Two::run(async |two| {
        let Two { world, ours, mine, group, their_group, .. } = &two;
        two.import("first,last,phone,ward,tags\n,,6465550001,7,mine\n").await;
        let their_goal = draft(ours, their_group, &json!({})).await;
        let (their_agent, _) = ours.agent(their_group).await;
        let (my_agent, _) = ours.agent(group).await;
        let refusal = async |by: &Organization, targeting: Value| {
            let goal = goal_at(DAY.0, DAY.1, json!({ "targeting": targeting }));
            let answer = by.admin.post(&by.at("goals"), json!({ "group_id": group, "goal": goal })).await;
            if answer.status == 201 { None } else { Some(text(&answer.problem(422, "invalid-body")["detail"])) }
        };
        let agent = |id: &str| json!({ "attributes": [{ "attribute": "assigned_agent", "is": { "any_of": [id] } }] });
        let field = |name: &str| json!({ "fields": [{ "field": name, "is": "blank" }] });
        // Each with the name in the refusal, and whether the organization's admin sees it.
        for (targeting, name, ours_to_see) in [
            (json!({ "tags_all": ["secret-tag"] }), "tag: secret-tag", true),
            (json!({ "tags_any": ["mine", "secret-all"] }), "tag: secret-all", true),
            (json!({ "tags_none": ["secret-tag"] }), "tag: secret-tag", true),
            (json!({ "tags_none": ["Mine"] }), "tag: Mine", false),
            (field("no-such"), "field: no-such", false),
            (json!({ "member_of": [their_group] }), their_group.as_str(), true),
            (json!({ "not_member_of": [their_group] }), their_group.as_str(), true),
            (json!({ "earlier_goals": [{ "goal_id": their_goal, "any_of": ["yes"] }] }), their_goal.as_str(), true),
            (agent(&their_agent.id), their_agent.id.as_str(), true),
            (agent("amy"), "agent: amy", false),
        ] {
            let said = refusal(mine, targeting.clone()).await.unwrap_or_default();
            assert!(said.contains(name), "{targeting}: {said}");
            assert_eq!(refusal(ours, targeting.clone()).await.is_none(), ours_to_see, "{targeting}");
        }
        for targeting in [json!({ "tags_all": ["mine"] }), field("ward"), agent(&my_agent.id)] {
            assert_eq!(refusal(mine, targeting).await, None);
        }
        let said = refusal(ours, json!({ "tags_all": ["a", "b"], "fields": [{ "field": "c", "is": "blank" }] })).await;
        assert_eq!(said.unwrap(), "targeting: there is no such field: c; there is no such tag: a, b");

        // A name that is gone by the launch is refused then, and a duplicate goes by its asker.
        let theirs = draft(ours, group, &json!({ "tags_any": ["secret-tag"] })).await;
        let copy = json!({ "group_ids": [group] });
        mine.admin
            .post(&mine.at(&format!("goals/{theirs}/duplicate")), copy.clone())
            .await
            .problem(422, "invalid-body");
        ours.admin.post(&ours.at(&format!("goals/{theirs}/duplicate")), copy).await.ok();
        world.execute(&["update tag set name = 'renamed' where name = 'secret-tag'"]).await;
        ours.admin.act(&ours.at(&format!("goals/{theirs}/launch"))).await.problem(409, "conflict");
    })
    .await;
}

#[tokio::test]
async fn t3_a_preview_counts_by_reason_and_filter_by_filter_and_names_the_contacts() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = people(&ours).await;
            let dee = text(&ours.contact("+16465550004").await["id"]);
            ours.admin.post(&ours.at(&format!("contacts/{dee}/opt-out")), json!({ "reason": "asked" })).await.ok();
            let targeting = json!({
                "tags_any": ["red", "blue"],
                "tags_none": ["tall"],
                "attributes": [{ "attribute": "email", "is": "has_value" }],
                "fields": [{ "field": "ward", "is": { "any_of": ["8", "9"] } }],
            });
            let goal = draft(&ours, &group, &targeting).await;
            let preview = preview(&ours, &goal).await;
            assert_eq!(
                (&preview["contacts"], &preview["excluded"]),
                (&json!(1), &json!({ "opted_out": 1 })),
                "{preview}"
            );
            let counts: Vec<_> = preview["filters"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| (text(&one["filter"]), one["leaves_out"].clone(), one["alone"].clone()))
                .collect();
            // Ada is tall and in another ward; Cyd has neither ward nor address.
            let wanted = [("tags_any", 0, 0), ("tags_none[0]", 1, 1), ("fields[0]", 1, 2), ("attributes[0]", 0, 1)];
            assert_eq!(counts, wanted.map(|(filter, order, alone)| (filter.to_owned(), json!(order), json!(alone))));
            assert_eq!(preview["filters"][2]["needs"], "the field ward is one of: 8, 9");
            assert_eq!((&preview["filters"][2]["rule"], &preview["filters"][3]["rule"]), (&json!("T1"), &json!("T1a")));

            assert_eq!(names(&ours, &goal, "").await, ["Ben"]);
            assert_eq!(names(&ours, &goal, "&show=left_out").await, ["Ada", "Cyd"]);
            assert_eq!(names(&ours, &goal, "&show=excluded").await, ["Dee"]);
            assert_eq!(names(&ours, &goal, "&filter=tags_none[0]").await, ["Ada"]);
            assert_eq!(names(&ours, &goal, "&filter=fields[0]").await, ["Ada", "Cyd"]);
            let path = ours.at(&format!("goals/{goal}/preview/contacts"));
            let cyd = ours.admin.get(&format!("{path}?filter=attributes[0]")).await.ok();
            assert_eq!(cyd["items"][0]["misses"], json!(["fields[0]", "attributes[0]"]), "{cyd}");
            ours.admin.get(&format!("{path}?filter=fields[1]")).await.problem(400, "invalid-parameter");
            ours.admin.get(&format!("{path}?show=all")).await.problem(400, "invalid-parameter");
        })
        .await;
}

/// A group admin's preview names people as the group knows them, and the texts that they would get.
#[tokio::test]
async fn t3_a_preview_tells_no_more_than_the_group_knows() {
    Two::run(async |two| {
        let Two { ours, mine, group, .. } = &two;
        two.import("first,last,phone\nBea,Q,6465550001\n").await;
        let script = json!({ "script": "Hi {{first_name|there}} of {{postal_code|hi}} {{ward|?}}. Reply STOP" });
        let goal = ours.draft(group, goal_at(DAY.0, DAY.1, script)).await;
        let list = mine.admin.get(&mine.at(&format!("goals/{goal}/preview/contacts"))).await.ok();
        assert_eq!((&list["items"][0]["first_name"], &list["items"][0]["last_name"]), (&json!("Bea"), &json!("Q")));
        for by in [mine, ours] {
            // The group's texts are the same for both.
            let texts = by.admin.get(&by.at(&format!("goals/{goal}/preview/texts"))).await.ok();
            assert_eq!(texts["texts"][0]["text"], "Hi Bea of hi ?. Reply STOP", "{texts}");
        }
    })
    .await;
}

#[tokio::test]
async fn t3_texts_are_shown_as_real_contacts_would_get_them() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = people(&ours).await;
            let script = json!({
                "script": "Hi {{first_name}}, ward {{ward}} at {{email}}. {{agent.first_name}}. Reply STOP",
                "reminder": { "script": "{{first_name}}, see you! Reply STOP", "opens": DAY.0, "closes": DAY.1 },
                "targeting": { "tags_any": ["red", "blue"] },
            });
            let goal = ours.draft(&group, goal_at(DAY.0, DAY.1, script)).await;
            let path = ours.at(&format!("goals/{goal}/preview/texts"));
            let id = async |phone: &str| text(&ours.contact(phone).await["id"]);
            let of = async |contact: &str, more: &str| {
                ours.admin.get(&format!("{path}?contact_id={contact}{more}")).await.ok()["texts"][0].clone()
            };
            let ada = of(&id("+16465550001").await, "").await;
            assert_eq!(ada["text"], "Hi Ada, ward 7 at ada@example.org. Amy. Reply STOP", "{ada}");
            assert_eq!((&ada["segments"]["segments"], &ada["missing"]), (&json!(1), &json!([])));
            // Ben has no agent: the asker signs.
            let ben = of(&id("+16465550002").await, "").await;
            assert_eq!(ben["text"], "Hi Ben, ward 8 at BEN@example.org. First. Reply STOP", "{ben}");
            let cyd = of(&id("+16465550003").await, "").await;
            assert_eq!(
                (&cyd["text"], &cyd["segments"], &cyd["missing"]),
                (&json!(null), &json!(null), &json!(["ward", "email"]))
            );
            let reminder = of(&id("+16465550003").await, "&reminder=true").await;
            assert_eq!(reminder["text"], "Cyd, see you! Reply STOP");

            // A sample is of those that a launch would reach, the same each time.
            let sample = ours.admin.get(&format!("{path}?sample=2")).await.ok();
            assert_eq!(sample["texts"].as_array().unwrap().len(), 2);
            assert_eq!(ours.admin.get(&format!("{path}?sample=2")).await.ok(), sample);
            let all = ours.admin.get(&format!("{path}?sample=50")).await.ok();
            assert_eq!(all["texts"].as_array().unwrap().len(), 3, "{all}");
            for wrong in ["sample=0", "sample=51", "contact_id=1"] {
                ours.admin.get(&format!("{path}?{wrong}")).await.problem(400, "invalid-parameter");
            }
            let stranger = world.plant_contact(&ours.id, "+16465550009").await;
            ours.admin.get(&format!("{path}?contact_id={stranger}")).await.problem(404, "not-found");
            let long = "Hi {{first_name}} ".to_owned() + &"long ".repeat(80) + "Reply STOP";
            ours.set(json!({ "max_segments": 1 })).await;
            let goal = ours.draft(&group, goal_at(DAY.0, DAY.1, json!({ "script": long }))).await;
            let shown = ours.admin.get(&ours.at(&format!("goals/{goal}/preview/texts?sample=1"))).await.ok();
            assert_eq!((&shown["texts"][0]["too_long"], &shown["texts"][0]["text"]), (&json!(true), &json!(null)));
            ours.admin
                .get(&ours.at(&format!("goals/{goal}/preview/texts?reminder=true")))
                .await
                .problem(400, "invalid-parameter");
        })
        .await;
}

#[tokio::test]
async fn t1_why_explains_targeting_filter_by_filter() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = people(&ours).await;
            let targeting = json!({ "targeting": {
                "tags_all": ["red", "tall"], "attributes": [{ "attribute": "postal_code", "is": { "any_of": ["10001"] } }],
            } });
            let id = ours.draft(&group, open_goal(&world, targeting).await).await;
            let why = async |phone: &str| {
                let contact = text(&ours.contact(phone).await["id"]);
                ours.admin.get(&ours.at(&format!("contacts/{contact}/why?goal_id={id}"))).await.ok()
            };
            let passes = |why: &Value| -> Vec<bool> {
                why["filters"].as_array().unwrap().iter().map(|filter| filter["passes"] == true).collect()
            };
            let draft = why("+16465550002").await;
            assert_eq!(passes(&draft), [true, false, true], "{draft}");
            let tall = json!({ "filter": "tags_all[1]", "passes": false, "rule": "T1", "needs": "has the tag tall" });
            assert_eq!(draft["filters"][1], tall);
            assert_eq!((&draft["reasons"][0]["rule"], &draft["reasons"][0]["change"]), (&json!("G4"), &json!("launch the goal")));
            ours.goal_act(&id, "launch").await;
            world.batches().goal(&id).until(1).await;
            world.batches().goal(&id).state("held").until(0).await;
            assert_eq!(passes(&why("+16465550001").await), [true, true, true]);
            assert_eq!(passes(&why("+16465550003").await), [false, false, false]);
            let ben = why("+16465550002").await;
            assert_eq!((&ben["reasons"][0]["what"], &ben["reasons"][0]["rule"]), (&json!("not_targeted"), &json!("T3")), "{ben}");
            let stranger = world.plant_contact(&ours.id, "+16465550009").await;
            let answer = ours.admin.get(&ours.at(&format!("contacts/{stranger}/why?goal_id={id}"))).await.ok();
            assert_eq!((&answer["filters"], &answer["reasons"][0]["rule"]), (&json!([]), &json!("T1")), "{answer}");
        })
        .await;
}

#[tokio::test]
async fn r3_a_redacted_persons_address_leaves_the_targeting_too() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = people(&ours).await;
            let is = json!({ "any_of": ["ada@example.org", "dee@example.org"] });
            let targeting = json!({ "attributes": [{ "attribute": "email", "is": is }] });
            let goal = draft(&ours, &group, &targeting).await;
            redact(&world, &ours, "+16465550001").await;
            let values = ours.goal(&goal).await["targeting"]["attributes"][0]["is"]["any_of"].clone();
            assert_eq!(values, json!(["redacted", "dee@example.org"]));
            assert_eq!(names(&ours, &goal, "").await, ["Dee"]);
        })
        .await;
}
