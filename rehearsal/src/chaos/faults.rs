//! Carrying out the schedule's faults, and undoing them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use muster_local::{Cluster, Process, RabbitMq, Stack, http};
use reqwest::Method;
use serde_json::Value;

use super::{
    plan::{Deed, Fault, Service, Target},
    watch::Happened,
    wiring::Wires,
};
use crate::campaign::{moment::Moment, voice::Voice};

/// How long the broker's management may take to answer again after a restart.
const MANAGEMENT_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(300);
/// After how long the nodes of a cluster certainly miss one that says nothing, on a busy machine
/// too.
const NOTICED: Duration = Duration::from_secs(18);
/// How long a former primary runs beside the present one.
const BESIDE: Duration = Duration::from_secs(3);

/// Where faults happen.
pub(crate) struct Field<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) cluster: &'a Cluster,
    pub(crate) wires: &'a Wires,
    pub(crate) vhost: &'a str,
    pub(crate) voice: Voice,
    /// Daemons found dead that nobody had killed.
    pub(crate) fallen: Mutex<Vec<String>>,
    /// The faults so far.
    pub(crate) happened: Mutex<Vec<Happened>>,
}

impl Field<'_> {
    /// Plays the whole schedule; returns when all is mended.
    pub(crate) async fn play(&self, schedule: &[Fault]) -> anyhow::Result<()> {
        let started = Instant::now();
        // A service that takes longer to come back than it was given keeps its next fault waiting.
        let mut by_target: BTreeMap<Target, Vec<&Fault>> = BTreeMap::new();
        for fault in schedule {
            by_target.entry(fault.target).or_default().push(fault);
        }
        try_join_all(by_target.values().map(|faults| async move {
            for fault in faults {
                let at = started + Duration::from_millis(fault.at_ms);
                tokio::time::sleep_until(at.into()).await;
                self.voice.say(&format!("fault: {fault}"));
                let from = Moment::now();
                self.play_one(fault).await.with_context(|| format!("the fault {fault}"))?;
                let what = format!("{} {} for {} ms", fault.deed, fault.target, fault.lasts_ms);
                let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
                happened.push(Happened { what, from, to: Moment::now() });
            }
            anyhow::Ok(())
        }))
        .await?;
        Ok(())
    }

    async fn play_one(&self, fault: &Fault) -> anyhow::Result<()> {
        let time = Duration::from_millis(fault.lasts_ms);
        match (fault.target, fault.deed) {
            (Target::Daemon(name), Deed::Kill) => {
                let daemon = self.daemon(name)?;
                daemon.kill_family().await?;
                tokio::time::sleep(time).await;
                // It comes back whether or not the servers that it needs are there; whether it is
                // ready is asked when all is mended.
                daemon.restart().await
            }
            (Target::Daemon(name), Deed::Stop) => {
                let daemon = self.daemon(name)?;
                daemon.pause();
                tokio::time::sleep(time).await;
                daemon.resume();
                Ok(())
            }
            (Target::Service(service), deed) => self.service(service, deed, time).await,
            (Target::Wire(daemon, service), Deed::Cut(how)) => {
                let wires = self.wires.get(daemon, service)?;
                for wire in wires {
                    wire.cut(how);
                }
                tokio::time::sleep(time).await;
                for wire in wires {
                    wire.mend();
                }
                Ok(())
            }
            (target, deed) => bail!("{deed:?} can't be done to {target}"),
        }
    }

    async fn service(&self, service: Service, deed: Deed, time: Duration) -> anyhow::Result<()> {
        let (postgres, rabbitmq) = (self.stack.primary(), &self.stack.rabbitmq);
        let wait = tokio::time::sleep(time);
        match (service, deed) {
            (Service::Database, Deed::Kill) => {
                postgres.kill().await?;
                wait.await;
                postgres.start_again().await
            }
            (Service::Database, Deed::Stop) => {
                postgres.pause()?;
                wait.await;
                postgres.resume()
            }
            (Service::Broker, Deed::Kill) => {
                rabbitmq.kill().await?;
                wait.await;
                rabbitmq.start_again().await
            }
            (Service::Broker, Deed::Stop) => {
                rabbitmq.pause()?;
                wait.await;
                rabbitmq.resume()
            }
            (Service::Broker, Deed::Purge) => self.purge().await,
            (Service::Broker, Deed::LoseEverything) => {
                rabbitmq.delete_vhost(self.vhost).await?;
                wait.await;
                rabbitmq.create_vhost(self.vhost).await
            }
            (Service::Broker, deed) => self.node(deed, time).await,
            (Service::Database, deed) => self.pair(deed, time).await,
            (service, deed) => bail!("{deed:?} can't be done to {service}"),
        }
    }

    /// A fault of a broker of several nodes.
    async fn node(&self, deed: Deed, time: Duration) -> anyhow::Result<()> {
        match deed {
            Deed::KillNode(number) => {
                let node = self.stack.nodes().nth(number).context("there is no such node")?;
                node.kill().await?;
                tokio::time::sleep(time).await;
                node.start_again().await
            }
            Deed::StopLeader => {
                let leader = self.leader().await?;
                leader.pause()?;
                tokio::time::sleep(time).await;
                leader.resume()?;
                leader.wait_until_ready().await
            }
            Deed::CutLeader => {
                let leader = self.leader().await?;
                self.stack.cut_off(leader)?;
                tokio::time::sleep(time).await;
                let missed = time < NOTICED || self.is_missed(leader).await?;
                self.stack.join_again(leader)?;
                if !missed {
                    bail!("the other nodes do not miss the one that is cut off");
                }
                leader.wait_until_ready().await
            }
            Deed::Roll => {
                for node in self.stack.nodes() {
                    node.roll().await?;
                }
                Ok(())
            }
            deed => bail!("{deed:?} can't be done to a node of the broker"),
        }
    }

    /// Returns whether another node takes this one for gone.
    async fn is_missed(&self, node: &RabbitMq) -> anyhow::Result<bool> {
        let other = self.stack.others_than(node).next().context("there is no other node")?;
        let url = format!("{}/api/nodes", other.management_url());
        let answer = http::client(MANAGEMENT_LIMIT)?.get(url).send().await.map_err(reqwest::Error::without_url)?;
        let nodes: Vec<Value> = answer.json().await?;
        Ok(nodes.iter().any(|seen| seen["name"].as_str() == node.node_name() && seen["running"] == false))
    }

    /// A fault of two database servers.
    async fn pair(&self, deed: Deed, time: Duration) -> anyhow::Result<()> {
        let (former, next) = (self.stack.primary(), self.stack.secondary().context("there is no standby")?);
        match deed {
            Deed::FailOver => {
                former.kill().await?;
                tokio::time::sleep(time).await;
                self.stack.fail_over().await?;
                former.follow(next).await
            }
            Deed::Usurp => {
                former.pause()?;
                tokio::time::sleep(time).await;
                self.stack.fail_over().await?;
                former.resume()?;
                tokio::time::sleep(BESIDE).await;
                former.follow(next).await
            }
            Deed::StopStandby => {
                next.pause()?;
                tokio::time::sleep(time).await;
                next.resume()
            }
            deed => bail!("{deed:?} can't be done to a database"),
        }
    }

    /// Returns the node that leads most queues, as soon as one leads any: after a loss of
    /// everything they are declared anew.
    async fn leader(&self) -> anyhow::Result<&RabbitMq> {
        let deadline = Instant::now() + MANAGEMENT_LIMIT;
        loop {
            let queues = self.queues().await?;
            let mut led: BTreeMap<&str, usize> = BTreeMap::new();
            for leader in queues.iter().filter_map(|queue| queue["leader"].as_str()) {
                *led.entry(leader).or_default() += 1;
            }
            let most = led.into_iter().max_by_key(|(_, count)| *count);
            let found = most.and_then(|(leader, count)| {
                let mut nodes = self.stack.nodes().enumerate();
                nodes.find(|(_, node)| node.node_name() == Some(leader)).map(|(number, node)| (number, node, count))
            });
            if let Some((number, node, count)) = found {
                self.voice.say(&format!("node {} leads {count} of {} queues", number + 1, queues.len()));
                return Ok(node);
            }
            if Instant::now() > deadline {
                bail!("no queue has a leader");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Returns a daemon, which should be running: a fault that kills it here also starts it again.
    fn daemon(&self, name: &str) -> anyhow::Result<&Process> {
        let daemon = self.cluster.process(name)?;
        self.note_if_fallen(daemon);
        Ok(daemon)
    }

    fn note_if_fallen(&self, daemon: &Process) {
        if !daemon.is_running() {
            self.voice.say(&format!("{} has ended by itself", daemon.name()));
            let mut fallen = self.fallen.lock().unwrap_or_else(PoisonError::into_inner);
            fallen.push(daemon.name().to_owned());
        }
    }

    /// Looks at all daemons, starts those that have ended, and waits until all are ready.
    pub(crate) async fn all_ready(&self) -> anyhow::Result<()> {
        for member in self.cluster.members() {
            self.note_if_fallen(&member.process);
            if !member.process.is_running() {
                member.process.restart().await?;
            }
        }
        self.cluster.ready().await
    }

    /// Empties every queue. Queues that are being declared or have no leader yet are left alone.
    async fn purge(&self) -> anyhow::Result<()> {
        let client = http::client(Duration::from_secs(5))?;
        for name in self.queues().await?.iter().filter_map(|queue| queue["name"].as_str()) {
            let url = format!("{}/{name}/contents", self.queues_url());
            let _left_alone = client.request(Method::DELETE, url).send().await;
        }
        Ok(())
    }

    fn queues_url(&self) -> String {
        format!("{}/api/queues/{}", self.stack.rabbitmq.management_url(), self.vhost)
    }

    /// Returns the queues as the broker's management tells them.
    async fn queues(&self) -> anyhow::Result<Vec<Value>> {
        let client = http::client(Duration::from_secs(5))?;
        let deadline = Instant::now() + MANAGEMENT_LIMIT;
        loop {
            let asked = async { client.get(self.queues_url()).send().await?.error_for_status()?.json().await };
            match asked.await {
                Ok(queues) => return Ok(queues),
                Err(error) if Instant::now() > deadline => return Err(error.without_url()).context("listing queues"),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }
}
