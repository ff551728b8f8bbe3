//! Names and hints of settings.

/// A setting for people.
pub(super) struct Words {
    /// The section that it is in.
    pub(super) section: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
}

const HOURS: &str = "When texts go";
const TEAM: &str = "How the team works";
const WORDS: &str = "Words";
const COMPANIES: &str = "Phone companies and costs";
const RECORDS: &str = "How long records stay";
const OTHER: &str = "Everything else";

/// The sections in their order.
pub(super) const SECTIONS: [&str; 6] = [HOURS, TEAM, WORDS, COMPANIES, RECORDS, OTHER];

const fn w(section: &'static str, label: &'static str, hint: &'static str) -> Words {
    Words { section, label, hint }
}

/// Returns the words on a setting. One without words of its own is shown by its name, in the last
/// section; a test finds it.
pub(super) fn of(name: &'static str) -> Words {
    match name {
        "sending_hours" => {
            w(HOURS, "Texting hours", "On the clocks of the group. First texts and reminders keep to them.")
        }
        "recipient_safe" => w(HOURS, "Keep the hours of every place where the person may be", "Not only the group's."),
        "law_strictness" => w(HOURS, "Laws of the states on texting hours", ""),
        "replies_at_any_hour" => w(HOURS, "Answers may go at any hour", "Once the person has written."),
        "initials_per_day" => w(HOURS, "First texts to one person in 24 hours", "Over all goals. 0 means no limit."),
        "batch_size" => w(TEAM, "People in one bundle", "A texter takes one bundle at a time."),
        "lease_minutes" => w(TEAM, "Minutes that a texter keeps a bundle", "Then others can take the rest."),
        "response_window_minutes" => w(TEAM, "Minutes that a texter keeps a conversation", "Then others can answer."),
        "replies_per_hour" => w(TEAM, "Answers in one conversation in an hour", ""),
        "agents_edit_initials" => w(TEAM, "Texters may edit the first text", "Before they send it."),
        "one_request_one_contact" => {
            w(TEAM, "Each text is sent by a press of its own", "No program sends many at once.")
        }
        "group_contact_limit" => w(TEAM, "People in a group", ""),
        "agent_contact_limit" => w(TEAM, "People given to one texter in a group", ""),
        "require_opt_out_language" => {
            w(WORDS, "Texts must say how to stop them", "Such as: Reply STOP to get no more texts.")
        }
        "opt_out_keywords" => w(WORDS, "More words that stop texts", "STOP and its like always do."),
        "opt_in_keywords" => w(WORDS, "More words that allow texts again", "START and its like always do."),
        "opt_out_text" => w(WORDS, "The goodbye", "The one text that a person gets who stops texts."),
        "help_text" => w(WORDS, "The answer to HELP", ""),
        "smart_encoding" => w(WORDS, "Make curly quotes and long dashes plain", "Texts cost less so."),
        "number_segments_per_minute" => w(COMPANIES, "Parts of texts from one number in a minute", ""),
        "unknown_carriers" => w(COMPANIES, "Numbers of unknown phone companies count", ""),
        "carrier_lookups" => w(COMPANIES, "Look numbers up", "Landlines are then never texted."),
        "lookup_max_age_days" => w(COMPANIES, "Days until a number is looked up again", ""),
        "max_segments" => w(COMPANIES, "Parts of a first text at most", ""),
        "export_file_days" => w(RECORDS, "Days that files to download are kept", ""),
        "export_link_hours" => w(RECORDS, "Hours until a link to a file ends", ""),
        "retention_contact_days" => {
            w(RECORDS, "Days after which people who were not in touch are erased", "0 means never.")
        }
        "retention_text_days" => w(RECORDS, "Days after which texts lose their words", "0 means never."),
        "retention_import_days" => w(RECORDS, "Days after which imported files are deleted", "0 means never."),
        "retention_address_days" => {
            w(RECORDS, "Days after which it is forgotten from where a file was downloaded", "0 means never.")
        }
        "lock_custom_fields" => w(OTHER, "Files make no new fields", "Unknown columns are left out, and told."),
        name => w(OTHER, name, ""),
    }
}

/// Returns the name of a word that a setting can be.
pub(super) fn word(word: &'static str) -> &'static str {
    match word {
        "off" => "Not applied: our texts are exempt",
        "commercial" => "Kept",
        "strictest" => "Under the smallest allowance",
        "unlimited" => "Under no allowance",
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use muster_domain::tenancy::settings::{Form, SETTINGS};

    use super::*;

    #[test]
    fn every_setting_has_words_for_people() {
        for setting in SETTINGS {
            let words = of(setting.name);
            assert_ne!(words.label, setting.name, "{} has no words", setting.name);
            assert!(SECTIONS.contains(&words.section) && !words.label.contains('_'), "{}", setting.name);
            if let Form::Word(options) = &setting.form {
                assert!(options.iter().all(|option| word(option) != *option), "{}", setting.name);
            }
        }
    }
}
