//! The file of an access request (rule R8), in two passes over the records of one instant: the page
//! first, and the same records as JSON behind it. Records go into the object store as they come.
//! Rows in files that the object store has are looked for before (`file_rows`), and stand last.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use muster_domain::{people::e164::E164, trust::access::Page};
use muster_storage::{
    engine::claim::ClaimedJob,
    trust::{
        access::{self, Part},
        exports::{Export, Progress},
    },
};
use tokio::sync::mpsc;

use super::{
    file_rows,
    written::{Seen, tell},
};
use crate::{Context, error::JobError};

/// Records between the database and the file.
const RECORDS_WAITING: usize = 64;
/// Bytes that are handed on at a time.
const PIECE: usize = 64 * 1024;

/// Writes the file of an attempt; none when it is wanted no more, of which nothing is left.
pub(super) async fn write(
    ctx: &Context,
    job: &ClaimedJob,
    entry: &Export,
    organization: &str,
) -> Result<Option<Progress>, JobError> {
    let seen = Arc::new(Seen::default());
    let gone = || JobError::fail("the contact of the access request does not exist");
    let hash = |number: &E164| ctx.phone_hash_keys.of(number);
    let mut tx = ctx.pool.begin().await?;
    let contact = access::contact_of(&mut tx, entry.id).await?.ok_or_else(gone)?;
    let subject = access::subject(&mut tx, entry.organization_id, contact, hash).await?.ok_or_else(gone)?;
    // Files may take their time; no transaction waits for them.
    tx.rollback().await?;
    let files = tokio::select! {
        found = file_rows::find(ctx, entry.organization_id, subject.number()) => found?,
        told = tell(ctx, job, entry, None, &seen) => {
            told?;
            return Ok(None);
        }
    };
    let mut tx = ctx.pool.begin().await?;
    access::as_of_one_instant(&mut tx).await?;
    let made_at = tx.clock().await?;
    let subject = access::subject(&mut tx, entry.organization_id, contact, hash).await?.ok_or_else(gone)?;
    let sections = access::sections();
    let mut counts = access::counts(&mut tx, &sections, &subject).await?;
    counts.push(i64::try_from(files.len()).unwrap_or(i64::MAX));
    let expected = Some(counts.iter().sum());
    let shown = sections.iter().map(|section| section.shown.clone()).chain([access::of_files()]).collect();
    let page = Page::new(organization.to_owned(), entry.id.0, made_at, shown);
    let (to, from) = mpsc::channel(RECORDS_WAITING);
    let reading = async {
        let to = to;
        for _ in [Pass::Page, Pass::Json] {
            access::send(&mut tx, &sections, &subject, &to).await?;
            send(sections.len(), &files, &to).await;
        }
        Ok(())
    };
    let key = entry.object_key();
    let writing = async {
        let file = Box::pin(File { from, page, counts, at: Place::default(), seen: Arc::clone(&seen) }.stream());
        Ok::<_, JobError>(ctx.objects.put(&key, file, u64::MAX).await?)
    };
    let size = tokio::select! {
        written = async { tokio::try_join!(reading, writing) } => written?.1,
        told = tell(ctx, job, entry, expected, &seen) => {
            told?;
            return Ok(None);
        }
    };
    Ok(Some(seen.progress(size, expected)))
}

/// The two passes over all records.
enum Pass {
    Page,
    Json,
}

/// Sends the records of the last section, and the end behind it. A receiver that has gone away has
/// failed by itself.
async fn send(nth: usize, records: &[String], to: &mpsc::Sender<Part>) {
    let records = records.iter().map(|record| Part::Record(record.clone()));
    for part in [Part::Section(nth)].into_iter().chain(records).chain([Part::SectionEnd, Part::End]) {
        if to.send(part).await.is_err() {
            return;
        }
    }
}

/// The place in a file that the writer has come to.
#[derive(Debug, Default)]
struct Place {
    begun: bool,
    /// The page is whole, and the JSON has begun.
    data: bool,
    section: usize,
    /// Records of the section so far.
    records: u64,
    ended: bool,
}

/// A file that is made of records.
struct File {
    from: mpsc::Receiver<Part>,
    page: Page,
    counts: Vec<i64>,
    at: Place,
    seen: Arc<Seen>,
}

impl File {
    fn stream(self) -> impl Stream<Item = Result<Bytes, JobError>> {
        stream::try_unfold(self, |mut file| async move {
            let piece = file.next().await?;
            Ok(piece.map(|piece| (piece, file)))
        })
    }

    /// Returns the next piece of the file; none behind its end.
    async fn next(&mut self) -> Result<Option<Bytes>, JobError> {
        if self.at.ended {
            return Ok(None);
        }
        let mut text = String::new();
        if !self.at.begun {
            self.at.begun = true;
            self.page.begin(&mut text, &self.counts);
        }
        while text.len() < PIECE && !self.at.ended {
            let part = self.from.recv().await.ok_or_else(|| JobError::retry("the records ended in the middle"))?;
            self.put(&mut text, part)?;
        }
        self.seen.add(0, text.len());
        Ok(Some(text.into()))
    }

    fn put(&mut self, text: &mut String, part: Part) -> Result<(), JobError> {
        let Self { page, counts, at, seen, .. } = self;
        match (part, at.data) {
            (Part::Section(nth), data) => {
                (at.section, at.records) = (nth, 0);
                if data {
                    page.table(text, nth);
                } else {
                    page.section(text, nth, counts.get(nth).copied().unwrap_or_default());
                }
            }
            (Part::Record(record), false) => {
                page.record(text, at.section, &record).map_err(JobError::retry)?;
                seen.add(1, 0);
            }
            (Part::Record(record), true) => {
                Page::datum(text, at.records == 0, &record);
                at.records += 1;
            }
            (Part::SectionEnd, false) => Page::section_end(text),
            (Part::SectionEnd, true) => Page::table_end(text),
            (Part::End, false) => {
                page.data(text);
                at.data = true;
            }
            (Part::End, true) => {
                Page::end(text);
                at.ended = true;
            }
        }
        Ok(())
    }
}
