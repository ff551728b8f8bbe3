//! Rates of requests, by token or session and by account.

use muster_integration_tests::{Answer, Client, World};

const ACCOUNT: &str = "/v1/account";

/// Asks until a request is refused; returns how many were not. A bucket fills meanwhile.
async fn until_refused(client: &Client) -> (usize, Answer) {
    for done in 0..500 {
        let answer = client.get(ACCOUNT).await;
        if !answer.is_success() {
            answer.problem(429, "rate-limit");
            return (done, answer);
        }
    }
    panic!("nothing is refused");
}

#[tokio::test]
async fn a5_a_token_makes_so_many_requests_a_minute_and_others_go_on() {
    World::with_api()
        .with("token_requests_a_minute", "40")
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, other) = (ours.member("agent").await, ours.member("agent").await);
            let (done, refused) = until_refused(&one.client).await;
            assert!(done >= 40, "{done}");
            let seconds: u32 = refused.header("retry-after").parse().unwrap();
            assert!((1..=3).contains(&seconds), "{seconds}");
            other.client.get(ACCOUNT).await.ok();
            // A session of the same member counts by itself, and carriers' webhooks do not count.
            let (session, _) = world.session(&one.id, "full").await;
            session.get(ACCOUNT).await.ok();
            for _ in 0..50 {
                world.webhook("/v1/webhooks/twilio/inbound", &[("MessageSid", "")]).await.problem(422, "invalid-body");
            }
        })
        .await;
}

#[tokio::test]
async fn a5_an_accounts_members_make_so_many_requests_a_minute_together() {
    World::with_api()
        .with("account_requests_a_minute", "60")
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, other) = (ours.member("agent").await, ours.member("agent").await);
            until_refused(&one.client).await;
            // Alone it would have sixty.
            let (done, _) = until_refused(&other.client).await;
            assert!(done < 30, "{done}");
            let foreign = world.organization("Foreign").await;
            foreign.admin.get(ACCOUNT).await.ok();
            assert_eq!(world.rows("rate_bucket").is("kind", "account").count().await, 2);
        })
        .await;
}
