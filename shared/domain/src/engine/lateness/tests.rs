//! Jobs of each state, and the reasons that are told of them.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000_000 + seconds)
}

fn row(state: JobState) -> Row {
    Row {
        id: JobId::new(),
        kind: "send".to_owned(),
        state,
        organization_id: Some(OrganizationId::new()),
        created_at: at(0),
        run_at: at(0),
        published_at: None,
        claimed_at: None,
        finished_at: None,
        lease_until: None,
        worker: None,
        blocked: false,
        behind: None,
        failures: Vec::new(),
        hand_backs: Vec::new(),
    }
}

fn well() -> Surroundings {
    Surroundings {
        schedulers: 1,
        workers: 2,
        worker_lives: true,
        due: 7,
        done_per_minute: 3,
        ..Surroundings::default()
    }
}

fn policy(kind: Option<&str>, organization_id: Option<OrganizationId>) -> Policy {
    Policy {
        kind: kind.map(ToOwned::to_owned),
        organization_id,
        paused: true,
        at_most: None,
        reason: Some("a rehearsal".to_owned()),
        since: at(-60),
    }
}

fn codes(row: &Row, around: &Surroundings) -> Vec<&'static str> {
    causes(row, around, at(100)).iter().map(|cause| cause.code).collect()
}

#[test]
fn a_job_that_waits_tells_each_thing_that_keeps_it() {
    let waits = row(JobState::Pending);
    assert_eq!(codes(&waits, &well()), ["queued"]);
    let paused = Surroundings { policies: vec![policy(Some("send"), None)], ..well() };
    let told = causes(&waits, &paused, at(100));
    assert_eq!(told[0].told, "send is paused since 1970-01-12T13:45:40Z: a rehearsal");
    assert_eq!(told[0].remedy.as_deref(), Some("muster resume --kind send"));
    assert_eq!(codes(&waits, &Surroundings::default()), ["no_scheduler", "no_worker"]);
    assert_eq!(codes(&Row { run_at: at(200), ..waits.clone() }, &well()), ["not_due"]);
    let behind = Row { blocked: true, behind: Some(JobId::new()), ..waits };
    assert_eq!(codes(&behind, &well()), ["behind"]);
}

#[test]
fn policies_of_others_are_no_reason() {
    let waits = row(JobState::Pending);
    for other in [policy(Some("probe"), None), policy(Some("send"), Some(OrganizationId::new()))] {
        assert_eq!(codes(&waits, &Surroundings { policies: vec![other], ..well() }), ["queued"]);
    }
    let own = policy(None, waits.organization_id);
    let limit = Policy { paused: false, at_most: Some(2), ..policy(Some("send"), waits.organization_id) };
    assert_eq!(codes(&waits, &Surroundings { policies: vec![own, limit], ..well() }), ["paused", "limited"]);
}

#[test]
fn a_job_in_the_broker_or_in_a_workers_hands_names_the_worker_or_its_lack() {
    let published = Row { published_at: Some(at(5)), ..row(JobState::Published) };
    assert_eq!(codes(&published, &well()), ["in_broker"]);
    assert_eq!(codes(&published, &Surroundings { workers: 0, ..well() }), ["no_worker"]);
    let runs = Row {
        claimed_at: Some(at(10)),
        lease_until: Some(at(130)),
        worker: Some("worker-1".to_owned()),
        ..row(JobState::Running)
    };
    assert_eq!(causes(&runs, &well(), at(100))[0].told, "worker-1 runs it, for 1 min 30 s");
    let silent = Surroundings { worker_lives: false, ..well() };
    assert_eq!(codes(&runs, &silent), ["worker_silent"]);
}

#[test]
fn attempts_before_are_told_beside_the_present_reason() {
    let failed = (at(20), "no answer".to_owned());
    let retried = Row { failures: vec![failed.clone()], run_at: at(200), ..row(JobState::Pending) };
    assert_eq!(codes(&retried, &well()), ["not_due", "retried"]);
    let parked = Row { failures: vec![failed], finished_at: Some(at(20)), ..row(JobState::Parked) };
    assert_eq!(codes(&parked, &well()), ["parked"]);
    let back = Row { hand_backs: vec![(at(20), "the worker stops".to_owned())], ..row(JobState::Pending) };
    assert_eq!(codes(&back, &well()), ["queued", "handed_back"]);
}

#[test]
fn the_parts_of_a_way_add_up() {
    let done = Row {
        published_at: Some(at(60)),
        claimed_at: Some(at(75)),
        finished_at: Some(at(78)),
        ..row(JobState::Succeeded)
    };
    let seconds = |seconds| Some(TimeDelta::seconds(seconds));
    let expected = Parts { for_the_relay: seconds(60), for_a_worker: seconds(15), running: seconds(3) };
    assert_eq!(parts(&done, at(1_000)), expected);
    assert_eq!(lateness(&done, at(1_000)), seconds(75));
    let told = &causes(&done, &well(), at(1_000))[0].told;
    assert_eq!(told, "it is done: it waited 1 min 0 s for the relay and 15 s for a worker, and ran for 3 s");
    assert_eq!(lateness(&row(JobState::Pending), at(30)), seconds(30));
    assert_eq!(lateness(&Row { run_at: at(40), ..row(JobState::Pending) }, at(30)), None);
}
