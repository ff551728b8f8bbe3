//! Operators of the installation are principals of their own (rule A5).

use muster_integration_tests::{Call, World, ago, minutes, now};
use reqwest::Method;
use serde_json::json;

const ME: &str = "/v1/operator/me";

#[tokio::test]
async fn a5_an_operator_is_known_by_a_token_of_their_own_until_it_expires_or_is_ended() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("read").await;
            let told = operator.get(ME).await.ok();
            assert_eq!(told["rights"], "read");
            let (row, used) = (world.rows("operator").id(told["id"].as_str().unwrap()), world.rows("operator_use"));
            assert_eq!(used.count().await, 1);
            row.set("expires_at", now()).await;
            operator.get(ME).await.problem(401, "unauthenticated");

            let operator = world.operator("act").await;
            assert_eq!(operator.get(ME).await.ok()["rights"], "act");
            world.rows("operator").is("rights", "act").set("ended_at", ago(minutes(1))).await;
            operator.get(ME).await.problem(401, "unauthenticated");
            world.nobody().with_token(Some("muster_operator_0")).get(ME).await.problem(401, "unauthenticated");
            world.nobody().get(ME).await.problem(401, "unauthenticated");
        })
        .await;
}

#[tokio::test]
async fn a5_a_member_is_no_operator_and_an_operator_no_member() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("agent").await;
            let (session, _) = world.session(&person.id, "full").await;
            for member in [&ours.admin, &person.client, &session] {
                member.get(ME).await.problem(403, "forbidden");
            }
            let operator = world.operator("act").await;
            let paths = ["/v1/account".to_owned(), "/v1/organizations".to_owned(), ours.path.clone()];
            for path in &paths {
                operator.get(path).await.problem(403, "forbidden");
            }
            operator.post(&ours.at("tags"), json!({ "name": "vip" })).await.problem(403, "forbidden");
            // A cookie is a session's alone.
            let cookie = format!("__Host-muster={}", operator.token().unwrap());
            let call = Call::empty().header("cookie", cookie);
            world.nobody().call(Method::GET, ME, call).await.problem(401, "unauthenticated");
        })
        .await;
}
