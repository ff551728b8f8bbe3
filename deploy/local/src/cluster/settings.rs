//! The environment and the files of one cluster.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use super::{CLI_LIMIT, ClusterOptions, Member, SIMULATOR, Wiring};
use crate::{
    capture::capture,
    ports,
    process::{self, Process, ProcessSpec},
    programs::Binary,
    secret,
    stack::Stack,
};

/// Settings that all processes of a cluster share.
#[derive(Debug)]
pub(super) struct Settings {
    folder: PathBuf,
    pub(super) api_port: u16,
    simulator_port: u16,
    account_sid: String,
    auth_token: String,
    env: Vec<(String, String)>,
    wiring: Wiring,
}

impl Settings {
    pub(super) fn new(stack: &Stack, options: &ClusterOptions, wiring: Wiring) -> anyhow::Result<Self> {
        let folder = std::path::absolute(&options.folder).context("finding the cluster's folder")?;
        let objects = folder.join("objects");
        std::fs::create_dir_all(&objects).with_context(|| format!("making {}", objects.display()))?;
        let mut settings = Self {
            folder,
            api_port: ports::free_port()?,
            simulator_port: wiring.simulator_port.map_or_else(ports::free_port, Ok)?,
            // Twilio's shapes: `AC` and 32 hexadecimal digits, 32 hexadecimal digits.
            account_sid: format!("AC{}", secret::hex(16)?),
            auth_token: secret::hex(16)?,
            env: Vec::new(),
            wiring,
        };
        let env = [
            ("MUSTER_DATABASE_URL", stack.app_url(&options.database)),
            ("MUSTER_AMQP_URL", stack.amqp_url(&options.vhost)),
            ("MUSTER_RABBITMQ_MANAGEMENT_URL", stack.management_url()),
            ("MUSTER_OBJECT_STORE_URL", format!("file://{}", objects.display())),
            ("MUSTER_CARRIER_URL", settings.simulator_url()),
            ("MUSTER_CARRIER_ACCOUNT_SID", settings.account_sid.clone()),
            ("MUSTER_CARRIER_AUTH_TOKEN", settings.auth_token.clone()),
            ("MUSTER_PUBLIC_URL", settings.api_url()),
            ("MUSTER_PHONE_HASH_KEY", secret::hex(32)?),
            ("MUSTER_SIGN_IN_KEY", secret::hex(32)?),
            ("MUSTER_MAIL_FROM", "Muster <muster@localhost>".to_owned()),
            ("MUSTER_MAIL_FOLDER", settings.mails().display().to_string()),
        ];
        settings.env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        settings.env.extend(options.extra_env.iter().cloned());
        Ok(settings)
    }

    /// Returns a program: of the build that the cluster begins with as long as it begins.
    fn program(&self, binary: Binary) -> anyhow::Result<PathBuf> {
        match &self.wiring.first_programs {
            Some(folder) => Ok(folder.join(binary.name())),
            None => binary.path(),
        }
    }

    /// From now on programs are this build's.
    pub(super) fn begins_no_more(&mut self) {
        self.wiring.first_programs = None;
    }

    pub(super) fn api_url(&self) -> String {
        local_url(self.api_port)
    }

    pub(super) fn simulator_url(&self) -> String {
        local_url(self.simulator_port)
    }

    pub(super) fn carrier_account(&self) -> (&str, &str) {
        (&self.account_sid, &self.auth_token)
    }

    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.env
    }

    pub(super) fn mails(&self) -> PathBuf {
        self.folder.join("mails")
    }

    pub(super) fn simulator_log(&self) -> PathBuf {
        self.folder.join("simulator.jsonl")
    }

    pub(super) fn write_simulator_config(&self, mut config: serde_json::Value) -> anyhow::Result<()> {
        let Some(object) = config.as_object_mut() else { bail!("the simulator's configuration is no JSON object") };
        object.entry("inbound_url").or_insert_with(|| format!("{}/v1/webhooks/twilio/inbound", self.api_url()).into());
        let file = self.simulator_config();
        std::fs::write(&file, config.to_string()).with_context(|| format!("writing {}", file.display()))
    }

    pub(super) fn simulator(&self) -> anyhow::Result<Member> {
        let spec = ProcessSpec::new(SIMULATOR, Binary::Simulator.path()?, self.log(SIMULATOR)).args([
            "--listen".to_owned(),
            format!("127.0.0.1:{}", self.simulator_port),
            "--config".to_owned(),
            self.simulator_config().display().to_string(),
            "--account-sid".to_owned(),
            self.account_sid.clone(),
            "--log-file".to_owned(),
            self.simulator_log().display().to_string(),
        ]);
        // Arguments are seen by everybody on the machine.
        let spec = spec.env("SIM_AUTH_TOKEN", self.auth_token.clone());
        Ok(Member { process: Process::spawn(spec)?, url: self.simulator_url(), health: "/_sim/health" })
    }

    pub(super) fn daemon(&self, name: &str, binary: Binary, port: u16) -> anyhow::Result<Member> {
        let mut spec = ProcessSpec::new(name, self.program(binary)?, self.log(name));
        spec.env.clone_from(&self.env);
        spec.env.extend(self.wiring.env.get(name).into_iter().flatten().cloned());
        let spec = spec.env("MUSTER_LISTEN", format!("127.0.0.1:{port}")).env("MUSTER_PROCESS_NAME", name);
        Ok(Member { process: Process::spawn(spec)?, url: local_url(port), health: "/readyz" })
    }

    /// Runs Muster's command-line tool with the daemons' environment and returns its output.
    pub(super) async fn run_cli(&self, args: &[&str]) -> anyhow::Result<String> {
        self.run_cli_with(args, &[]).await
    }

    /// The same with more in its environment, which wins.
    pub(super) async fn run_cli_with(&self, args: &[&str], env: &[(&str, String)]) -> anyhow::Result<String> {
        let mut command = Command::new(self.program(Binary::Cli)?);
        command
            .args(args)
            .env_clear()
            .envs(process::inherited_environment())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder);
        capture(command, None, CLI_LIMIT).await.with_context(|| format!("muster {}", args.join(" ")))
    }

    fn simulator_config(&self) -> PathBuf {
        self.folder.join("simulator.json")
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }
}

fn local_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
