//! However a file is cut, and whether the workers that read and apply it die, are late or do it
//! twice: the end is that of one worker reading it in order (rules A2, C6, C7 and C10).

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, pin::pin, task::Poll, time::Duration};

use muster_domain::ids::JobId;
use muster_integration_tests::{Dice, Organization, World, text};
use muster_service::config::WorkerSettings;
use muster_storage::engine::{
    claim::{self, ClaimedJob},
    sweep,
};
use muster_workers::{error::JobError, testing::Hand};
use serde_json::{Value, json};

use crate::import_agents::agent;

const CASES: u64 = 16;
/// A lease that nobody loses here, and one that is lost at once.
const LONG: Duration = Duration::from_mins(5);
const LOST: Duration = Duration::ZERO;

/// A file for an organization in which some of its people are known.
struct Story {
    known: String,
    file: String,
    packed: bool,
    group_limit: u64,
    agent_limit: u64,
    part_bytes: u64,
    shard_bytes: u64,
}

const HEADER: &str = "first,last,phone,Ward,tags,Assigned Agent\n";

impl Story {
    fn new(dice: &mut Dice) -> Self {
        let people = dice.between(4, 50);
        let row = |person: u64, first: &str, ward: u64, agent: &str| {
            let area = if person % 9 == 8 { "999" } else { "646" };
            format!("{first},L,{area}555{person:04},{ward},\"t{};all\",{agent}\n", ward % 3)
        };
        let as_ever = |person: u64| format!("Ada{person}");
        let known = (0..people)
            .filter(|person| person.is_multiple_of(2))
            .map(|person| row(person, &as_ever(person), person % 7, ""));
        let known = format!("{HEADER}{}", known.collect::<String>());
        let mut file = HEADER.to_owned();
        for nth in 0..dice.between(5, 60) {
            let person = dice.between(0, people);
            let agent = ["", "", "amy@example.org", "BEN@example.org", "nobody@example.org"]
                [usize::try_from(dice.between(0, 5)).unwrap()];
            let row = match dice.between(0, 8) {
                0 => format!("Bad,L,{nth},1,,\n"),
                1 => format!("Bad,\"L\"x,6465550000,{nth},,\n"),
                2 => row(person, &format!("\"Two\nlines, {nth}\""), nth % 7, agent),
                3..=5 => row(person, &as_ever(person), person % 7, ""),
                _ => row(person, &format!("Eve{nth}"), nth % 7, agent),
            };
            write!(file, "{row}").unwrap();
        }
        let bytes = file.len() as u64;
        Self {
            known,
            packed: dice.between(0, 4) == 0,
            group_limit: if dice.between(0, 3) == 0 { dice.between(people / 2, people + 2) } else { 10_000 },
            agent_limit: if dice.between(0, 3) == 0 { dice.between(1, 6) } else { 1_000 },
            part_bytes: dice.between(bytes / 15, bytes),
            shard_bytes: dice.between(bytes / 5, bytes * 2),
            file,
        }
    }

    fn upload(&self) -> Vec<u8> {
        if !self.packed {
            return self.file.clone().into_bytes();
        }
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(self.file.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    /// Imports the known people, in order, and then the file as `hands` go about it; returns all
    /// that there is to be seen then.
    async fn told(&self, world: &World, name: &str, in_order: &Hand, hands: &mut Hands<'_>) -> Value {
        let ours = world.organization(name).await;
        let group = ours.group("One").await;
        for email in ["amy@example.org", "ben@example.org"] {
            agent(&ours, &group, email).await;
        }
        ours.set(json!({ "group_contact_limit": self.group_limit, "agent_contact_limit": self.agent_limit })).await;
        let query = format!("file_name=a.csv&group_id={group}&tags=march");
        let id = text(&ours.upload(&query, self.known.as_str()).await.ok()["id"]);
        Hands { hand: in_order, settings: hands.settings, dice: None }.finish(world, &id).await;
        let id = text(&ours.upload(&query, self.upload()).await.ok()["id"]);
        hands.finish(world, &id).await;
        seen(world, &ours, &group, &id).await
    }
}

/// Returns the report, the rejects, the changes, and all contacts with their tags and agents.
async fn seen(world: &World, ours: &Organization, group: &str, import: &str) -> Value {
    let report = ours.admin.get(&ours.at(&format!("imports/{import}"))).await.ok();
    let names = [
        "state",
        "failure",
        "rows_read",
        "created",
        "updated",
        "unchanged",
        "merged",
        "rejected",
        "reject_reasons",
        "warnings",
        "warning_lines",
        "rows_expected",
        "text_bytes",
        "bytes_read",
    ];
    let report: Vec<_> = names.iter().map(|name| &report[*name]).collect();
    let rejects = ours.admin.get(&ours.at(&format!("imports/{import}/rejects.csv"))).await.text;
    let people: Value = world
        .row(&format!(
            "select coalesce(json_agg(json_build_array(c.e164, c.first_name, c.last_name, c.fields, a.email, m.contact_id is not null,
                 (select json_agg(t.name order by t.name) from contact_tag ct join tag t on t.id = ct.tag_id where ct.contact_id = c.id),
                 (select json_build_array(h.before - 'updated_at', h.after - 'updated_at') from import_change h where h.import_id = '{import}' and h.contact_id = c.id),
                 (select json_build_array(h.before_agent_id is null, h.after_agent_id = a.id)
                  from import_assignment h where h.import_id = '{import}' and h.contact_id = c.id),
                 c.source_import_id = '{import}') order by c.e164), '[]')
             from contact c left join membership m on m.contact_id = c.id and m.group_id = '{group}'
             left join member a on a.id = m.assigned_agent_id where c.organization_id = '{}'",
            ours.id
        ))
        .await;
    json!({ "report": report, "rejects": rejects.lines().collect::<Vec<_>>(), "people": people })
}

/// How an attempt at a job goes.
#[derive(Clone, Copy)]
enum Ending {
    /// It is completed.
    Done,
    /// The same, and then the job is delivered and begun once more.
    Again,
    /// Its worker dies in the middle of it, or when all of it is done but the commit.
    Dies(u64),
    /// Its worker has lost the lease, and does not know that.
    Late,
}

/// Executor of an import's jobs: in order and one by one, or as the dice have it.
struct Hands<'a> {
    hand: &'a Hand,
    settings: &'a WorkerSettings,
    dice: Option<&'a mut Dice>,
}

impl Hands<'_> {
    /// Does jobs until there are none.
    async fn finish(&mut self, world: &World, import: &str) {
        let pool = world.pool();
        let mut spoiled: BTreeMap<JobId, u32> = BTreeMap::new();
        loop {
            sweep::return_expired(pool).await.unwrap();
            let query = format!(
                "select coalesce(json_agg(id order by id), '[]') from job where payload ->> 'import_id' = '{import}' and state = 'pending'"
            );
            let mut waiting: Vec<JobId> = world.row(&query).await;
            if waiting.is_empty() {
                let live = world
                    .jobs()
                    .and(&format!("payload ->> 'import_id' = '{import}'"))
                    .any_of("state", &["published", "running"]);
                if live.count().await == 0 {
                    return;
                }
                // The server has not noticed yet that the connection of the dead worker is gone:
                // the job is locked by it still.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let at_once = self.dice.as_mut().map_or(1, |dice| dice.between(1, 5));
            let mut attempts = Vec::new();
            for _ in 0..at_once.min(waiting.len() as u64) {
                let (mut nth, mut fate) = (0, Ending::Done);
                if let Some(dice) = &mut self.dice {
                    nth = usize::try_from(dice.between(0, waiting.len() as u64)).unwrap();
                    fate = match dice.between(0, 8) {
                        0 => Ending::Again,
                        1 | 2 => Ending::Dies(dice.between(1, 60)),
                        3 => Ending::Dies(u64::MAX),
                        4 => Ending::Late,
                        _ => Ending::Done,
                    };
                }
                let id = waiting.remove(nth);
                let spoiled = spoiled.entry(id).or_default();
                // A job with workers that die again and again is given up.
                if matches!(fate, Ending::Dies(_) | Ending::Late) && *spoiled == 3 {
                    fate = Ending::Done;
                }
                if matches!(fate, Ending::Dies(_) | Ending::Late) {
                    *spoiled += 1;
                    attempts.push((claim::claim(pool, id, "hand", LOST).await.unwrap().unwrap(), fate));
                }
                if matches!(fate, Ending::Late) {
                    // Another worker has it by now, and does it at the same time.
                    sweep::return_expired(pool).await.unwrap();
                }
                if !matches!(fate, Ending::Dies(_)) {
                    let fate = if matches!(fate, Ending::Late) { Ending::Done } else { fate };
                    attempts.push((claim::claim(pool, id, "hand", LONG).await.unwrap().unwrap(), fate));
                }
            }
            futures::future::join_all(attempts.iter().map(|(job, fate)| self.attempt(world, job, *fate))).await;
        }
    }

    async fn attempt(&self, world: &World, job: &ClaimedJob, fate: Ending) {
        let pool = world.pool();
        let polls = if let Ending::Dies(polls) = fate { polls } else { u64::MAX };
        // A worker that dies has connections of its own, which die too.
        let mortal = matches!(fate, Ending::Dies(_)).then(|| Hand::new(self.settings.clone()).unwrap());
        let hand = mortal.as_ref().unwrap_or(self.hand);
        let Some(worked) = polled(polls, hand.work(job)).await else { return };
        let mut tx = match worked {
            Ok(tx) => tx,
            Err(JobError::NotYet { why, .. }) => {
                return claim::requeue(pool, &[job], Duration::ZERO, why).await.unwrap();
            }
            Err(JobError::Retry { error, .. }) => {
                claim::retry(pool, job, Duration::ZERO, &error, None).await.unwrap();
                return;
            }
            Err(JobError::Lost) => return,
            Err(error) => panic!("{}: {error}", job.kind),
        };
        match fate {
            Ending::Dies(_) => tx.rollback().await.unwrap(),
            Ending::Late => {
                claim::complete(&mut tx, job).await.unwrap_err();
                tx.rollback().await.unwrap();
            }
            Ending::Done | Ending::Again => {
                claim::complete(&mut tx, job).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        if let Ending::Again = fate {
            assert!(claim::claim(pool, job.id, "hand", LONG).await.unwrap().is_none(), "it is done");
            if let Ok(mut tx) = self.hand.work(job).await {
                claim::complete(&mut tx, job).await.unwrap_err();
                tx.rollback().await.unwrap();
            }
        }
    }
}

/// Goes on with some work so often, and drops it where it is then.
async fn polled<T>(times: u64, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), times);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn c7_whatever_is_cut_dies_or_comes_twice_the_end_is_that_of_reading_in_order_by_one() {
    World::with_api()
        .run(async |world| {
            let settings = |part: u64, shard: u64| {
                let mut settings: WorkerSettings = world.settings("hand").settings();
                (settings.imports.part_bytes, settings.imports.shard_bytes) = (part.max(1), shard.max(1));
                settings
            };
            let usual = settings(1 << 20, 1 << 20);
            let in_order = Hand::new(usual.clone()).unwrap();
            let mut dice = Dice::new(29);
            for case in 0..CASES {
                let story = Story::new(&mut dice);
                let mut one = Hands { hand: &in_order, settings: &usual, dice: None };
                let wanted = story.told(&world, "In order", &in_order, &mut one).await;
                assert_eq!(wanted["report"][0], "succeeded", "case {case}: {wanted}");
                let cut = settings(story.part_bytes, story.shard_bytes);
                let wild = Hand::new(cut.clone()).unwrap();
                let mut several = Hands { hand: &wild, settings: &cut, dice: Some(&mut dice) };
                let told = story.told(&world, "As it comes", &in_order, &mut several).await;
                for what in ["report", "rejects", "people"] {
                    assert_eq!(
                        told[what], wanted[what],
                        "{what} of case {case}, parts of {}:\n{}",
                        story.part_bytes, story.file
                    );
                }
                wild.close().await;
            }
            let crashes = world.jobs().and("jsonb_array_length(errors) > 0").count().await;
            let parts = world.import_parts().above("number", 0).count().await;
            assert!(crashes > 20 && parts > 20, "{crashes} jobs whose workers died, {parts} more parts than files");
            in_order.close().await;
        })
        .await;
}
