use super::*;
use crate::{
    sending::hours::{Clock, SendingHours, Week},
    zone::Zone,
};

fn candidate() -> Candidate {
    Candidate {
        kind: MessageKind::Initial,
        redacted: false,
        opted_out: false,
        deactivated: false,
        not_in_group: false,
        not_textable: false,
        reassigned: false,
        no_longer_yes: false,
        frequent_until: None,
        replies_at_any_hour: true,
        goal: Some(always()),
        hours: RecipientHours::in_all(vec![Clock {
            zone: Zone::parse("America/New_York").unwrap(),
            week: Week::every_day(SendingHours::default()),
        }]),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn always() -> GoalWindow {
    GoalWindow { paused: false, opens_at: DateTime::UNIX_EPOCH, closes_at: at("2026-11-22T00:00:00Z") }
}

#[test]
fn g5_what_is_decided_about_a_text_by_its_goals_status() {
    let noon = at("2026-11-21T17:00:00Z");
    let (later, over) = (at("2026-11-21T19:00:00Z"), at("2026-11-21T16:00:00Z"));
    let opens_tomorrow = GoalWindow { opens_at: later, ..always() };
    let closed = GoalWindow { closes_at: over, ..always() };
    let paused = |window| GoalWindow { paused: true, ..window };
    let hold = |reason, until| Decision::Hold(reason, until);
    let (held, cancelled) = (hold(HoldReason::Paused, None), Decision::Cancel(CancelReason::WindowClosed));
    for kind in [MessageKind::Initial, MessageKind::Reminder] {
        let decide = |window| Candidate { kind, goal: Some(window), ..candidate() }.decide(noon);
        assert_eq!(decide(always()), Decision::HandOver);
        assert_eq!(decide(opens_tomorrow), hold(HoldReason::NotOpen, Some(later)));
        assert_eq!(decide(closed), cancelled);
        assert_eq!(decide(paused(always())), held);
        assert_eq!(decide(paused(opens_tomorrow)), held);
        assert_eq!(decide(paused(closed)), cancelled, "closing wins over pausing");
        let at_night = GoalWindow { opens_at: at("2026-11-21T05:00:00Z"), ..always() };
        let before = Candidate { kind, goal: Some(at_night), ..candidate() }.decide(at("2026-11-20T23:00:00Z"));
        assert_eq!(before, hold(HoldReason::NotOpen, Some(at("2026-11-21T13:00:00Z"))), "open, and inside hours");
        let never =
            GoalWindow { opens_at: at("2026-11-21T05:00:00Z"), closes_at: at("2026-11-21T12:00:00Z"), ..always() };
        let before = Candidate { kind, goal: Some(never), ..candidate() }.decide(at("2026-11-20T23:00:00Z"));
        assert_eq!(before, cancelled, "it closes before the hours open");
    }
    let reply = |window| Candidate { kind: MessageKind::Reply, goal: Some(window), ..candidate() }.decide(noon);
    for window in [always(), opens_tomorrow, closed, paused(closed)] {
        assert_eq!(reply(window), Decision::HandOver, "{window:?}");
    }
    assert_eq!(reply(paused(always())), held);
}

#[test]
fn w6_a_reminder_to_somebody_who_is_not_yes_any_more_is_cancelled() {
    let noon = at("2026-11-21T17:00:00Z");
    let mut reminder = Candidate { kind: MessageKind::Reminder, no_longer_yes: true, ..candidate() };
    assert_eq!(reminder.decide(noon), Decision::Cancel(CancelReason::NoLongerYes));
    let closed = Some(GoalWindow { closes_at: noon, ..always() });
    let over = Candidate { goal: closed, ..reminder.clone() }.decide(noon);
    assert_eq!(over, Decision::Cancel(CancelReason::WindowClosed), "an end is the reason for everybody");
    let paused = Candidate { goal: Some(GoalWindow { paused: true, ..always() }), ..reminder.clone() };
    assert_eq!(paused.decide(noon), Decision::Cancel(CancelReason::NoLongerYes));
    reminder.no_longer_yes = false;
    assert_eq!(reminder.decide(noon), Decision::HandOver);
    let initial = Candidate { no_longer_yes: true, ..candidate() };
    assert_eq!(initial.decide(noon), Decision::HandOver);
}

#[test]
fn s9_whatever_forbids_a_message_is_checked_at_the_hand_over() {
    let noon = at("2026-11-21T17:00:00Z");
    assert_eq!(candidate().decide(noon), Decision::HandOver);
    let with = |change: fn(&mut Candidate)| {
        let mut it = candidate();
        change(&mut it);
        it.decide(noon)
    };
    assert_eq!(with(|c| c.opted_out = true), Decision::Cancel(CancelReason::OptedOut));
    assert_eq!(with(|c| c.redacted = true), Decision::Cancel(CancelReason::Redacted));
    assert_eq!(with(|c| c.deactivated = true), Decision::Cancel(CancelReason::Deactivated));
    assert_eq!(with(|c| c.not_in_group = true), Decision::Cancel(CancelReason::NotInGroup));
    assert_eq!(with(|c| c.reassigned = true), Decision::Cancel(CancelReason::Reassigned));
    assert_eq!(with(|c| c.goal.as_mut().unwrap().paused = true), Decision::Hold(HoldReason::Paused, None));
}

#[test]
fn s6_held_until_the_instant_or_cancelled_when_the_goal_closes_first() {
    let early = at("2026-11-21T11:00:00Z");
    let opens = at("2026-11-21T13:00:00Z");
    assert_eq!(candidate().decide(early), Decision::Hold(HoldReason::Hours, Some(opens)));
    let mut closing = candidate();
    closing.goal = Some(GoalWindow { closes_at: opens, ..always() });
    assert_eq!(closing.decide(early), Decision::Cancel(CancelReason::WindowClosed));
}

#[test]
fn s5_replies_go_at_any_hour() {
    let mut reply = candidate();
    reply.kind = MessageKind::Reply;
    assert_eq!(reply.decide(at("2026-11-21T08:00:00Z")), Decision::HandOver);
    assert_eq!(reply.decide(at("2026-11-23T08:00:00Z")), Decision::HandOver, "and after the goal has closed");
}

#[test]
fn s5_replies_keep_the_hours_where_the_organization_wants_it() {
    let (night, opens) = (at("2026-11-21T08:00:00Z"), at("2026-11-21T13:00:00Z"));
    let mut reply = candidate();
    (reply.kind, reply.replies_at_any_hour) = (MessageKind::Reply, false);
    assert_eq!(reply.decide(night), Decision::Hold(HoldReason::Hours, Some(opens)));
    assert_eq!(reply.decide(opens), Decision::HandOver);
    reply.goal = None;
    assert_eq!(reply.decide(night), Decision::Hold(HoldReason::Hours, Some(opens)), "also outside of any goal");
    reply.kind = MessageKind::Help;
    assert_eq!(reply.decide(night), Decision::HandOver, "what is owed goes at once");
}

#[test]
fn s5_the_hours_have_to_last_as_long_as_a_hand_over_may_take() {
    let (closes, opens) = (at("2026-11-21T01:00:00Z"), at("2026-11-21T13:00:00Z"));
    let ago = |seconds| closes - TimeDelta::seconds(seconds);
    let takes = TimeDelta::seconds(10);
    assert_eq!(candidate().decide_until(ago(31), ago(1), takes), Decision::HandOver);
    assert_eq!(candidate().decide_until(ago(29), ago(-1), takes), Decision::Hold(HoldReason::Hours, Some(opens)));
    let mut closing = candidate();
    closing.goal = Some(GoalWindow { closes_at: opens, ..always() });
    assert_eq!(closing.decide_until(ago(29), ago(-1), takes), Decision::Cancel(CancelReason::WindowClosed));
    closing.goal = Some(GoalWindow { closes_at: ago(40), ..always() });
    assert_eq!(closing.decide_until(ago(60), ago(35), takes), Decision::HandOver, "until it closes");
    let closed = Decision::Cancel(CancelReason::WindowClosed);
    assert_eq!(closing.decide_until(ago(54), ago(30), takes), closed, "it would end on its way");
    assert_eq!(closing.decide_until(ago(55), ago(30), takes), Decision::HandOver);
}

#[test]
fn s7a_a_text_lives_as_long_as_its_hours_its_goal_and_the_carriers_day() {
    let (now, day_ends) = (at("2026-11-21T17:00:00Z"), at("2026-11-22T08:00:00Z"));
    let lives = |change: fn(&mut Candidate)| {
        let mut it = candidate();
        change(&mut it);
        it.lives_until(now, day_ends)
    };
    assert_eq!(lives(|_| ()), at("2026-11-22T00:00:00Z"), "the goal closes first");
    let close = |it: &mut Candidate| it.goal.as_mut().unwrap().closes_at = at("2026-11-25T00:00:00Z");
    assert_eq!(lives(close), at("2026-11-22T01:00:00Z"), "the hours end first");
    let reply: fn(&mut Candidate) = |it| it.kind = MessageKind::Reply;
    assert_eq!(lives(reply), now + LONGEST_LIFE, "an answer goes at any hour and after its goal");
    let in_hours = |it: &mut Candidate| (it.kind, it.replies_at_any_hour) = (MessageKind::Reply, false);
    assert_eq!(lives(in_hours), at("2026-11-22T01:00:00Z"), "answers that keep the hours end with them");
    let late = at("2026-11-22T06:00:00Z");
    let mut owed = candidate();
    owed.kind = MessageKind::OptOutConfirmation;
    assert_eq!(owed.lives_until(late, day_ends), day_ends, "the carrier's day ends first");
    assert_eq!(candidate().lives_until(late, day_ends), at("2026-11-22T00:00:00Z"), "it is over");
}

#[test]
fn g7_a_pause_holds_replies_as_well() {
    let mut reply = candidate();
    reply.kind = MessageKind::Reply;
    reply.goal.as_mut().unwrap().paused = true;
    assert_eq!(reply.decide(at("2026-11-21T17:00:00Z")), Decision::Hold(HoldReason::Paused, None));
}

#[test]
fn s12_an_initial_too_many_waits_until_the_contact_may_have_another() {
    let mut initial = candidate();
    initial.frequent_until = Some(at("2026-11-21T18:00:00Z"));
    let waits = Decision::Hold(HoldReason::Frequency, Some(at("2026-11-21T18:00:00Z")));
    assert_eq!(initial.decide(at("2026-11-21T17:00:00Z")), waits);
    assert_eq!(initial.decide(at("2026-11-21T18:00:00Z")), Decision::HandOver);
    initial.kind = MessageKind::Reminder;
    assert_eq!(initial.decide(at("2026-11-21T17:00:00Z")), Decision::HandOver, "reminders do not count");
}

#[test]
fn i3_only_the_confirmation_goes_to_somebody_who_opted_out() {
    let mut confirmation = candidate();
    confirmation.kind = MessageKind::OptOutConfirmation;
    confirmation.opted_out = true;
    assert_eq!(confirmation.decide(at("2026-11-21T08:00:00Z")), Decision::HandOver);
}
