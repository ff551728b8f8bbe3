//! `RabbitMQ` for tests and demos: given by URL, or run from the machine's programs.
//!
//! Only a broker this crate started can be killed or paused. Vhosts made here are empty.

mod links;
mod management;
mod node;
mod registry;

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::Url;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{capture::capture, install, ports, secret};
use management::Management;
use node::{Node, Place, Programs};

/// The AMQP URL, without a vhost, of a broker to use instead of starting one.
pub const AMQP_URL_VAR: &str = "MUSTER_TEST_AMQP_URL";
/// The URL of the same broker's management API.
pub const MANAGEMENT_URL_VAR: &str = "MUSTER_TEST_RABBITMQ_MANAGEMENT_URL";

const READY_LIMIT: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(100);
/// The first bytes of a client of AMQP 0-9-1 (section 4.2.2); a broker that is up answers with
/// `Connection.Start`.
const PROTOCOL_HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";

/// A broker that answers.
#[derive(Debug)]
pub struct RabbitMq {
    amqp: Url,
    management: Management,
    host: Host,
}

#[derive(Debug)]
enum Host {
    Given,
    Programs(Box<Node>),
}

impl RabbitMq {
    /// Takes the broker the environment names, else starts one; returns when it answers.
    pub async fn find_or_start(folder: &Path) -> anyhow::Result<Self> {
        let Ok(amqp) = std::env::var(AMQP_URL_VAR) else { return Self::start(folder, false).await };
        let management = std::env::var(MANAGEMENT_URL_VAR)
            .with_context(|| format!("{AMQP_URL_VAR} is set, so {MANAGEMENT_URL_VAR} has to be set too"))?;
        let amqp = Url::parse(&amqp).with_context(|| format!("{AMQP_URL_VAR} is no URL"))?;
        let management = Url::parse(&management).with_context(|| format!("{MANAGEMENT_URL_VAR} is no URL"))?;
        let rabbitmq = Self { amqp, management: Management::new(management)?, host: Host::Given };
        rabbitmq.wait_until_ready().await?;
        Ok(rabbitmq)
    }

    /// Starts a broker of our own with its data under `folder`; returns when it answers. `several`:
    /// it is the first node of several.
    pub async fn start(folder: &Path, several: bool) -> anyhow::Result<Self> {
        let Some(programs) = find_or_install().await? else {
            bail!(
                "no RabbitMQ: install it (Debian: apt-get install rabbitmq-server), or set {AMQP_URL_VAR} and {MANAGEMENT_URL_VAR} to \
                 those of a running broker"
            );
        };
        let home = folder.join("rabbitmq");
        Self::at(&home, &secret::hex(16)?, |place| Node::start(&programs, place, several)).await
    }

    /// Starts another node of this broker's cluster with its data under `folder`; returns when it
    /// answers.
    pub async fn start_another(&self, folder: &Path, number: usize) -> anyhow::Result<Self> {
        let Host::Programs(first) = &self.host else { bail!(not_ours("joined")) };
        let programs = find_or_install().await?.context("RabbitMQ is not installed any more")?;
        let home = folder.join(format!("rabbitmq-{number}"));
        let password = self.amqp.password().unwrap_or_default();
        Self::at(&home, password, |place| first.start_another(&programs, place)).await
    }

    async fn at(
        home: &Path,
        password: &str,
        start: impl FnOnce(Place<'_>) -> anyhow::Result<Node>,
    ) -> anyhow::Result<Self> {
        let (port, management_port) = (ports::free_port()?, ports::free_port()?);
        let amqp = Url::parse(&format!("amqp://muster:{password}@127.0.0.1:{port}"))?;
        let management =
            Management::new(Url::parse(&format!("http://muster:{password}@127.0.0.1:{management_port}"))?)?;
        let node = start(Place { home, port, management_port, password })?;
        let rabbitmq = Self { amqp, management, host: Host::Programs(Box::new(node)) };
        rabbitmq.wait_until_ready().await?;
        Ok(rabbitmq)
    }

    /// Returns the node's name in its cluster, where it is a process of ours.
    pub fn node_name(&self) -> Option<&str> {
        match &self.host {
            Host::Programs(node) => Some(node.name()),
            Host::Given => None,
        }
    }

    /// Ends the node in an orderly way, starts it again, and waits until it answers.
    pub async fn roll(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("restarted")),
            Host::Programs(node) => node.roll().await?,
        }
        self.wait_until_ready().await
    }

    /// Returns the URL of `vhost`, with its name percent-encoded as AMQP's URLs want it.
    pub fn amqp_url(&self, vhost: &str) -> String {
        let mut url = self.amqp.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push(vhost);
        }
        url.to_string()
    }

    /// Returns the AMQP URL without a vhost.
    pub fn server_url(&self) -> String {
        self.amqp.as_str().trim_end_matches('/').to_owned()
    }

    /// Returns the URL of the management API, with user and password, without a trailing slash.
    pub fn management_url(&self) -> String {
        self.management.url()
    }

    /// Returns the port it listens on for AMQP.
    pub fn port(&self) -> u16 {
        self.amqp.port().unwrap_or(5672)
    }

    /// Returns the process id of the broker's virtual machine, where it is a process of ours.
    pub fn pid(&self) -> Option<u32> {
        match &self.host {
            Host::Programs(node) => Some(node.process().pid()),
            Host::Given => None,
        }
    }

    /// Makes a vhost that this stack's user may do everything in; one that exists is fine too.
    pub async fn create_vhost(&self, name: &str) -> anyhow::Result<()> {
        let user = percent_encoding::percent_decode_str(self.amqp.username())
            .decode_utf8()
            .context("the user in RabbitMQ's URL is no UTF-8")?;
        self.management.create_vhost(name, &user).await
    }

    /// Removes a vhost with everything in it; no vhost is fine too.
    pub async fn delete_vhost(&self, name: &str) -> anyhow::Result<()> {
        self.management.delete_vhost(name).await
    }

    /// Kills the broker (`SIGKILL`), and returns when nothing of it is left. Quorum queues declared
    /// in the last seconds are given the time to be registered on disk first: see `registry`.
    pub async fn kill(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("killed")),
            Host::Programs(node) => node.kill().await,
        }
    }

    /// Starts a killed broker on the same data and the same ports, and waits until it answers.
    pub async fn start_again(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("started again")),
            Host::Programs(node) => node.start_again().await?,
        }
        self.wait_until_ready().await
    }

    /// Stops the broker in its tracks; nothing is answered and nothing is closed.
    pub fn pause(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("paused")),
            Host::Programs(node) => node.process().pause_family(),
        }
        Ok(())
    }

    /// Lets a paused broker go on.
    pub fn resume(&self) -> anyhow::Result<()> {
        match &self.host {
            Host::Given => bail!(not_ours("resumed")),
            Host::Programs(node) => node.process().resume_family(),
        }
        Ok(())
    }

    /// Cuts this node off from another of its cluster, without a word; clients reach both as
    /// before.
    pub fn cut_off_from(&self, other: &Self) -> anyhow::Result<()> {
        let (Host::Programs(node), Host::Programs(other)) = (&self.host, &other.host) else {
            bail!(not_ours("cut off"))
        };
        node.cut_off_from(other);
        Ok(())
    }

    /// Lets this node and another reach each other again.
    pub fn join_again(&self, other: &Self) -> anyhow::Result<()> {
        let (Host::Programs(node), Host::Programs(other)) = (&self.host, &other.host) else {
            bail!(not_ours("joined"))
        };
        node.join_again(other);
        Ok(())
    }

    /// Runs `rabbitmqctl` on this broker, and returns its output.
    pub async fn ctl(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut command = match &self.host {
            Host::Given => bail!(not_ours("controlled")),
            Host::Programs(node) => node.ctl(),
        };
        command.args(args);
        capture(command, None, READY_LIMIT).await
    }

    /// Ends the broker in an orderly way; one given by URL is left alone.
    pub async fn stop(self) -> anyhow::Result<()> {
        match &self.host {
            Host::Programs(node) => node.stop().await,
            Host::Given => Ok(()),
        }
    }

    /// Waits until it answers.
    pub async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let Err(error) = self.answers().await else { return Ok(()) };
            let ended = matches!(&self.host, Host::Programs(node) if !node.process().is_running());
            if ended || Instant::now() > deadline {
                let log = match &self.host {
                    Host::Given => String::new(),
                    Host::Programs(node) => node.process().log_tail(40),
                };
                return Err(error.context(format!("RabbitMQ on port {} does not answer\n{log}", self.port())));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn answers(&self) -> anyhow::Result<()> {
        let host = self.amqp.host_str().context("RabbitMQ's URL names no host")?;
        // Over TLS the greeting is the client's affair; there the management API has to do.
        if self.amqp.scheme() == "amqp" {
            tokio::time::timeout(Duration::from_secs(5), greet(host, self.port()))
                .await
                .context("waiting for an AMQP greeting")?
                .context("greeting over AMQP")?;
        }
        self.management.overview().await
    }
}

async fn greet(host: &str, port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(PROTOCOL_HEADER).await?;
    stream.read_u8().await.map(|_| ())
}

async fn find_or_install() -> anyhow::Result<Option<Programs>> {
    let found = Programs::find();
    if found.is_none() && install::install("rabbitmq-server").await? {
        return Ok(Programs::find());
    }
    Ok(found)
}

fn not_ours(done: &str) -> String {
    format!("the RabbitMQ of {AMQP_URL_VAR} was not started here and can't be {done}")
}
