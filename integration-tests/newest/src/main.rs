//! `muster-newest COMMAND [ARGUMENT…]`: runs a command against Postgres and `RabbitMQ` in
//! containers.
//!
//! The images are those of `MUSTER_POSTGRES_IMAGE` and `MUSTER_RABBITMQ_IMAGE`, the engine is that
//! of `DOCKER_HOST`; `.ci/containers` sets all three. The command finds the servers in
//! `MUSTER_TEST_POSTGRES_URL`, `MUSTER_TEST_AMQP_URL` and `MUSTER_TEST_RABBITMQ_MANAGEMENT_URL`.
//! They may still be starting: `muster-local run` waits for them.
//!
//! Both servers end with the command, also when this program is asked to end.
#![expect(clippy::print_stderr, reason = "this program tells what it runs")]

use std::{
    env,
    fs::File,
    io::Read as _,
    process::{ExitCode, ExitStatus},
};

use anyhow::Context as _;
use testcontainers::{
    ContainerAsync, GenericImage, ImageExt as _, core::IntoContainerPort as _, runners::AsyncRunner as _,
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

/// `EX_UNAVAILABLE` of sysexits.h: the servers could not be started.
const UNAVAILABLE: u8 = 69;

/// Names the address at which the engine publishes ports, where that is known better than by the
/// engine's own.
const HOST: &str = "MUSTER_CONTAINERS_HOST";

/// The most recent major versions that Muster supports.
const POSTGRES_IMAGE: &str = "postgres:17";
const RABBITMQ_IMAGE: &str = "rabbitmq:4-management";

/// As `deploy/local` starts a broker: few threads, none spinning, fresh numbers of queues, little
/// disk asked for.
const RABBITMQ_ARGS: &str = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -rabbit collect_statistics_interval 1000 \
                             -rabbit disk_free_limit 100000000";

#[tokio::main]
async fn main() -> ExitCode {
    let command: Vec<String> = env::args().skip(1).collect();
    let servers = match Servers::start().await {
        Ok(servers) => servers,
        Err(error) => {
            eprintln!("muster-newest: no servers in containers: {error:#}");
            return ExitCode::from(UNAVAILABLE);
        }
    };
    let ended = run(&command, &servers).await;
    let removed = servers.remove().await;
    match ended.and_then(|status| removed.map(|()| status)) {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("muster-newest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command until its end; a signal ends it first.
async fn run(command: &[String], servers: &Servers) -> anyhow::Result<ExitStatus> {
    let (program, args) = command.split_first().context("no command was given")?;
    let mut command = Command::new(program);
    command.args(args).envs(servers.environment.iter().map(|(name, value)| (name, value)));
    let mut child = command.kill_on_drop(true).spawn().with_context(|| format!("starting {program}"))?;
    let listening = "listening for signals";
    let mut interrupt = signal(SignalKind::interrupt()).context(listening)?;
    let mut terminate = signal(SignalKind::terminate()).context(listening)?;
    tokio::select! {
        status = child.wait() => return status.context("waiting for the command"),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    end(&mut child).await
}

/// Asks the command to end, so that it can end its own children.
async fn end(child: &mut Child) -> anyhow::Result<ExitStatus> {
    if let Some(pid) = child.id() {
        let _gone = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await;
    }
    child.wait().await.context("waiting for the command to end")
}

/// Both servers, and the variables that name them.
struct Servers {
    postgres: ContainerAsync<GenericImage>,
    rabbitmq: ContainerAsync<GenericImage>,
    environment: [(&'static str, String); 3],
}

impl Servers {
    async fn start() -> anyhow::Result<Self> {
        let password = password()?;
        let postgres = image("MUSTER_POSTGRES_IMAGE", POSTGRES_IMAGE)
            .with_exposed_port(5432.tcp())
            .with_env_var("POSTGRES_PASSWORD", &password)
            .with_cmd(["-c", "max_connections=300", "-c", "shared_buffers=256MB"])
            .with_shm_size(256 * 1024 * 1024);
        let rabbitmq = image("MUSTER_RABBITMQ_IMAGE", RABBITMQ_IMAGE)
            .with_exposed_port(5672.tcp())
            .with_exposed_port(15672.tcp())
            .with_env_var("RABBITMQ_DEFAULT_USER", "muster")
            .with_env_var("RABBITMQ_DEFAULT_PASS", &password)
            .with_env_var("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", RABBITMQ_ARGS);
        let postgres = postgres.start().await.context("starting Postgres")?;
        let rabbitmq = rabbitmq.start().await.context("starting RabbitMQ")?;
        let database = address(&postgres, 5432).await?;
        let (broker, management) = (address(&rabbitmq, 5672).await?, address(&rabbitmq, 15672).await?);
        let environment = [
            ("MUSTER_TEST_POSTGRES_URL", format!("postgres://postgres:{password}@{database}/postgres")),
            ("MUSTER_TEST_AMQP_URL", format!("amqp://muster:{password}@{broker}")),
            ("MUSTER_TEST_RABBITMQ_MANAGEMENT_URL", format!("http://muster:{password}@{management}")),
        ];
        Ok(Self { postgres, rabbitmq, environment })
    }

    async fn remove(self) -> anyhow::Result<()> {
        self.rabbitmq.rm().await.context("removing RabbitMQ's container")?;
        self.postgres.rm().await.context("removing Postgres's container")
    }
}

/// Returns the image that a setting names, else the default one.
fn image(setting: &str, default: &str) -> GenericImage {
    let name = env::var(setting).unwrap_or_else(|_| default.to_owned());
    let (name, tag) = name.rsplit_once(':').unwrap_or((&name, "latest"));
    GenericImage::new(name, tag)
}

/// Host and port by which a port of a container is reached.
async fn address(container: &ContainerAsync<GenericImage>, port: u16) -> anyhow::Result<String> {
    let mapped = container.get_host_port_ipv4(port.tcp()).await?;
    let host = match env::var(HOST) {
        Ok(host) => host,
        Err(_) => container.get_host().await?.to_string(),
    };
    Ok(format!("{host}:{mapped}"))
}

/// Returns a secret of its own for each run, because an engine may publish ports on every address
/// of the machine.
fn password() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("drawing a password")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
