//! The latest word of a contact about being texted (rules I2a, I3 and I3a).
//!
//! Texts are numbered in the order in which they are received. So are the words of admins, files
//! and carriers, which count when they are recorded. A word counts unless a later one has counted
//! already, so that it does not matter in which order texts are handled.

use strum::{VariantArray, VariantNames};

use crate::{
    conversations::inbound::{Intent, classify},
    text_enum,
};

/// The keyword that the carrier has found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CarrierWord {
    /// The contact has opted out at the carrier.
    Stop,
    /// They have opted in there.
    Start,
    /// They have asked for help.
    Help,
}

text_enum!(CarrierWord);

impl CarrierWord {
    /// Reads `STOP`, `START` or `HELP` in any case; none for anything else.
    pub fn of_carrier(text: &str) -> Option<Self> {
        Self::parse(&text.trim().to_ascii_lowercase())
    }
}

/// A contact before a text is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// They have opted out.
    pub opted_out: bool,
    /// The number of the word that they stand by; none when they have said none.
    pub last_word: Option<i64>,
}

impl Standing {
    /// Returns whether a word has counted that came later than the text of this number.
    fn is_later_than(self, received: i64) -> bool {
        self.last_word.is_some_and(|last| last > received)
    }
}

/// An organization's own words beside the usual ones (rules I2 and I3).
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnWords<'a> {
    /// They opt out.
    pub opt_out: &'a [String],
    /// They opt in, unless they opt out.
    pub opt_in: &'a [String],
}

/// Returns the intent of a text: by the carrier's word, with any body, else by the body. A yes opts
/// in again only when it came after the opt-out.
pub fn intent(
    body: &str,
    carrier: Option<CarrierWord>,
    own: OwnWords<'_>,
    standing: Standing,
    received: i64,
) -> Intent {
    match carrier {
        Some(CarrierWord::Stop) => Intent::OptOut,
        Some(CarrierWord::Start) => Intent::OptIn,
        Some(CarrierWord::Help) => Intent::Help,
        None => match classify(body, own.opt_out, standing.opted_out && !standing.is_later_than(received)) {
            // A word is read alike for either purpose.
            Intent::Conversation if is_own_word(body, own.opt_in) => Intent::OptIn,
            intent => intent,
        },
    }
}

/// Returns whether a text that opts out by no usual word is one of these.
fn is_own_word(body: &str, words: &[String]) -> bool {
    !words.is_empty() && classify(body, words, false) == Intent::OptOut
}

/// A text's effect on the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It is their latest word: they opt out, or stay out.
    Out,
    /// It is their latest word: they opt in, or stay in.
    In,
    /// It is none, or a later one has counted.
    None,
}

/// A text's effect on the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It waits for an agent.
    Unread,
    /// It is hidden from agents, with all that is unread there.
    Hidden,
    /// It is kept, and unread texts stay so: an opt-out that a later word has undone.
    Kept,
}

/// How a text is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handling {
    /// Its effect on the contact.
    pub word: Word,
    /// Its effect on the conversation.
    pub shown: Shown,
    /// The opt-out is to be confirmed, unless it has been since the contact opted out (rule I3).
    pub confirm: bool,
}

/// Decides how a text is handled.
pub fn handle(intent: Intent, standing: Standing, received: i64) -> Handling {
    let word = match intent {
        _ if standing.is_later_than(received) => Word::None,
        Intent::OptOut => Word::Out,
        Intent::OptIn => Word::In,
        Intent::Help | Intent::Conversation => Word::None,
    };
    let out = match word {
        Word::Out => true,
        Word::In => false,
        Word::None => standing.opted_out,
    };
    let shown = match (out, intent) {
        (true, _) => Shown::Hidden,
        (false, Intent::OptOut) => Shown::Kept,
        (false, _) => Shown::Unread,
    };
    Handling { word, shown, confirm: out && intent == Intent::OptOut }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STOPPED: Standing = Standing { opted_out: true, last_word: Some(2) };

    fn after(standing: Standing, handling: Handling, received: i64) -> Standing {
        match handling.word {
            Word::Out => Standing { opted_out: true, last_word: Some(received) },
            Word::In => Standing { opted_out: false, last_word: Some(received) },
            Word::None => standing,
        }
    }

    fn text(standing: Standing, body: &str, received: i64) -> Standing {
        after(
            standing,
            handle(intent(body, None, OwnWords::default(), standing, received), standing, received),
            received,
        )
    }

    #[test]
    fn i3a_an_older_yes_or_start_does_not_undo_a_stop() {
        for body in ["Yes", "START", "unstop"] {
            assert_eq!(text(STOPPED, body, 1), STOPPED, "{body}");
            assert!(!text(STOPPED, body, 3).opted_out, "{body}");
        }
        // Nor does the same text when it is handled twice.
        assert_eq!(text(STOPPED, "STOP", 2), STOPPED);
    }

    #[test]
    fn i3a_an_older_stop_does_not_undo_a_start() {
        let started = Standing { opted_out: false, last_word: Some(2) };
        let stop = handle(Intent::OptOut, started, 1);
        assert_eq!(stop, Handling { word: Word::None, shown: Shown::Kept, confirm: false });
        assert_eq!(handle(Intent::Conversation, STOPPED, 1).shown, Shown::Hidden);
        assert_eq!(handle(Intent::Conversation, started, 1).shown, Shown::Unread);
    }

    #[test]
    fn i3_a_stop_that_a_later_one_overtook_is_confirmed_still() {
        assert!(handle(Intent::OptOut, STOPPED, 1).confirm);
        assert!(!handle(Intent::Help, STOPPED, 3).confirm);
    }

    #[test]
    fn i2a_the_carriers_word_counts_whatever_the_body() {
        let says = |carrier, body| intent(body, Some(carrier), OwnWords::default(), Standing::default(), 1);
        for body in ["", "Hello", "START", "stop", "help"] {
            assert_eq!(says(CarrierWord::Stop, body), Intent::OptOut, "{body}");
            assert_eq!(says(CarrierWord::Start, body), Intent::OptIn, "{body}");
            assert_eq!(says(CarrierWord::Help, body), Intent::Help, "{body}");
        }
    }

    #[test]
    fn i3_an_organizations_own_word_opts_in_unless_it_opts_out() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (out, back) = (words(&["basta"]), words(&["Join", "basta", "stop"]));
        let own = OwnWords { opt_out: &out, opt_in: &back };
        let says = |body| intent(body, None, own, STOPPED, 3);
        assert_eq!((says("JOIN!"), says(" join ")), (Intent::OptIn, Intent::OptIn));
        assert_eq!((says("Basta"), says("stop")), (Intent::OptOut, Intent::OptOut));
        assert_eq!(says("Can I join tomorrow?"), Intent::Conversation);
        assert_eq!(intent("join", None, OwnWords::default(), STOPPED, 3), Intent::Conversation);
    }

    proptest! {
        /// A STOP is in force as soon as it is received; all else is handled later and in any
        /// order.
        #[test]
        fn i3a_the_latest_word_stands_in_whatever_order_texts_are_handled(
            said in prop::collection::vec(prop::sample::select(vec!["STOP", "START", "Yes", "Hello", "help"]), 1..8),
            dice in prop::collection::vec(any::<u32>(), 8),
            known in any::<bool>(),
        ) {
            let texts: Vec<(i64, &str)> = (1_i64..).zip(said.iter().copied()).collect();
            let in_order = texts.iter().fold(Standing::default(), |standing, (nth, body)| text(standing, body, *nth));
            let mut standing = Standing::default();
            if known {
                for (nth, body) in texts.iter().filter(|(_, body)| *body == "STOP") {
                    standing = text(standing, body, *nth);
                }
            }
            let mut shuffled = texts.clone();
            if known {
                shuffled.sort_by_key(|(nth, _)| dice[usize::try_from(*nth - 1).unwrap()]);
            }
            for (nth, body) in shuffled {
                standing = text(standing, body, nth);
            }
            prop_assert_eq!(standing.opted_out, in_order.opted_out);
        }

        /// Words of any order, without the yes, which depends in its meaning on the words before
        /// it.
        #[test]
        fn i3a_words_need_no_order(words in prop::collection::vec(any::<bool>(), 1..8), dice in prop::collection::vec(any::<u32>(), 8)) {
            let mut order: Vec<(i64, bool)> = (1_i64..).zip(words.iter().copied()).collect();
            order.sort_by_key(|(nth, _)| dice[usize::try_from(*nth - 1).unwrap()]);
            let standing = order.iter().fold(Standing::default(), |standing, (nth, out)| {
                let intent = if *out { Intent::OptOut } else { Intent::OptIn };
                after(standing, handle(intent, standing, *nth), *nth)
            });
            prop_assert_eq!(standing.opted_out, *words.last().unwrap());
        }
    }
}
