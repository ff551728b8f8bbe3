//! Titles of the document's chapters, and a sentence on each.

/// Chapters by their tag.
const CHAPTERS: [(&str, &str, &str); 22] = [
    ("accounts", "Account", "The account of the caller, and its settings."),
    ("agent", "Agents", "Everything of an agent: work, first texts, replies, conversations, own scripts, events."),
    ("audit", "Audit", "Acts of members, operators and jobs."),
    ("automations", "Automations", "Words in contacts' texts that set something off, tried before they are on."),
    ("campaigns", "Campaigns", "One goal in many groups at once: launched, paused, followed up, forecast."),
    ("contacts", "Contacts", "People of an organization: search, edits, opt-outs, bulk changes, and why."),
    ("conversations", "Conversations", "Review of conversations by admins."),
    ("exports", "Exports", "Records as files, with links."),
    ("forms", "Forms", "Forms by which people sign up, as admins write them."),
    ("goals", "Goals", "Goals from the draft to the figures: targeting, preview, forecast, calendar."),
    ("groups", "Groups", "Groups, their members and their contacts."),
    ("imports", "Imports", "Files of contacts: looked at, imported, undone, and fetched from sources."),
    ("members", "Members", "Members, invitations and tokens."),
    ("operator", "Operators", "The installation: jobs, queues, schedules, daemons, texts without an outcome."),
    ("organizations", "Organizations", "Organizations, their settings, numbers, caps, rates and registrations."),
    ("privacy", "Privacy", "Redactions, access requests and retention."),
    ("scripts", "Scripts", "The organization's library of scripts."),
    ("sessions", "Sessions", "Sessions of members, and their limits."),
    ("sign-in", "Sign-in", "Codes by mail, invitations, identity providers."),
    ("sign-ups", "Sign-ups", "The forms as visitors see and send them."),
    ("tags", "Tags and fields", "Tags and custom fields: made, renamed, merged, locked."),
    ("webhooks", "Webhooks", "Requests of the carrier, by its signature."),
];

/// Returns a chapter's title.
pub(super) fn title(tag: &str) -> String {
    CHAPTERS
        .iter()
        .find(|(known, ..)| *known == tag)
        .map_or_else(|| tag.to_owned(), |(_, title, _)| (*title).to_owned())
}

/// Returns the sentence on a chapter.
pub(super) fn about(tag: &str) -> &'static str {
    CHAPTERS.iter().find(|(known, ..)| *known == tag).map_or("", |(.., about)| about)
}
