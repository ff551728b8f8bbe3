use super::*;

fn intent(text: &str) -> Intent {
    classify(text, &["basta".to_owned(), "¡No Más Ya!".to_owned()], false)
}

#[track_caller]
fn all_are(wanted: Intent, texts: &[&str]) {
    for text in texts {
        let decision = decide(text, &[], false);
        assert_eq!(decision.intent, wanted, "{text:?}: {}", decision.rule);
    }
}

#[test]
fn i2_keywords_are_the_whole_message() {
    for text in ["STOP", " Stop. ", "stop all", "Opt-Out", "opt out!", "QUIT", "Remove", "END", "Basta!", "no mas ya"] {
        assert_eq!(intent(text), Intent::OptOut, "{text}");
    }
}

#[test]
fn i2_keywords_in_every_dress() {
    all_are(
        Intent::OptOut,
        &[
            "please unsubscribe",
            "STOP STOP STOP",
            "Stop. Thank you",
            "No, stop",
            "Stop2End",
            "STOP to end",
            "ARRÊT",
            "ＳＴＯＰ",
            "𝐒𝐓𝐎𝐏",
            "s\u{200b}top\u{feff}",
            "STOP\nMaria Gomez\n555-0144",
            "STOP\n-- \nBob\nSales",
            "ST0P",
        ],
    );
}

#[test]
fn i2_plain_language_revocations() {
    all_are(
        Intent::OptOut,
        &[
            "take my number off your list",
            "I'd like to opt out please",
            "I don't want to receive these texts",
            "never text me again",
            "Do not contact",
            "leave me alone",
            "please take me off this list",
            "Stop texting me",
            "don't text me again",
            "I said remove me",
        ],
    );
}

#[test]
fn i2_near_misses_do_not_opt_out() {
    all_are(
        Intent::Conversation,
        &[
            "stop by my house",
            "please stop by the office",
            "don't stop",
            "don't stop texting me",
            "I'll be at the end of the street",
            "can you cancel my sign?",
            "Sorry I don't text while driving",
            "Did you remove me from the volunteer list? I still want to help",
            "I didn't ask you to stop texting me!",
            "Can you remove me from the 5pm shift and put me on the 7pm?",
            "",
            " . ",
        ],
    );
}

#[test]
fn i2a_reactions_and_quotations_are_not_the_contacts_words() {
    let ours = "Hi Ann, can we count on you? Reply STOP to opt out";
    for lead in [
        "Liked",
        "Loved",
        "Disliked",
        "Laughed at",
        "Emphasized",
        "Questioned",
        "Removed a like from",
        "👍 to",
        "Reacted 😂 to",
    ] {
        for (open, close) in [("“", "”"), ("\"", "\""), ("«", "»"), ("“", "…"), ("“", ""), ("\"", "…")] {
            all_are(Intent::Conversation, &[&format!("{lead} {open}{ours}{close}")]);
        }
        all_are(Intent::OptOut, &[&format!("{lead} “{ours}”\nstop texting me")]);
    }
    all_are(Intent::Conversation, &[&format!("> {ours}\nSure"), &format!("Sure\n\nOn Tue, Nov 3, Sam wrote:\n{ours}")]);
    all_are(Intent::OptOut, &[&format!("> {ours}\nstop"), &format!("Stop\n\nOn Tue, Nov 3, Sam wrote:\n{ours}")]);
}

#[test]
fn i3_opting_in_again() {
    assert_eq!(intent("START"), Intent::OptIn);
    assert_eq!(intent("yes"), Intent::Conversation);
    assert_eq!(classify("Yes!", &[], true), Intent::OptIn);
    assert_eq!(intent("help"), Intent::Help);
    // A wish or a threat is no opt-in.
    all_are(Intent::Conversation, &["If you text me again I will sue", "when do we start?", "I want to help"]);
}

#[test]
fn i2_the_rule_that_decided_is_named() {
    assert_eq!(
        decide("lose my number", &[], false).rule,
        "phrase en: remove|delete|erase|purge|scrub|lose|block @mine|the *2 @digits"
    );
    assert_eq!(decide("Liked “Reply STOP to opt out”", &[], false).rule, "quotation or reaction");
    assert_eq!(decide("Halt", &["HALT".to_owned()], false).rule, "the organization's own keyword");
    assert_eq!(decide("hello", &[], false).rule, "no rule");
}

#[test]
fn i2_a_text_of_any_length_is_read_quickly() {
    let long = "please do not stop texting me off the list if i want you to ".repeat(20_000);
    let _ = decide(&long, &[], false);
    let _ = decide(&"“".repeat(100_000), &[], false);
    let _ = decide(&"stop stop, ".repeat(50_000), &[], false);
}
