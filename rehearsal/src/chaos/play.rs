//! One seed: servers of its own, a campaign, the faults, and the verdict.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use muster_local::{Cluster, ClusterOptions, Stack, StackOptions, http};
use serde_json::{Value, json};

use super::{
    Arguments,
    beside::{self, Beside},
    faults::Field,
    plan::Fault,
    ticks,
    watch::Watch,
    wiring::Wires,
};
use crate::{
    campaign::{
        agents::{self, Pace},
        carrier::Carrier,
        csv::{self, ContactFile},
        floor::Floor,
        imports::{self, Report},
        moment::Moment,
        plan,
        setup::{self, Campaign, Organization},
        voice::{Voice, say},
    },
    client::Client,
    invariants::{
        self, Invariant,
        evidence::{Chaos, Evidence, Pause, Rehearsed, Rest, Seen, Witnesses},
        ledger, rest,
        tables::Reader,
        tell,
    },
};

const NAME: &str = "muster";

/// Contacts for each minute: the agents need most of it.
const CONTACTS_A_MINUTE: u64 = 2_400;
const FEWEST_CONTACTS: u64 = 480;
/// Segments of the cap, in hundredths of the contacts: fewer than there are initials.
const CAP_PERCENT: i64 = 85;
const BATCH_SIZE: i64 = 40;
/// The parts of the time, in hundredths, at which a goal is paused and reminders begin.
const PAUSE_PERCENT: u64 = 30;
const REMINDERS_PERCENT: u64 = 40;
const PAUSE_TIME: Duration = Duration::from_secs(5);
/// The agent that walks away keeps a batch for a minute, which a shorter run does not wait for.
const LONG_ENOUGH_TO_WALK_AWAY_MS: u64 = 60_000;

/// Plays a seed; returns the codes of the invariants that do not hold, none for none.
pub(crate) async fn play(arguments: &Arguments, seed: u64, time_ms: u64) -> anyhow::Result<String> {
    let voice = Voice::new();
    let options = StackOptions { always_own: true, keep_folder: arguments.keep, ..StackOptions::default() };
    let options = match arguments.drill {
        Some(drill) => drill.servers(options),
        None if arguments.ha => options.highly_available(),
        None => options,
    };
    let mut stack = Stack::start(options).await?;
    let played = on(&stack, arguments, seed, time_ms, voice).await;
    if arguments.keep || !played.as_ref().is_ok_and(String::is_empty) {
        stack.keep_folder();
        voice.say(&format!("data and logs are kept in {}", stack.folder().display()));
    }
    stack.stop().await?;
    played
}

async fn on(stack: &Stack, arguments: &Arguments, seed: u64, time_ms: u64, voice: Voice) -> anyhow::Result<String> {
    let wires = Wires::lay(stack).await?;
    let options = ClusterOptions {
        schedulers: 2,
        workers: 2,
        database: NAME.to_owned(),
        vhost: NAME.to_owned(),
        simulator: carrier(seed),
        extra_env: environment(),
        folder: stack.folder().join("cluster"),
    };
    let cluster = Cluster::start_wired(stack, options, wires.wiring(stack, NAME, NAME)?).await?;
    let reader = Reader { stack, database: NAME };
    ledger::install(reader).await?;
    ticks::begin(reader).await?;
    let field = Field {
        stack,
        cluster: &cluster,
        wires: &wires,
        vhost: NAME,
        voice,
        fallen: Mutex::default(),
        happened: Mutex::default(),
    };
    let run = Run { seed, time_ms, field: &field, reader, schedule: arguments.schedule(seed, time_ms) };
    let verdict = run.verdict(arguments).await;
    if verdict.is_err() {
        for member in cluster.members() {
            say(&member.process.log_tail(8));
        }
    }
    cluster.stop().await?;
    verdict
}

/// Returns a carrier that takes its time, so that there is always somebody waiting for it when
/// something dies.
fn carrier(seed: u64) -> Value {
    let mut carrier = plan::carrier(seed);
    carrier["behaviour"]["latency_ms"] = json!({ "min": 50, "max": 600 });
    carrier["behaviour"]["drop_after_accept"] = json!(0.01);
    carrier
}

/// Settings under which interrupted work is taken up within seconds.
fn environment() -> Vec<(String, String)> {
    let mut environment = plan::environment();
    environment.push(("MUSTER_REPUBLISH_AFTER_SECONDS".to_owned(), "8".to_owned()));
    // Small files have some parts and shards, too.
    for key in ["MUSTER_IMPORT_PART_BYTES", "MUSTER_IMPORT_SHARD_BYTES"] {
        environment.push((key.to_owned(), "16384".to_owned()));
    }
    environment
}

struct Run<'a> {
    seed: u64,
    time_ms: u64,
    field: &'a Field<'a>,
    reader: Reader<'a>,
    schedule: Vec<Fault>,
}

/// The campaign of a run.
struct Play {
    admin: Client,
    organization: Organization,
    files: Vec<ContactFile>,
    imports: Vec<Report>,
    cap: i64,
}

/// The outcome of a campaign.
struct Played {
    pause: Option<Pause>,
    beside: Beside,
    rest: Rest,
}

impl Run<'_> {
    async fn verdict(&self, arguments: &Arguments) -> anyhow::Result<String> {
        let Field { cluster, voice, .. } = self.field;
        let carrier = Carrier::new(http::client(Duration::from_secs(20))?, cluster);
        let play = self.prepare().await.context("preparing the campaign")?;
        let Played { pause, beside, rest } = self.campaign(&play, &carrier).await?;
        let fallen = self.field.fallen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Play { files, imports, cap, .. } = play;
        let seen = Seen { imports, cap, pause, rest, fallen };
        let witnesses = Witnesses { cluster, carrier: &carrier, reader: self.reader, files: &files };

        let evidence = self.gather(witnesses, &seen, &beside).await?;
        let mut found = invariants::all(&evidence);
        say(&format!("\nInvariants (seed {})", self.seed));
        for one in &found {
            tell(one);
        }
        let mut verdict = codes(&found);
        for plant in &arguments.plant {
            plant.plant(self.reader, cluster, &evidence).await.with_context(|| format!("planting {plant:?}"))?;
            voice.say(&format!("planted: {plant:?}"));
            let now = invariants::all(&self.gather(witnesses, &seen, &beside).await?);
            // Violations that were planted before are still there, so that the figures tell.
            let news: Vec<&Invariant> = now
                .iter()
                .zip(&found)
                .filter(|(now, before)| now.figures != before.figures)
                .map(|(now, _)| now)
                .collect();
            for one in &news {
                tell(one);
            }
            let caught = news.iter().any(|one| one.code == plant.caught_by() && !one.holds);
            say(&format!("  {plant:?} is {} by {}", if caught { "caught" } else { "NOT caught" }, plant.caught_by()));
            verdict = codes(&now);
            found = now;
        }
        Ok(verdict)
    }

    async fn gather(&self, witnesses: Witnesses<'_>, seen: &Seen, beside: &Beside) -> anyhow::Result<Evidence> {
        let chaos = Chaos {
            reports: beside.reports.clone(),
            people: beside.people(),
            arrivals: beside::arrivals(self.reader, beside).await?,
            ticks: ticks::count(self.reader).await?,
        };
        witnesses.gather(seen, Rehearsed::Chaos(chaos)).await
    }

    /// Makes everything that is there before the first fault.
    async fn prepare(&self) -> anyhow::Result<Play> {
        let Field { cluster, voice, .. } = self.field;
        let admin = Client::new(&cluster.api_url, &cluster.bootstrap_token)?.stubborn();
        let organization = setup::organization(&admin).await?;
        let small = json!({ "batch_size": BATCH_SIZE, "response_window_minutes": 1 });
        admin.patch(&organization.path, small).await?;
        let contacts = (CONTACTS_A_MINUTE * self.time_ms / 60_000).max(FEWEST_CONTACTS);
        let files = csv::files(
            plan::GROUPS.map(|group| group.area_code),
            usize::try_from(contacts).unwrap_or(usize::MAX),
            self.seed,
        );
        let imports = imports::run(&admin, &organization, &files).await?;
        let created: i64 = imports.iter().map(|import| import.counted.created).sum();
        let cap = setup::cap(&admin, &organization, created * CAP_PERCENT / 100).await?;
        voice.say(&format!("{created} contacts under a cap of {cap} segments"));
        Ok(Play { admin, organization, files, imports, cap })
    }

    /// Launches, lets the agents work and the faults happen, mends everything, and waits for rest.
    async fn campaign(&self, play: &Play, carrier: &Carrier) -> anyhow::Result<Played> {
        let Play { admin, organization, .. } = play;
        let after = |percent: u64| Duration::from_millis(self.time_ms * percent / 100);
        let campaign = setup::launch(admin, organization, after(REMINDERS_PERCENT)).await.context("the launch")?;
        let floor = Arc::new(Floor::default());
        let pace = Pace {
            at_once: Some(5),
            rest: Duration::from_secs(2),
            one_walks_away: self.time_ms >= LONG_ENOUGH_TO_WALK_AWAY_MS,
        };
        let mut working = agents::start(organization, &campaign, &floor, pace);
        let faults = self.field.play(&self.schedule);
        let watch = Watch::new(admin, &self.field.cluster.api_url, &organization.path)?;
        let pause = async {
            tokio::time::sleep(after(PAUSE_PERCENT)).await;
            self.pause(play, &campaign).await.context("the pause")
        };
        let reminders = async {
            tokio::time::sleep(after(REMINDERS_PERCENT)).await;
            floor.open_reminders();
            Ok(())
        };
        let imports =
            async { beside::run(admin, organization, self.time_ms).await.context("an import beside the faults") };
        let all = async {
            let ((), pause, (), beside) = tokio::try_join!(faults, pause, reminders, imports)?;
            self.field.all_ready().await.context("waiting for the daemons after the last fault")?;
            self.field.voice.say("everything is mended; waiting for rest");
            ticks::end(self.reader).await?;
            let rest = rest::wait(self.reader, carrier, self.field.voice).await?;
            let happened = self.field.happened.lock().unwrap_or_else(PoisonError::into_inner).clone();
            watch.tell(self.reader, &happened).await?;
            anyhow::Ok(Played { pause, beside, rest })
        };
        let done = tokio::select! {
            done = all => done?,
            error = agents::first_failure(&mut working) => return Err(error.context("an agent")),
            never = watch.run() => match never {},
        };
        floor.close();
        // An agent that waits for an answer that never comes is not waited for.
        working.shutdown().await;
        let tally = &floor.tally;
        self.field.voice.say(&format!(
            "agents: {} batches finished, {} texts queued ({} reminders), {} replies, {} refusals",
            tally.batches.get(),
            tally.queued.get(),
            tally.reminders.get(),
            tally.replies.get(),
            tally.refused.get(),
        ));
        Ok(done)
    }

    async fn pause(&self, play: &Play, campaign: &Campaign) -> anyhow::Result<Option<Pause>> {
        let Some(goal) = campaign.goals.get(1) else { bail!("no goal to pause") };
        let path = format!("{}/goals/{goal}", play.organization.path);
        play.admin.post(&format!("{path}/pause"), "pause", Value::Null).await?;
        let from = Moment::now();
        self.field.voice.say("paused a goal");
        tokio::time::sleep(PAUSE_TIME).await;
        let to = Moment::now();
        play.admin.post(&format!("{path}/resume"), "resume", Value::Null).await?;
        self.field.voice.say("resumed it");
        Ok(Some(Pause { goal: goal.clone(), from, to }))
    }
}

/// Returns the codes of those that do not hold.
fn codes(found: &[Invariant]) -> String {
    let broken: Vec<&str> = found.iter().filter(|invariant| !invariant.holds).map(|invariant| invariant.code).collect();
    broken.join(", ")
}
