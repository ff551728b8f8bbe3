//! Campaigns as organizers work on them: drafts, previews, forecasts, lists, edits of all goals,
//! more groups, and follow-ups (rules G6, G10, G12, S11 and T1a).

use muster_integration_tests::{Organization, World, open_goal, set, text};
use serde_json::{Value, json};

use crate::goals::goal;

/// Two groups with contacts, and a campaign in both.
struct Two {
    ours: Organization,
    groups: [String; 2],
}

impl Two {
    async fn start(world: &World) -> Self {
        let ours = world.organization("Ours").await;
        let (east, west) = (ours.group("East").await, ours.group_in("West", "America/Phoenix").await);
        ours.import(&format!("file_name=a.csv&group_id={east}"), "first,last,phone\nA,B,6465550001\nC,D,6465550002\n")
            .await;
        ours.import(&format!("file_name=b.csv&group_id={west}"), "first,last,phone\nE,F,6465550003\n").await;
        Self { ours, groups: [east, west] }
    }

    async fn campaign(&self, draft: bool, goal: &Value) -> String {
        let body = json!({ "name": "Everywhere", "group_ids": self.groups, "goal": goal, "draft": draft });
        text(&self.ours.admin.post(&self.ours.at("campaigns"), body).await.ok()["id"])
    }

    fn at(&self, id: &str, rest: &str) -> String {
        self.ours.at(&format!("campaigns/{id}{rest}"))
    }

    async fn read(&self, id: &str) -> Value {
        self.ours.admin.get(&self.at(id, "")).await.ok()
    }

    async fn goals(&self, id: &str) -> Vec<Value> {
        self.read(id).await["goals"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn g10_a_campaign_of_drafts_is_previewed_forecast_and_launched_as_a_whole() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let two = Two::start(&world).await;
            for group in &two.groups {
                two.ours.agent(group).await;
            }
            let id = two.campaign(true, &open_goal(&world, json!({})).await).await;
            let preview = two.ours.admin.get(&two.at(&id, "/preview")).await.ok();
            let counts: Vec<_> =
                preview["items"].as_array().unwrap().iter().map(|one| one["contacts"].clone()).collect();
            assert_eq!(counts, [json!(2), json!(1)], "{preview}");
            let first = two.ours.admin.get(&two.at(&id, "/preview?limit=1")).await.ok();
            assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (1, &first["items"][0]["goal_id"]));
            let forecast = two.ours.admin.get(&two.at(&id, "/forecast")).await.ok();
            assert_eq!((&forecast["reached"], &forecast["unreached"]), (&json!(3), &json!(0)), "{forecast}");
            assert!(forecast["finishes_at"].is_string(), "{forecast}");

            // The goals share the brand's cap: the one that opens later has the rest.
            two.ours.admin.put(&two.ours.at("caps"), json!({ "daily_segments": 2 })).await.ok();
            let forecast = two.ours.admin.get(&two.at(&id, "/forecast")).await.ok();
            assert_eq!(forecast["reached"], 2, "{forecast}");
            two.ours.admin.put(&two.ours.at("caps"), json!({ "daily_segments": null })).await.ok();

            let statuses = async || two.goals(&id).await.iter().map(|goal| text(&goal["status"])).collect::<Vec<_>>();
            assert_eq!(statuses().await, ["draft", "draft"]);
            assert_eq!(world.targets().count().await, 0);
            for _ in 0..2 {
                assert_eq!(two.ours.admin.act(&two.at(&id, "/launch")).await.status, 204);
            }
            assert_eq!(statuses().await, ["active", "active"]);
            world.goals().has("partitioned_at").until(2).await;
            assert_eq!(world.targets().count().await, 3);
        })
        .await;
}

#[tokio::test]
async fn g10_a_launch_of_a_campaign_is_all_or_none() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (east, west) = (ours.group("East").await, ours.group("West").await);
            let draft = goal(json!({ "script": null }));
            let body = json!({ "name": "C", "group_ids": [east, west], "goal": draft, "draft": true });
            let id = text(&ours.admin.post(&ours.at("campaigns"), body.clone()).await.ok()["id"]);
            ours.admin.act(&ours.at(&format!("campaigns/{id}/launch"))).await.problem(409, "conflict");
            assert_eq!(world.goals().has("launched_at").count().await, 0);
            let mut launched = body;
            launched["draft"] = json!(false);
            ours.admin.post(&ours.at("campaigns"), launched).await.problem(409, "conflict");
            assert_eq!(world.goals().count().await, 2);
        })
        .await;
}

#[tokio::test]
async fn g12_campaigns_are_listed_with_the_statuses_and_figures_of_their_goals() {
    World::with_engine()
        .run(async |world| {
            let two = Two::start(&world).await;
            let open = open_goal(&world, json!({})).await;
            let (launched, draft) = (two.campaign(false, &open).await, two.campaign(true, &open).await);
            world.goals().has("partitioned_at").until(2).await;
            let first = text(&two.goals(&launched).await[0]["id"]);
            two.ours.goal_act(&first, "close").await;
            let list = async |query: &str| two.ours.admin.get(&two.ours.at(&format!("campaigns?{query}"))).await.ok();
            let all = list("figures=true").await;
            assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
            assert_eq!(all["items"][0]["goals"], json!({ "active": 1, "completed": 1 }));
            assert_eq!(
                (&all["items"][0]["figures"]["targeted"], &all["items"][1]["figures"]["targeted"]),
                (&json!(3), &json!(0))
            );
            let of = async |query: &str| -> Vec<String> {
                list(query).await["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect()
            };
            assert_eq!(of("status=draft").await, [draft.clone()]);
            assert_eq!(of("status=completed").await, [launched.clone()]);
            assert_eq!(of("status=paused").await, [""; 0]);
            assert_eq!(of("limit=1").await, [launched.clone()]);

            // A group admin sees a campaign with all its goals in their groups.
            let (one, _) = two.ours.member_of("group_admin", &[&two.groups[0]]).await;
            let (both, _) = two.ours.member_of("group_admin", &[&two.groups[0], &two.groups[1]]).await;
            let seen = one.client.get(&two.ours.at("campaigns")).await.ok();
            assert_eq!(seen["items"], json!([]));
            one.client.get(&two.at(&launched, "")).await.problem(404, "not-found");
            let seen = both.client.get(&two.ours.at("campaigns")).await.ok();
            assert_eq!(seen["items"].as_array().unwrap().len(), 2);
        })
        .await;
}

#[tokio::test]
async fn g10_an_edit_of_a_campaign_is_an_edit_of_all_its_goals_that_are_not_over() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let groups =
                [ours.group("East").await, ours.group_in("West", "America/Phoenix").await, ours.group("Over").await];
            let body = json!({ "name": "C", "group_ids": groups, "goal": goal(json!({})) });
            let id = text(&ours.admin.post(&ours.at("campaigns"), body).await.ok()["id"]);
            let path = ours.at(&format!("campaigns/{id}"));
            let read = async || ours.admin.get(&path).await.ok();
            let over = text(&read().await["goals"][2]["id"]);
            ours.goal_act(&over, "close").await;

            let mut edit = goal(json!({ "script": "Come! Reply STOP", "opens": "2027-06-01T11:00:00" }));
            let new = |goal: &Value| json!({ "name": "Renamed", "goal": goal });
            let edited = ours.admin.put(&path, new(&edit)).await.ok();
            assert_eq!((&edited["name"], &edited["version"]), (&json!("Renamed"), &json!(2)), "{edited}");
            let goals = edited["goals"].as_array().unwrap();
            assert_eq!(
                (&goals[0]["opens_at"], &goals[1]["opens_at"]),
                (&json!("2027-06-01T15:00:00Z"), &json!("2027-06-01T18:00:00Z"))
            );
            assert_eq!((&goals[1]["script"], &goals[2]["status"]), (&json!("Come! Reply STOP"), &json!("completed")));
            assert_ne!(goals[2]["script"], "Come! Reply STOP", "it is over");

            // A goal that refuses an edit alone refuses it here, and then none is edited.
            let before = world.contents().await;
            set(&mut edit, json!({ "goal_type": "turnout" }));
            ours.admin.put(&path, new(&edit)).await.problem(409, "conflict");
            set(&mut edit, json!({ "goal_type": "event", "closes": "2027-07-03T10:00:00" }));
            ours.admin.put(&path, new(&edit)).await.problem(422, "invalid-body");
            let results = json!({ "earlier_goals": [{ "goal_id": over, "any_of": ["yes"] }] });
            ours.admin.put(&path, new(&goal(json!({ "targeting": results })))).await.problem(422, "invalid-body");
            let old = muster_integration_tests::Call::json(&new(&goal(json!({})))).header("if-match", "\"1\"");
            ours.admin.call(reqwest::Method::PUT, &path, old).await.problem(412, "edited-meanwhile");
            assert_eq!(world.contents().await, before);
        })
        .await;
}

#[tokio::test]
async fn g10_a_group_joins_a_campaign_that_runs_or_is_a_draft() {
    World::with_engine()
        .run(async |world| {
            let two = Two::start(&world).await;
            let honolulu = two.ours.group_in("Honolulu", "Pacific/Honolulu").await;
            two.ours
                .import(&format!("file_name=c.csv&group_id={honolulu}"), "first,last,phone\nG,H,6465550004\n")
                .await;
            let add = async |id: &str, groups: Value| {
                two.ours.admin.post(&two.at(id, "/groups"), json!({ "group_ids": groups })).await
            };
            let draft = two.campaign(true, &goal(json!({}))).await;
            add(&draft, json!([honolulu])).await.ok();
            let goals = two.goals(&draft).await;
            assert_eq!(
                (&goals[2]["status"], &goals[2]["opens_at"]),
                (&json!("draft"), &json!("2027-06-01T20:00:00Z")),
                "{}",
                goals[2]
            );
            add(&draft, json!([honolulu])).await.problem(409, "conflict");
            add(&draft, json!([two.groups[0]])).await.problem(409, "conflict");

            // Instants stay instants, and a running campaign's new goal runs.
            let running = two.campaign(false, &open_goal(&world, json!({})).await).await;
            add(&running, json!([honolulu])).await.ok();
            let goals = two.goals(&running).await;
            assert_eq!((&goals[2]["status"], &goals[2]["opens_at"]), (&json!("active"), &goals[0]["opens_at"]));
            world.targets().is("goal_id", text(&goals[2]["id"])).until(1).await;
            assert_eq!(two.ours.admin.act(&two.at(&running, "/close")).await.status, 204);
            let other = two.ours.group("Other").await;
            add(&running, json!([other])).await.problem(409, "conflict");
            two.ours.admin.act(&two.ours.at(&format!("groups/{other}/archive"))).await.ok();
            add(&draft, json!([other])).await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn t1a_a_follow_up_is_for_contacts_with_any_of_several_results() {
    World::with_engine()
        .run(async |world| {
            let two = Two::start(&world).await;
            let running = two.campaign(false, &open_goal(&world, json!({})).await).await;
            world.goals().has("partitioned_at").until(2).await;
            let answer = async |name: &str, answer: &str| {
                let set = format!(
                    "update target set answer = '{answer}', answered_at = now(), replied_at = now()
                     where contact_id = (select id from contact where first_name = '{name}')"
                );
                world.execute(&[&set]).await;
            };
            answer("A", "yes").await;
            answer("E", "maybe").await;
            let body = json!({ "name": "Again", "any_of": ["yes", "maybe"], "goal": goal(json!({})) });
            let made = two.ours.admin.post(&two.at(&running, "/follow-up"), body.clone()).await.ok();
            let id = text(&made["id"]);
            let preview = two.ours.admin.get(&two.at(&id, "/preview")).await.ok();
            let counts: Vec<_> =
                preview["items"].as_array().unwrap().iter().map(|one| one["contacts"].clone()).collect();
            assert_eq!(counts, [json!(1), json!(1)], "{preview}");
            let goals = two.goals(&id).await;
            assert!(goals.iter().all(|goal| goal["status"] == "draft"), "{goals:?}");
            let earlier = &goals[0]["targeting"]["earlier_goals"];
            assert_eq!(earlier[0]["any_of"], json!(["yes", "maybe"]));
            // An edit of the whole keeps each goal's own results.
            let edit = json!({ "name": "Again", "goal": goal(json!({ "script": "Still? Reply STOP" })) });
            two.ours.admin.put(&two.at(&id, ""), edit).await.ok();
            assert_eq!(&two.goals(&id).await[0]["targeting"]["earlier_goals"], earlier);

            let first = text(&two.goals(&running).await[0]["id"]);
            let path = two.ours.at(&format!("goals/{first}/follow-up"));
            let one =
                two.ours.admin.post(&path, json!({ "any_of": ["yes", "no"], "goal": goal(json!({})) })).await.ok();
            let preview = two.ours.admin.get(&two.ours.at(&format!("goals/{}/preview", text(&one["id"])))).await.ok();
            assert_eq!(preview["contacts"], 1, "{preview}");
            two.ours
                .admin
                .post(&path, json!({ "any_of": [], "goal": goal(json!({})) }))
                .await
                .problem(422, "invalid-body");
            let path = two.ours.at(&format!("goals/{}/follow-up", text(&one["id"])));
            two.ours
                .admin
                .post(&path, json!({ "any_of": ["yes"], "goal": goal(json!({})) }))
                .await
                .problem(409, "conflict");
            two.ours.admin.post(&two.at(&id, "/follow-up"), body).await.problem(409, "conflict");
        })
        .await;
}
