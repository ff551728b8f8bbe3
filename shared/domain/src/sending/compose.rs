//! The text that a script gives for a contact, and its count (rules M1 to M5). Chapter: sending.

use crate::{
    goals::{estimate, times::DateWords},
    people::knowledge::Values,
    sending::{
        segments::{self, Segments},
        template::{MissingValue, RENDERED_LIMIT, Template},
    },
};

/// A script with all that is the same for every contact of a send.
#[derive(Debug, Clone)]
pub struct Composer {
    /// The script.
    pub template: Template,
    /// The agent's given name.
    pub agent_first_name: String,
    /// The agent's family name.
    pub agent_last_name: String,
    /// The group's name.
    pub group_name: String,
    /// The organization's name.
    pub organization_name: String,
    /// The goal's date, as scripts say it.
    pub goal_date: DateWords,
    /// Look-alikes are replaced (rule M5, a setting).
    pub smart_encoding: bool,
    /// Segments that a text may count (rule M3, a setting).
    pub max_segments: u32,
}

/// A text as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The words.
    pub body: String,
    /// Their count.
    pub segments: Segments,
}

/// Why there is no text for a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoText {
    /// A field has no value and no fallback (rule M1).
    Missing(MissingValue),
    /// The text has too many segments or characters (rule M3).
    TooLong,
}

impl Composer {
    /// Returns the text for a contact with these values.
    pub fn compose(&self, to: &Values) -> Result<Text, NoText> {
        let body = self.template.render(|field| self.value(to, field)).map_err(NoText::Missing)?;
        let body = estimate::encoded(body, self.smart_encoding);
        let segments = segments::count(&body);
        if segments.segments > self.max_segments || body.chars().count() > RENDERED_LIMIT {
            return Err(NoText::TooLong);
        }
        Ok(Text { body, segments })
    }

    /// Returns the merge fields without a value for this contact and without a fallback, each once.
    pub fn missing(&self, to: &Values) -> Vec<String> {
        self.template.missing(|field| self.value(to, field))
    }

    fn value<'v>(&'v self, to: &'v Values, field: &str) -> Option<&'v str> {
        match field {
            "first_name" => Some(&to.first_name),
            "last_name" => Some(&to.last_name),
            "email" => to.email.as_deref(),
            "postal_code" => to.postal_code.as_deref(),
            "external_id" => to.external_id.as_deref(),
            "agent.first_name" => Some(&self.agent_first_name),
            "agent.last_name" => Some(&self.agent_last_name),
            "goal.date" => Some(&self.goal_date.date),
            "goal.day" => Some(&self.goal_date.day),
            "goal.time" => self.goal_date.time.as_deref(),
            "group.name" => Some(&self.group_name),
            "organization.name" => Some(&self.organization_name),
            custom => to.fields.get(custom).and_then(serde_json::Value::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{goals::goal::GoalType, sending::template::BUILT_IN};

    fn composer(script: &str) -> Composer {
        Composer {
            template: Template::parse(script, |_| true).unwrap(),
            agent_first_name: "Grace".to_owned(),
            agent_last_name: "Hopper".to_owned(),
            group_name: "One".to_owned(),
            organization_name: "Ours".to_owned(),
            goal_date: GoalType::Event.date_words("2026-11-03T19:00:00".parse().unwrap()),
            smart_encoding: false,
            max_segments: 2,
        }
    }

    fn ada() -> Values {
        Values {
            first_name: "Ada".to_owned(),
            last_name: "Lovelace".to_owned(),
            email: Some("ada@example.org".to_owned()),
            postal_code: Some("10001".to_owned()),
            notes: None,
            external_id: Some("7".to_owned()),
            fields: json!({ "ward": "5th", "floor": 3 }),
        }
    }

    #[test]
    fn m1_every_built_in_field_and_custom_ones_have_values() {
        for field in BUILT_IN.into_iter().chain(["ward"]) {
            let text = composer(&format!("<{{{{{field}}}}}>")).compose(&ada()).unwrap();
            assert!(text.body.len() > 2, "{field}: {}", text.body);
        }
        let script = "{{first_name}} {{last_name}}, {{agent.first_name}} of {{group.name}}: {{goal.date}}, {{goal.day}} {{goal.time}} in {{ward}}";
        let wanted = "Ada Lovelace, Grace of One: Tuesday, November 3, Tuesday 7 PM in 5th";
        assert_eq!(composer(script).compose(&ada()).unwrap().body, wanted);
    }

    #[test]
    fn m1_a_value_that_is_missing_and_has_no_fallback_gives_no_text() {
        for field in ["floor", "street"] {
            let none = composer(&format!("At {{{{{field}}}}}")).compose(&ada()).unwrap_err();
            assert_eq!(none, NoText::Missing(MissingValue { field: field.to_owned() }));
        }
        assert_eq!(composer("At {{street|home}}").compose(&ada()).unwrap().body, "At home");
    }

    #[test]
    fn m3_and_m5_a_text_is_counted_as_it_is_sent() {
        let long = Values { first_name: "A".repeat(153), ..ada() };
        let two = Composer { max_segments: 2, ..composer("{{first_name}}{{first_name}}") };
        assert_eq!(two.compose(&long).unwrap().segments.segments, 2);
        let one = Composer { max_segments: 1, ..two.clone() };
        assert_eq!(one.compose(&long), Err(NoText::TooLong));
        let curly = Values { first_name: "’".repeat(71), ..ada() };
        let plain = Composer { max_segments: 1, ..composer("{{first_name}}") };
        assert_eq!(plain.compose(&curly), Err(NoText::TooLong), "two parts of UCS-2");
        assert_eq!(Composer { smart_encoding: true, ..plain }.compose(&curly).unwrap().body, "'".repeat(71));
        let longest = Composer { max_segments: 57, ..composer("{{first_name}}") };
        let of = |length| Values { first_name: "A".repeat(length), ..ada() };
        assert!(longest.compose(&of(RENDERED_LIMIT)).is_ok());
        assert_eq!(longest.compose(&of(RENDERED_LIMIT + 1)), Err(NoText::TooLong));
    }
}
