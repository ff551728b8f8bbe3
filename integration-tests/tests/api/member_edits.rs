//! Members: lists, edits, roles, suspension (rules A5 and A6).

use muster_integration_tests::{Answer, Call, Organization, Person, World, text};
use reqwest::Method;
use serde_json::{Value, json};

async fn list(ours: &Organization, query: &str) -> Vec<String> {
    let page = ours.admin.get(&ours.at(&format!("members?{query}"))).await.ok();
    page["items"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect()
}

fn path(ours: &Organization, person: &Person) -> String {
    ours.at(&format!("members/{}", person.id))
}

async fn act(by: &Person, ours: &Organization, person: &Person, action: &str) -> Answer {
    by.client.act(&format!("{}/{action}", path(ours, person))).await
}

async fn remove(ours: &Organization, person: &Person) -> Answer {
    ours.admin.call(Method::DELETE, &path(ours, person), Call::empty()).await
}

#[tokio::test]
async fn a6_members_are_listed_by_page_role_group_name_email_and_state() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, other) = (ours.group("One").await, ours.group("Other").await);
            let (first, _) = ours.agent(&one).await;
            let (second, _) = ours.agent(&other).await;
            let (admin, _) = ours.member_of("group_admin", &[&one]).await;
            let edit = json!({ "first_name": "Grace", "last_name": "Hopper", "email": "Grace@Example.org" });
            let edited = ours.admin.patch(&path(&ours, &second), edit).await.ok();
            assert_eq!((&edited["email"], &edited["version"]), (&json!("grace@example.org"), &json!(3)));

            assert_eq!(list(&ours, "role=agent").await, [&*first.id, &second.id]);
            assert_eq!(list(&ours, &format!("group_id={one}")).await, [&*first.id, &admin.id]);
            assert_eq!(list(&ours, &format!("group_id={one}&role=group_admin")).await, [&*admin.id]);
            for words in ["grace%20hop", "GRACE", "@example", "Hopper"] {
                assert_eq!(list(&ours, &format!("search={words}")).await, [&*second.id], "{words}");
            }
            // An account admin sees the account's admins too, and nobody of other accounts.
            world.organization("Foreign").await.member("agent").await;
            assert_eq!(list(&ours, "").await.len(), 4);
            let own = ours.admin.get("/v1/account").await.ok();
            assert_eq!(list(&ours, "role=account_admin").await, [text(&own["member_id"])]);

            act(&ours.member("organization_admin").await, &ours, &first, "suspend").await.ok();
            assert_eq!(remove(&ours, &second).await.status, 204);
            assert_eq!(list(&ours, "state=suspended").await, [&*first.id]);
            assert_eq!(list(&ours, "state=removed").await, [&*second.id]);
            assert!(!list(&ours, "").await.contains(&second.id));
            let gone = ours.admin.get(&path(&ours, &second)).await.ok();
            assert_eq!((&gone["state"], &gone["groups"]), (&json!("removed"), &json!([])));

            let page = ours.admin.get(&ours.at("members?limit=2")).await.ok();
            let next = ours.admin.get(&ours.at(&format!("members?limit=2&cursor={}", text(&page["next"])))).await.ok();
            let ids: Vec<_> =
                [&page, &next].iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
            assert_eq!(ids.iter().map(|one| text(&one["id"])).collect::<Vec<_>>(), list(&ours, "").await);
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admin_sees_and_changes_the_members_of_their_groups_alone() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let (my_agent, _) = ours.agent(&mine).await;
            let (theirs, _) = ours.agent(&other).await;
            let (both, _) = ours.member_of("agent", &[&mine, &other]).await;
            let boss = ours.member("organization_admin").await;
            let page = admin.client.get(&ours.at("members")).await.ok();
            let seen = |id: &str| page["items"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
            assert!(seen(&admin.id).is_some() && seen(&my_agent.id).is_some());
            assert_eq!(seen(&theirs.id), None, "another group's agent");
            assert_eq!(seen(&both.id).unwrap()["groups"], json!([mine]), "of other groups nothing is told");

            let client = &admin.client;
            client.get(&path(&ours, &theirs)).await.problem(404, "not-found");
            client.get(&ours.at(&format!("members?group_id={other}"))).await.problem(404, "not-found");
            let before = world.contents().await;
            let edit = json!({ "first_name": "Eve" });
            for (person, status, kind) in
                [(&theirs, 404, "not-found"), (&both, 403, "forbidden"), (&boss, 403, "forbidden")]
            {
                client.patch(&path(&ours, person), edit.clone()).await.problem(status, kind);
                act(&admin, &ours, person, "suspend").await.problem(status, kind);
                client.call(Method::DELETE, &path(&ours, person), Call::empty()).await.problem(status, kind);
                client.get(&format!("{}/tokens", path(&ours, person))).await.problem(status, kind);
                let all = format!("{}/tokens", path(&ours, person));
                client.call(Method::DELETE, &all, Call::empty()).await.problem(status, kind);
            }
            let into_other = json!({ "groups": [mine, other] });
            client.patch(&path(&ours, &my_agent), into_other).await.problem(404, "not-found");
            client.patch(&path(&ours, &my_agent), json!({ "role": "group_admin" })).await.problem(403, "forbidden");
            let leave = |group: &str, person: &Person| ours.at(&format!("groups/{group}/members/{}", person.id));
            client.call(Method::DELETE, &leave(&other, &both), Call::empty()).await.problem(404, "not-found");
            assert_eq!(world.contents().await, before);

            client.patch(&path(&ours, &my_agent), edit).await.ok();
            // An agent of several groups is taken out of one's own.
            client.call(Method::DELETE, &leave(&mine, &both), Call::empty()).await.ok();
            assert_eq!(ours.admin.get(&path(&ours, &both)).await.ok()["groups"], json!([other]));
            act(&admin, &ours, &my_agent, "suspend").await.ok();
            act(&admin, &ours, &my_agent, "restore").await.ok();
        })
        .await;
}

#[tokio::test]
async fn a6_an_edit_of_another_version_is_refused_and_an_email_is_one_members() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (first, second) = (ours.member("agent").await, ours.member("agent").await);
            let read = ours.admin.get(&path(&ours, &first)).await;
            let etag = read.header("etag").to_owned();
            let edit = async |tag: &str, body: Value| {
                ours.admin.call(Method::PATCH, &path(&ours, &first), Call::json(&body).header("if-match", tag)).await
            };
            edit(&etag, json!({ "email": "first@example.org" })).await.ok();
            edit(&etag, json!({ "first_name": "Late" })).await.problem(412, "edited-meanwhile");
            edit("*", json!({ "first_name": "Any" })).await.ok();
            let taken = json!({ "email": "FIRST@example.org" });
            ours.admin.patch(&path(&ours, &second), taken.clone()).await.problem(409, "conflict");
            edit("*", json!({ "email": null })).await.ok();
            ours.admin.patch(&path(&ours, &second), taken.clone()).await.ok();
            // A removed member's address is free, and their record stays as it is.
            remove(&ours, &second).await.ok();
            ours.admin.patch(&path(&ours, &first), taken).await.ok();
            ours.admin.patch(&path(&ours, &second), json!({ "first_name": "No" })).await.problem(409, "conflict");
            assert_eq!(remove(&ours, &second).await.status, 204, "again");
            ours.admin.act(&format!("{}/restore", path(&ours, &second))).await.problem(409, "conflict");
        })
        .await;
}

#[tokio::test]
async fn a5_nobody_gives_a_role_above_their_own_and_a_greater_role_ends_the_tokens() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let boss = ours.member("organization_admin").await;
            let peer = ours.member("organization_admin").await;
            let (agent, number) = ours.agent(&group).await;
            let role = async |person: &Person, role: &str| {
                boss.client.patch(&path(&ours, person), json!({ "role": role })).await
            };
            role(&boss, "agent").await.problem(403, "forbidden");
            role(&peer, "agent").await.problem(403, "forbidden");
            role(&agent, "account_admin").await.problem(403, "forbidden");
            ours.admin.patch(&path(&ours, &agent), json!({ "role": "account_admin" })).await.problem(409, "conflict");
            boss.client.act(&format!("{}/tokens", path(&ours, &peer))).await.problem(403, "forbidden");

            agent.client.get("/v1/agent/goals").await.ok();
            role(&agent, "group_admin").await.ok();
            agent.client.get("/v1/account").await.problem(401, "unauthenticated");
            assert_eq!(world.rows("sender_number").is("e164", &number).lacks("agent_id").count().await, 1);
            // Back to an agent with a lesser role: the number of the group is theirs again (rule
            // A3).
            let token = ours.admin.act(&format!("{}/tokens", path(&ours, &agent))).await.ok();
            role(&agent, "agent").await.ok();
            let client = agent.client.with_token(token["token"].as_str());
            assert_eq!(client.get("/v1/account").await.ok()["role"], "agent");
            assert_eq!(
                world.rows("sender_number").is("agent_id", &agent.id).list::<Vec<String>>("e164", "e164").await,
                [number]
            );
        })
        .await;
}

#[tokio::test]
async fn a6_a_suspended_members_tokens_answer_401_at_once_until_they_are_restored() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, number) = ours.agent(&group).await;
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            let import =
                ours.import(&format!("file_name=a.csv&group_id={group}"), "first,last,phone\nA,B,6465550001\n").await;
            world.imports().clear("finished_at").await;
            let mut events = admin.client.events(&ours.at(&format!("imports/{}/events", text(&import["id"])))).await;
            assert_eq!(events.next().await.unwrap().0, "progress");

            for person in [&agent, &admin] {
                ours.admin.act(&format!("{}/suspend", path(&ours, person))).await.ok();
                person.client.get("/v1/account").await.problem(401, "unauthenticated");
            }
            agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.problem(401, "unauthenticated");
            // The stream of the suspended ends.
            let (kind, problem) = loop {
                let event = events.next().await.expect("a problem before the end");
                if event.0 != "progress" {
                    break event;
                }
            };
            assert_eq!((kind.as_str(), &problem["status"]), ("problem", &json!(401)));
            assert_eq!(events.next().await, None);
            // The agent gets no contacts meanwhile.
            let contact = text(&ours.contact("+16465550001").await["id"]);
            let membership = ours.at(&format!("groups/{group}/contacts/{contact}"));
            let to_agent = json!({ "assigned_agent_id": agent.id });
            ours.admin.patch(&membership, to_agent.clone()).await.problem(404, "not-found");

            ours.admin.act(&format!("{}/restore", path(&ours, &agent))).await.ok();
            assert_eq!(agent.client.get("/v1/account").await.ok()["groups"], json!([group]));
            ours.admin.patch(&membership, to_agent).await.ok();
            assert_eq!(world.rows("sender_number").is("agent_id", &agent.id).the::<String>("e164").await, number);
        })
        .await;
}

/// A person is a member of each organization that they work in.
#[tokio::test]
async fn a6_an_agent_of_several_organizations_works_on_in_the_others() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let mut people = Vec::new();
            for organization in [&ours, &sister] {
                let group = organization.group("One").await;
                let (person, _) = organization.agent(&group).await;
                let email = json!({ "email": "ada@example.org" });
                organization.admin.patch(&path(organization, &person), email).await.ok();
                people.push(person);
            }
            assert_eq!(list(&sister, "search=ada@example.org").await, [&*people[1].id]);
            remove(&ours, &people[0]).await.ok();
            people[0].client.get("/v1/account").await.problem(401, "unauthenticated");
            people[1].client.get("/v1/agent/goals").await.ok();
            assert_eq!(world.rows("sender_number").is("agent_id", &people[1].id).count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn a6_nobody_removes_themselves_and_of_two_admins_one_stays() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, two) = (ours.member("account_admin").await, ours.member("account_admin").await);
            let remove = async |by: &Person, person: &Person| {
                by.client.call(Method::DELETE, &path(&ours, person), Call::empty()).await.status
            };
            assert_eq!(remove(&one, &one).await, 409);
            act(&one, &ours, &one, "suspend").await.problem(409, "conflict");
            let gate = world.hold_writes("member").await;
            let (first, second, ()) = tokio::join!(remove(&one, &two), remove(&two, &one), async {
                world
                    .until("pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", 2)
                    .await;
                gate.open().await;
            });
            let mut statuses = [first, second];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 401]);
            assert_eq!(world.rows("member").any_of("id", &[&one.id, &two.id]).has("removed_at").count().await, 1);
        })
        .await;
}
