//! The simulator's memory, as a fold over its events.
//!
//! Architecture invariant: state changes only through [`Book::record`], which writes the event
//! before it applies it. So the state that is read back at the start is exactly the state before.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
    sync::Arc,
};

use anyhow::ensure;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    journal::Journal,
    message::{InboundText, Message, Stats},
};

/// Events, apart from the acceptance of a message, which has a log of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// A create was refused; `to` is there if the attempt counts among those to a number.
    Refused { code: u32, to: Option<String> },
    /// A create was answered 429.
    Throttled,
    /// A connection was closed before accepting.
    Dropped { to: String },
    /// A receipt of message `seq` was answered 2xx, or given up.
    Receipt { seq: u64, delivered: bool },
    /// A contact sent a text.
    Inbound(InboundText),
    /// The webhook of inbound text `seq` was answered 2xx, or given up if `at` is missing.
    InboundSettled { seq: u64, at: Option<DateTime<Utc>>, attempts: u32 },
}

/// The simulator's memory. Messages are indexed by id and by recipient.
#[derive(Debug, Default)]
pub(crate) struct Book {
    messages: Vec<Arc<Message>>,
    by_sid: HashMap<String, usize>,
    by_to: HashMap<String, Vec<usize>>,
    /// How many receipts of each message are settled.
    receipts_settled: Vec<usize>,
    /// Creates to a number that were turned away.
    turned_away: HashMap<String, u64>,
    /// Replies that a contact has sent or will send.
    replies: HashMap<String, u32>,
    inbound: Vec<InboundText>,
    /// Inbound texts that are neither delivered nor given up, by their index.
    inbound_open: HashSet<usize>,
    /// The reply to each message that has been sent already, by the message's id.
    replied: HashMap<String, usize>,
    /// Pairs of a contact and one of our numbers that the contact has texted STOP to.
    opted_out: HashSet<(String, String)>,
    stats: Stats,
    logs: Option<Logs>,
}

#[derive(Debug)]
struct Logs {
    messages: Journal,
    events: Journal,
}

impl Book {
    /// Reads a log back, or starts one.
    pub(crate) fn open(log_file: Option<&Path>) -> anyhow::Result<Self> {
        let mut book = Self::default();
        if let Some(path) = log_file {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".events");
            let messages = Journal::open(path, |message: Message| {
                let next = book.next_seq();
                ensure!(message.seq == next, "message {} where {next} was due", message.seq);
                book.apply_accepted(Arc::new(message));
                Ok(())
            })?;
            let events = Journal::open(Path::new(&beside), |event| {
                book.apply(event);
                Ok(())
            })?;
            book.logs = Some(Logs { messages, events });
        }
        Ok(book)
    }

    /// Logs an accepted message and remembers it.
    pub(crate) fn accept(&mut self, message: Message) -> io::Result<Arc<Message>> {
        if let Some(logs) = &mut self.logs {
            logs.messages.append(&message)?;
        }
        let message = Arc::new(message);
        self.apply_accepted(Arc::clone(&message));
        Ok(message)
    }

    /// Logs an event and applies it.
    pub(crate) fn record(&mut self, event: Event) -> io::Result<()> {
        if let Some(logs) = &mut self.logs {
            logs.events.append(&event)?;
        }
        self.apply(event);
        Ok(())
    }

    fn apply_accepted(&mut self, message: Arc<Message>) {
        let index = self.messages.len();
        let earlier = self.by_to.entry(message.to.clone()).or_default();
        let repeated =
            earlier.iter().filter_map(|index| self.messages.get(*index)).any(|other| other.body == message.body);
        earlier.push(index);
        self.by_sid.insert(message.sid.clone(), index);
        if message.fate.reply.is_some() {
            *self.replies.entry(message.to.clone()).or_default() += 1;
            self.stats.replies.pending += 1;
        }
        self.stats.accepted += 1;
        self.stats.segments += u64::from(message.segments);
        self.stats.duplicates += u64::from(repeated);
        self.stats.dropped.after_accept += u64::from(message.fate.drop_answer);
        self.stats.receipts.pending += message.fate.receipts.len() as u64;
        self.receipts_settled.push(0);
        self.messages.push(message);
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Refused { code, to } => {
                *self.stats.refused.entry(code).or_default() += 1;
                if let Some(to) = to {
                    *self.turned_away.entry(to).or_default() += 1;
                }
            }
            Event::Throttled => self.stats.throttled += 1,
            Event::Dropped { to } => {
                self.stats.dropped.before_accept += 1;
                *self.turned_away.entry(to).or_default() += 1;
            }
            Event::Receipt { seq, delivered } => {
                self.stats.receipts.settle(delivered);
                if let Some(settled) = index(seq).and_then(|i| self.receipts_settled.get_mut(i)) {
                    *settled += 1;
                }
            }
            Event::Inbound(text) => self.apply_inbound(text),
            Event::InboundSettled { seq, at, attempts } => {
                let Some(index) = index(seq) else { return };
                self.inbound_open.remove(&index);
                if let Some(text) = self.inbound.get_mut(index) {
                    text.first_delivered_at = at;
                    text.attempts = attempts;
                    if text.reply_to.is_some() {
                        self.stats.replies.settle(at.is_some());
                    }
                }
            }
        }
    }

    fn apply_inbound(&mut self, text: InboundText) {
        let index = self.inbound.len();
        let pair = (text.from.clone(), text.to.clone());
        match keyword(&text.body) {
            Some(Keyword::Stop) => {
                self.opted_out.insert(pair);
            }
            Some(Keyword::Start) => {
                self.opted_out.remove(&pair);
            }
            None => {}
        }
        if let Some(sid) = &text.reply_to {
            self.replied.insert(sid.clone(), index);
        }
        self.inbound_open.insert(index);
        self.inbound.push(text);
    }

    /// Notes one more try of an inbound text's webhook.
    pub(crate) fn note_attempt(&mut self, seq: u64) {
        if let Some(text) = index(seq).and_then(|index| self.inbound.get_mut(index)) {
            text.attempts += 1;
        }
    }

    /// Returns the place of the next accepted message.
    pub(crate) fn next_seq(&self) -> u64 {
        self.messages.len() as u64 + 1
    }

    /// Returns the place of the next inbound text.
    pub(crate) fn next_inbound_seq(&self) -> u64 {
        self.inbound.len() as u64 + 1
    }

    pub(crate) fn messages(&self) -> &[Arc<Message>] {
        &self.messages
    }

    pub(crate) fn message(&self, sid: &str) -> Option<&Arc<Message>> {
        self.messages.get(*self.by_sid.get(sid)?)
    }

    /// Returns the messages to a number, newest first.
    pub(crate) fn to(&self, number: &str) -> impl Iterator<Item = &Arc<Message>> {
        let indices = self.by_to.get(number).map_or(&[][..], Vec::as_slice);
        indices.iter().rev().filter_map(|index| self.messages.get(*index))
    }

    /// Returns how many messages to a number were accepted.
    pub(crate) fn accepted_to(&self, number: &str) -> u64 {
        self.by_to.get(number).map_or(0, Vec::len) as u64
    }

    /// Returns how many creates to a number were tried, leaving out the malformed and the
    /// throttled.
    pub(crate) fn attempts_to(&self, number: &str) -> u64 {
        self.accepted_to(number) + self.turned_away.get(number).copied().unwrap_or(0)
    }

    /// Returns how many replies a contact has sent or will send.
    pub(crate) fn replies_of(&self, number: &str) -> u32 {
        self.replies.get(number).copied().unwrap_or(0)
    }

    pub(crate) fn is_opted_out(&self, contact: &str, our_number: &str) -> bool {
        let pair = (contact.to_owned(), our_number.to_owned());
        self.opted_out.contains(&pair)
    }

    pub(crate) fn inbound(&self) -> &[InboundText] {
        &self.inbound
    }

    pub(crate) fn inbound_text(&self, seq: u64) -> Option<&InboundText> {
        self.inbound.get(index(seq)?)
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Receipts and replies that are still to be posted.
    pub(crate) fn pending(&self) -> u64 {
        self.stats.receipts.pending + self.stats.replies.pending
    }

    /// Returns the work that a restart has to take up again.
    pub(crate) fn unfinished(&self) -> Unfinished {
        let messages = self.messages.iter().zip(&self.receipts_settled);
        let mut unfinished = Unfinished::default();
        for (message, settled) in messages {
            if *settled < message.fate.receipts.len() {
                unfinished.receipts.push((Arc::clone(message), *settled));
            }
            if message.fate.reply.is_some() && !self.replied.contains_key(&message.sid) {
                unfinished.replies.push(Arc::clone(message));
            }
        }
        let open = self.inbound_open.iter().filter_map(|index| self.inbound.get(*index));
        unfinished.inbound = open.cloned().collect();
        unfinished
    }
}

/// Work that was under way when the simulator stopped.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    /// Messages with the number of their receipts that are settled.
    pub receipts: Vec<(Arc<Message>, usize)>,
    /// Messages with a reply that has not been sent.
    pub replies: Vec<Arc<Message>>,
    /// Texts that were sent but not delivered.
    pub inbound: Vec<InboundText>,
}

fn index(seq: u64) -> Option<usize> {
    usize::try_from(seq.checked_sub(1)?).ok()
}

/// A word that the carrier itself acts on.
enum Keyword {
    Stop,
    Start,
}

/// Twilio's default keywords: the whole text is one of these words, in any case.
fn keyword(body: &str) -> Option<Keyword> {
    match body.trim().to_ascii_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" => Some(Keyword::Stop),
        "START" | "YES" | "UNSTOP" => Some(Keyword::Start),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbound(book: &mut Book, body: &str) {
        let text = InboundText {
            seq: book.next_inbound_seq(),
            sid: String::new(),
            from: "+12125550100".to_owned(),
            to: "+12125550199".to_owned(),
            body: body.to_owned(),
            reply_to: None,
            sent_at: DateTime::default(),
            first_delivered_at: None,
            attempts: 0,
        };
        book.record(Event::Inbound(text)).unwrap();
    }

    #[test]
    fn only_a_single_stop_word_opts_out_and_start_undoes_it() {
        let mut book = Book::default();
        let out = |book: &Book| book.is_opted_out("+12125550100", "+12125550199");
        inbound(&mut book, "stop please");
        assert!(!out(&book));
        inbound(&mut book, " Stop\n");
        assert!(out(&book));
        assert!(!book.is_opted_out("+12125550100", "+12125550198"));
        inbound(&mut book, "start");
        assert!(!out(&book));
    }

    #[test]
    fn refused_attempts_count_but_malformed_ones_do_not() {
        let mut book = Book::default();
        let refused = |to: Option<&str>| Event::Refused { code: 21610, to: to.map(str::to_owned) };
        book.record(refused(Some("+12125550100"))).unwrap();
        book.record(refused(None)).unwrap();
        assert_eq!(book.attempts_to("+12125550100"), 1);
        assert_eq!(book.stats().refused[&21610], 2);
    }
}
