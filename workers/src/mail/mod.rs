//! Mails on their way out: into a folder, for development and tests.

pub(crate) mod templates;

use std::path::PathBuf;

use anyhow::Context as _;
use lettre::{
    Message,
    message::{Mailbox, MultiPart},
};
use muster_service::config::Mail as MailSettings;
use uuid::Uuid;

use self::templates::Text;
use crate::error::JobError;

/// The way of mails.
#[derive(Debug, Clone)]
pub(crate) struct Mailer {
    from: Option<Mailbox>,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Folder(PathBuf),
    None,
}

impl Mailer {
    /// Returns the way that the configuration says.
    pub(crate) fn new(settings: &MailSettings) -> anyhow::Result<Self> {
        let from = settings.from.as_deref().map(str::parse).transpose().context("mail.from is no address")?;
        let way = settings.folder.as_ref().map_or(Way::None, |folder| Way::Folder(PathBuf::from(folder)));
        Ok(Self { from, way })
    }

    /// Hands a mail over. An error never names the receiver (rule R5).
    pub(crate) async fn send(&self, to: &str, text: Text) -> Result<(), JobError> {
        let (Some(from), false) = (&self.from, matches!(self.way, Way::None)) else {
            return Err(JobError::retry("no way of mails is configured: set mail.folder"));
        };
        let to: Mailbox = to.parse().map_err(|_| JobError::fail("the receiver is no address of mail"))?;
        let message = Message::builder()
            .from(from.clone())
            .to(to)
            .subject(text.subject)
            .message_id(None)
            .multipart(MultiPart::alternative_plain_html(text.plain, text.html))
            .map_err(|_| JobError::fail("the mail cannot be written"))?;
        match &self.way {
            Way::Folder(folder) => {
                let written = async {
                    tokio::fs::create_dir_all(folder).await?;
                    let file = folder.join(format!("{}.eml", Uuid::now_v7()));
                    // Whole at once: a reader sees no half of a mail.
                    let part = file.with_extension("part");
                    tokio::fs::write(&part, message.formatted()).await?;
                    tokio::fs::rename(part, file).await
                };
                written.await.map_err(|error| JobError::retry(format!("writing a mail into mail.folder: {error}")))
            }
            Way::None => Ok(()),
        }
    }
}
