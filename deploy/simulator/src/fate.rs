//! The fate of a create and of an accepted message: pure functions of the behaviour and the draws.
//!
//! A message's fate is decided once, at acceptance, and logged with it, so that a restart or a
//! change of behaviour does not alter a promise.

use serde::{Deserialize, Serialize};

use crate::{
    behaviour::{Behaviour, Receipts, Reply},
    dice::Dice,
};

/// How a create is met, before anything is accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// Accept the message.
    Accept,
    /// Close the connection without accepting.
    Drop,
    /// Answer 503 without accepting.
    Temporary,
    /// Answer 400 with this code.
    Permanent(u32),
}

/// Decides on the `attempt`-th create to a number, counted from 0 and including refused ones.
///
/// A permanent error is a property of the number alone: a landline stays a landline.
pub(crate) fn greet(behaviour: &Behaviour, dice: Dice, to: &str, attempt: u64) -> Greeting {
    let hits = |purpose, chance| dice.draw(purpose, to, attempt).hits(chance);
    if hits("drop_before_accept", behaviour.drop_before_accept) {
        return Greeting::Drop;
    }
    if hits("temporary_error", behaviour.temporary_error) {
        return Greeting::Temporary;
    }
    let permanent = dice.draw("permanent_error", to, 0).hits(behaviour.permanent_error);
    match dice.draw("permanent_code", to, 0).pick(&behaviour.permanent_codes) {
        Some(code) if permanent => Greeting::Permanent(*code),
        Some(_) | None => Greeting::Accept,
    }
}

/// A message's state, as Twilio names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted and not yet handed on.
    Queued,
    /// Handed to the recipient's carrier.
    Sent,
    /// Confirmed by the handset.
    Delivered,
    /// Refused after acceptance; there is an error code.
    Undelivered,
    /// Never sent; there is an error code.
    Failed,
}

/// The error code of a message that waited in the queue for longer than it was valid.
const EXPIRED: u32 = 30036;

impl Status {
    /// Returns the word in resources and callbacks.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }
}

/// Fate of an accepted message. Times are milliseconds after acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fate {
    /// Whether the connection closes without an answer.
    pub drop_answer: bool,
    /// When the status becomes `sent`, if it ever shows.
    pub sent_ms: Option<u64>,
    /// When the status becomes final.
    pub final_ms: u64,
    /// The error code of an undelivered message; `None` means delivered.
    pub error_code: Option<u32>,
    /// The receipts to post, in this order.
    pub receipts: Vec<Receipt>,
    /// The contact's answer, if any.
    pub reply: Option<PlannedReply>,
}

/// One receipt to post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub status: Status,
    pub at_ms: u64,
}

/// A reply that will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedReply {
    pub body: String,
    pub at_ms: u64,
}

/// Subject of a fate: the `nth` accepted message to a number, counted from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub to: &'a str,
    pub body: &'a str,
    pub nth: u64,
    /// How long it may wait in the queue, if that is less than the carrier keeps a message.
    pub valid_ms: Option<u64>,
    /// Whether there is a URL to post receipts to.
    pub has_callback: bool,
    /// Whether the number may still reply, and there is somewhere to post it.
    pub may_reply: bool,
}

/// Decides the fate of an accepted message.
pub(crate) fn decide(behaviour: &Behaviour, dice: Dice, subject: Subject<'_>) -> Fate {
    let draw = |purpose| dice.draw(purpose, subject.to, subject.nth);
    let receipts = &behaviour.receipts;
    let queue_ms = draw("queue").millis(behaviour.queue_ms);
    let expires_ms = subject.valid_ms.filter(|valid_ms| queue_ms > *valid_ms);
    let delay_ms = draw("receipt_delay").millis(receipts.delay_ms);
    let final_ms = expires_ms.unwrap_or(queue_ms + delay_ms);
    let is_sent = expires_ms.is_none() && draw("receipt_sent").hits(receipts.sent);
    let sent_ms = is_sent.then_some(queue_ms + delay_ms / 2);
    let error_code = if expires_ms.is_some() {
        Some(EXPIRED)
    } else if draw("undelivered").hits(behaviour.undelivered) {
        draw("undelivered_code").pick(&behaviour.undelivered_codes).copied()
    } else {
        None
    };
    let last = Receipt { status: final_status(error_code), at_ms: final_ms };
    let posts = if receipts.enabled && subject.has_callback {
        order(receipts, dice, subject, sent_ms, last)
    } else {
        Vec::new()
    };
    let reply = if subject.may_reply && error_code.is_none() {
        choose(&behaviour.replies, draw("reply").fraction(), subject.body).map(|reply| {
            let at_ms = final_ms + draw("reply_delay").millis(reply.delay_ms);
            let body = reply.body.clone();
            PlannedReply { body, at_ms }
        })
    } else {
        None
    };
    Fate {
        drop_answer: draw("drop_after_accept").hits(behaviour.drop_after_accept),
        sent_ms,
        final_ms,
        error_code,
        receipts: posts,
        reply,
    }
}

impl Fate {
    /// Returns the status at so many milliseconds after acceptance.
    pub(crate) fn status_at(&self, ms: u64) -> Status {
        if ms >= self.final_ms {
            final_status(self.error_code)
        } else if self.sent_ms.is_some_and(|sent| ms >= sent) {
            Status::Sent
        } else {
            Status::Queued
        }
    }
}

fn final_status(error_code: Option<u32>) -> Status {
    match error_code {
        None => Status::Delivered,
        Some(EXPIRED) => Status::Failed,
        Some(_) => Status::Undelivered,
    }
}

/// Returns the receipts in the order in which they are posted, repeats included.
fn order(receipts: &Receipts, dice: Dice, subject: Subject<'_>, sent_ms: Option<u64>, last: Receipt) -> Vec<Receipt> {
    let draw = |purpose| dice.draw(purpose, subject.to, subject.nth);
    let times = |purpose| 1 + usize::from(draw(purpose).hits(receipts.repeat));
    let late = draw("receipt_order").hits(receipts.out_of_order);
    let sent = sent_ms.map(|sent_ms| Receipt { status: Status::Sent, at_ms: if late { last.at_ms } else { sent_ms } });
    let mut groups = Vec::new();
    if let Some(sent) = sent {
        groups.push(vec![sent; times("repeat_sent")]);
    }
    groups.push(vec![last; times("repeat_final")]);
    if late {
        groups.reverse();
    }
    groups.concat()
}

/// Returns the reply that a draw falls on, among those that apply to the body.
fn choose<'a>(replies: &'a [Reply], draw: f64, body: &str) -> Option<&'a Reply> {
    let mut reached = 0.0;
    let applies = |reply: &&Reply| match &reply.only_to_body_containing {
        Some(text) => body.contains(text.as_str()),
        None => true,
    };
    replies.iter().filter(applies).find(|reply| {
        reached += reply.chance;
        draw < reached
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::Millis;

    const TO: &str = "+12125550100";

    fn subject(to: &str, nth: u64) -> Subject<'_> {
        Subject { to, body: "Hi, will you vote?", nth, valid_ms: Some(60_000), has_callback: true, may_reply: true }
    }

    fn reply(body: &str, chance: f64, only: Option<&str>) -> Reply {
        Reply {
            body: body.to_owned(),
            chance,
            delay_ms: Millis { min: 10, max: 10 },
            only_to_body_containing: only.map(str::to_owned),
        }
    }

    #[test]
    fn fates_do_not_depend_on_the_order_of_the_numbers() {
        let behaviour = Behaviour { undelivered: 0.3, drop_after_accept: 0.3, ..Behaviour::default() };
        let dice = Dice::new(42);
        let numbers: Vec<String> = (0..200).map(|n| format!("+1212555{n:04}")).collect();
        let fate = |to: &String| decide(&behaviour, dice, subject(to, 0));
        let forwards: Vec<Fate> = numbers.iter().map(fate).collect();
        let mut backwards: Vec<Fate> = numbers.iter().rev().map(fate).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
        let dropped = forwards.iter().filter(|fate| fate.drop_answer).count();
        assert!((30..90).contains(&dropped), "{dropped}");
    }

    #[test]
    fn a_refused_number_stays_refused_with_the_same_code() {
        let behaviour = Behaviour { permanent_error: 0.5, ..Behaviour::default() };
        for n in 0..50 {
            let to = format!("+1212555{n:04}");
            let first = greet(&behaviour, Dice::new(3), &to, 0);
            assert!((1..5).all(|attempt| greet(&behaviour, Dice::new(3), &to, attempt) == first));
        }
    }

    #[test]
    fn a_temporary_error_passes_with_the_attempts() {
        let behaviour = Behaviour { temporary_error: 0.5, ..Behaviour::default() };
        let met: Vec<Greeting> = (0..50).map(|attempt| greet(&behaviour, Dice::new(3), TO, attempt)).collect();
        assert!(met.contains(&Greeting::Temporary) && met.contains(&Greeting::Accept));
    }

    #[test]
    fn receipts_come_twice_and_out_of_order_when_told_to() {
        let mut behaviour = Behaviour::default();
        behaviour.receipts.sent = 1.0;
        let statuses = |behaviour: &Behaviour| -> Vec<Status> {
            let fate = decide(behaviour, Dice::new(0), subject(TO, 0));
            assert!(fate.receipts.is_sorted_by_key(|receipt| receipt.at_ms));
            fate.receipts.iter().map(|receipt| receipt.status).collect()
        };
        assert_eq!(statuses(&behaviour), [Status::Sent, Status::Delivered]);
        behaviour.receipts.out_of_order = 1.0;
        assert_eq!(statuses(&behaviour), [Status::Delivered, Status::Sent]);
        behaviour.receipts.repeat = 1.0;
        let twice = [Status::Delivered, Status::Delivered, Status::Sent, Status::Sent];
        assert_eq!(statuses(&behaviour), twice);
    }

    #[test]
    fn the_status_advances_with_or_without_receipts() {
        let mut behaviour = Behaviour { undelivered: 1.0, undelivered_codes: vec![30005], ..Behaviour::default() };
        behaviour.receipts.sent = 1.0;
        behaviour.receipts.enabled = false;
        behaviour.receipts.delay_ms = Millis { min: 100, max: 100 };
        let fate = decide(&behaviour, Dice::new(0), subject(TO, 0));
        assert_eq!(fate.receipts, []);
        assert_eq!(fate.status_at(49), Status::Queued);
        assert_eq!(fate.status_at(50), Status::Sent);
        assert_eq!(fate.status_at(100), Status::Undelivered);
        assert_eq!(fate.error_code, Some(30005));
    }

    #[test]
    fn s7a_a_message_that_waits_for_longer_than_it_is_valid_is_never_sent() {
        let fate = |queue_ms, valid_ms| {
            let queue_ms = Millis { min: queue_ms, max: queue_ms };
            let receipts = Receipts { sent: 1.0, delay_ms: Millis { min: 100, max: 100 }, ..Receipts::default() };
            let replies = vec![reply("Yes", 1.0, None)];
            let behaviour = Behaviour { queue_ms, receipts, replies, ..Behaviour::default() };
            decide(&behaviour, Dice::new(0), Subject { valid_ms, ..subject(TO, 0) })
        };
        let expired = fate(60_001, Some(60_000));
        assert_eq!((expired.status_at(59_999), expired.status_at(60_000)), (Status::Queued, Status::Failed));
        assert_eq!((expired.error_code, expired.sent_ms, expired.reply), (Some(30036), None, None));
        assert_eq!(expired.receipts, [Receipt { status: Status::Failed, at_ms: 60_000 }]);
        for valid_ms in [Some(60_000), None] {
            let sent = fate(60_000, valid_ms);
            assert_eq!((sent.status_at(60_049), sent.status_at(60_050)), (Status::Queued, Status::Sent));
            assert_eq!((sent.status_at(60_100), sent.error_code), (Status::Delivered, None));
        }
    }

    #[test]
    fn one_draw_falls_on_at_most_one_reply() {
        let replies = [reply("Yes", 0.3, None), reply("STOP", 0.2, None)];
        let chosen = |draw| choose(&replies, draw, "Will you vote?").map(|reply| reply.body.as_str());
        assert_eq!(chosen(0.0), Some("Yes"));
        assert_eq!(chosen(0.29), Some("Yes"));
        assert_eq!(chosen(0.3), Some("STOP"));
        assert_eq!(chosen(0.5), None);
    }

    #[test]
    fn a_reply_to_another_text_takes_no_share_of_the_draw() {
        let replies = [reply("Yes", 1.0, Some("reminder")), reply("No", 0.5, Some("vote"))];
        assert_eq!(choose(&replies, 0.4, "Will you vote?").unwrap().body, "No");
        assert_eq!(choose(&replies, 0.9, "Will you vote?"), None);
    }

    #[test]
    fn nobody_replies_to_a_text_that_never_came() {
        let behaviour = Behaviour { undelivered: 1.0, replies: vec![reply("Yes", 1.0, None)], ..Behaviour::default() };
        assert_eq!(decide(&behaviour, Dice::new(0), subject(TO, 0)).reply, None);
    }
}
