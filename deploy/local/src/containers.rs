//! Everything servers in containers need: an engine that answers, and the images.

mod images;
mod private;

use std::path::Path;

use anyhow::bail;

use crate::{container::Engine, source::SERVERS_VAR};
use private::PrivateEngine;

/// An engine with the images. Where none answered it is one of our own, which ends when this is dropped.
#[derive(Debug)]
pub struct Containers {
    environment: Vec<(&'static str, String)>,
    _private: Option<PrivateEngine>,
}

impl Containers {
    /// Finds an engine or starts one, which keeps its images in `data`, and sees that it has the images or stand-ins for them.
    pub async fn prepare(data: &Path) -> anyhow::Result<Self> {
        let (engine, private) = match Engine::find().await {
            Some(engine) => (engine, None),
            None => (Engine::Docker, Some(PrivateEngine::start(data).await?)),
        };
        let mut environment = vec![(SERVERS_VAR, "containers".to_owned())];
        environment.extend(private.as_ref().map(PrivateEngine::environment));
        let images = images::provide(engine, &environment).await?;
        environment.extend(images);
        Ok(Self { environment, _private: private })
    }

    /// The environment in which stacks start their servers in these containers.
    pub fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }
}

/// Whether servers are given by the environment, which no container could then replace.
pub fn refuse_given_servers() -> anyhow::Result<()> {
    for given in [crate::postgres::URL_VAR, crate::rabbitmq::AMQP_URL_VAR] {
        if std::env::var_os(given).is_some() {
            bail!("{given} names a server, so that none would be started in a container");
        }
    }
    Ok(())
}
