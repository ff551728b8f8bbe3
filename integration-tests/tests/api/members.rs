//! Members, their roles, tokens and numbers (rules A3 and A5).

use std::collections::BTreeMap;

use muster_integration_tests::{Call, Organization, World, text};
use reqwest::Method;
use serde_json::json;

/// A group admin has the agents of their groups: with a token of another group's agent they would
/// work in that group.
#[tokio::test]
async fn a5_a_group_admin_neither_makes_nor_revokes_tokens_of_other_groups_agents() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let (my_agent, _) = ours.agent(&mine).await;
            let (their_agent, _) = ours.agent(&other).await;

            admin.client.act(&ours.at(&format!("members/{}/tokens", my_agent.id))).await.ok();
            let before = world.contents().await;
            let made = admin.client.act(&ours.at(&format!("members/{}/tokens", their_agent.id))).await;
            let token = ours.at(&format!("tokens/{}", their_agent.token_id));
            let revoked = admin.client.call(Method::DELETE, &token, Call::empty()).await;
            assert!(matches!((made.status, revoked.status), (403 | 404, 403 | 404)), "{made:?} {revoked:?}");
            assert_eq!(world.contents().await, before);
        })
        .await;
}

#[tokio::test]
async fn a5_nobody_appoints_above_themselves() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let roles = ["agent", "group_admin", "organization_admin", "account_admin"];
            let callers = [
                ("group_admin", ours.member("group_admin").await, 1),
                ("organization_admin", ours.member("organization_admin").await, 3),
                ("account_admin", ours.member("account_admin").await, 4),
            ];
            let mut of_role = BTreeMap::new();
            for role in roles {
                of_role.insert(role, ours.member(role).await);
            }
            for (caller, person, may) in &callers {
                for (nth, role) in roles.iter().enumerate() {
                    let body = json!({ "role": role, "first_name": "Ada", "last_name": "Lovelace" });
                    let answer = person.client.post(&ours.at("members"), body).await;
                    let wanted = if nth < *may { 201 } else { 403 };
                    assert_eq!(answer.status, wanted, "a {caller} appoints a {role}: {}", answer.text);
                    if *caller == "group_admin" {
                        continue;
                    }
                    // Appointing a peer is not being one: an organization admin makes no token of
                    // another.
                    let covers = nth < *may && (role != caller || *caller == "account_admin");
                    let wanted = if covers { 201 } else { 403 };
                    let answer = person.client.act(&ours.at(&format!("members/{}/tokens", of_role[role].id))).await;
                    assert_eq!(answer.status, wanted, "a {caller} makes a token of a {role}: {}", answer.text);
                    if !covers {
                        let token = ours.at(&format!("tokens/{}", of_role[role].token_id));
                        let answer = person.client.call(Method::DELETE, &token, Call::empty()).await;
                        answer.problem(403, "forbidden");
                    }
                }
            }
            // One's own token is one's own to make and revoke.
            let (_, group_admin, _) = &callers[0];
            let token = group_admin.client.act(&ours.at(&format!("members/{}/tokens", group_admin.id))).await.ok();
            let path = ours.at(&format!("tokens/{}", text(&token["id"])));
            assert_eq!(group_admin.client.call(Method::DELETE, &path, Call::empty()).await.status, 204);
        })
        .await;
}

#[tokio::test]
async fn a_revoked_token_answers_401_and_others_go_on() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("organization_admin").await;
            let second = ours.admin.act(&ours.at(&format!("members/{}/tokens", person.id))).await.ok();
            let second = person.client.with_token(second["token"].as_str());
            person.client.get("/v1/account").await.ok();
            let path = ours.at(&format!("tokens/{}", person.token_id));
            assert_eq!(ours.admin.call(Method::DELETE, &path, Call::empty()).await.status, 204);
            person.client.get("/v1/account").await.problem(401, "unauthenticated");
            person.client.get(&ours.path).await.problem(401, "unauthenticated");
            assert_eq!(second.get("/v1/account").await.ok()["member_id"], person.id);
            // Revoking again changes nothing.
            assert_eq!(ours.admin.call(Method::DELETE, &path, Call::empty()).await.status, 204);
        })
        .await;
}

#[tokio::test]
async fn a5_another_organizations_member_cannot_be_added_to_a_group() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let stranger = world.organization("Stranger").await;
            let group = ours.group("One").await;
            ours.add_numbers(&["+12125550900"]).await;
            let people = [
                sister.member("agent").await,
                sister.member("group_admin").await,
                stranger.member("agent").await,
                ours.member("account_admin").await,
            ];
            let before = world.contents().await;
            for person in &people {
                let path = ours.at(&format!("groups/{group}/members/{}", person.id));
                ours.admin.call(Method::PUT, &path, Call::empty()).await.problem(404, "not-found");
            }
            assert_eq!(world.contents().await, before);
        })
        .await;
}

/// Rule A3: an agent without a free number is not half added.
#[tokio::test]
async fn a3_an_agent_keeps_the_number_of_the_group_and_without_one_is_not_added() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let agent = ours.member("agent").await;
            let path = ours.at(&format!("groups/{group}/members/{}", agent.id));
            // A number of another area code is no number of this group.
            ours.admin.post(&ours.at("numbers"), json!({ "numbers": ["+13125550901"] })).await.ok();
            ours.admin.call(Method::PUT, &path, Call::empty()).await.problem(409, "no-sender-number");
            assert_eq!(world.rows("group_member").count().await, 0);
            ours.admin.post(&ours.at("numbers"), json!({ "numbers": ["+12125550902"] })).await.ok();
            for _ in 0..2 {
                let added = ours.admin.call(Method::PUT, &path, Call::empty()).await.ok();
                assert_eq!(added["sender_number"], "+12125550902");
            }
            // Another organization does not get a number that has an owner.
            let other = world.organization("Other").await;
            let added = other.admin.post(&other.at("numbers"), json!({ "numbers": ["+12125550902"] })).await.ok();
            assert_eq!(added["added"], 0);
        })
        .await;
}
