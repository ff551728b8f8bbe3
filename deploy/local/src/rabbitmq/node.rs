//! A `RabbitMQ` node run from the machine's programs, with nothing shared: its own name, cookie,
//! ports, plugins and `epmd` (Erlang's name server, which would otherwise be one for the whole
//! machine and outlive us).

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use tokio::process::Command;

use super::{links::Links, registry};
use crate::{
    ports,
    process::{self, Process, ProcessSpec},
    programs, secret,
};

/// The node's data, in its folder.
const DATA: &str = "data/node";
const STOP_LIMIT: Duration = Duration::from_secs(30);
const THREADS: &str = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none";
/// After so long without a sign the nodes of a cluster take one of them for gone. During RabbitMQ's
/// own 60 s every declaration waits for a node that stands still.
const TICK_SECONDS: u32 = 8;

/// The node's start script and Erlang's name server.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    server: PathBuf,
    ctl: PathBuf,
    epmd: PathBuf,
}

impl Programs {
    /// Debian's folder, else the `PATH`.
    pub(super) fn find() -> Option<Self> {
        let debian = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
        let server = if debian.is_file() { debian } else { script_on_path()? };
        Some(Self { ctl: server.with_file_name("rabbitmqctl"), server, epmd: find_epmd()? })
    }
}

/// Returns the script itself. Debian's wrapper of the same name switches to the system's user and
/// its settings.
fn script_on_path() -> Option<PathBuf> {
    let script = programs::on_path("rabbitmq-server")?.canonicalize().ok()?;
    let wrapper =
        std::fs::read_to_string(&script).is_ok_and(|text| text.contains("runuser") || text.contains("su rabbitmq "));
    (!wrapper).then_some(script)
}

fn find_epmd() -> Option<PathBuf> {
    programs::on_path("epmd").or_else(|| {
        let erl = programs::on_path("erl")?.canonicalize().ok()?;
        let beside = erl.with_file_name("epmd");
        beside.is_file().then_some(beside)
    })
}

/// A place in a cluster: all that its nodes share.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    cookie: String,
    epmd_port: u16,
    /// The first node's name.
    first: String,
}

/// Where a node lives and listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Its own folder, which is made.
    pub(super) home: &'a Path,
    pub(super) port: u16,
    pub(super) management_port: u16,
    pub(super) password: &'a str,
}

/// A running node. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Node {
    seat: Seat,
    name: String,
    /// Where the node keeps its quorum queues.
    quorum: PathBuf,
    ctl: PathBuf,
    environment: Vec<(String, String)>,
    broker: Process,
    /// The name server of the cluster, which is the first node's.
    epmd: Option<Process>,
    /// Where other nodes reach it.
    dist_port: u16,
    /// Its links to other nodes, in a cluster of several.
    links: Option<Links>,
}

impl Node {
    /// Starts a node with a name server of its own, which others may join if there are to be
    /// several.
    pub(super) fn start(programs: &Programs, place: Place<'_>, several: bool) -> anyhow::Result<Self> {
        let home = place.home;
        make_folder(home)?;
        let seat = Seat {
            cookie: secret::hex(20)?,
            epmd_port: ports::free_port()?,
            first: format!("muster-{}@localhost", secret::hex(4)?),
        };
        let epmd = ProcessSpec::new("epmd", &programs.epmd, home.join("epmd.log")).args([
            "-address",
            "127.0.0.1",
            "-port",
            &seat.epmd_port.to_string(),
        ]);
        let epmd = Process::spawn(epmd)?;
        let name = seat.first.clone();
        let links = several.then(|| Links::begin(seat.epmd_port)).transpose()?;
        Self::spawn(programs, place, seat, name, (Some(epmd), links))
    }

    /// Starts another node of this one's cluster.
    pub(super) fn start_another(&self, programs: &Programs, place: Place<'_>) -> anyhow::Result<Self> {
        make_folder(place.home)?;
        let name = format!("muster-{}@localhost", secret::hex(4)?);
        let links = Links::begin(self.seat.epmd_port)?;
        Self::spawn(programs, place, self.seat.clone(), name, (None, Some(links)))
    }

    fn spawn(
        programs: &Programs,
        place: Place<'_>,
        seat: Seat,
        name: String,
        (epmd, links): (Option<Process>, Option<Links>),
    ) -> anyhow::Result<Self> {
        let Place { home, port, .. } = place;
        let doing = || format!("filling RabbitMQ's folder {}", home.display());
        let mut configuration = settings(place);
        if name != seat.first {
            configuration.push_str(&membership(&seat.first, &name));
        }
        let files = [
            (".erlang.cookie", seat.cookie.clone()),
            ("rabbitmq.conf", configuration),
            ("rabbitmq-env.conf", String::new()),
            ("advanced.config", "[].\n".to_owned()),
            ("enabled_plugins", "[rabbitmq_management].\n".to_owned()),
        ];
        for (name, text) in &files {
            std::fs::write(home.join(name), text).with_context(doing)?;
        }
        // Erlang refuses a cookie that others can read.
        std::fs::set_permissions(home.join(".erlang.cookie"), Permissions::from_mode(0o400)).with_context(doing)?;

        let called = home.file_name().map_or(Cow::Borrowed("rabbitmq"), OsStr::to_string_lossy);
        let mut broker = ProcessSpec::new(called, &programs.server, home.join("rabbitmq.log"));
        let dist_port = ports::free_port()?;
        let environment = |epmd| environment(home, port, &name, (dist_port, epmd));
        broker.env = environment(links.as_ref().map_or(seat.epmd_port, Links::port));
        // The tools reach a node that is cut off from others.
        let environment = environment(seat.epmd_port);
        Ok(Self {
            dist_port,
            links,
            seat,
            name,
            ctl: programs.ctl.clone(),
            environment,
            quorum: home.join(DATA).join("quorum"),
            epmd,
            broker: Process::spawn(broker)?,
        })
    }

    /// Returns its name in the cluster.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn process(&self) -> &Process {
        &self.broker
    }

    /// Cuts it off from another node of its cluster, in both directions.
    pub(super) fn cut_off_from(&self, other: &Self) {
        self.each_link(other, Links::cut);
    }

    /// Mends its links to another node.
    pub(super) fn join_again(&self, other: &Self) {
        self.each_link(other, Links::mend);
    }

    fn each_link(&self, other: &Self, change: fn(&Links, u16)) {
        for (links, to) in [(&self.links, other.dist_port), (&other.links, self.dist_port)] {
            if let Some(links) = links {
                change(links, to);
            }
        }
    }

    /// `rabbitmqctl` for this node.
    pub(super) fn ctl(&self) -> Command {
        let mut command = Command::new(&self.ctl);
        command.env_clear().envs(process::inherited_environment()).envs(self.environment.iter().cloned());
        command
    }

    pub(super) async fn kill(&self) -> anyhow::Result<()> {
        registry::wait_until_written(&self.quorum).await;
        self.broker.kill_family().await
    }

    pub(super) async fn start_again(&self) -> anyhow::Result<()> {
        if let Some(epmd) = self.epmd.as_ref().filter(|epmd| !epmd.is_running()) {
            epmd.restart().await?;
        }
        self.broker.restart().await
    }

    pub(super) async fn stop(&self) -> anyhow::Result<()> {
        self.broker.resume_family();
        self.broker.stop(STOP_LIMIT).await?;
        match &self.epmd {
            Some(epmd) => epmd.kill_family().await,
            None => Ok(()),
        }
    }

    /// Ends the broker in an orderly way and starts it again.
    pub(super) async fn roll(&self) -> anyhow::Result<()> {
        self.broker.stop(STOP_LIMIT).await?;
        self.start_again().await
    }
}

fn make_folder(home: &Path) -> anyhow::Result<()> {
    let doing = || format!("making RabbitMQ's folder {}", home.display());
    std::fs::create_dir(home).with_context(doing)?;
    std::fs::set_permissions(home, Permissions::from_mode(0o700)).with_context(doing)
}

/// Everything that would otherwise come from the system's own `RabbitMQ` is named.
fn environment(home: &Path, port: u16, name: &str, (dist_port, epmd_port): (u16, u16)) -> Vec<(String, String)> {
    let at = |name: &str| home.join(name).display().to_string();
    let pairs = [
        ("HOME", home.display().to_string()),
        ("LANG", "C.UTF-8".to_owned()),
        ("RABBITMQ_NODENAME", name.to_owned()),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
        ("RABBITMQ_NODE_PORT", port.to_string()),
        ("RABBITMQ_DIST_PORT", dist_port.to_string()),
        ("RABBITMQ_MNESIA_BASE", at("data")),
        ("RABBITMQ_MNESIA_DIR", at(DATA)),
        ("RABBITMQ_LOG_BASE", at("log")),
        // To standard output, and so to our log file.
        ("RABBITMQ_LOGS", "-".to_owned()),
        ("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf")),
        ("RABBITMQ_CONFIG_FILES", at("conf.d/*.conf")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config")),
        ("RABBITMQ_CONF_ENV_FILE", at("rabbitmq-env.conf")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins")),
        ("RABBITMQ_PLUGINS_EXPAND_DIR", at("plugins")),
        ("RABBITMQ_SCHEMA_DIR", at("schema")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", at("config")),
        ("RABBITMQ_PID_FILE", at("pid")),
        ("ERL_CRASH_DUMP", at("erl_crash.dump")),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
        ("ERL_EPMD_PORT", epmd_port.to_string()),
        // Several nodes share a machine: few threads, none bound to a core, none spinning.
        ("RABBITMQ_SCHEDULER_BIND_TYPE", "u".to_owned()),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            format!("{THREADS} -kernel inet_dist_use_interface {{127,0,0,1}} -kernel net_ticktime {TICK_SECONDS}"),
        ),
        // The script then becomes Erlang instead of watching over it, so that signals reach the
        // broker itself.
        ("RUNNING_UNDER_SYSTEMD", "true".to_owned()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How a node finds the first one of its cluster.
fn membership(first: &str, own: &str) -> String {
    format!(
        "cluster_formation.peer_discovery_backend = classic_config\n\
         cluster_formation.classic_config.nodes.1 = {first}\n\
         cluster_formation.classic_config.nodes.2 = {own}\n"
    )
}

fn settings(place: Place<'_>) -> String {
    let Place { management_port, password, .. } = place;
    format!(
        "default_user = muster\n\
         default_pass = {password}\n\
         default_user_tags.administrator = true\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {management_port}\n\
         # A node that sees fewer than half of its cluster stops serving.\n\
         cluster_partition_handling = pause_minority\n\
         # Tests watch queues: fresh numbers.\n\
         collect_statistics_interval = 1000\n\
         disk_free_limit.absolute = 100MB\n"
    )
}
