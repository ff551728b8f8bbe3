//! The file of an access request (rule R8), in two passes over the records of one instant: the page
//! first, and the same records as JSON behind it. Records go into the object store as they come.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use muster_domain::{people::e164::E164, trust::access::Page};
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    trust::{
        access::{self, Part, Section, Subject},
        exports::{Export, Progress},
    },
};
use tokio::sync::mpsc;

use super::written::{Seen, tell};
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
    let mut tx = ctx.pool.begin().await?;
    access::as_of_one_instant(&mut tx).await?;
    let made_at = tx.clock().await?;
    let gone = || JobError::fail("the contact of the access request does not exist");
    let contact = access::contact_of(&mut tx, entry.id).await?.ok_or_else(gone)?;
    let hash = |number: &E164| ctx.phone_hash_keys.of(number);
    let subject = access::subject(&mut tx, entry.organization_id, contact, hash).await?.ok_or_else(gone)?;
    let sections = access::sections();
    let counts = access::counts(&mut tx, &sections, &subject).await?;
    let expected = Some(counts.iter().sum());
    let shown = sections.iter().map(|section| section.shown.clone()).collect();
    let page = Page::new(organization.to_owned(), entry.id.0, made_at, shown);
    let seen = Arc::new(Seen::default());
    let (to, from) = mpsc::channel(RECORDS_WAITING);
    let reading = async {
        let to = to;
        read(&mut tx, &sections, &subject, &to).await
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

/// Sends all records twice.
async fn read(tx: &mut Tx, sections: &[Section], subject: &Subject, to: &mpsc::Sender<Part>) -> Result<(), JobError> {
    access::send(tx, sections, subject, to).await?;
    Ok(access::send(tx, sections, subject, to).await?)
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
