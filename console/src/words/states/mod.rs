//! Sentences for people about every state, reason and code that an answer of the API can have: its
//! meaning, its cause, and the next step.
//!
//! One `match` a list of values, without a catch-all: a new value does not compile without its
//! words. Lists that agents see have Spanish words as well. Pages ask [`of`] for the words of a
//! value, or [`of_word`] for those of a word in an answer.

mod carrier;
mod conversations;
mod engine;
mod goals;
mod imports;
mod obstacles;
mod people;
mod sending;
mod sending_es;
mod tenancy;
mod told;
mod trust;

use muster_domain::text_enum::TextEnum;

pub use self::{
    carrier::of_code,
    told::{Told, automation, exclusion, plain_field, row_doubt, skip, why},
};

/// Words on one state, reason or code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// A few words that name it.
    pub what: &'static str,
    /// One sentence about it.
    pub why: &'static str,
    /// The next step, or that there is none.
    pub now: &'static str,
}

/// There is no next step.
pub const NOTHING: &str = "Nothing to do.";

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// English, which every page has.
    English,
    /// Spanish, which the agents' pages have.
    Spanish,
}

/// A list of values with words for people.
pub trait Plain: TextEnum {
    /// Returns the words in English.
    fn english(self) -> Words;
}

/// A list that agents see.
pub trait Bilingual: Plain {
    /// Returns the words in Spanish.
    fn spanish(self) -> Words;
}

/// Returns the words of a value that agents see.
pub fn of<T: Bilingual>(value: T, tongue: Tongue) -> Words {
    match tongue {
        Tongue::English => value.english(),
        Tongue::Spanish => value.spanish(),
    }
}

/// Returns the words of an answer's word. One that this version does not know is a state of a newer
/// api.
pub fn of_word<T: Plain>(word: &str) -> Words {
    T::of_word(word).map_or(UNKNOWN, Plain::english)
}

/// Returns the name of an answer's word alone.
pub fn name<T: Plain>(word: &str) -> &'static str {
    of_word::<T>(word).what
}

/// A word that this version has no sentence for.
pub const UNKNOWN: Words = Words {
    what: "Something new",
    why: "The server says something that this page does not know yet.",
    now: "Load the page again. If it stays, ask the people who run this installation.",
};

/// Words of lists of values, in English.
macro_rules! english {
    ($($of:ident { $($value:ident: $what:literal, $why:literal, $now:expr;)+ })+) => {$(
        impl $crate::words::states::Plain for $of {
            fn english(self) -> $crate::words::states::Words {
                match self {
                    $(Self::$value => $crate::words::states::Words { what: $what, why: $why, now: $now },)+
                }
            }
        }
    )+};
}

/// The same in Spanish.
macro_rules! spanish {
    ($($of:ident { $($value:ident: $what:literal, $why:literal, $now:literal;)+ })+) => {$(
        impl $crate::words::states::Bilingual for $of {
            fn spanish(self) -> $crate::words::states::Words {
                match self {
                    $(Self::$value => $crate::words::states::Words { what: $what, why: $why, now: $now },)+
                }
            }
        }
    )+};
}

use {english, spanish};

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that stand in the rule book, the code or the database, and on no page.
    const INTERNAL: [&str; 21] = [
        "null",
        "enum",
        "lease",
        "goal_",
        "_id",
        "e164",
        "uuid",
        "queue",
        "tick",
        "partition",
        "fencing",
        "idempot",
        "brand",
        "batch",
        "postgres",
        "webhook",
        "shard",
        "hmac",
        "tenant",
        "payload",
        "parked",
    ];

    fn check<T: Plain + std::fmt::Debug>(operators: bool) {
        for value in T::VALUES {
            let Words { what, why, now } = value.english();
            assert!(!what.is_empty() && what.chars().count() <= 48, "{value:?}: {what}");
            for sentence in [why, now] {
                assert!(sentence.ends_with('.') && sentence.chars().count() <= 240, "{value:?}: {sentence}");
            }
            let all = format!("{what} {why} {now}").to_lowercase();
            assert!(!all.contains(['_', '{', '`']), "{value:?}: {all}");
            let internal = INTERNAL.iter().find(|word| all.contains(**word));
            assert!(operators || internal.is_none(), "{value:?} says {internal:?}: {all}");
        }
    }

    fn check_both<T: Bilingual + std::fmt::Debug>() {
        check::<T>(false);
        for value in T::VALUES {
            let (english, spanish) = (value.english(), value.spanish());
            assert!(!spanish.what.is_empty(), "{value:?}");
            for sentence in [spanish.why, spanish.now] {
                assert!(sentence.ends_with('.') || sentence.ends_with('?'), "{value:?}: {sentence}");
            }
            assert_ne!(english.why, spanish.why, "{value:?} is in one language");
        }
    }

    #[test]
    fn every_value_has_a_name_and_two_sentences_without_internal_words() {
        use muster_domain::{
            conversations::thread,
            goals::{
                answer, availability, batch, calendar, campaign, forecast, goal, home, release, script, targeting,
            },
            sending::{self, admission, brand_hold, hours, message, segments},
        };
        check_both::<message::MessageState>();
        check_both::<message::MessageKind>();
        check_both::<sending::HoldReason>();
        check_both::<sending::CancelReason>();
        check_both::<goal::GoalStatus>();
        check_both::<answer::Answer>();
        check_both::<home::Step>();
        check_both::<home::ObstacleKind>();
        check_both::<thread::ThreadProgress>();
        check_both::<availability::Work>();
        check_both::<script::ScriptKind>();
        check_both::<batch::BatchKind>();
        check::<batch::BatchState>(false);
        check::<goal::GoalType>(false);
        check::<goal::AssignmentStrategy>(false);
        check::<forecast::UnreachedReason>(false);
        check::<release::WaitsFor>(false);
        check::<targeting::Attribute>(false);
        check::<targeting::EarlierResult>(false);
        check::<targeting::Part>(false);
        check::<calendar::EntryKind>(false);
        check::<campaign::CampaignAction>(false);
        check::<brand_hold::BrandHoldReason>(false);
        check::<admission::UnknownCarriers>(false);
        check::<hours::Strictness>(false);
        check::<hours::HolidayCalendar>(false);
        check::<segments::Encoding>(false);
    }

    #[test]
    fn lists_that_admins_alone_see_have_words() {
        use muster_domain::{
            conversations::{automation, outcome},
            imports,
            people::{bulk, contact, filter, line, merge},
            tenancy::{
                member, role,
                sign_in::{code, invite, scope, session},
            },
            trust::{audit, export, retention},
        };
        check::<bulk::BulkActionKind>(false);
        check::<bulk::BulkState>(false);
        check::<bulk::BulkOutcome>(false);
        check::<bulk::BulkFailure>(false);
        check::<contact::ContactSource>(false);
        check::<contact::OptOutOrigin>(false);
        check::<contact::SaveOutcome>(false);
        check::<contact::ContactEventKind>(false);
        check::<filter::ContactStatus>(false);
        check::<line::LineType>(false);
        check::<merge::MergeKind>(false);
        check::<merge::MergeStep>(false);
        check::<imports::ImportState>(false);
        check::<imports::RejectReason>(false);
        check::<imports::Compression>(false);
        check::<imports::FileEncoding>(false);
        check::<automation::KeywordMatch>(false);
        check::<outcome::InboundOutcome>(false);
        check::<member::MemberState>(false);
        check::<role::Role>(false);
        check::<code::MailLanguage>(false);
        check::<invite::InviteState>(false);
        check::<scope::Scope>(false);
        check::<session::SignInMethod>(false);
        check::<audit::PrincipalKind>(false);
        check::<audit::Via>(false);
        check::<export::ExportKind>(false);
        check::<export::ExportFormat>(false);
        check::<export::ExportState>(false);
        check::<export::ExportFailure>(false);
        check::<export::FileEnd>(false);
        check::<retention::RetentionStep>(false);
    }

    #[test]
    fn operators_states_have_words_too() {
        use muster_domain::{
            engine::{act, bucket, job, process, schedule},
            tenancy::sign_in::operator,
        };
        check::<job::JobState>(true);
        check::<act::JobVerb>(true);
        check::<act::JobActState>(true);
        check::<process::ProcessRole>(true);
        check::<bucket::BucketKind>(true);
        check::<schedule::CatchUpPolicy>(true);
        check::<schedule::TickFate>(true);
        check::<schedule::SkipReason>(true);
        check::<schedule::Note>(true);
        check::<schedule::Gap>(true);
        check::<schedule::Overlap>(true);
        check::<operator::OperatorRights>(true);
    }

    #[test]
    fn a_word_of_a_newer_api_is_said_to_be_new() {
        assert_eq!(of_word::<muster_domain::goals::goal::GoalStatus>("asleep"), UNKNOWN);
        assert_eq!(name::<muster_domain::goals::goal::GoalStatus>("active"), "Open");
    }
}
