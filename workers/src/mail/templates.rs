//! The mails' words, in English and Spanish, plain and as simple HTML.

use muster_domain::tenancy::sign_in::code::{CODE_MINUTES, MailLanguage};

/// A mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// The subject.
    pub(crate) subject: String,
    /// The plain text.
    pub(crate) plain: String,
    /// The same as HTML.
    pub(crate) html: String,
}

/// A part of a mail.
enum Part<'a> {
    Words(String),
    Code(&'a str),
    Link(&'a str),
}

/// Returns the mail with a sign-in's code, and a link to a page that asks for a click.
pub(crate) fn sign_in(language: MailLanguage, code: &str, link: &str) -> Text {
    let (front, back) = code.split_at(code.len() / 2);
    let shown = format!("{front}-{back}");
    let (subject, [first, second, last]) = match language {
        MailLanguage::En => (
            format!("{shown} is your sign-in code"),
            [
                "Your sign-in code is:".to_owned(),
                format!(
                    "Type it where you asked for it, within {CODE_MINUTES} minutes. In the same browser you can \
                     open this page instead:"
                ),
                "If you did not ask for it, ignore this mail. Give the code to nobody.".to_owned(),
            ],
        ),
        MailLanguage::Es => (
            format!("{shown} es su código de acceso"),
            [
                "Su código de acceso es:".to_owned(),
                format!(
                    "Escríbalo donde lo pidió, dentro de {CODE_MINUTES} minutos. En el mismo navegador también \
                     puede abrir esta página:"
                ),
                "Si no lo pidió, ignore este correo. No le dé el código a nadie.".to_owned(),
            ],
        ),
    };
    let parts = [Part::Words(first), Part::Code(&shown), Part::Words(second), Part::Link(link), Part::Words(last)];
    written(language, &subject, &parts)
}

/// Returns the mail with an invite's link, which can be used for so many days.
pub(crate) fn invite(language: MailLanguage, first_name: &str, place: &str, days: i64, link: &str) -> Text {
    let (subject, [first, second, last]) = match language {
        MailLanguage::En => (
            format!("Your invite to {place}"),
            [
                format!("Hello {first_name},"),
                format!("you are invited to {place}. Open this page within {days} days to accept:"),
                "The link is for you alone: give it to nobody. If you expected no invite, ignore this mail.".to_owned(),
            ],
        ),
        MailLanguage::Es => (
            format!("Su invitación a {place}"),
            [
                format!("Hola, {first_name}:"),
                format!("tiene una invitación a {place}. Abra esta página dentro de {days} días para aceptarla:"),
                "El enlace es solo para usted: no se lo dé a nadie. Si no esperaba una invitación, ignore este correo."
                    .to_owned(),
            ],
        ),
    };
    written(language, &subject, &[Part::Words(first), Part::Words(second), Part::Link(link), Part::Words(last)])
}

fn written(language: MailLanguage, subject: &str, parts: &[Part<'_>]) -> Text {
    let plain: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Code(code) => format!("    {code}"),
            Part::Link(link) => (*link).to_owned(),
        })
        .collect();
    let html: String = parts
        .iter()
        .map(|part| match part {
            Part::Words(words) => format!("<p>{}</p>", escaped(words)),
            Part::Code(code) => format!("<p style=\"font: bold 1.6em monospace\">{}</p>", escaped(code)),
            Part::Link(link) => format!("<p><a href=\"{0}\">{0}</a></p>", escaped(link)),
        })
        .collect();
    let html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>{}</title><body>{html}</body></html>",
        language.as_str(),
        escaped(subject)
    );
    // A name may have a line break, which would begin another header.
    let subject = subject.replace(['\r', '\n'], " ");
    Text { subject, plain: format!("{}\n", plain.join("\n\n")), html }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_a_mail_has_the_code_and_the_link_in_both_languages_and_forms() {
        for language in MailLanguage::ALL {
            let mail = sign_in(*language, "BCDF2345", "https://muster.example.org/x?code=BCDF2345&y=1");
            assert!(mail.subject.starts_with("BCDF-2345 "), "{}", mail.subject);
            assert!(mail.plain.contains("    BCDF-2345\n") && mail.html.contains("BCDF-2345"));
            assert!(mail.plain.contains("\nhttps://muster.example.org/x?code=BCDF2345&y=1\n"));
            assert!(mail.html.contains("href=\"https://muster.example.org/x?code=BCDF2345&amp;y=1\""), "{}", mail.html);
        }
        let [english, spanish] = [MailLanguage::En, MailLanguage::Es].map(|it| sign_in(it, "BCDF2345", "x").plain);
        assert_ne!(english, spanish);
    }

    #[test]
    fn a6_names_in_a_mail_are_words_alone() {
        let mail = invite(MailLanguage::En, "<b>Ada</b>", "Us & \"Them\"\r\nBcc: all@example.org", 7, "https://x/y");
        assert!(!mail.subject.contains('\n') && !mail.subject.contains('\r'));
        assert!(mail.html.contains("&lt;b&gt;Ada&lt;/b&gt;") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.plain.contains("within 7 days"));
    }
}
