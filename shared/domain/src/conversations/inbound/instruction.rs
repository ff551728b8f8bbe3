//! Whether a script tells its readers how to opt out (rule M2).

use crate::conversations::inbound::{pattern::View, rules::Rules};

/// Returns whether this text has an instruction with a word that the engine takes as an opt-out:
/// "Reply STOP to opt out", "STOP to end", "Responda ALTO". `own` are the organization's own
/// opt-out words. A word on its own, or in another sense, is none.
pub fn says_how_to_opt_out(text: &str, own: &[String]) -> bool {
    let rules = Rules::built_in();
    let own = rules.own(own);
    rules.sentences(text).iter().any(|words| {
        let view = View { words, rules, own: &own };
        let mut found = rules.instructions.matches(&view);
        found.any(|(_, from, _)| view.stands_before(&rules.not_instructions, from).is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> bool {
        says_how_to_opt_out(text, &["Halt!".to_owned(), "ya estuvo".to_owned()])
    }

    #[test]
    fn m2_an_instruction_names_a_word_that_opts_out() {
        for text in [
            "Vote! Reply STOP to opt out",
            "Vote! Reply STOPALL",
            "Text STOPALL to quit",
            "Hi Ann, it's Sam. Reply END to quit",
            "Polls close at 8. Stop2End",
            "Polls close at 8. STOP to end",
            "Polls close at 8 STOP to end",
            "Vote Tuesday! Stop=end",
            "Txt STOP 2 quit.",
            "To opt out, reply STOP.",
            "Opt out: STOP",
            "Opt-out? Reply STOP!",
            "Reply \"STOP\" to unsubscribe",
            "Reply with 'stop' to be removed",
            "Send STOP at any time",
            "If you don't want these texts, text STOP",
            "Call us or reply STOP to opt out",
            "You can reply STOP to leave",
            "Reply UNSUBSCRIBE to stop receiving texts",
            "Reply CANCEL or END to stop messages",
            "Text REMOVE to get off the list",
            "Reply opt out to opt out",
            "Ｒｅｐｌｙ ＳＴＯＰ to opt out",
            "Reply HALT to quit",
            "Responde YA ESTUVO",
            "Responda STOP para cancelar",
            "Envíe ALTO para no recibir más mensajes",
            "STOP para salir",
            "Msg&data rates may apply. Reply HELP for help or STOP to cancel",
            "You can opt out any time by replying STOP",
            "Opt out by texting STOP",
            "Reply: STOP",
            "Reply STOP if you'd rather not hear from us",
            "STOP2QUIT",
            "Para dejar de recibir mensajes responda STOP",
            "Pour vous désabonner, répondez STOP",
            "Répondez STOP pour vous désabonner",
            "Envoyez ARRÊT pour arrêter",
        ] {
            assert!(says(text), "{text}");
        }
    }

    #[test]
    fn m2_the_word_alone_or_in_another_sense_is_no_instruction() {
        for text in [
            "Vote at the bus stop!",
            "Vote!",
            "Come! STOP",
            "Stop the steal!",
            "Don't stop now, text your friends",
            "We will not stop to end hunger, we go on",
            "Reply YES to join",
            "Reply BANANA to opt out",
            "Text stop signs to city hall",
            "Say stop to big oil",
            "Do not reply STOP",
            "Never text STOP to us",
            "Meet at the bus stop to end the day together",
            "Our next stop to end the tour is Ohio",
            "The end of the street",
            "You may opt out",
            "Opt out of plastic!",
            "Unsubscribe from hate",
            "Cancel student debt! Text JOIN to 12345",
            "Reply to opt in",
            "HELP for help",
            "Text STOP THE STEAL to 12345",
            "Reply STOP HATE to sign the petition",
            "Reply to stop climate change",
            "Text your friends to stop the recall",
            "Send STOP cards to voters",
        ] {
            assert!(!says(text), "{text}");
        }
    }
}
