//! The wires between every daemon and its servers.

use std::collections::BTreeMap;

use anyhow::Context as _;
use muster_local::{Stack, Wiring, ports, wire::Wire};

use super::plan::{DAEMONS, Service};

/// One wire for each daemon and service.
#[derive(Debug)]
pub(crate) struct Wires {
    wires: BTreeMap<(&'static str, Service), Wire>,
    simulator_port: u16,
}

impl Wires {
    /// Lays all of them.
    pub(crate) async fn lay(stack: &Stack) -> anyhow::Result<Self> {
        let simulator_port = ports::free_port()?;
        let far_ends = [
            (Service::Database, stack.postgres.port()),
            (Service::Broker, stack.rabbitmq.port()),
            (Service::Carrier, simulator_port),
        ];
        let mut wires = BTreeMap::new();
        for daemon in DAEMONS {
            for (service, port) in far_ends {
                wires.insert((daemon, service), Wire::to(port).await?);
            }
        }
        Ok(Self { wires, simulator_port })
    }

    /// Returns the settings by which the cluster's daemons use the wires.
    pub(crate) fn wiring(&self, stack: &Stack, database: &str, vhost: &str) -> anyhow::Result<Wiring> {
        let mut env: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for ((daemon, service), wire) in &self.wires {
            let (name, straight) = match service {
                Service::Database => ("MUSTER_DATABASE_URL", stack.postgres.app_url(database)),
                Service::Broker => ("MUSTER_AMQP_URL", stack.rabbitmq.amqp_url(vhost)),
                Service::Carrier => ("MUSTER_CARRIER_URL", format!("http://127.0.0.1:{}", self.simulator_port)),
            };
            let url = wire.instead(&straight).with_context(|| format!("the URL of {service} for {daemon}"))?;
            env.entry((*daemon).to_owned()).or_default().push((name.to_owned(), url));
        }
        Ok(Wiring { simulator_port: Some(self.simulator_port), env, ..Wiring::default() })
    }

    /// Returns a daemon's wire to a service.
    pub(crate) fn get(&self, daemon: &'static str, service: Service) -> anyhow::Result<&Wire> {
        self.wires.get(&(daemon, service)).with_context(|| format!("no wire from {daemon} to {service}"))
    }
}
