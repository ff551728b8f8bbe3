//! Conversations as the API tells them to their agent (docs/conversations.md).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::language::Language;

/// A conversation.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) group_id: String,
    first_name: String,
    last_name: String,
    pub(crate) held_by: Option<String>,
    pub(crate) held_until: Option<String>,
    pub(crate) unread_since: Option<String>,
    pub(crate) last_message_at: String,
}

impl Thread {
    /// Returns the contact's name.
    pub(crate) fn name(&self, lang: Language) -> String {
        let name = format!("{} {}", self.first_name, self.last_name);
        let name = name.trim();
        if name.is_empty() { lang.nameless().to_owned() } else { name.to_owned() }
    }

    /// Returns whether a member holds it.
    pub(crate) fn is_held_by(&self, member_id: &str) -> bool {
        self.held_by.as_deref() == Some(member_id)
    }
}

/// A conversation with its texts.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) thread: Thread,
    pub(crate) contact: Contact,
    pub(crate) messages: Vec<Message>,
    pub(crate) earlier: Option<String>,
}

/// The contact, by the knowledge of the conversation's group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Contact {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) fields: BTreeMap<String, Option<String>>,
    pub(crate) tags: Vec<String>,
}

/// A text.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    kind: String,
    pub(crate) state: String,
    pub(crate) failure: Option<String>,
    pub(crate) body: String,
    pub(crate) segments: u32,
    pub(crate) edited: bool,
    media: Option<Media>,
    pub(crate) created_at: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Media {
    count: usize,
}

impl Message {
    /// Returns whether the contact wrote it.
    pub(crate) fn is_theirs(&self) -> bool {
        self.kind == "inbound"
    }

    /// Returns how many pictures came with it.
    pub(crate) fn pictures(&self) -> usize {
        self.media.as_ref().map_or(0, |media| media.count)
    }
}

/// Replies to pick from, as they would go to the contact.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Scripts {
    responses: Vec<Script>,
    library: Vec<Script>,
    own: Vec<Script>,
}

/// One of them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) text: Option<String>,
}

/// A script with its text and its number.
#[derive(Debug, Clone)]
pub(crate) struct Numbered<'s> {
    pub(crate) number: usize,
    pub(crate) name: &'s str,
    pub(crate) text: &'s str,
}

impl Scripts {
    /// Returns those that have a text, numbered: the goal's, the library's, the agent's own.
    pub(crate) fn numbered(&self) -> Vec<Numbered<'_>> {
        let all = self.responses.iter().chain(&self.library).chain(&self.own);
        let texts = all.filter_map(|script| script.text.as_deref().map(|text| (script.name.as_str(), text)));
        texts.enumerate().map(|(place, (name, text))| Numbered { number: place + 1, name, text }).collect()
    }
}

/// A tag that the agent may set.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tag {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Another agent of the group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Colleague {
    pub(crate) id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
}
