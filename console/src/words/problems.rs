//! A sentence for each refusal of the api: the fault, and the next step.

use crate::{client::Problem, language::Language};

impl Problem {
    /// Returns the refusal as a sentence. Where the fault is in the input, the api's own
    /// detail names it.
    pub(crate) fn sentence(&self, lang: Language) -> String {
        match lang {
            Language::English => self.english(),
            Language::Spanish => self.spanish(),
        }
    }

    fn english(&self) -> String {
        let detail = self.detail_sentence();
        match (self.word(), self.status) {
            ("unauthenticated", _) => "Your session is over. Sign in again.".to_owned(),
            ("forbidden", _) => "Your role does not allow this. Ask an admin if you need it.".to_owned(),
            ("cross-site", _) => "The request came from another site's page, and nothing was changed.".to_owned(),
            ("not-found", _) | (_, 404) => {
                "It does not exist, or it is not yours to see. It may have been another agent's meanwhile.".to_owned()
            }
            ("edited-meanwhile", _) => "Somebody else has edited it meanwhile. Look at it again, and repeat your change.".to_owned(),
            ("lease-expired", _) => "Your time for these contacts is over, and they went back. Get contacts again.".to_owned(),
            ("lease-stale", _) => "These contacts are another agent's by now. Get contacts again.".to_owned(),
            ("group-full", _) => "The group has as many contacts as it may have.".to_owned(),
            ("agent-full", _) => "The agent has as many contacts in this group as they may have.".to_owned(),
            ("thread-held", _) => "Another agent works on this conversation now.".to_owned(),
            ("reply-limit", _) => "That is as many texts in one conversation as are allowed within an hour. Wait a little.".to_owned(),
            ("one-contact-a-request", _) => "Your organization wants each text sent by itself.".to_owned(),
            ("edit-not-allowed", _) => "Your organization sends this text as it is written.".to_owned(),
            ("no-sender-number", _) => "You have no number to text from in this group. An admin can give you one.".to_owned(),
            ("idempotency-key-reused", _) => "This was sent already with other words. Load the page again.".to_owned(),
            (_, 413) => format!("The file is too large. {detail}").trim_end().to_owned(),
            ("sign-in-failed", _) => {
                "The code is not the right one, was used, is too old, or was asked for in another browser. Ask for another one.".to_owned()
            }
            ("sign-in-limit", _) => "That is as many tries as are allowed. Wait a little.".to_owned(),
            ("rate-limit" | "too-many-requests", _) | (_, 429) => "That is too much at once. Wait a moment, and try again.".to_owned(),
            ("request-timeout", _) => "The request came too slowly. Try again.".to_owned(),
            ("unavailable", _) | (_, 503 | 504) => "Muster does not answer at present. Nothing was changed; try again in a moment.".to_owned(),
            ("conflict", _) => format!("That is not possible now: {detail}"),
            ("invalid-body" | "invalid-parameter", _) if !detail.is_empty() => format!("Please correct this: {detail}"),
            (_, 400..=499) => format!("That did not work. {detail}").trim_end().to_owned(),
            _ => "That is our fault. Nothing was changed, and it was noted. Try again.".to_owned(),
        }
    }

    fn spanish(&self) -> String {
        let detail = self.detail_sentence();
        match (self.word(), self.status) {
            ("unauthenticated", _) => "Su sesión terminó. Acceda otra vez.".to_owned(),
            ("forbidden", _) => "Su función no lo permite. Pídalo a un administrador.".to_owned(),
            ("cross-site", _) => "La petición vino de la página de otro sitio, y nada cambió.".to_owned(),
            ("not-found", _) | (_, 404) => "No existe, o no es suyo. Quizá ahora es de otra persona.".to_owned(),
            ("edited-meanwhile", _) => "Otra persona lo cambió entretanto. Mírelo y repita su cambio.".to_owned(),
            ("lease-expired", _) => {
                "Su tiempo para estos contactos terminó, y se devolvieron. Pida contactos otra vez.".to_owned()
            }
            ("lease-stale", _) => "Estos contactos ya son de otra persona. Pida contactos otra vez.".to_owned(),
            ("thread-held", _) => "Otra persona atiende ahora esta conversación.".to_owned(),
            ("reply-limit", _) => {
                "No se permiten más mensajes en una conversación en una hora. Espere un poco.".to_owned()
            }
            ("edit-not-allowed", _) => "Su organización envía este mensaje tal como está escrito.".to_owned(),
            ("no-sender-number", _) => {
                "No tiene número para escribir en este grupo. Un administrador puede dárselo.".to_owned()
            }
            ("idempotency-key-reused", _) => {
                "Esto ya se envió con otras palabras. Cargue la página otra vez.".to_owned()
            }
            ("sign-in-failed", _) => {
                "El código no es correcto, se usó, caducó o se pidió en otro navegador. Pida otro.".to_owned()
            }
            ("sign-in-limit", _) => "No se permiten más intentos. Espere un poco.".to_owned(),
            ("rate-limit" | "too-many-requests", _) | (_, 429) => {
                "Es demasiado a la vez. Espere un momento.".to_owned()
            }
            ("request-timeout", _) => "La petición llegó demasiado despacio. Inténtelo otra vez.".to_owned(),
            ("unavailable", _) | (_, 503 | 504) => {
                "Muster no responde ahora. Nada cambió; inténtelo en un momento.".to_owned()
            }
            ("conflict", _) => format!("Ahora no es posible: {detail}"),
            ("invalid-body" | "invalid-parameter", _) if !detail.is_empty() => format!("Corrija esto: {detail}"),
            (_, 400..=499) => format!("No ha funcionado. {detail}").trim_end().to_owned(),
            _ => "Es un fallo nuestro. Nada cambió, y quedó anotado. Inténtelo otra vez.".to_owned(),
        }
    }

    fn detail_sentence(&self) -> String {
        let detail = self.detail.trim_end_matches('.');
        if detail.is_empty() { String::new() } else { format!("{detail}.") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[test]
    fn a_refusal_is_a_sentence_in_each_language() {
        let problem = Problem::own(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "text is too long".to_owned());
        assert_eq!(problem.sentence(Language::English), "Please correct this: text is too long.");
        assert_eq!(problem.sentence(Language::Spanish), "Corrija esto: text is too long.");
        let problem = Problem::own(StatusCode::BAD_GATEWAY, "", String::new());
        assert!(problem.sentence(Language::English).starts_with("That is our fault."));
    }
}
