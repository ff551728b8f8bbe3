//! Killed with `SIGKILL` and started again, both servers have kept all that they had confirmed, on
//! the same ports.

mod support;

use std::time::Duration;

use serde_json::json;
use support::{management, own_stack, servers_in};

#[tokio::test]
async fn postgres_keeps_its_rows() {
    let stack = own_stack().await;
    let (url, pid) = (stack.postgres.admin_url(), stack.postgres.pid());
    stack.postgres.run_sql("postgres", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n").await.unwrap();

    // One session is busy while the server dies: its process must not outlive the server, nor hold
    // up the next start.
    let busy = stack.postgres.run_sql("postgres", "SELECT pg_sleep(600)");
    let kill = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        while stack.postgres.run_sql("postgres", waiting).await.unwrap() != "1\n" {}
        stack.postgres.kill().await.unwrap();
        let postgres_folder = stack.folder().join("postgres");
        assert_eq!(servers_in(&postgres_folder), [""; 0]);
    };
    let (interrupted, ()) = tokio::join!(busy, kill);
    interrupted.unwrap_err();
    stack.postgres.run_sql("postgres", "SELECT 1").await.unwrap_err();

    stack.postgres.start_again().await.unwrap();
    assert_eq!(stack.postgres.run_sql("postgres", "SELECT count(*) FROM kept").await.unwrap(), "1000\n");
    assert_eq!(stack.postgres.admin_url(), url);
    assert_ne!(stack.postgres.pid(), pid);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn rabbitmq_keeps_its_messages() {
    let stack = own_stack().await;
    stack.rabbitmq.create_vhost("v").await.unwrap();
    let queue = json!({"durable": true, "arguments": {"x-queue-type": "quorum"}});
    management(&stack, "queues/v/kept", Some(queue)).await;
    let message = json!({
        "properties": {"delivery_mode": 2},
        "routing_key": "kept",
        "payload": "still here",
        "payload_encoding": "string",
    });
    let published = management(&stack, "exchanges/v/amq.default/publish", Some(message)).await;
    assert_eq!(published["routed"], true);

    let (url, pid) = (stack.rabbitmq.amqp_url("v"), stack.rabbitmq.pid());
    for _ in 0..2 {
        stack.rabbitmq.kill().await.unwrap();
        let refused = tokio::net::TcpStream::connect(("127.0.0.1", stack.rabbitmq.port())).await;
        refused.unwrap_err();
        stack.rabbitmq.start_again().await.unwrap();
    }

    assert_eq!(stack.rabbitmq.amqp_url("v"), url);
    assert_ne!(stack.rabbitmq.pid(), pid);
    let take = json!({"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"});
    let messages = management(&stack, "queues/v/kept/get", Some(take)).await;
    assert_eq!(messages[0]["payload"], "still here");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_paused_server_answers_nothing_until_it_is_resumed() {
    let stack = own_stack().await;
    let overview = format!("{}/api/overview", stack.rabbitmq.management_url());
    let ask = || reqwest::Client::new().get(&overview).timeout(Duration::from_secs(1)).send();
    ask().await.unwrap();

    stack.postgres.pause().unwrap();
    stack.rabbitmq.pause().unwrap();
    assert!(ask().await.unwrap_err().is_timeout());
    let query = stack.postgres.run_sql("postgres", "SELECT 1");
    let answer = tokio::time::timeout(Duration::from_secs(1), query).await;
    assert!(answer.is_err(), "{answer:?}");

    stack.postgres.resume().unwrap();
    stack.rabbitmq.resume().unwrap();
    assert_eq!(stack.postgres.run_sql("postgres", "SELECT 1").await.unwrap(), "1\n");
    ask().await.unwrap();
    stack.stop().await.unwrap();
}
