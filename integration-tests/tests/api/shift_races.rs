//! Fifty agents at work while admins change everything about it (rules A6, B2 to B7, G6 to G9a, I3,
//! I4, S2, S9, W2 to W5): everybody is texted at most once, and nobody is left.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join, join_all};
use muster_integration_tests::World;

use crate::shift::{AGENTS, CONTACTS, GROUPS, STRANDED, Shift};

/// A text that the carrier took, with the message that it is.
#[derive(Debug, serde::Deserialize)]
struct Told {
    kind: String,
    goal_id: Option<String>,
    agent_id: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_b7_s9_fifty_agents_and_their_admins_text_everybody_at_most_once_and_leave_nobody() {
    World::with_engine()
        .with("database_max_connections", "24")
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let agents = join_all((0..AGENTS).map(|nth| shift.work(nth)));
            let admins = join_all((0..3).map(|nth| shift.administer(1_790 + nth)));
            join(join(agents, admins), shift.people()).await;
            shift.finish().await;

            let broken = shift.broken.lock().unwrap().clone();
            assert!(broken.is_empty(), "{} answers: {broken:#?}", broken.len());
            assert_eq!(shift.world.count(STRANDED).await, 0, "nobody is left without a text or a reason");
            assert_eq!(shift.world.jobs().state("parked").count().await, 0);
            let messages: BTreeMap<String, Told> = shift
                .world
                .row(
                    "select json_object_agg(carrier_sid, json_build_object('kind', kind, 'goal_id', goal_id, 'agent_id', agent_id))
                     from message where carrier_sid is not null and kind <> 'inbound'",
                )
                .await;
            let (out, away) = (shift.out.lock().unwrap().clone(), shift.away.lock().unwrap().clone());
            let mut once = BTreeSet::new();
            let mut wrong = Vec::new();
            for text in shift.world.carrier().accepted() {
                let told = &messages[&text.sid];
                if told.kind == "initial" && !once.insert((told.goal_id.clone(), text.to.clone())) {
                    wrong.push(format!("{} was texted twice in a goal", text.to));
                }
                let late = out.get(&text.to).is_some_and(|answered| text.accepted_at > *answered);
                if late && told.kind != "opt_out_confirmation" {
                    wrong.push(format!("{} had opted out when {told:?} went", text.to));
                }
                let spans = told.agent_id.as_ref().and_then(|agent| away.get(agent));
                // The answers and the carrier's log are of one clock.
                if told.kind == "initial" && spans.is_some_and(|spans| spans.iter().any(|span| span.holds(text.accepted_at))) {
                    wrong.push(format!("an agent was away when {told:?} went to {} at {}", text.to, text.accepted_at));
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert!(once.len() > GROUPS * CONTACTS, "{} initials went", once.len());
            let rows = shift.world.count("target").await;
            assert_eq!(rows, i64::try_from(GROUPS * CONTACTS * 2).unwrap());
        })
        .await;
}
