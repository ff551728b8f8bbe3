//! Mails on their way out: by SMTP, or into a folder for development and tests. The only crate that
//! knows `lettre`.
//!
//! No error names a receiver (rule R5). A server's words may name one, so that none of them is in
//! an error: its codes are.

mod error;
mod line;
mod smtp;

use std::path::{Path, PathBuf};

use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use uuid::Uuid;

pub use error::{BadSettings, Error};
pub use smtp::ServerAddress;

use self::smtp::Server;

/// A mail.
#[expect(missing_debug_implementations, reason = "it is a person's")]
pub struct Mail<'a> {
    /// The receiver's address.
    pub to: &'a str,
    /// The mail's own name, which it has again when it is sent again.
    pub id: &'a str,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub plain: String,
    /// The same as HTML.
    pub html: String,
}

/// Hands mails over.
#[derive(Debug, Clone)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Smtp(Server),
    Folder(PathBuf),
}

impl Mailer {
    /// Returns the way of mails that settings tell; none where they name neither a server nor a
    /// folder. A server is not asked yet.
    pub fn open(
        from: Option<&str>,
        folder: Option<&str>,
        server: Option<ServerAddress<'_>>,
    ) -> Result<Option<Self>, BadSettings> {
        if folder.is_none() && server.is_none() {
            return Ok(None);
        }
        let from: Mailbox = from
            .and_then(|from| from.parse().ok())
            .ok_or_else(|| BadSettings("mail.from is no address of mail".to_owned()))?;
        let way = match (folder, server) {
            (Some(folder), _) => Way::Folder(PathBuf::from(folder)),
            (None, Some(server)) => Way::Smtp(server.open(from.email.domain())?),
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { from, way }))
    }

    /// Hands a mail over. It is the server's, or in the folder, when this returns.
    pub async fn send(&self, mail: Mail<'_>) -> Result<(), Error> {
        let message = self.message(mail)?;
        match &self.way {
            Way::Smtp(server) => server.send(&message).await,
            Way::Folder(folder) => {
                let written = write(folder, &message.formatted()).await;
                written.map_err(|error| Error::Later(format!("writing a mail into mail.folder: {error}")))
            }
        }
    }

    /// Signs in at the server and sends nothing; returns words on the way of mails.
    pub async fn check(&self) -> Result<&'static str, Error> {
        match &self.way {
            Way::Smtp(server) => {
                server.check().await?;
                Ok("the mail server takes mails from here")
            }
            Way::Folder(_) => Ok("mails are written into a folder and not sent"),
        }
    }

    fn message(&self, mail: Mail<'_>) -> Result<Message, Error> {
        let to: Mailbox = mail.to.parse().map_err(|_| Error::Never("the receiver is no address of mail".to_owned()))?;
        // Absences and other robots do not answer it (RFC 3834).
        let by_itself = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .raw_header(by_itself)
            .multipart(MultiPart::alternative_plain_html(mail.plain, mail.html))
            .map_err(|_| Error::Never("the mail cannot be written".to_owned()))
    }
}

/// Writes a mail into a file of its own, whole at once: a reader sees no half of it.
async fn write(folder: &Path, mail: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let file = folder.join(format!("{}.eml", Uuid::now_v7()));
    let part = file.with_extension("part");
    tokio::fs::write(&part, mail).await?;
    tokio::fs::rename(part, file).await
}
