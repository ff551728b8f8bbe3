//! Tokens: names, expiry, last use, and their end (rules A5 and A6).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Call, World, ago, minutes, now, text};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a6_tokens_are_made_with_name_and_expiry_and_listed_without_their_secrets() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("agent").await;
            let tokens = ours.at(&format!("members/{}/tokens", person.id));
            let expires = (world.now().await + TimeDelta::hours(1)).to_rfc3339();
            let made = ours.admin.post(&tokens, json!({ "name": "Phone", "expires_at": expires })).await.ok();
            let phone = person.client.with_token(made["token"].as_str());
            phone.get("/v1/account").await.ok();

            let listed = ours.admin.get(&tokens).await;
            assert!(!listed.text.contains(made["token"].as_str().unwrap()));
            let items = listed.ok()["items"].as_array().unwrap().clone();
            let names: Vec<_> = items.iter().map(|token| text(&token["name"])).collect();
            assert_eq!(names, ["", "Phone"]);
            assert_eq!((&items[0]["last_used_at"], &items[0]["expires_at"]), (&Value::Null, &Value::Null));
            assert!(items[1]["last_used_at"].is_string() && items[1]["expires_at"].is_string(), "{}", items[1]);
            let page = ours.admin.get(&format!("{tokens}?limit=1")).await.ok();
            let rest = ours.admin.get(&format!("{tokens}?limit=1&cursor={}", text(&page["next"]))).await.ok();
            assert_eq!(rest["items"][0]["id"], made["id"]);

            world.rows("token").id(text(&made["id"])).set("expires_at", now()).await;
            phone.get("/v1/account").await.problem(401, "unauthenticated");
            person.client.get("/v1/account").await.ok();
            let past = json!({ "expires_at": "2020-01-01T00:00:00Z" });
            ours.admin.post(&tokens, past).await.problem(422, "invalid-body");
        })
        .await;
}

/// Reading must not write with each request.
#[tokio::test]
async fn a6_the_last_use_is_written_once_a_minute() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("agent").await;
            let used = world.rows("token_use").is("token_id", &person.token_id);
            let at = async || used.the::<DateTime<Utc>>("used_at").await;
            person.client.get("/v1/account").await.ok();
            let first = at().await;
            for _ in 0..5 {
                person.client.get("/v1/account").await.ok();
            }
            assert_eq!(at().await, first, "the same minute");
            used.set("used_at", ago(minutes(2))).await;
            person.client.get("/v1/account").await.ok();
            assert!(at().await >= first, "the next");
        })
        .await;
}

#[tokio::test]
async fn a6_tokens_are_ended_one_by_one_and_all_at_once() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("organization_admin").await;
            let tokens = ours.at(&format!("members/{}/tokens", person.id));
            let mut clients = vec![person.client.clone()];
            for _ in 0..3 {
                let made = person.client.act(&tokens).await.ok();
                clients.push(person.client.with_token(made["token"].as_str()));
            }
            let one = ours.at(&format!("tokens/{}", person.token_id));
            clients[1].call(Method::DELETE, &one, Call::empty()).await.ok();
            clients[0].get("/v1/account").await.problem(401, "unauthenticated");
            assert_eq!(clients[1].get(&tokens).await.ok()["items"].as_array().unwrap().len(), 3);
            clients[1].call(Method::DELETE, &tokens, Call::empty()).await.ok();
            for client in &clients {
                client.get("/v1/account").await.problem(401, "unauthenticated");
            }
            assert_eq!(ours.admin.get(&tokens).await.ok()["items"], json!([]));
            // A new one is in force.
            let made = ours.admin.act(&tokens).await.ok();
            person.client.with_token(made["token"].as_str()).get("/v1/account").await.ok();
        })
        .await;
}
