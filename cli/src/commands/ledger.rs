//! `muster ledger`: the ledger of redactions and opt-outs, kept apart from the database (rule R6).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use muster_carrier::twilio::{Credentials, SentText, Twilio};
use muster_domain::{
    ids::{AccountId, MemberId, RedactionId},
    people::{e164::E164, phone_hash::PhoneHashKeys},
    sending::segments,
    trust::ledger::{Broken, Entry, HEAD, Head, OBJECT_LIMIT, Segment, segment_key, sha256},
};
use muster_jobs::kinds::{DeliveryReceipt, Redaction};
use muster_objects::{Objects, StoreAddress};
use muster_service::config::LedgerSettings;
use muster_storage::{
    Pool, Tx,
    engine::enqueue::{Origin, enqueue},
    people::replay::{self as people, LedgerRedaction, LedgerWord},
    sending::{
        receipts::{self, Receipt},
        replay::{self as sending, CarrierText, Finding},
    },
    trust::ledger::{self, Replayed},
};
use uuid::Uuid;

use super::{configured, connect};
use crate::out::say;

/// How much earlier than the last beat of the backup texts are asked for: the carrier's clock may
/// be another, and a hand-over may have been under way.
const EARLIER: TimeDelta = TimeDelta::minutes(15);

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read the ledger to its end: is every segment signed, and does each follow the one before?
    Verify,
    /// Bring a restored database up to date with the ledger and the carrier's list, so that it may
    /// send again.
    Replay(ReplayArgs),
}

#[derive(clap::Args)]
pub(crate) struct ReplayArgs {
    /// Ask the carrier for texts from this instant on; otherwise from a little before the backup's
    /// last beat.
    #[arg(long)]
    pub(super) since: Option<DateTime<Utc>>,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let settings: LedgerSettings = configured()?;
    let pool = connect(&settings.database)?;
    match command {
        Command::Verify => {
            let book = Book::read(&settings, i64::MAX).await?;
            let segments = book.head.as_ref().map_or(0, |head| head.segment).max(book.last);
            say!("{segments} segments are whole and in order")?;
            Ok(())
        }
        Command::Replay(args) => replay(&settings, &pool, args).await,
    }
}

/// The ledger, as the object store has it.
struct Book {
    keys: PhoneHashKeys,
    head: Option<Head>,
    last: i64,
    /// The entries behind a segment.
    entries: Vec<Entry>,
}

impl Book {
    /// Reads and verifies the whole ledger; keeps the entries of segments behind `after`.
    async fn read(settings: &LedgerSettings, after: i64) -> anyhow::Result<Self> {
        let objects = Objects::open(&settings.object_store.place(StoreAddress::new))?;
        let (current, previous) = settings.privacy.keys();
        let keys = PhoneHashKeys::new(current, previous);
        let head = objects.read_small(HEAD, OBJECT_LIMIT).await?;
        let head = head.map(|text| Head::read(&text, &keys)).transpose()?;
        let (mut last, mut hash, mut entries) = (0, Vec::new(), Vec::new());
        let mut named = Vec::new();
        while let Some(text) = objects.read_small(&segment_key(last + 1), OBJECT_LIMIT).await? {
            last += 1;
            let segment = Segment::read(&text, last, &hash, &keys)?;
            hash = sha256(&text);
            if head.as_ref().is_some_and(|head| head.segment == last) {
                named.clone_from(&hash);
            }
            if last > after {
                entries.extend(segment.entries);
            }
        }
        match &head {
            // A worker may have died between a segment and the head that names it.
            Some(head) if (head.segment == 0 || named == head.sha256) && last <= head.segment + 1 => {}
            None if last <= 1 => {}
            _ => return Err(Broken::Head(last).into()),
        }
        Ok(Self { keys, head, last, entries })
    }
}

/// Replays the ledger, and then asks the carrier.
pub(super) async fn replay(settings: &LedgerSettings, pool: &Pool, args: ReplayArgs) -> anyhow::Result<()> {
    let standing = ledger::standing(pool).await?;
    let book = Book::read(settings, standing.segment).await?;
    let restored = ledger::compare(pool, book.head.as_ref()).await?;
    if !restored {
        say!("the database did not come back from a backup: there is nothing to replay")?;
        return Ok(());
    }
    let since = args.since.or(standing.beat_at.map(|at| at - EARLIER));
    let since = since.context("the backup does not tell when it was made: say --since")?;
    let mut replayed = Replayed::default();
    people_again(pool, &book, &mut replayed).await?;
    say!("{} redactions, {} opt-outs, {} opt-ins", replayed.redactions, replayed.opt_outs, replayed.opt_ins)?;
    texts_again(settings, pool, since, &mut replayed).await?;
    let Replayed { texts_known, texts_found, texts_open, .. } = replayed;
    say!(
        "of the carrier's texts since {since} {texts_known} were known, {texts_found} are now, {texts_open} cannot be told"
    )?;
    let mut tx = pool.begin().await?;
    ledger::record_replay(&mut tx, since, replayed).await?;
    ledger::end_restore(&mut tx, book.head.as_ref()).await?;
    tx.commit().await?;
    say!("the daemons may send again")?;
    Ok(())
}

/// Redactions first, and then the latest word of everybody.
async fn people_again(pool: &Pool, book: &Book, replayed: &mut Replayed) -> anyhow::Result<()> {
    let (mut redactions, mut words) = (Vec::new(), BTreeMap::new());
    for entry in &book.entries {
        match entry.clone() {
            Entry::Redaction { id, account, by, hash, key, at, organizations } => redactions.push(LedgerRedaction {
                id: RedactionId(id),
                account_id: AccountId(account),
                by: by.map(MemberId),
                hash: (hash, key),
                at,
                organizations,
            }),
            Entry::Word { organization, hash, key, opted_out, word, origin, at } => {
                let said = LedgerWord { organization, hash: (hash.clone(), key), opted_out, word, origin, at };
                let latest = words.entry((organization, hash)).or_insert_with(|| said.clone());
                if latest.word <= word {
                    *latest = said;
                }
            }
        }
    }
    let ids: Vec<Uuid> = redactions.iter().map(|redaction| redaction.id.0).collect();
    let lost = people::lost_redactions(pool, &ids).await?;
    redactions.retain(|redaction| lost.contains(&redaction.id.0));
    let hashes = redactions.iter().map(|redaction| redaction.hash.0.clone());
    let wanted: BTreeSet<_> = hashes.chain(words.keys().map(|(_, hash)| hash.clone())).collect();
    let numbers = people::find(pool, &wanted, |number| book.keys.of(number)).await?;
    for redaction in &redactions {
        let mut tx = pool.begin().await?;
        let number = numbers.get(&redaction.hash.0).map(|number| (number, book.keys.of(number)));
        let found = number.as_ref().map(|(number, hashes)| (*number, hashes));
        if people::redact(&mut tx, redaction, found).await? {
            enqueue(&mut tx, &Redaction { redaction_id: redaction.id }, &Origin::default()).await?;
        }
        tx.commit().await?;
        replayed.redactions += 1;
    }
    for said in words.values() {
        let mut tx = pool.begin().await?;
        if people::say(&mut tx, said, numbers.get(&said.hash.0)).await? {
            let count = if said.opted_out { &mut replayed.opt_outs } else { &mut replayed.opt_ins };
            *count += 1;
        }
        tx.commit().await?;
    }
    if let Some(word) = words.values().map(|said| said.word).max() {
        let mut tx = pool.begin().await?;
        people::count_words_from(&mut tx, word).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Asks the carrier for everything that it got since, so that nobody gets it twice.
async fn texts_again(
    settings: &LedgerSettings,
    pool: &Pool,
    since: DateTime<Utc>,
    replayed: &mut Replayed,
) -> anyhow::Result<()> {
    let credentials = Credentials {
        account_sid: settings.gateway.account_sid.clone(),
        auth_token: settings.carrier.auth_token.clone(),
    };
    let (url, timeout) = (&settings.gateway.url, settings.gateway.timeout());
    let carrier = Twilio::new(url, &settings.carrier.public_url, credentials, timeout)?;
    let (mut next, mut first, mut seen) = (None, true, BTreeSet::new());
    while first || next.is_some() {
        first = false;
        let page = carrier.sent_since(since, next).await?;
        ensure!(page.next.as_ref().is_none_or(|next| seen.insert(next.clone())), "the carrier's list does not end");
        for text in page.texts {
            let mut tx = pool.begin().await?;
            match text_again(&mut tx, text, since).await? {
                Some(Finding::Known(_)) => replayed.texts_known += 1,
                Some(Finding::Found(_)) => replayed.texts_found += 1,
                Some(Finding::Open) => replayed.texts_open += 1,
                Some(Finding::Foreign) | None => {}
            }
            tx.commit().await?;
        }
        next = page.next;
    }
    Ok(())
}

/// Writes a text down, and its receipt.
async fn text_again(tx: &mut Tx, text: SentText, since: DateTime<Utc>) -> anyhow::Result<Option<Finding>> {
    // Texts to short codes and the like are none of ours.
    let (Ok(from), Ok(to)) = (E164::parse(&text.from), E164::parse(&text.to)) else { return Ok(None) };
    let SentText { sid, body, at, status, error_code, .. } = text;
    let known = CarrierText { sid: sid.clone(), from, to, segments: segments::count(&body), body, at };
    let finding = sending::replay(tx, &known, since).await?;
    if let (Finding::Known(id) | Finding::Found(id), Some(status)) = (finding, status) {
        let receipt = Receipt { message_id: id, carrier_sid: sid, status, error_code };
        receipts::record(tx, std::iter::once(&receipt)).await?;
        enqueue(tx, &DeliveryReceipt { shard: receipts::shard(id) }, &Origin::default()).await?;
    }
    Ok(Some(finding))
}
