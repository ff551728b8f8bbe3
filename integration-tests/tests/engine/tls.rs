//! TLS to Postgres, RabbitMQ and the object store, with a private CA: each is used when its
//! certificate is that CA's, and refused when it is another's or when there is no TLS.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::Path, process::Output};

use muster_domain::ids::OrganizationId;
use muster_integration_tests::{S3, World, certificates, eventually, holds, seconds, tls_acceptor};
use muster_local::{ports, programs::Binary};
use muster_storage::engine::enqueue::JobOrder;
use serde_json::Value;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    process::Command,
    task::JoinSet,
};

use crate::operators::probes;

/// Lets Postgres speak TLS alone. Its own process writes the files, so that they are its user's.
async fn secure_postgres(world: &World, folder: &Path) {
    let postgres = &world.stack().postgres;
    let data = postgres.run_sql("postgres", "show data_directory").await.unwrap();
    let data = data.trim();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let hba = "hostssl all all 127.0.0.1/32 scram-sha-256";
    for (name, text) in
        [("server.pem", read("server.pem")), ("server.key", read("server.key")), ("pg_hba.conf", hba.to_owned())]
    {
        let lines = text.trim_end();
        let sql = format!("copy (select unnest(string_to_array('{lines}', E'\\n'))) to '{data}/{name}'");
        postgres.run_sql("postgres", &sql).await.unwrap();
    }
    // Postgres takes no key that others can read.
    std::fs::set_permissions(Path::new(data).join("server.key"), Permissions::from_mode(0o600)).unwrap();
    for sql in [
        "alter system set ssl_cert_file = 'server.pem'",
        "alter system set ssl_key_file = 'server.key'",
        "alter system set ssl = on",
        "select pg_reload_conf()",
    ] {
        postgres.run_sql("postgres", sql).await.unwrap();
    }
}

/// Opens a port of RabbitMQ with TLS; returns it.
async fn secure_rabbitmq(world: &World, folder: &Path) -> u16 {
    let port = ports::free_port().unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let options = format!(
        "[{{cacertfile, \"{}\"}}, {{certfile, \"{}\"}}, {{keyfile, \"{}\"}}]",
        file("ca.pem"),
        file("server.pem"),
        file("server.key")
    );
    let start = format!(
        "{{ok, _}} = application:ensure_all_started(ssl), \
         rabbit_networking:start_ssl_listener({{\"127.0.0.1\", {port}}}, {options}, 2)."
    );
    world.stack().rabbitmq.ctl(&["eval", &start]).await.unwrap();
    port
}

/// Puts TLS in front of a port; returns the port that speaks it.
async fn secure_front(folder: &Path, behind: u16) -> (u16, JoinSet<()>) {
    let acceptor = tls_acceptor(folder);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut front = JoinSet::new();
    front.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let Ok(mut server) = TcpStream::connect(("127.0.0.1", behind)).await else { return };
                let _over = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (port, front)
}

/// Runs `muster doctor` with these CAs; returns whether each of its checks succeeded.
async fn doctor(world: &World, cas: &Path) -> impl Fn(&str) -> bool {
    let file = world.folder().join("muster.toml");
    std::fs::write(&file, world.settings("muster").toml()).unwrap();
    let mut command = Command::new(Binary::Cli.path().unwrap());
    command.env_clear().env("MUSTER_CONFIG", file).env("SSL_CERT_FILE", cas).args(["doctor", "--json"]);
    let Output { stdout, stderr, .. } = command.output().await.unwrap();
    let checks: Value =
        serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr)));
    move |name| {
        let found = checks.as_array().unwrap().iter().find(|check| check["check"] == name);
        let found = found.unwrap_or_else(|| panic!("no {name} in {checks}"));
        found["ok"] == true
    }
}

/// The checks of the doctor that use Postgres, RabbitMQ and the object store.
const CHECKS: [&str; 3] = ["migrations", "broker", "object_store"];

#[tokio::test]
async fn every_server_is_used_by_tls_and_refused_with_another_ca_or_without_tls() {
    World::on_own_servers()
        .run(async |world| {
            let folder = world.folder().to_owned();
            certificates(&folder).await;
            secure_postgres(&world, &folder).await;
            let amqps = secure_rabbitmq(&world, &folder).await;
            let s3 = S3::start().await;
            let (https, _front) = secure_front(&folder, s3.port()).await;

            let plain = (world.daemons_database_url(), world.amqp_url());
            let straight = format!("127.0.0.1:{}", world.stack().rabbitmq.port());
            let amqp = plain.1.replacen("amqp://", "amqps://", 1).replace(&straight, &format!("127.0.0.1:{amqps}"));
            world.set("database_url", format!("\"{}?sslmode=verify-full\"", plain.0));
            world.set("amqp_url", format!("{amqp:?}"));
            for (key, value) in s3.settings() {
                world.set(key, value);
            }
            world.set("object_store_endpoint", format!("\"https://127.0.0.1:{https}\""));

            let (ours, other) = (folder.join("ca.pem"), folder.join("other.pem"));
            // Postgres reads its configuration a moment after it is told to.
            eventually(seconds(20), async || {
                let answers = doctor(&world, &ours).await;
                let failed: Vec<_> = CHECKS.iter().filter(|check| !answers(check)).collect();
                holds(failed.is_empty(), failed)
            })
            .await;
            let answers = doctor(&world, &other).await;
            for check in CHECKS {
                assert!(!answers(check), "{check} with another CA");
            }
            // A daemon works over it.
            let cas = ours.display().to_string();
            let (worker, scheduler) = (
                world.process_with(Binary::Worker, "worker", &[("SSL_CERT_FILE", &cas)]),
                world.process_with(Binary::Scheduler, "scheduler", &[("SSL_CERT_FILE", &cas)]),
            );
            probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await;
            world.jobs().kind("probe").state("succeeded").at_least(1, seconds(60)).await;
            worker.stop(seconds(30)).await.unwrap();
            scheduler.stop(seconds(30)).await.unwrap();

            // Without TLS: Postgres takes no such connection, and the port of RabbitMQ with TLS
            // speaks nothing else. A client that asks for TLS takes no server without it.
            world.set("database_url", format!("\"{}?sslmode=disable\"", plain.0));
            world.set("amqp_url", format!("{:?}", amqp.replacen("amqps://", "amqp://", 1)));
            world.set("object_store_endpoint", format!("\"http://127.0.0.1:{https}\""));
            let answers = doctor(&world, &ours).await;
            for check in CHECKS {
                assert!(!answers(check), "{check} without TLS");
            }
            world.set("amqp_url", format!("{:?}", plain.1.replacen("amqp://", "amqps://", 1)));
            world.set("object_store_endpoint", format!("\"https://127.0.0.1:{}\"", s3.port()));
            let answers = doctor(&world, &ours).await;
            for check in ["broker", "object_store"] {
                assert!(!answers(check), "{check} of a server without TLS");
            }
        })
        .await;
}
