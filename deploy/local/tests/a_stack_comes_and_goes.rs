//! A stack starts, can be used, and leaves nothing behind, whether it is stopped or dropped.

mod support;

use support::{management, own_stack, servers_in, until};

#[tokio::test]
async fn a_stopped_stack_leaves_no_process_and_no_folder() {
    let stack = own_stack().await;
    let folder = stack.folder().to_owned();
    assert!(servers_in(&folder).len() >= 2, "Postgres and RabbitMQ");

    stack.postgres.create_database("first", None).await.unwrap();
    stack.postgres.run_sql("first", "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
    stack.postgres.create_database("copy", Some("first")).await.unwrap();
    assert_eq!(stack.postgres.run_sql("copy", "SELECT n FROM kept").await.unwrap(), "7\n");
    assert_eq!(stack.postgres.run_sql("copy", "SHOW fsync").await.unwrap(), "on\n");
    stack.postgres.drop_database("copy").await.unwrap();
    assert!(!stack.postgres.has_database("copy").await.unwrap());

    stack.rabbitmq.create_vhost("a/b c").await.unwrap();
    assert!(stack.rabbitmq.amqp_url("a/b c").ends_with("/a%2Fb%20c"));
    assert_eq!(management(&stack, "vhosts/a%2Fb%20c", None).await["name"], "a/b c");
    stack.rabbitmq.delete_vhost("a/b c").await.unwrap();
    stack.rabbitmq.delete_vhost("a/b c").await.unwrap();

    stack.stop().await.unwrap();
    assert_eq!(servers_in(&folder), [""; 0]);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_dropped_stack_leaves_nothing_either_even_when_paused() {
    let stack = own_stack().await;
    let folder = stack.folder().to_owned();
    stack.postgres.pause().unwrap();
    stack.rabbitmq.pause().unwrap();
    drop(stack);
    until("every server is gone", || servers_in(&folder).is_empty()).await;
    assert!(!folder.exists());
}

#[tokio::test]
async fn two_stacks_run_side_by_side() {
    let (one, two) = tokio::join!(own_stack(), own_stack());
    assert_ne!(one.folder(), two.folder());
    one.postgres.create_database("only_here", None).await.unwrap();
    one.rabbitmq.create_vhost("only-here").await.unwrap();
    assert!(!two.postgres.has_database("only_here").await.unwrap());
    let vhosts = management(&two, "vhosts", None).await;
    assert_eq!(vhosts.as_array().unwrap().len(), 1);
    let (first, second) = tokio::join!(one.stop(), two.stop());
    first.unwrap();
    second.unwrap();
}
