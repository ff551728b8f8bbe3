//! The wires between every daemon and its servers: one to each server of a service.

use std::collections::BTreeMap;

use anyhow::Context as _;
use futures::future::try_join_all;
use muster_local::{Postgres, RabbitMq, Stack, Wiring, ports, stack::naming_all, wire::Wire};

use super::plan::{DAEMONS, Service};

/// The wires of each daemon to a service.
#[derive(Debug)]
pub(crate) struct Wires {
    wires: BTreeMap<(&'static str, Service), Vec<Wire>>,
    simulator_port: u16,
}

impl Wires {
    /// Lays all of them.
    pub(crate) async fn lay(stack: &Stack) -> anyhow::Result<Self> {
        let simulator_port = ports::free_port()?;
        let databases = std::iter::once(&stack.postgres).chain(&stack.standby).map(Postgres::port).collect();
        let far_ends: [(Service, Vec<u16>); 3] = [
            (Service::Database, databases),
            (Service::Broker, stack.nodes().map(RabbitMq::port).collect()),
            (Service::Carrier, vec![simulator_port]),
        ];
        let mut wires = BTreeMap::new();
        for daemon in DAEMONS {
            for (service, ports) in &far_ends {
                let laid = try_join_all(ports.iter().map(|port| Wire::to(*port))).await?;
                wires.insert((daemon, *service), laid);
            }
        }
        Ok(Self { wires, simulator_port })
    }

    /// Returns the settings by which the cluster's daemons use the wires.
    pub(crate) fn wiring(&self, stack: &Stack, database: &str, vhost: &str) -> anyhow::Result<Wiring> {
        let mut env: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for ((daemon, service), wires) in &self.wires {
            // The servers of a service differ by their ports alone.
            let (name, straight) = match service {
                Service::Database => ("MUSTER_DATABASE_URL", stack.postgres.app_url(database)),
                Service::Broker => ("MUSTER_AMQP_URL", stack.rabbitmq.amqp_url(vhost)),
                Service::Carrier => ("MUSTER_CARRIER_URL", format!("http://127.0.0.1:{}", self.simulator_port)),
            };
            let urls = wires.iter().map(|wire| wire.instead(&straight)).collect::<anyhow::Result<Vec<_>>>();
            let urls = urls.with_context(|| format!("the URL of {service} for {daemon}"))?;
            env.entry((*daemon).to_owned()).or_default().push((name.to_owned(), naming_all(urls)));
        }
        Ok(Wiring { simulator_port: Some(self.simulator_port), env, ..Wiring::default() })
    }

    /// Returns a daemon's wires to a service.
    pub(crate) fn get(&self, daemon: &'static str, service: Service) -> anyhow::Result<&[Wire]> {
        let wires = self.wires.get(&(daemon, service)).map(Vec::as_slice);
        wires.with_context(|| format!("no wire from {daemon} to {service}"))
    }
}
