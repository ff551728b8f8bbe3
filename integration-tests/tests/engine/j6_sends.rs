//! J6 for sends: a carrier that is slow for one organization keeps nobody else waiting, nor do the
//! many that wait cost the relay anything.

use muster_domain::ids::{JobId, OrganizationId};
use muster_integration_tests::{CARRIER_ACCOUNT, CARRIER_SECRET, World, eventually, holds, no_op, seconds};
use muster_jobs::{JobKind, kinds::Send};
use muster_simulator::{Behaviour, Config, Millis, Receipts};
use muster_storage::{
    Pool, PoolOptions,
    engine::{
        enqueue::{JobOrder, Origin, enqueue_all},
        relay,
    },
    testing::plant::{ID as BIG, Planted, QUEUE_JOBS},
};

/// The organization that has one text.
const SMALL: &str = "00000000-0000-7000-8000-00000000000b";

/// An organization with one contact and a text that waits for this job.
async fn plant_small(world: &World, send: JobId) {
    let number = "+12125559999";
    let statements = [
        format!("insert into account (id, name) values ('{SMALL}', 'Small')"),
        format!("insert into brand (id, account_id, name) values ('{SMALL}', '{SMALL}', 'Small')"),
        format!(
            r#"insert into organization (id, account_id, brand_id, name, settings) values ('{SMALL}', '{SMALL}', '{SMALL}', 'Small',
             '{{"law_strictness": "off", "sending_hours": {{"opens_minute": 0, "closes_minute": 1440}}}}')"#
        ),
        format!(
            "insert into contact_group (id, organization_id, name, zone, area_code)
             values ('{SMALL}', '{SMALL}', 'All', 'America/New_York', '212')"
        ),
        format!(
            "insert into member (id, account_id, organization_id, role, first_name, last_name)
             values ('{SMALL}', '{SMALL}', '{SMALL}', 'agent', 'Ada', 'Lovelace')"
        ),
        format!(
            "insert into sender_number (e164, organization_id, group_id, agent_id) values ('{number}', '{SMALL}', '{SMALL}', '{SMALL}')"
        ),
        format!(
            "insert into contact (id, organization_id, e164, first_name, source) values ('{SMALL}', '{SMALL}', '+16463000000', 'Bea', 'api')"
        ),
        format!("insert into membership (group_id, contact_id) values ('{SMALL}', '{SMALL}')"),
        format!(
            "insert into thread (id, organization_id, group_id, contact_id, sender_e164)
             values ('{SMALL}', '{SMALL}', '{SMALL}', '{SMALL}', '{number}')"
        ),
        format!(
            "insert into message (id, organization_id, group_id, contact_id, thread_id, agent_id, kind, state, body, encoding, segments,
                 send_job_id)
             values (uuid_v7(), '{SMALL}', '{SMALL}', '{SMALL}', '{SMALL}', '{SMALL}', 'reply', 'queued', 'Hi Bea', 'GSM-7', 1, '{send}')"
        ),
    ];
    world.execute(&statements.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn j6_slow_sends_of_one_tenant_leave_room_for_anothers() {
    const MANY: u32 = 200;
    let share = i64::from(JobKind::Send.policy().share.unwrap());
    let quiet = Behaviour { receipts: Receipts { enabled: false, ..Receipts::default() }, ..Behaviour::default() };
    // No call is answered while the test lasts.
    let slow = Behaviour { latency_ms: Millis { min: 3_600_000, max: 3_600_000 }, ..quiet.clone() };
    let carrier = muster_simulator::start(Config {
        account_sid: CARRIER_ACCOUNT.to_owned(),
        auth_token: CARRIER_SECRET.to_owned(),
        behaviour: slow,
        ..Config::default()
    })
    .await
    .unwrap();
    // No worker gives up a call, nor loses a lease to a busy machine. There are fewer slots, two,
    // than messages that the share travels in, and a call for each of their texts.
    World::with("carrier_url", format!("{:?}", carrier.url))
        .with("carrier_timeout_ms", "3600000")
        .with("reconcile_after_seconds", "14400")
        .with("job_lease_seconds", "120")
        .with("database_max_connections", "4")
        .with("carrier_concurrency", JobKind::Send.policy().bundle.to_string())
        .run(async |world| {
            let planted = Planted { messages: MANY, job: 1, ..Planted::default() };
            world.execute(&planted.statements().iter().map(String::as_str).collect::<Vec<_>>()).await;
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());

            world.execute(&[QUEUE_JOBS]).await;
            let at_carrier = || i64::try_from(carrier.accepted().len()).unwrap();
            eventually(seconds(60), async || holds(at_carrier() >= share, at_carrier())).await;
            let of_big = |state: &str| world.jobs().is("organization_id", BIG).state(state);
            assert_eq!(of_big("running").count().await, share, "nobody who waits has a slot");

            // The carrier answers the other organization at once.
            carrier.set_behaviour(quiet).unwrap();
            let send = JobId::new();
            plant_small(&world, send).await;
            let (other, other_payload) = (JobId::new(), no_op());
            let origin = Origin { organization_id: Some(OrganizationId(SMALL.parse().unwrap())), traceparent: None };
            let mut tx = world.pool().begin().await.unwrap();
            enqueue_all(&mut tx, &[(send, &Send {})], JobOrder::Ordinary, &origin).await.unwrap();
            enqueue_all(&mut tx, &[(other, &other_payload)], JobOrder::Ordinary, &origin).await.unwrap();
            tx.commit().await.unwrap();
            world.until_state(send, "succeeded", seconds(30)).await;
            world.until_state(other, "succeeded", seconds(30)).await;

            let sent = format!("message where organization_id = '{SMALL}' and state = 'sent'");
            assert_eq!(world.count(&sent).await, 1);
            assert_eq!(of_big("running").count().await, share, "all that were sent first still wait");
            assert_eq!(of_big("pending").count().await, i64::from(MANY) - share, "and the rest in the database");
            assert_eq!(at_carrier(), share + 1);
            // Its calls end with it.
            worker.abort();
            scheduler.stop().await;
            carrier.shutdown().await;
        })
        .await;
}

/// A tenant's room for publishing is found by its published and running jobs, however many wait.
#[tokio::test]
async fn j6_looking_for_shares_of_sends_reads_few_rows_however_many_wait() {
    World::run(async |world| {
        // Of the one's, ten are published and twenty running; the other has one.
        let many = format!(
            "insert into job (id, kind, organization_id, payload, max_attempts, state, published_at, lease_until)
         select uuid_v7(), 'send', '{BIG}', '{{}}', 8,
             case when n <= 10 then 'published' when n <= 30 then 'running' else 'pending' end,
             case when n <= 30 then now() end, case when n between 11 and 30 then now() end
         from generate_series(1, 10000) n"
        );
        let one = format!(
            "insert into job (id, kind, organization_id, payload, max_attempts) values (uuid_v7(), 'send', \
             '{SMALL}', '{{}}', 8)"
        );
        world.execute(&[&many, &one, "analyze job"]).await;

        let read = "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint from \
         pg_stat_user_tables where relname like 'job%'";
        let options = PoolOptions { max_connections: 1, by_index: true, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&world.database_url().into(), &options).unwrap();
        let mut lanes = relay::survey(&pool).await.unwrap().lanes;
        let before = muster_storage::testing::number(world.pool(), read).await.unwrap();
        for _ in 0..10 {
            let mut tx = pool.begin().await.unwrap();
            relay::apply_shares(&mut tx, &mut lanes).await.unwrap();
            tx.rollback().await.unwrap();
        }
        let share = i64::from(JobKind::Send.policy().share.unwrap());
        let mut rooms: Vec<_> = lanes.iter().map(|lane| lane.tenant_room.unwrap()).collect();
        rooms.sort_unstable();
        assert_eq!(rooms, [share - 30, share]);
        pool.close().await;
        let after = eventually(seconds(10), async || {
            let read = muster_storage::testing::number(world.pool(), read).await.unwrap() - before;
            if read > 0 { Ok(read) } else { Err("no statistics yet".to_owned()) }
        })
        .await;
        assert!(after < 1_000, "ten looks read {after} rows");
    })
    .await;
}
