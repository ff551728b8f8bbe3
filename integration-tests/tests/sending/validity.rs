//! How long the carrier may keep a text in its queue (rule S7a).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::seconds;
use muster_simulator::AcceptedMessage;
use muster_storage::testing::plant::ID;

use crate::plant::Plant;

/// Returns the instant until which the carrier may send a text.
fn ends(message: &AcceptedMessage) -> DateTime<Utc> {
    message.accepted_at + TimeDelta::seconds(message.validity_seconds.expect("a validity period").into())
}

/// Plants a text that goes out after these statements. Returns its end at the carrier, and the end
/// by this expression of the database.
async fn one_text(statements: &[&str], end: &str) -> (DateTime<Utc>, DateTime<Utc>) {
    Plant::start(1, 1_000)
        .run(async |plant| {
            plant.execute(statements).await;
            let end = plant.row(&format!("select to_json({end}) from goal")).await;
            let worker = plant.worker("worker");
            plant.until_settled(30).await;
            let accepted = plant.accepted();
            assert_eq!(accepted.len(), 1);
            worker.stop().await;
            (ends(&accepted[0]), end)
        })
        .await
}

/// It ends before, and by no more than a call may take and a moment, or this.
#[track_caller]
fn just_before((ends, end): (DateTime<Utc>, DateTime<Utc>), by: i64, of: &str) {
    assert!(ends <= end, "{of}: {ends} is after {end}");
    assert!(end - ends < TimeDelta::seconds(by), "{of}: {ends} is long before {end}");
}

#[tokio::test]
async fn s7a_a_text_ends_with_its_goal_or_its_reminder_window() {
    let closes = "update goal set closes_at = clock_timestamp() + interval '90 seconds'";
    just_before(one_text(&[closes], "closes_at").await, 40, "the goal");
    let reminder = "update goal set reminder_script = 'x', reminder_opens_at = now() - interval '1 hour', reminder_opens_local = now(),
        reminder_closes_local = now(), reminder_closes_at = clock_timestamp() + interval '95 seconds'";
    let kind = "update message set kind = 'reminder'";
    let said_yes = "insert into target (goal_id, contact_id, position, answer, replied_at, reminder_message_id)
        select goal_id, contact_id, 0, 'yes', now(), id from message";
    just_before(one_text(&[reminder, kind, said_yes], "reminder_closes_at").await, 40, "the reminder window");
}

#[tokio::test]
async fn s7a_a_text_ends_with_the_hours_where_the_contact_is() {
    let minute = "(extract(hour from local.at) * 60 + extract(minute from local.at))::int";
    let local = "(select now() at time zone 'America/New_York' as at) local";
    let hours = format!(
        "update organization set settings = settings || jsonb_build_object('sending_hours', jsonb_build_object(
             'opens_minute', greatest({minute} - 300, 0), 'closes_minute', least({minute} + 3, 1440)))
         from {local}"
    );
    let end = "(date_trunc('day', now() at time zone 'America/New_York')
        + (select (settings #>> '{sending_hours,closes_minute}')::int from organization) * interval '1 minute') at time zone 'America/New_York'";
    just_before(one_text(&[&hours, "update contact set postal_code = '10001'"], end).await, 40, "the hours");
}

#[tokio::test]
async fn s7a_an_answer_ends_with_the_carriers_day_and_not_with_its_goal() {
    let closed = "update goal set closes_at = clock_timestamp() - interval '1 hour'";
    let reply = "update message set kind = 'reply'";
    // The ten hours that a carrier keeps a text begin a little later.
    let day = "least(clock_timestamp() + interval '10 hours 2 minutes',
        (date_trunc('day', now() at time zone 'America/Los_Angeles') + interval '1 day') at time zone 'America/Los_Angeles')";
    just_before(one_text(&[closed, reply], day).await, 150, "an answer");
}

#[tokio::test]
async fn s7a_what_would_end_on_its_way_is_not_handed_over() {
    Plant::start(3, 1_000)
        .run(async |plant| {
            let closes =
                format!("update goal set closes_at = clock_timestamp() + interval '4 seconds' where id = '{ID}'");
            plant.execute(&[&closes]).await;
            let worker = plant.worker("worker");
            plant.messages().state("cancelled").reason("window_closed").at_least(3, seconds(30)).await;
            assert_eq!(plant.accepted().len(), 0);
            worker.stop().await;
        })
        .await;
}
