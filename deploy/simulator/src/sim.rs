//! The simulator's shared state, and the taking of one create from start to outcome.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    behaviour::Behaviour,
    book::{Book, Event},
    clock,
    config::Config,
    dice::Dice,
    fate::{self, Greeting, Subject},
    message::Message,
    order::Order,
    segments::bill,
    sid::Sids,
    throttle::Throttle,
    twilio::error::Refusal,
    webhook::Poster,
};

/// Everything that handlers and couriers share.
#[derive(Debug)]
pub(crate) struct Sim {
    pub config: Config,
    pub sids: Sids,
    pub poster: Poster,
    /// The couriers: every task that waits for an instant or a webhook.
    pub couriers: TaskTracker,
    pub stop: CancellationToken,
    dice: Dice,
    behaviour: Mutex<Arc<Behaviour>>,
    throttle: Mutex<Throttle>,
    book: Mutex<Book>,
    /// Lookups asked for so far.
    pub lookups: AtomicU64,
}

/// Type and carrier of a line, in Twilio's words.
#[derive(Debug)]
pub(crate) struct Line {
    pub line_type: &'static str,
    pub carrier_name: String,
}

/// How a create is answered.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// With the accepted message, or with silence if its fate says so.
    Accepted(Arc<Message>),
    /// With an error.
    Refused(Refusal),
    /// With silence; nothing was accepted.
    Dropped,
}

impl Sim {
    pub(crate) fn new(config: Config, book: Book, sids: Sids, stop: CancellationToken) -> anyhow::Result<Self> {
        Ok(Self {
            poster: Poster::new(&config, stop.clone())?,
            dice: Dice::new(config.seed),
            behaviour: Mutex::new(Arc::new(config.behaviour.clone())),
            throttle: Mutex::new(Throttle::new(Instant::now())),
            couriers: TaskTracker::new(),
            book: Mutex::new(book),
            lookups: AtomicU64::new(0),
            config,
            sids,
            stop,
        })
    }

    /// Returns the memory. Never held across an `await`.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn behaviour(&self) -> Arc<Behaviour> {
        let behaviour = self.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&behaviour)
    }

    /// Replaces the behaviour for creates to come; accepted messages keep their fate.
    pub(crate) fn set_behaviour(&self, behaviour: Behaviour) -> anyhow::Result<()> {
        behaviour.validate()?;
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(behaviour);
        Ok(())
    }

    /// Records an event where there is nobody to tell that it could not be written.
    pub(crate) fn record(&self, event: Event) {
        if let Err(error) = self.book().record(event) {
            tracing::error!(error = %error, "an event is missing from the log");
        }
    }

    /// Takes a create: decides, logs and sends off the couriers of an accepted message. Also says
    /// how long to wait before the answer. An error means that the log could not be written, and
    /// nothing was accepted.
    pub(crate) fn take(self: &Arc<Self>, order: Order) -> io::Result<(Outcome, Duration)> {
        let behaviour = self.behaviour();
        let no_wait = |outcome| Ok((outcome, Duration::ZERO));
        let mut book = self.book();
        let crowded = book.pending() >= self.config.max_pending_webhooks;
        if crowded || !self.admits(behaviour.throttle_per_second) {
            book.record(Event::Throttled)?;
            return no_wait(Outcome::Refused(Refusal::of(20429)));
        }
        if let Err(refusal) = order.validate() {
            let code = refusal.code;
            book.record(Event::Refused { code, to: None })?;
            return no_wait(Outcome::Refused(refusal));
        }
        let attempt = book.attempts_to(&order.to);
        let latency = self.dice.draw("latency", &order.to, attempt).duration(behaviour.latency_ms);
        let refusal = if behaviour.opt_out_at_carrier && book.is_opted_out(&order.to, &order.from) {
            Refusal::of(21610)
        } else {
            match fate::greet(&behaviour, self.dice, &order.to, attempt) {
                Greeting::Accept => {
                    let message = self.compose(&book, &behaviour, order);
                    let message = book.accept(message)?;
                    drop(book);
                    self.dispatch(&message);
                    return Ok((Outcome::Accepted(message), latency));
                }
                Greeting::Drop => {
                    book.record(Event::Dropped { to: order.to })?;
                    return Ok((Outcome::Dropped, latency));
                }
                Greeting::Temporary => Refusal::of(20503),
                Greeting::Permanent(code) => Refusal::of(code),
            }
        };
        book.record(Event::Refused { code: refusal.code, to: Some(order.to) })?;
        Ok((Outcome::Refused(refusal), latency))
    }

    /// Looks a number up.
    pub(crate) fn look_up(&self, number: &str) -> Result<Line, Refusal> {
        let nth = self.lookups.fetch_add(1, Ordering::Relaxed);
        let behaviour = self.behaviour();
        let lookups = &behaviour.lookups;
        if self.dice.draw("lookup_error", number, nth).hits(lookups.temporary_error) {
            return Err(Refusal::of(20503));
        }
        let hits = |purpose, chance| self.dice.draw(purpose, number, 0).hits(chance);
        let (line_type, carrier_name) = if hits("landline", lookups.landline) {
            ("landline", "Local Telephone Company")
        } else if hits("voip", lookups.voip) {
            ("nonFixedVoip", "Internet Telephone Company")
        } else {
            let carrier = self.dice.draw("carrier", number, 0).pick(&lookups.carriers);
            ("mobile", carrier.map_or("", String::as_str))
        };
        Ok(Line { line_type, carrier_name: carrier_name.to_owned() })
    }

    fn admits(&self, limit: u32) -> bool {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.admits(limit, Instant::now())
    }

    fn compose(&self, book: &Book, behaviour: &Behaviour, order: Order) -> Message {
        let has_webhook = self.config.inbound_url.is_some();
        let subject = Subject {
            to: &order.to,
            body: &order.body,
            nth: book.accepted_to(&order.to),
            valid_ms: order.validity_seconds().map(|seconds| u64::from(seconds) * 1_000),
            has_callback: order.status_callback.is_some(),
            may_reply: has_webhook && book.replies_of(&order.to) < behaviour.max_replies_per_number,
        };
        let fate = fate::decide(behaviour, self.dice, subject);
        let (bill, validity_seconds) = (bill(&order.body), order.validity_seconds());
        Message {
            seq: book.next_seq(),
            sid: self.sids.next(),
            to: order.to,
            from: order.from,
            body: order.body,
            segments: bill.segments,
            encoding: bill.encoding,
            accepted_at: clock::now(),
            status_callback: order.status_callback,
            validity_seconds,
            fate,
        }
    }
}
