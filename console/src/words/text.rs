//! Words of agents' screens.

use super::words;
use crate::{client::Problem, language::Language};

words! {
    to_do = "To do", "Por hacer";
    conversations = "Conversations", "Conversaciones";
    first_texts = "First texts", "Primeros mensajes";
    reminders = "Reminders", "Recordatorios";
    replies = "Replies", "Respuestas";
    start_texting = "Start texting", "Empezar a enviar";
    go_on_texting = "Go on texting", "Seguir enviando";
    answer_replies = "Answer replies", "Responder";
    go_on_answering = "Go on answering", "Seguir respondiendo";
    nothing_to_do =
        "You are in no group with a campaign yet. An admin adds you to one; this page shows it by itself.",
        "Todavía no está en ningún grupo con una campaña. Un administrador le añade; esta página lo muestra sola.";
    counting = "Contacts are being counted.", "Se cuentan los contactos.";
    texts_wait = "Texts that you send now go out from", "Los mensajes que envíe ahora salen a partir de";
    in_hand_until = "Yours until", "Suyos hasta";
    again_at = "Look again at", "Vuelva a mirar a las";
    waiting_since = "The first has waited since", "La primera espera desde";
    goal_open_until = "Open until", "Abierta hasta";
    goal_opens = "Opens", "Abre";

    time_left = "Time left", "Tiempo";
    text_as_it_goes = "The text as it goes", "El mensaje tal como va";
    send = "Send", "Enviar";
    skip = "Skip", "Omitir";
    reason = "Reason", "Motivo";
    no_reason = "No reason", "Sin motivo";
    edit_text = "Edit this text", "Cambiar este mensaje";
    your_words = "Your words for this contact", "Sus palabras para este contacto";
    show_as_it_goes = "Show it as it goes", "Ver cómo va";
    hand_back = "Hand the rest back", "Devolver el resto";
    hand_back_question =
        "The contacts that you have not texted go to other agents.",
        "Los contactos sin mensaje van a otras personas.";
    handed_back = "The rest is handed back.", "El resto está devuelto.";
    batch_done = "All of these are texted.", "Todos tienen su mensaje.";
    more_contacts = "Get more contacts", "Pedir más contactos";
    back_to_work = "Back to the work", "Volver al trabajo";
    time_is_over =
        "Your time for these contacts is over. Those that were not texted went back.",
        "Su tiempo terminó. Los contactos sin mensaje se devolvieron.";
    nothing_in_hand =
        "You have no contacts in hand there now. Start again here.",
        "Ahora no tiene contactos ahí. Empiece otra vez aquí.";
    batch_is_over = "All of these are texted.", "Todos tienen su mensaje.";
    nothing_to_claim =
        "There are no contacts for you there right now. This page shows when that changes.",
        "Ahora no hay contactos para usted ahí. Esta página muestra cuándo cambia.";
    waits_for_network =
        "Your texts wait for the network, and go by themselves. Leave this page open.",
        "Sus mensajes esperan la red y salen solos. Deje abierta esta página.";
    no_network = "There is no answer at present. Try again in a moment.", "Ahora no hay respuesta. Inténtelo en un momento.";
    left_n = "{n} left", "quedan {n}";
    segment_one = "1 segment", "1 segmento";
    segments_n = "{n} segments", "{n} segmentos";
    sending_n = "sending {n}…", "enviando {n}…";
    skipped_name = "{name} was not texted: a value that the text needs is missing.", "{name} no recibe mensaje: falta un dato.";
    kept_out =
        "This contact gets no text: a value that the text needs is missing. Skip them.",
        "Este contacto no recibe mensaje: falta un dato. Omítalo.";
    nameless = "No name", "Sin nombre";
    keys = "Shortcut keys", "Atajos de teclado";
    keys_of_batch =
        "Ctrl+Enter sends. s goes to the reason for a skip, 1 to 9 choose one, e edits.",
        "Ctrl+Intro envía. s va al motivo para omitir, 1 a 9 eligen uno, e cambia el mensaje.";
    keys_of_conversation =
        "1 to 9 put an answer into the box. Ctrl+Enter sends it. j goes to the next, r to the box, y, n and m to the answers, d to done.",
        "1 a 9 ponen una respuesta en el campo. Ctrl+Intro la envía. j va a la siguiente, r al campo, y, n y m a las respuestas, d a listo.";

    all_answered = "Every reply in your hand is answered.", "Ha respondido a todas.";
    extend = "More time", "Más tiempo";
    extended = "You have more time.", "Tiene más tiempo.";
    release = "Give it back", "Devolver";
    released = "It is given back for another agent.", "Devuelta para otra persona.";
    mark_done = "Done, no answer needed", "Listo, sin respuesta";
    marked_done = "It is done.", "Está lista.";
    hand_on = "Hand it on", "Pasar a otra persona";
    hand_on_to = "To", "A";
    handed_on = "It is handed on.", "Está pasada.";
    your_answer = "Your answer", "Su respuesta";
    scripts = "Answers to pick from", "Respuestas para elegir";
    reply_goes = "Your answer is on its way.", "Su respuesta está en camino.";
    next_conversation = "Next", "Siguiente";
    what_they_said = "They said", "Dijeron";
    yes = "Yes", "Sí";
    no = "No", "No";
    maybe = "Maybe", "Quizás";
    recorded_yes = "Recorded: yes.", "Anotado: sí.";
    recorded_no = "Recorded: no.", "Anotado: no.";
    recorded_maybe = "Recorded: maybe.", "Anotado: quizás.";
    tags = "Tags", "Etiquetas";
    add_tag = "Add a tag", "Añadir etiqueta";
    remove_tag = "Remove the tag", "Quitar la etiqueta";
    tag_given = "The tag is set.", "La etiqueta está puesta.";
    tag_taken = "The tag is gone.", "La etiqueta está quitada.";
    profile = "Profile", "Perfil";
    first_name = "First name", "Nombre";
    last_name = "Last name", "Apellido";
    email = "E-mail", "Correo";
    postal_code = "Postal code", "Código postal";
    save = "Save", "Guardar";
    profile_saved = "The profile is saved.", "El perfil está guardado.";
    opt_out = "They want no more texts", "No quiere más mensajes";
    opt_out_question =
        "No text goes to this person any more, at once. The conversation is hidden.",
        "Ya no le llega ningún mensaje, desde ahora. La conversación se oculta.";
    opt_out_now = "Stop all texts to this person", "Parar todos los mensajes";
    opted_out_title = "No more texts to this person", "No más mensajes a esta persona";
    opt_out_holds = "It holds at once, also for texts that were waiting.", "Vale desde ahora, también para mensajes en espera.";
    undo = "Undo", "Deshacer";
    undo_for = "You can undo it for", "Puede deshacerlo durante";
    opt_out_undone = "It is undone: the conversation is as it was.", "Deshecho: la conversación está como antes.";
    opt_out_stands =
        "It stands: the half minute is over, or something was said since. An admin can help.",
        "Queda así: pasó el medio minuto, o se dijo algo desde entonces. Un administrador puede ayudar.";
    search = "Search", "Buscar";
    search_hint = "Words of a name or a text, or four digits of a number", "Palabras de un nombre o mensaje, o cuatro cifras de un número";
    show = "Show", "Mostrar";
    which = "Which", "Cuáles";
    state_all = "All", "Todas";
    state_unresponded = "Waiting for an answer", "Esperan respuesta";
    state_held = "In hand", "En mano";
    state_done = "Done", "Listas";
    no_conversations =
        "No conversation is like that. Those that you text or answer come here.",
        "No hay ninguna así. Las que escriba o responda vienen aquí.";
    no_conversations_yet =
        "None on this page. The search goes on with the next page.",
        "Ninguna en esta página. La búsqueda sigue en la siguiente.";
    earlier_texts = "Earlier texts", "Mensajes anteriores";
    waits_for_you = "waits for an answer", "espera respuesta";
    they_wrote = "They wrote", "Escribió";
    we_wrote = "We wrote", "Escribimos";
    edited = "edited", "cambiado";

    own_scripts = "Your answers", "Sus respuestas";
    own_scripts_hint =
        "Conversations offer these beside your organization's. {{first_name|there}} becomes the person's name.",
        "Las conversaciones las ofrecen junto a las de su organización. {{first_name|amigo}} se vuelve el nombre de la persona.";
    no_scripts = "You have none yet. Save words that you write often.", "Todavía no tiene ninguna. Guarde palabras que escribe a menudo.";
    new_script = "A new one", "Una nueva";
    edit_script = "Edit your answer", "Cambiar su respuesta";
    script_name = "Name", "Nombre corto";
    script_words = "Words", "Palabras";
    script_saved = "Your answer is saved.", "Su respuesta está guardada.";
    script_deleted = "Your answer is deleted.", "Su respuesta está borrada.";
    edit = "Edit", "Cambiar";
    delete = "Delete", "Borrar";
    delete_script_question = "It is gone for good. Texts that were sent with it stay.", "Se borra para siempre. Los mensajes enviados quedan.";
}

impl Language {
    /// Returns how many contacts are left to be texted.
    pub(crate) fn contacts_left(self, number: i64) -> String {
        match (self, number) {
            (Self::English, 1) => "1 contact left".to_owned(),
            (Self::English, _) => format!("{number} contacts left"),
            (Self::Spanish, 1) => "Queda 1 contacto".to_owned(),
            (Self::Spanish, _) => format!("Quedan {number} contactos"),
        }
    }

    /// Returns how many contacts of the batch in hand are left.
    pub(crate) fn contacts_in_hand(self, number: i64) -> String {
        match self {
            Self::English => format!("{number} in your hand"),
            Self::Spanish => format!("{number} en su mano"),
        }
    }

    /// Returns how many parts of a text the carrier bills.
    pub(crate) fn segments(self, number: u32) -> String {
        if number == 1 { self.segment_one().to_owned() } else { self.segments_n().replace("{n}", &number.to_string()) }
    }

    /// Returns how many conversations wait.
    pub(crate) fn replies_waiting(self, number: i64) -> String {
        match (self, number) {
            (Self::English, 1) => "1 person waits for an answer".to_owned(),
            (Self::English, _) => format!("{number} people wait for an answer"),
            (Self::Spanish, 1) => "1 persona espera respuesta".to_owned(),
            (Self::Spanish, _) => format!("{number} personas esperan respuesta"),
        }
    }

    /// Returns why there is no step for the agent now, and its meaning for them.
    pub(crate) fn obstacle(self, word: &str) -> &'static str {
        match word {
            "paused" => self.pick("An admin has paused this.", "Un administrador lo pausó."),
            "closed" => self.pick("This is over.", "Esto terminó."),
            "not_open" => self.pick("This has not begun yet.", "Esto no ha empezado todavía."),
            "no_reminder" => self.pick("There are no reminders.", "No hay recordatorios."),
            "reminder_not_open" => self.pick("Reminders go later.", "Los recordatorios van más tarde."),
            "reminder_over" => self.pick("The time for reminders is over.", "El tiempo de recordar terminó."),
            "no_number" => self.pick(
                "You have no number to text from here. Ask an admin for one.",
                "No tiene número para escribir aquí. Pídalo a un administrador.",
            ),
            "preparing" => self.pick(
                "Contacts are being made ready. This takes a moment.",
                "Los contactos se están preparando. Tarda un momento.",
            ),
            "next_release" => self.pick(
                "The next contacts are released later, so that the day's limits hold.",
                "Los siguientes contactos se liberan más tarde, por los límites del día.",
            ),
            "outside_hours" => self.pick(
                "It is outside the hours in which people may be texted.",
                "Ahora no es hora de escribir a la gente.",
            ),
            "with_others" => self.pick(
                "Others have all contacts that are left. Some may come back.",
                "Otras personas tienen los contactos que quedan. Algunos pueden volver.",
            ),
            "nothing_left" => {
                self.pick("All done: nothing is left for you here.", "Todo hecho: aquí no queda nada para usted.")
            }
            "nothing_waiting" => self.pick("No one waits for an answer.", "Nadie espera respuesta."),
            _ => self.pick("There is nothing to do here now.", "Ahora no hay nada que hacer aquí."),
        }
    }

    /// Returns how many conversations come after this one.
    pub(crate) fn waiting_after(self, number: usize) -> String {
        match self {
            Self::English => format!("{} ({number} more)", self.next_conversation()),
            Self::Spanish => format!("{} ({number} más)", self.next_conversation()),
        }
    }

    /// Returns how many pictures came with a text.
    pub(crate) fn pictures(self, number: usize) -> String {
        match (self, number) {
            (Self::English, 1) => "1 picture, which is at the carrier".to_owned(),
            (Self::English, _) => format!("{number} pictures, which are at the carrier"),
            (Self::Spanish, 1) => "1 imagen, que está en la operadora".to_owned(),
            (Self::Spanish, _) => format!("{number} imágenes, que están en la operadora"),
        }
    }

    /// Returns why the agent may not write in a conversation now.
    pub(crate) fn not_yours_now(self, problem: &Problem) -> String {
        if problem.word() == "thread-held" {
            return problem.sentence(self);
        }
        self.pick(
            "This conversation is not in your hand. You can write here once you have it, or when the last text was yours.",
            "Esta conversación no está en su mano. Puede escribir cuando la tenga, o si el último mensaje fue suyo.",
        )
        .to_owned()
    }

    /// Returns where a text is on its way.
    pub(crate) fn message_state(self, word: &str) -> &'static str {
        match word {
            "queued" | "sending" => self.pick("on its way", "en camino"),
            "sent" => self.pick("sent", "enviado"),
            "delivered" => self.pick("delivered", "entregado"),
            "held" => self.pick("waits", "espera"),
            "unknown" => self.pick("outcome not known", "resultado desconocido"),
            "undelivered" | "failed" => self.pick("did not arrive", "no llegó"),
            "cancelled" => self.pick("not sent", "no enviado"),
            _ => "",
        }
    }

    /// Returns a goal's status.
    pub(crate) fn goal_status(self, word: &str) -> &'static str {
        match word {
            "scheduled" => self.pick("not begun", "sin empezar"),
            "active" => self.pick("open", "abierta"),
            "paused" => self.pick("paused", "en pausa"),
            "completed" => self.pick("over", "terminada"),
            _ => self.pick("draft", "borrador"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::{
        goals::{goal::GoalStatus, home::ObstacleKind},
        sending::message::MessageState,
    };

    #[test]
    fn every_obstacle_status_and_state_has_its_words_in_each_language() {
        for lang in [Language::English, Language::Spanish] {
            let unknown = lang.obstacle("unknown");
            for kind in ObstacleKind::ALL.iter().filter(|kind| **kind != ObstacleKind::Draft) {
                assert_ne!(lang.obstacle(kind.as_str()), unknown, "{kind:?}");
            }
            for status in GoalStatus::ALL.iter().filter(|status| **status != GoalStatus::Draft) {
                assert_ne!(lang.goal_status(status.as_str()), lang.goal_status("draft"), "{status:?}");
            }
            for state in MessageState::ALL.iter().filter(|state| **state != MessageState::Received) {
                assert_ne!(lang.message_state(state.as_str()), "", "{state:?}");
            }
        }
    }
}
