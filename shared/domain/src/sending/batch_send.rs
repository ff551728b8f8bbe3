//! The texts of a claimed batch (rules B3, B5, B7, M1, M3, T2 and W4): for each of its contacts
//! that are still to be texted, whether a text is queued now, the contact is skipped for good, or
//! is left in the batch. Chapter: sending.
//!
//! [`crate::goals::batch::Batch::held_by`] and [`crate::goals::availability`] say before whether
//! the agent may send at all.

use std::collections::BTreeMap;

use crate::{
    ids::ContactId,
    people::knowledge::Values,
    sending::compose::{Composer, NoText, Text},
};

/// A contact of a leased batch that is neither texted nor skipped, with the facts that decide.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about the contact, read from its own column"
)]
pub struct BatchContact {
    /// The contact.
    pub contact_id: ContactId,
    /// The goal's group's knowledge of them (rule A5).
    pub values: Values,
    /// They were redacted.
    pub redacted: bool,
    /// They have opted out.
    pub opted_out: bool,
    /// They are deactivated in the goal's group.
    pub deactivated: bool,
    /// Their number takes no texts.
    pub not_textable: bool,
    /// They were assigned to another agent (rule W4).
    pub another_agents: bool,
}

/// Why a contact is skipped for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// They were redacted since the goal was launched.
    Redacted,
    /// They have opted out since then.
    OptedOut,
    /// They were deactivated since then.
    Deactivated,
    /// Their number was found to take no texts.
    NotTextable,
    /// The script gives no text for them.
    NoText(NoText),
}

impl SkipReason {
    /// Returns the reason as it is kept beside the contact.
    pub fn word(&self) -> String {
        match self {
            Self::Redacted => "redacted".to_owned(),
            Self::OptedOut => "opted_out".to_owned(),
            Self::Deactivated => "deactivated".to_owned(),
            Self::NotTextable => "not_textable".to_owned(),
            Self::NoText(NoText::Missing(missing)) => format!("missing_value:{}", missing.field),
            Self::NoText(NoText::TooLong) => "text_too_long".to_owned(),
        }
    }

    /// Returns whether the contact may not be texted at all, with any script.
    pub const fn is_of_contact(&self) -> bool {
        match self {
            Self::Redacted | Self::OptedOut | Self::Deactivated | Self::NotTextable => true,
            Self::NoText(_) => false,
        }
    }
}

/// The decision about a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactDecision {
    /// The text is queued now.
    Queue(Text),
    /// They are skipped for good.
    Skip(SkipReason),
    /// They stay in the batch: the request does not name them, or another agent has them by now.
    Leave,
}

impl BatchContact {
    /// Returns the reason for which the contact may not be texted any more (rule T2).
    pub const fn forbidden(&self) -> Option<SkipReason> {
        match self {
            Self { redacted: true, .. } => Some(SkipReason::Redacted),
            Self { opted_out: true, .. } => Some(SkipReason::OptedOut),
            Self { deactivated: true, .. } => Some(SkipReason::Deactivated),
            Self { not_textable: true, .. } => Some(SkipReason::NotTextable),
            _ => None,
        }
    }

    /// Decides about the contact. One that may not be texted is skipped whether or not the request
    /// names them: a batch with such a contact would never be finished.
    pub fn decide(&self, asked: bool, composer: &Composer) -> ContactDecision {
        if let Some(reason) = self.forbidden() {
            return ContactDecision::Skip(reason);
        }
        if self.another_agents || !asked {
            return ContactDecision::Leave;
        }
        match composer.compose(&self.values) {
            Ok(text) => ContactDecision::Queue(text),
            Err(why) => ContactDecision::Skip(SkipReason::NoText(why)),
        }
    }
}

/// The decision about a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchSend {
    /// Texts to queue.
    pub texts: BTreeMap<ContactId, Text>,
    /// Contacts without a text by this script, by the reason's word.
    pub skipped: BTreeMap<String, Vec<ContactId>>,
    /// Contacts that may not be texted any more, by the reason's word.
    pub forbidden: BTreeMap<String, Vec<ContactId>>,
    /// Contacts that stay.
    pub left: Vec<ContactId>,
}

/// Decides about the contacts of a batch. A request names contacts, or has all that are there.
pub fn decide(contacts: &[BatchContact], named: Option<&[ContactId]>, composer: &Composer) -> BatchSend {
    let mut send = BatchSend::default();
    for contact in contacts {
        let (id, asked) = (contact.contact_id, named.is_none_or(|named| named.contains(&contact.contact_id)));
        match contact.decide(asked, composer) {
            ContactDecision::Queue(text) => drop(send.texts.insert(id, text)),
            ContactDecision::Leave => send.left.push(id),
            ContactDecision::Skip(reason) => {
                let by_reason = if reason.is_of_contact() { &mut send.forbidden } else { &mut send.skipped };
                by_reason.entry(reason.word()).or_default().push(id);
            }
        }
    }
    send
}

/// Returns the contacts that may not be texted any more, by the reason's word.
pub fn forbidden(contacts: &[BatchContact]) -> BTreeMap<String, Vec<ContactId>> {
    let mut by_reason = BTreeMap::<String, Vec<ContactId>>::new();
    for contact in contacts {
        if let Some(reason) = contact.forbidden() {
            by_reason.entry(reason.word()).or_default().push(contact.contact_id);
        }
    }
    by_reason
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{goals::goal::GoalType, sending::template::Template};

    fn composer(script: &str) -> Composer {
        Composer {
            template: Template::parse(script, |_| true).unwrap(),
            agent_first_name: "Grace".to_owned(),
            agent_last_name: String::new(),
            group_name: "One".to_owned(),
            organization_name: "Ours".to_owned(),
            goal_date: GoalType::Event.date_words(chrono::NaiveDateTime::MIN),
            smart_encoding: false,
            max_segments: 1,
        }
    }

    fn contact(nth: u128) -> BatchContact {
        BatchContact {
            contact_id: ContactId(Uuid::from_u128(nth)),
            values: Values { first_name: "Ada".to_owned(), fields: json!({}), ..Values::default() },
            redacted: false,
            opted_out: false,
            deactivated: false,
            not_textable: false,
            another_agents: false,
        }
    }

    #[test]
    fn t2_a_contact_that_may_not_be_texted_is_skipped_with_the_first_reason_named_or_not() {
        let all = BatchContact { redacted: true, opted_out: true, deactivated: true, not_textable: true, ..contact(1) };
        let out = BatchContact { redacted: false, ..all.clone() };
        let inactive = BatchContact { opted_out: false, ..out.clone() };
        let landline = BatchContact { deactivated: false, another_agents: true, ..inactive.clone() };
        for (contact, reason) in [
            (&all, SkipReason::Redacted),
            (&out, SkipReason::OptedOut),
            (&inactive, SkipReason::Deactivated),
            (&landline, SkipReason::NotTextable),
        ] {
            for asked in [false, true] {
                assert_eq!(contact.decide(asked, &composer("Hi")), ContactDecision::Skip(reason.clone()));
            }
        }
    }

    #[test]
    fn w4_another_agents_contact_stays_and_so_does_one_that_is_not_named() {
        let theirs = BatchContact { another_agents: true, ..contact(1) };
        assert_eq!(theirs.decide(true, &composer("Hi {{street}}")), ContactDecision::Leave);
        assert_eq!(contact(2).decide(false, &composer("Hi {{street}}")), ContactDecision::Leave);
    }

    #[test]
    fn m1_and_m3_a_contact_without_a_text_is_skipped_with_the_reason() {
        let word = |contact: &BatchContact, script: &str| match contact.decide(true, &composer(script)) {
            ContactDecision::Skip(reason) => reason.word(),
            other => panic!("{other:?}"),
        };
        assert_eq!(word(&contact(1), "Hi {{street}}"), "missing_value:street");
        assert_eq!(word(&contact(1), &"Hi ".repeat(60)), "text_too_long");
    }

    prop_compose! {
        fn any_contact()(
            nth in 0u128..40, facts in 0u8..32, ward: bool, long: bool,
        ) -> BatchContact {
            let is = |bit: u8| facts & (1 << bit) != 0 && facts % 3 == 0;
            let fields = if ward { json!({ "ward": if long { "5".repeat(200) } else { "5th".to_owned() } }) } else { json!({}) };
            BatchContact {
                values: Values { fields, ..contact(nth).values },
                redacted: is(0),
                opted_out: is(1),
                deactivated: is(2),
                not_textable: is(3),
                another_agents: is(4),
                ..contact(nth)
            }
        }
    }

    proptest! {
        #[test]
        fn b7_each_contact_has_one_outcome_and_only_those_that_may_be_texted_get_a_text(
            contacts in proptest::collection::btree_map(0u128..40, any_contact(), 0..30),
            named in proptest::option::of(proptest::collection::vec(0u128..50, 0..20)),
        ) {
            let contacts: Vec<_> = contacts.into_iter()
                .map(|(nth, contact)| BatchContact { contact_id: ContactId(Uuid::from_u128(nth)), ..contact })
                .collect();
            let named: Option<Vec<_>> =
                named.map(|named| named.into_iter().map(|nth| ContactId(Uuid::from_u128(nth))).collect());
            let composer = composer("Hi {{first_name}} of {{ward}}");
            let send = decide(&contacts, named.as_deref(), &composer);
            let skipped = send.skipped.values().chain(send.forbidden.values()).flatten();
            let mut outcomes: Vec<_> = send.texts.keys().chain(skipped).chain(&send.left).copied().collect();
            outcomes.sort_unstable();
            let all: Vec<_> = contacts.iter().map(|contact| contact.contact_id).collect();
            prop_assert_eq!(outcomes, all);
            prop_assert_eq!(&send.forbidden, &forbidden(&contacts));
            for contact in &contacts {
                let asked = named.as_ref().is_none_or(|named| named.contains(&contact.contact_id));
                if let Some(text) = send.texts.get(&contact.contact_id) {
                    prop_assert!(asked && contact.forbidden().is_none() && !contact.another_agents);
                    prop_assert!(text.segments.segments <= composer.max_segments);
                    prop_assert_eq!(&composer.compose(&contact.values).unwrap(), text);
                }
                if send.left.contains(&contact.contact_id) {
                    prop_assert!(contact.another_agents || !asked);
                }
            }
        }
    }
}
