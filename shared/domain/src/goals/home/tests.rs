use chrono::TimeDelta;

use super::*;
use crate::goals::{
    availability::{GoalMoment, Work},
    goal::GoalStatus,
};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

const NOW: i64 = 100;

/// A batch of an active goal can be claimed.
fn claimable() -> BatchFacts {
    BatchFacts {
        available: Ok(()),
        opens_at: at(50),
        reminders: false,
        reminder_window: None,
        has_number: true,
        partitioned: true,
        in_hand: false,
        released: 1,
        held: 0,
        with_others_until: None,
        next_release: None,
        hours_open_at: None,
    }
}

fn step(facts: BatchFacts) -> Result<Step, Obstacle> {
    facts.decide(at(NOW)).step
}

fn no(kind: ObstacleKind, until: Option<i64>) -> Result<Step, Obstacle> {
    Err(Obstacle { kind, until: until.map(at) })
}

#[test]
fn g5_every_cell_of_the_table_is_a_step_or_the_obstacle_that_the_status_names() {
    use ObstacleKind::{Closed, Draft, NotOpen, Paused, ReminderNotOpen, ReminderOver};
    let windows = [(at(60), at(200)), (at(150), at(200)), (at(60), at(90))];
    for status in GoalStatus::ALL.iter().copied() {
        for was_active in [false, true] {
            for (nth, window) in windows.into_iter().enumerate() {
                let moment = GoalMoment { status, was_active, reminders_open: nth == 0 };
                let facts = |work, reminders| BatchFacts {
                    available: moment.availability(work),
                    reminders,
                    reminder_window: Some(window),
                    ..claimable()
                };
                let replies = ReplyFacts {
                    available: moment.availability(Work::Unread),
                    opens_at: at(120),
                    has_number: true,
                    waiting: 1,
                    in_hand: 0,
                };
                let (initial, reminder, unread) = (
                    step(BatchFacts { opens_at: at(120), ..facts(Work::Initials, false) }),
                    step(BatchFacts { opens_at: at(120), ..facts(Work::Reminders, true) }),
                    replies.decide(at(NOW)),
                );
                let (claim, not_open) = (Ok(Step::Claim), no(NotOpen, Some(120)));
                let wanted = match status {
                    GoalStatus::Draft => (no(Draft, None), no(Draft, None), no(Draft, None)),
                    GoalStatus::Scheduled => (not_open, not_open, if was_active { claim } else { not_open }),
                    GoalStatus::Active => {
                        let reminders = [claim, no(ReminderNotOpen, Some(150)), no(ReminderOver, None)];
                        (claim, reminders[nth], claim)
                    }
                    GoalStatus::Paused => (no(Paused, None), no(Paused, None), no(Paused, None)),
                    GoalStatus::Completed => (no(Closed, None), no(Closed, None), claim),
                };
                assert_eq!((initial, reminder, unread), wanted, "{moment:?}");
            }
        }
    }
}

#[test]
fn g2_a_goal_without_a_reminder_says_so_at_every_status_but_as_a_draft() {
    for status in GoalStatus::ALL.iter().copied() {
        let moment = GoalMoment { status, was_active: true, reminders_open: false };
        let facts = BatchFacts { available: moment.availability(Work::Reminders), reminders: true, ..claimable() };
        let wanted = if status == GoalStatus::Draft { ObstacleKind::Draft } else { ObstacleKind::NoReminder };
        assert_eq!(step(facts), no(wanted, None), "{status}");
    }
}

#[test]
fn b4_a_batch_in_hand_comes_before_any_other_and_a_number_before_it() {
    let in_hand = BatchFacts { in_hand: true, ..claimable() };
    assert_eq!(step(in_hand), Ok(Step::GoOn));
    let nothing_else = BatchFacts { released: 0, held: 3, partitioned: false, ..in_hand };
    assert_eq!(step(nothing_else), Ok(Step::GoOn));
    assert_eq!(step(BatchFacts { has_number: false, ..in_hand }), no(ObstacleKind::NoNumber, None));
    let paused = BatchFacts { available: Err(Unavailable::Paused), ..in_hand };
    assert_eq!(step(paused), no(ObstacleKind::Paused, None));
}

/// Rule B6: every combination of batches, releases and hours.
#[test]
fn b6_batches_that_wait_say_what_for_and_until_when() {
    use ObstacleKind::{NextRelease, NothingLeft, OutsideHours, Preparing, WithOthers};
    for partitioned in [false, true] {
        for (released, held) in [(0, 0), (0, 2), (2, 0), (2, 2)] {
            for with_others_until in [None, Some(at(130))] {
                for next_release in [None, Some(at(NOW)), Some(at(140))] {
                    for hours_open_at in [None, Some(at(180))] {
                        let facts = BatchFacts {
                            partitioned,
                            released,
                            held,
                            with_others_until,
                            next_release,
                            hours_open_at,
                            ..claimable()
                        };
                        let wanted = if !partitioned {
                            no(Preparing, None)
                        } else if released > 0 {
                            Ok(Step::Claim)
                        } else if held > 0 && hours_open_at.is_some() {
                            no(OutsideHours, Some(180))
                        } else if held > 0 && next_release == Some(at(140)) {
                            no(NextRelease, Some(140))
                        } else if held > 0 {
                            no(Preparing, None)
                        } else if with_others_until.is_some() {
                            no(WithOthers, Some(130))
                        } else {
                            no(NothingLeft, None)
                        };
                        let decided = facts.decide(at(NOW));
                        assert_eq!(decided.step, wanted, "{facts:?}");
                        assert_eq!(decided.texts_wait_until, hours_open_at.filter(|_| wanted.is_ok()), "{facts:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn w3_replies_in_hand_come_before_those_that_wait() {
    for (has_number, in_hand, waiting, wanted) in [
        (true, 0, 0, no(ObstacleKind::NothingLeft, None)),
        (true, 0, 4, Ok(Step::Claim)),
        (true, 2, 0, Ok(Step::GoOn)),
        (true, 2, 4, Ok(Step::GoOn)),
        (false, 2, 4, no(ObstacleKind::NoNumber, None)),
    ] {
        let facts = ReplyFacts { available: Ok(()), opens_at: at(50), has_number, waiting, in_hand };
        assert_eq!(facts.decide(at(NOW)), wanted, "{facts:?}");
    }
}
