//! The play: scenes in their order.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use muster_local::{Cluster, http};
use tokio::{sync::watch, task::JoinSet};

use super::{
    Arguments,
    events::{Events, Scene},
    evidence::Sources,
    pace,
    progress::{Sight, Watch},
    report,
};
use crate::{
    campaign::{
        agents::{self, Pace},
        carrier::Carrier,
        csv,
        floor::Floor,
        imports, plan, setup,
        voice::Voice,
    },
    client::Client,
    invariants::{
        self,
        evidence::{Rehearsed, Seen, Witnesses},
        ledger, rest,
        tables::Reader,
    },
};

/// How long the campaign may take.
const LIMIT: Duration = Duration::from_mins(5);

/// Plays everything and prints the report; returns whether all invariants hold.
pub(crate) async fn play(
    arguments: &Arguments,
    cluster: &Cluster,
    reader: Reader<'_>,
    voice: Voice,
) -> anyhow::Result<bool> {
    ledger::install(reader).await?;
    let http = http::client(Duration::from_secs(20))?;
    let carrier = Carrier::new(http.clone(), cluster);
    let admin = Client::new(&cluster.api_url, &cluster.bootstrap_token)?;

    voice.say("everything runs; making an organization with six groups in four zones and four agents each");
    voice.say("its sending hours are the whole day, because a demo runs at any hour; the default is 08:00 to 20:00");
    let organization = setup::organization(&admin).await.context("setting up")?;

    let contacts = usize::try_from(arguments.contacts).unwrap_or(usize::MAX);
    let files = csv::files(plan::GROUPS.map(|group| group.area_code), contacts, arguments.seed);
    let rows: i64 = files.iter().map(|file| file.expected.rows_read).sum();
    voice.say(&format!("uploading {} files with {rows} rows, and one of them again", files.len()));
    let imports = imports::run(&admin, &organization, &files).await.context("the imports")?;
    let created: i64 = imports.iter().map(|import| import.counted.created).sum();

    let cap = setup::cap(&admin, &organization, created * pace::CAP_PERCENT / 100).await?;
    let campaign = setup::launch(&admin, &organization, pace::REMINDERS_AFTER).await.context("the launch")?;
    voice.say(&format!("{created} contacts; launched in six groups, under a cap of {cap} segments"));

    let floor = Arc::new(Floor::default());
    let mut working = agents::start(&organization, &campaign, &floor, Pace::DEMO);
    let watching = Watch {
        cluster,
        admin: &admin,
        carrier: &carrier,
        organization: &organization,
        campaign: &campaign,
        floor: &floor,
        cap,
        voice,
    };
    let scene =
        Scene { cluster, admin: &admin, organization: &organization, campaign: &campaign, contacts: created, voice };
    let (events, sight) = campaign_of(&watching, &scene, &mut working).await?;
    floor.close();
    while let Some(ended) = working.join_next().await {
        ended.context("an agent")??;
    }
    let tally = &floor.tally;
    voice.say(&format!(
        "agents: {} batches finished, {} texts queued ({} reminders), {} skipped, {} answers recorded, {} replies, {} refusals",
        tally.batches.get(),
        tally.queued.get(),
        tally.reminders.get(),
        tally.skipped.get(),
        tally.answers.get(),
        tally.replies.get(),
        tally.refused.get(),
    ));

    let rest = rest::wait(reader, &carrier, voice).await?;
    let sources = Sources {
        cluster,
        http: &http,
        admin: &admin,
        organization: &organization,
        campaign: &campaign,
        floor: &floor,
    };
    let demo = sources.gather(events.redaction, sight).await?;
    let fallen = cluster.members().iter().filter(|member| !member.process.is_running());
    let fallen = fallen.map(|member| member.process.name().to_owned()).collect();
    let seen = Seen { imports, cap, pause: Some(events.pause), rest, fallen };
    let witnesses = Witnesses { cluster, carrier: &carrier, reader, files: &files };
    let evidence = witnesses.gather(&seen, Rehearsed::Demo(Box::new(demo))).await?;
    Ok(report::print(&evidence, &invariants::all(&evidence)))
}

/// Watches and plays the events until all is done, an agent fails, or time is up.
async fn campaign_of(
    watching: &Watch<'_>,
    scene: &Scene<'_>,
    working: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<(Events, Sight)> {
    let (sender, receiver) = watch::channel(0);
    let (events_done, missing) = (Cell::new(false), RefCell::new(Vec::new()));
    let events = async {
        let events = scene.play(receiver).await?;
        events_done.set(true);
        Ok(events)
    };
    let both = async { tokio::try_join!(events, watching.until_done(sender, &events_done, &missing)) };
    tokio::select! {
        done = tokio::time::timeout(LIMIT, both) => match done {
            Ok(done) => done,
            Err(_) => bail!("not done after {} s: {}", LIMIT.as_secs(), missing.borrow().join("; ")),
        },
        error = agents::first_failure(working) => Err(error.context("an agent")),
    }
}
