//! The tasks that carry receipts and contacts' texts to the webhooks when they are due.
//!
//! Each message has at most one courier for its receipts, which keeps their order, and one for its
//! reply. Their number is bounded by `max_pending_webhooks`.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    book::Event,
    clock,
    fate::Receipt,
    message::{InboundText, Message},
    sim::Sim,
    webhook::Posted,
};

impl Sim {
    /// Sends off the couriers of a message that was just accepted.
    pub(crate) fn dispatch(self: &Arc<Self>, message: &Arc<Message>) {
        if !message.fate.receipts.is_empty() {
            self.spawn_receipts(Arc::clone(message), 0);
        }
        if message.fate.reply.is_some() {
            self.spawn_reply(Arc::clone(message));
        }
    }

    /// Takes up the work that a log names as under way.
    pub(crate) fn resume(self: &Arc<Self>) {
        let unfinished = self.book().unfinished();
        for (message, settled) in unfinished.receipts {
            self.spawn_receipts(message, settled);
        }
        for message in unfinished.replies {
            self.spawn_reply(message);
        }
        for text in unfinished.inbound {
            let sim = Arc::clone(self);
            self.couriers.spawn(async move { sim.deliver(&text).await });
        }
    }

    fn spawn_receipts(self: &Arc<Self>, message: Arc<Message>, settled: usize) {
        let sim = Arc::clone(self);
        self.couriers.spawn(async move {
            for receipt in message.fate.receipts.iter().skip(settled) {
                if !sim.wait_until(message.after(receipt.at_ms)).await {
                    return;
                }
                let delivered = match sim.post_receipt(&message, receipt).await {
                    Posted::Delivered => true,
                    Posted::GaveUp => false,
                    Posted::Stopped => return,
                };
                sim.record(Event::Receipt { seq: message.seq, delivered });
            }
        });
    }

    async fn post_receipt(&self, message: &Message, receipt: &Receipt) -> Posted {
        let Some(url) = &message.status_callback else {
            return Posted::GaveUp;
        };
        let status = receipt.status.as_str();
        let code = message.fate.error_code.map(|code| code.to_string());
        let mut form = vec![
            ("MessageSid", message.sid.as_str()),
            ("SmsSid", &message.sid),
            ("AccountSid", &self.config.account_sid),
            ("MessageStatus", status),
            ("SmsStatus", status),
            ("To", &message.to),
            ("From", &message.from),
            ("ApiVersion", "2010-04-01"),
        ];
        if let (Some(code), crate::Status::Undelivered | crate::Status::Failed) = (&code, receipt.status) {
            form.push(("ErrorCode", code));
        }
        self.poster.post(url, &form, || {}).await
    }

    fn spawn_reply(self: &Arc<Self>, message: Arc<Message>) {
        let sim = Arc::clone(self);
        self.couriers.spawn(async move {
            let Some(reply) = &message.fate.reply else {
                return;
            };
            if !sim.wait_until(message.after(reply.at_ms)).await {
                return;
            }
            let text = sim.text(&message.to, &message.from, &reply.body, Some(message.sid.clone()));
            sim.deliver(&text).await;
        });
    }

    /// Has a contact send a text, and remembers it. The caller delivers it.
    pub(crate) fn text(&self, from: &str, to: &str, body: &str, reply_to: Option<String>) -> InboundText {
        let mut book = self.book();
        let text = InboundText {
            seq: book.next_inbound_seq(),
            sid: self.sids.next(),
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            reply_to,
            sent_at: clock::now(),
            first_delivered_at: None,
            attempts: 0,
        };
        if let Err(error) = book.record(Event::Inbound(text.clone())) {
            tracing::error!(error = %error, "an inbound text is missing from the log");
        }
        text
    }

    /// Posts an inbound text until the webhook answers 2xx.
    pub(crate) async fn deliver(&self, text: &InboundText) {
        let Some(url) = &self.config.inbound_url else {
            return;
        };
        let segments = crate::bill(&text.body).segments.to_string();
        let form = [
            ("MessageSid", text.sid.as_str()),
            ("SmsSid", &text.sid),
            ("SmsMessageSid", &text.sid),
            ("AccountSid", &self.config.account_sid),
            ("From", &text.from),
            ("To", &text.to),
            ("Body", &text.body),
            ("NumMedia", "0"),
            ("NumSegments", &segments),
            ("SmsStatus", "received"),
            ("ApiVersion", "2010-04-01"),
        ];
        let on_try = || self.book().note_attempt(text.seq);
        let at = match self.poster.post(url, &form, on_try).await {
            Posted::Delivered => Some(clock::now()),
            Posted::GaveUp => None,
            Posted::Stopped => return,
        };
        let attempts = self.book().inbound_text(text.seq).map_or(0, |text| text.attempts);
        self.record(Event::InboundSettled { seq: text.seq, at, attempts });
    }

    /// Waits; `false` means that the simulator is stopping.
    async fn wait_until(&self, due: DateTime<Utc>) -> bool {
        // A due time in the past, which is a negative wait, is now.
        let wait = (due - clock::now()).to_std().unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.stop.cancelled() => false,
        }
    }
}
