//! Mails: their words, and their way out (`shared/mail`).

pub(crate) mod templates;

use muster_mail::{BadSettings, Mail, Mailer, ServerAddress};
use muster_service::config::Mail as MailSettings;

use self::templates::Text;
use crate::error::JobError;

/// Returns the way of mails that the configuration says, if it says one.
pub(crate) fn mailer(settings: &MailSettings) -> Result<Option<Mailer>, BadSettings> {
    Mailer::open(settings.from.as_deref(), settings.folder.as_deref(), settings.server(ServerAddress::new))
}

/// Hands a mail over. `id` is the mail's own: sent again, it has the same.
pub(crate) async fn send(mailer: Option<&Mailer>, to: &str, id: &str, text: Text) -> Result<(), JobError> {
    let none = || JobError::retry("no way of mails is configured: set mail.smtp_host or mail.folder");
    let Text { subject, plain, html } = text;
    Ok(mailer.ok_or_else(none)?.send(Mail { to, id, subject, plain, html }).await?)
}
