//! Violations planted on purpose when all is over, to see that each is caught.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use muster_local::{Cluster, http};

use super::beside;
use crate::{
    campaign::carrier::Accepted,
    invariants::{evidence::Evidence, tables::Reader},
};

/// A violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// A text goes to the carrier a second time.
    Duplicate,
    /// A text goes to the carrier that no cap has room for.
    Overcap,
    /// A job vanishes.
    Lost,
    /// A job completes a second time.
    Twice,
    /// A contact has a second initial.
    SecondInitial,
    /// A contact with an opt-out was texted.
    Late,
    /// A target is in no batch any more.
    Unbatched,
    /// A contact's text is recorded nowhere.
    Unheard,
    /// A receipt was not applied.
    Receipt,
    /// A text of a paused goal was handed over.
    Unpaused,
    /// The first tick of a schedule has no row.
    Untold,
    /// A tick made a second job.
    Refired,
    /// Somebody of a file is not in the group.
    Unimported,
}

/// Tries at the carrier, which may refuse.
const TRIES: usize = 20;

impl Plant {
    /// Returns the code of the invariant that must catch it.
    pub(crate) fn caught_by(self) -> &'static str {
        match self {
            Self::Duplicate => "S2",
            Self::Overcap => "S3",
            Self::Lost => "J1",
            Self::Twice => "J2",
            Self::SecondInitial => "B7",
            Self::Late => "I3",
            Self::Unbatched => "B1",
            Self::Unheard => "I1",
            Self::Receipt => "S8",
            Self::Unpaused => "G7",
            Self::Untold => "J11",
            Self::Refired => "J9",
            Self::Unimported => "C1",
        }
    }

    /// Does it.
    pub(crate) async fn plant(self, reader: Reader<'_>, cluster: &Cluster, evidence: &Evidence) -> anyhow::Result<()> {
        let statement = match self {
            Self::Duplicate => return text(cluster, &evidence.accepted, None).await,
            Self::Overcap => return text(cluster, &evidence.accepted, Some("One more, whatever the cap says.")).await,
            Self::Lost => {
                // Postgres refuses this where nobody takes the refusal away.
                reader.execute("alter table job disable trigger job_stays").await?;
                "delete from job where id = (select min(id::text)::uuid from job where state = 'succeeded')".to_owned()
            }
            Self::Untold => {
                "delete from tick where schedule = 'chaos' and planned_at = (select min(planned_at) from tick where schedule = 'chaos')"
                    .to_owned()
            }
            Self::Refired => "insert into job (id, kind, payload, max_attempts, state, finished_at)
                 select uuid_v7(), kind, payload, max_attempts, state, finished_at from job where kind = 'probe' limit 1"
                .to_owned(),
            Self::Unimported => format!(
                "delete from membership where (group_id, contact_id) = (
                     select m.group_id, m.contact_id from membership m join contact_group g on g.id = m.group_id
                     where g.name = '{}' limit 1)",
                beside::GROUP
            ),
            Self::Twice => "insert into rehearsal.completed select job_id from rehearsal.completed limit 1".to_owned(),
            Self::SecondInitial => {
                "update message set kind = 'initial' where id = (select r.id from message r
                     where r.kind = 'reply' and r.goal_id is not null limit 1)"
                    .to_owned()
            }
            Self::Late => "update message set handed_over_at = now() where id = (select m.id from message m
                     join contact c on c.id = m.contact_id
                     where c.opted_out_at is not null and m.kind = 'initial' and m.carrier_sid is not null limit 1)"
                .to_owned(),
            Self::Unbatched => "update target set batch_id = null
                 where (goal_id, contact_id) = (select goal_id, contact_id from target where batch_id is not null limit 1)"
                .to_owned(),
            Self::Unheard => {
                "delete from message where id = (select id from message where kind = 'inbound' limit 1)".to_owned()
            }
            Self::Receipt => {
                "update message set state = 'sent' where id = (select id from message where state = 'delivered' limit 1)"
                    .to_owned()
            }
            Self::Unpaused => {
                let pause = evidence.seen.pause.as_ref().context("nothing was paused")?;
                format!(
                    "update message set handed_over_at = timestamptz '{}' + interval '1 millisecond' where id = (
                         select id from message where goal_id = '{}' and kind = 'initial' and carrier_sid is not null limit 1)",
                    pause.from, pause.goal
                )
            }
        };
        let changed =
            reader.execute(&format!("with done as ({statement} returning 1) select count(*) from done")).await?;
        ensure!(changed.trim() == "1", "there was nothing to plant it in");
        Ok(())
    }
}

/// Hands a text to the carrier behind Muster's back: one that it has had, or the same people
/// another.
async fn text(cluster: &Cluster, accepted: &[Accepted], body: Option<&str>) -> anyhow::Result<()> {
    let client = http::client(Duration::from_secs(5))?;
    let (account, secret) = cluster.carrier_account();
    let url = format!("{}/2010-04-01/Accounts/{account}/Messages.json", cluster.simulator_url);
    // Not one that somebody would answer.
    for message in accepted.iter().rev().filter(|message| !message.body.contains("Reply STOP")).take(TRIES) {
        let form =
            [("To", message.to.as_str()), ("From", message.from.as_str()), ("Body", body.unwrap_or(&message.body))];
        let answer = client.post(&url).basic_auth(account, Some(secret)).form(&form).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
    }
    anyhow::bail!("the carrier accepted none of {TRIES} texts")
}
