//! The images servers run in: those that settings name, else stand-ins which `deploy/images/build` makes.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::{capture::capture, container::Engine, install, postgres, programs, rabbitmq, say::say};

const LOOK_LIMIT: Duration = Duration::from_secs(30);
const PULL_LIMIT: Duration = Duration::from_mins(5);
const BUILD_LIMIT: Duration = Duration::from_mins(10);
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../images/build");

/// A setting, the image it stands for when it is not set, and the name of the stand-in.
const IMAGES: [(&str, &str, &str); 2] = [
    (postgres::IMAGE_VAR, postgres::DEFAULT_IMAGE, "postgres"),
    (rabbitmq::IMAGE_VAR, rabbitmq::DEFAULT_IMAGE, "rabbitmq"),
];

/// Sees that the engine has an image for each service, and gives the settings that name them.
pub(super) async fn provide(
    engine: Engine,
    environment: &[(&'static str, String)],
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut images = Vec::new();
    for (setting, default, service) in IMAGES {
        let wanted = std::env::var(setting).unwrap_or_else(|_| default.to_owned());
        let command = |args: &[&str]| {
            let mut command = engine.command(args);
            command.arg(&wanted).envs(environment.iter().map(|(name, value)| (name, value)));
            command
        };
        let image = if capture(command(&["image", "inspect"]), None, LOOK_LIMIT).await.is_ok() {
            wanted
        } else {
            match capture(command(&["pull", "--quiet"]), None, PULL_LIMIT).await {
                Ok(_) => wanted,
                Err(error) => {
                    say(&format!("{wanted} can't be pulled, so a stand-in is used: {error:#}"));
                    build(engine, service, environment).await?
                }
            }
        };
        images.push((setting, image));
    }
    Ok(images)
}

/// Runs the script, which tells what it does, and gives the name of the image.
async fn build(engine: Engine, service: &str, environment: &[(&'static str, String)]) -> anyhow::Result<String> {
    if !Path::new(SCRIPT).is_file() {
        bail!("there is no script {SCRIPT} to build a stand-in with");
    }
    if programs::on_path("debootstrap").is_none() {
        // Without it the script takes its base from elsewhere, where that can be reached.
        let _may_not = install::install("debootstrap").await?;
    }
    let script = Command::new(SCRIPT)
        .arg(service)
        .env("MUSTER_CONTAINER_ENGINE", engine.program())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {SCRIPT}"))?;
    let output = tokio::time::timeout(BUILD_LIMIT, script.wait_with_output())
        .await
        .with_context(|| format!("the image for {service} was not built within {} s", BUILD_LIMIT.as_secs()))?
        .context("waiting for the script")?;
    if !output.status.success() {
        bail!("the image for {service} could not be built: {}", output.status);
    }
    String::from_utf8(output.stdout).map(|name| name.trim().to_owned()).context("an image's name is no text")
}
