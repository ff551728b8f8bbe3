//! Headers of answers: how to authenticate, that they are not to be stored, and their type.

use muster_integration_tests::{Call, World, text};

#[tokio::test]
async fn a5_every_401_says_how_to_authenticate() {
    World::with_api()
        .run(async |world| {
            let nobody = &world.nobody();
            let wrong = nobody.with_token(Some("muster_of_nobody"));
            let organization = "/v1/organizations/00000000-0000-0000-0000-000000000000";
            for path in ["/v1/account", "/v1/agent/goals", organization, &format!("{organization}/contacts")] {
                let missing = nobody.get(path).await;
                missing.problem(401, "unauthenticated");
                assert_eq!(missing.header("www-authenticate"), r#"Bearer realm="muster""#);
                let refused = wrong.get(path).await;
                refused.problem(401, "unauthenticated");
                assert_eq!(refused.header("www-authenticate"), r#"Bearer realm="muster", error="invalid_token""#);
            }
            let basic =
                nobody.call(reqwest::Method::GET, "/v1/account", Call::empty().header("authorization", "Basic YTpi"));
            assert_eq!(basic.await.header("www-authenticate"), r#"Bearer realm="muster""#);
        })
        .await;
}

#[tokio::test]
async fn a_schemes_name_may_be_in_any_case() {
    World::with_api()
        .run(async |world| {
            let admin = world.account("Ada").await;
            let token = admin.token().unwrap().to_owned();
            for scheme in ["bearer", "BEARER", "Bearer"] {
                let call = Call::empty().header("authorization", format!("{scheme} {token}"));
                world.nobody().call(reqwest::Method::GET, "/v1/account", call).await.ok();
            }
        })
        .await;
}

#[tokio::test]
async fn r5_no_answer_is_kept_on_its_way_nor_taken_for_something_else() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("Phones").await;
            let report = ours.import(&format!("file_name=c.csv&group_id={group}"), "first,last,phone\nA,B,1\n").await;
            let import = text(&report["id"]);
            for path in [
                "/v1/account".to_owned(),
                "/v1/nothing".to_owned(),
                "/openapi.json".to_owned(),
                ours.path.clone(),
                ours.at("contacts"),
                ours.at("contacts?limit=0"),
                ours.at(&format!("imports/{import}/rejects.csv")),
                ours.at(&format!("imports/{import}/events")),
            ] {
                for client in [&ours.admin, &world.nobody()] {
                    let answer = client.get(&path).await;
                    let labels = ["cache-control", "x-content-type-options"].map(|name| answer.header(name).to_owned());
                    assert_eq!(labels, ["no-store", "nosniff"], "{path}: {}", answer.status);
                }
            }
        })
        .await;
}
