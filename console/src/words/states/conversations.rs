//! Words on conversations and the triggers of automatic answers. Chapter: conversations.

use muster_domain::conversations::{automation::KeywordMatch, outcome::InboundOutcome, thread::ThreadProgress};

use super::{NOTHING, english, spanish};

english! {
    ThreadProgress {
        All: "All", "Every conversation.", NOTHING;
        Unresponded: "Waiting for an answer", "The person wrote last.", "Somebody should answer.";
        Held: "With a texter", "A texter has this conversation in hand.", NOTHING;
        Done: "Done", "Everything was read, and no texter has it in hand.", NOTHING;
    }
    KeywordMatch {
        Exact: "Is exactly", "The text is the word and nothing else.", NOTHING;
        Contains: "Contains", "The word stands somewhere in the text.", NOTHING;
    }
    InboundOutcome {
        Conversation: "In a conversation", "The text is in the person's conversation.", NOTHING;
        NumberOfNobody: "To a number of nobody", "No group has the number that it was sent to.",
            "Check the numbers of your groups.";
        FromShortCode: "From a short number", "A machine with a short number sent it.", NOTHING;
        FromName: "From a name", "The sender is a name, not a phone.", NOTHING;
        FromForeignNumber: "From abroad", "The number is not a North American one.", NOTHING;
        FromNobody: "Without a sender", "The phone company did not say who sent it.", NOTHING;
    }
}

spanish! {
    ThreadProgress {
        All: "Todas", "Todas las conversaciones.", "No hay nada que hacer.";
        Unresponded: "Esperan respuesta", "La persona escribió al final.", "Alguien debe responder.";
        Held: "Con alguien", "Alguien tiene esta conversación.", "No hay nada que hacer.";
        Done: "Terminadas", "Todo está leído y nadie la tiene.", "No hay nada que hacer.";
    }
}
