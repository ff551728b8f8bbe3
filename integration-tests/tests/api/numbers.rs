//! A number is one account's, and a text to it lands nowhere else (rules A3, A5 and I1).

use muster_domain::{
    ids::{AccountId, OrganizationId},
    people::e164::E164,
};
use muster_integration_tests::{Call, Organization, World, text};
use muster_storage::{
    Page,
    tenancy::numbers::{self, Assigned, Filter},
};
use reqwest::Method;
use serde_json::{Value, json};

const NUMBER: &str = "+12125558801";

async fn add(organization: &Organization, numbers: &[&str]) -> Value {
    organization.admin.post(&organization.at("numbers"), json!({ "numbers": numbers })).await.ok()
}

async fn account_of(organization: &Organization) -> AccountId {
    AccountId(text(&organization.admin.get("/v1/account").await.ok()["account_id"]).parse().unwrap())
}

fn parsed(numbers: &[&str]) -> Vec<E164> {
    numbers.iter().map(|number| E164::parse(number).unwrap()).collect()
}

async fn assign(world: &World, account: AccountId, number: &[&str], move_taken: bool) -> Assigned {
    let mut tx = world.pool().begin().await.unwrap();
    let assigned = numbers::assign(&mut tx, account, &parsed(number), move_taken).await.unwrap();
    tx.commit().await.unwrap();
    assigned
}

/// Returns where a text to the number lands: the organizations that know its sender.
async fn lands(world: &World, from: &str) -> Vec<OrganizationId> {
    world.text(from, NUMBER, "Hello").await;
    world.webhooks().lacks("processed_at").until(0).await;
    world.settled().await;
    let found = format!("select coalesce(json_agg(organization_id), '[]') from contact where e164 = '{from}'");
    let found: Vec<String> = world.row(&found).await;
    found.iter().map(|id| OrganizationId(id.parse().unwrap())).collect()
}

/// Returns a new agent of a new group texts from the number, if the organization has it.
async fn uses(organization: &Organization, name: &str) -> bool {
    let group = organization.group(name).await;
    let agent = organization.member("agent").await;
    let path = organization.at(&format!("groups/{group}/members/{}", agent.id));
    let added = organization.admin.call(Method::PUT, &path, Call::empty()).await;
    added.status == 200 && added.ok()["sender_number"] == NUMBER
}

#[tokio::test]
async fn a3_a_number_that_an_account_has_is_no_other_accounts() {
    World::with_api()
        .run(async |world| {
            // An account that is alone needs no operator.
            let ours = world.organization("Ours").await;
            assert_eq!(add(&ours, &[NUMBER]).await, json!({ "added": 1, "refused": [] }));
            // At the same time it is added once.
            let both = tokio::join!(add(&ours, &["+12125558803"]), add(&ours, &["+12125558803"]));
            let (one, two) = (&both.0["added"], &both.1["added"]);
            assert_eq!(one.as_i64().unwrap() + two.as_i64().unwrap(), 1, "{both:?}");
            // Of two accounts neither has a number by naming it.
            let other = world.organization("Other").await;
            let tried = add(&other, &[NUMBER, "+12125558802", NUMBER]).await;
            assert_eq!(tried, json!({ "added": 0, "refused": [NUMBER, "+12125558802"] }));
            let tried = add(&ours, &[NUMBER, "+12125558802"]).await;
            assert_eq!(tried, json!({ "added": 0, "refused": ["+12125558802"] }));
            assert!(uses(&ours, "One").await && !uses(&other, "One").await);
            // Another organization of the account finds it in use.
            let sister = Organization::create(&ours.admin, "Sister").await;
            assert_eq!(add(&sister, &[NUMBER]).await, json!({ "added": 0, "refused": [] }));
        })
        .await;
}

#[tokio::test]
async fn a3_where_the_operator_arranges_numbers_an_account_adds_its_own_alone() {
    World::with_api()
        .run(async |world| {
            let (ours, other) = (world.organization("Ours").await, world.organization("Other").await);
            let (our_account, other_account) = (account_of(&ours).await, account_of(&other).await);
            assert_eq!(assign(&world, our_account, &[NUMBER], false).await, Assigned::Done);
            assert_eq!(assign(&world, our_account, &[NUMBER], false).await, Assigned::Done, "asking again is harmless");
            // No account is first with a number any more, whether it is another account's or free.
            assert_eq!(
                add(&other, &[NUMBER, "+12125558802"]).await,
                json!({ "added": 0, "refused": [NUMBER, "+12125558802"] })
            );
            assert_eq!(add(&ours, &[NUMBER]).await, json!({ "added": 1, "refused": [] }));
            let taken = assign(&world, other_account, &["+12125558802", NUMBER], false).await;
            assert_eq!(taken, Assigned::Taken(vec![NUMBER.to_owned()]));
            assert_eq!(assign(&world, AccountId::new(), &["+12125558804"], true).await, Assigned::NoAccount);
            assert_eq!(world.rows("number_owner").count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn a3_a_number_that_moves_takes_its_texts_to_the_new_account_and_leaves_conversations_behind() {
    World::with_engine()
        .run(async |world| {
            let (ours, other) = (world.organization("Ours").await, world.organization("Other").await);
            let ids = [&ours, &other].map(|organization| OrganizationId(organization.id.parse().unwrap()));
            ours.add_numbers(&[NUMBER]).await;
            let group = ours.group("One").await;
            let agent = ours.member("agent").await;
            let path = ours.at(&format!("groups/{group}/members/{}", agent.id));
            assert_eq!(ours.admin.call(Method::PUT, &path, Call::empty()).await.ok()["sender_number"], NUMBER);
            assert_eq!(lands(&world, "+16465550001").await, ids[..1]);
            let replies = format!("/v1/agent/groups/{group}/replies/claim");
            let thread = text(&agent.client.act(&replies).await.ok()[0]["thread"]["id"]);
            // One text waits to go out, and one that came is not handled yet.
            let gate = world.close_publish_gate().await;
            let reply = format!("/v1/agent/threads/{thread}/reply");
            agent.client.post(&reply, json!({ "text": "Hello!" })).await.ok();
            world.text("+16465550002", NUMBER, "For the old owner").await;

            let moved = assign(&world, account_of(&other).await, &[NUMBER], true).await;
            assert_eq!(moved, Assigned::Done);
            assert_eq!(add(&ours, &[NUMBER]).await["refused"], json!([NUMBER]));
            assert_eq!(add(&other, &[NUMBER]).await["added"], 1);
            assert!(uses(&other, "Two").await);
            gate.open().await;
            world.webhooks().lacks("processed_at").until(0).await;
            world.settled().await;
            assert_eq!(world.messages().state("cancelled").reason("number_gone").count().await, 1);
            assert_eq!(world.webhooks().is("outcome", "number_of_nobody").count().await, 1);
            assert!(world.carrier().accepted().is_empty());
            assert_eq!(lands(&world, "+16465550003").await, ids[1..]);
            // The same person writes to the new owner: the old one hears nothing of it.
            world.text("+16465550001", NUMBER, "And now?").await;
            world.messages().kind("inbound").is("body", "And now?").until(1).await;
            let conversation = ours.admin.get(&ours.at(&format!("conversations/{thread}"))).await.ok();
            assert_eq!(conversation["messages"].as_array().unwrap().len(), 2, "{conversation}");
            // The old owner's agent has no number there, and so cannot go on from somebody else's;
            // with another one they can.
            let refused = agent.client.post(&reply, json!({ "text": "Still there?" })).await;
            refused.problem(409, "no-sender-number");
            assign(&world, account_of(&ours).await, &["+12125558805"], false).await;
            add(&ours, &["+12125558805"]).await;
            ours.admin.call(Method::PUT, &path, Call::empty()).await.ok();
            agent.client.post(&reply, json!({ "text": "Still there?" })).await.ok();
            world.messages().state("delivered").until(1).await;
            assert_eq!(world.carrier().accepted()[0].from, "+12125558805");
        })
        .await;
}

#[tokio::test]
async fn a3_a_number_that_is_released_is_nobodys() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            add(&ours, &[NUMBER]).await;
            assert!(uses(&ours, "One").await);
            assert_eq!(lands(&world, "+16465550001").await.len(), 1);
            let mut tx = world.pool().begin().await.unwrap();
            assert_eq!(numbers::release(&mut tx, &parsed(&[NUMBER, "+12125558899"])).await.unwrap(), 1);
            tx.commit().await.unwrap();
            assert_eq!(lands(&world, "+16465550002").await, []);
            let owned = numbers::page(world.pool(), &Filter::default(), Page::first(10)).await.unwrap();
            assert!(owned.is_empty(), "{owned:?}");
        })
        .await;
}
