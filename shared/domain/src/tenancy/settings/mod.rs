//! The settings of organizations and accounts. A setting is declared once, below: its type,
//! default, bounds and documentation. The store, the API's PATCH and answers, the OpenAPI document
//! and `docs/settings.md` follow from that; `storage::sending::waiting` does not compile until it
//! names the waiting things that a new setting of an organization moves.

mod form;

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use form::{BadSetting, Form};
use form::{HOURS, Kind, SWITCH, number, text, texts, word};

use crate::{
    sending::{
        admission::UnknownCarriers,
        hours::{Jurisdictions, SendingHours, Strictness},
    },
    text_enum::TextEnum,
};

/// A setting as it is declared.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the API and in the store.
    pub name: &'static str,
    /// The form of its value, with its bounds.
    pub form: Form,
    default: fn() -> Value,
    doc: &'static str,
}

impl Setting {
    /// Its value in a new organization.
    pub fn default(&self) -> Value {
        (self.default)()
    }

    /// Its documentation.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }
}

macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        $settings:ident in $all:ident
        $(with $(#[doc = $apart:literal])+ $extra:ident: $extra_type:ty)?;
        $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $form:expr;)+
    ) => {
        $(#[doc = $about])+
        ///
        /// In the store they are a JSON object; a member that is not there has its default. Stored
        /// values are not held against the bounds, which are for edits: a bound that is narrowed
        /// later leaves a tenant as it is.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $settings {
            $($(#[doc = $doc])+ pub $name: $type,)+
            $($(#[doc = $apart])+ pub $extra: $extra_type,)?
        }

        impl Default for $settings {
            fn default() -> Self {
                Self { $($name: $default.into(),)+ $($extra: <$extra_type>::default())? }
            }
        }

        /// Every setting, in the order of the documentation.
        pub const $all: &[Setting] = &[$(Setting {
            name: stringify!($name),
            form: $form,
            default: || Kind::shown(&$settings::default().$name),
            doc: concat!($($doc),+),
        }),+];

        impl $settings {
            /// Returns these settings with the members of a JSON merge patch: a member that is
            /// absent or null stays as it is. Nothing of a patch with a wrong member is taken.
            pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, BadSetting> {
                let mut settings = self.clone();
                for (name, value) in patch {
                    match name.as_str() {
                        // A null is refused where there is no such setting.
                        $(stringify!($name) if value.is_null() => {}
                        stringify!($name) => settings.$name = form::read(stringify!($name), &$form, value)?,)+
                        _ => return Err(BadSetting::Unknown(name.clone())),
                    }
                }
                Ok(settings)
            }

            /// Returns every setting by its name.
            pub fn members(&self) -> Map<String, Value> {
                [$((stringify!($name).to_owned(), Kind::shown(&self.$name))),+].into_iter().collect()
            }
        }
    };
}

settings! {
    /// The settings of an account.
    AccountSettings in ACCOUNT_SETTINGS;
    /// The organizations of the account hear each other's opt-outs (I3): an opt-out of one is one
    /// of all, and so is the contact's own word that opts in again. Turned on, it holds for the
    /// opt-outs from before too; turned off, it opts nobody in.
    opt_outs_account_wide: bool = false, SWITCH;
}

settings! {
    /// The settings of an organization.
    OrganizationSettings in SETTINGS
    with
    /// The organization's own table of laws; without, the built-in one. It is edited as a whole,
    /// apart from the settings.
    own_laws: Option<Jurisdictions>;
    /// Contacts in a batch (B1).
    batch_size: i32 = 100, number(1, 1_000);
    /// Minutes of a batch's lease (B3).
    lease_minutes: i32 = 60, number(1, 1_440);
    /// Minutes that an agent has for claimed replies (W3).
    response_window_minutes: i32 = 60, number(1, 1_440);
    /// Replies of agents in one conversation in an hour (W9).
    replies_per_hour: i32 = 30, number(1, 1_000);
    /// Agents may edit an initial before it goes (W9). The edited text keeps to the rules of
    /// scripts (M1 to M3) and to the day's cap (B6). Reminders go as they are written.
    agents_edit_initials: bool = false, SWITCH;
    /// Each text is sent by a request of its own (W9): no request sends a batch.
    one_request_one_contact: bool = false, SWITCH;
    /// Contacts in a group (A2).
    group_contact_limit: i32 = 10_000, number(1, i32::MAX);
    /// Contacts assigned to one agent in a group (A2).
    agent_contact_limit: i32 = 1_000, number(1, i32::MAX);
    /// Initial and reminder scripts must say how to opt out (M2).
    require_opt_out_language: bool = true, SWITCH;
    /// Keep the hours of every zone that the contact may be in, not only the group's (S5).
    recipient_safe: bool = true, SWITCH;
    /// Window in which initials and reminders go, in minutes after midnight (S5).
    sending_hours: SendingHours = SendingHours::default(), HOURS;
    /// `commercial` keeps the hours of laws on commercial texts at the contact's place, beside the
    /// organization's (S5); `off` is for organizations with exempt texts. The table of laws is at
    /// `/laws`.
    law_strictness: Strictness = Strictness::Commercial, word(<Strictness as TextEnum>::WORDS);
    /// Segments that go out from one number in any minute (S4).
    number_segments_per_minute: i32 = 60, number(1, 60_000);
    /// Count of texts to numbers of an unknown carrier (S10): `strictest` (against the strictest
    /// cap and rate that the brand has) or `unlimited`.
    unknown_carriers: UnknownCarriers = UnknownCarriers::Strictest, word(<UnknownCarriers as TextEnum>::WORDS);
    /// Replace curly quotes, dashes, ellipses and the like by plain ones in texts where that makes
    /// them no longer, before they are counted (M5).
    smart_encoding: bool = false, SWITCH;
    /// Texts in a conversation in which the contact has written go at any hour (S5); otherwise
    /// they wait for the sending hours.
    replies_at_any_hour: bool = true, SWITCH;
    /// Have numbers looked up, where this installation can (C5, S10): landlines are then never
    /// texted, and texts count under their own carrier's caps.
    carrier_lookups: bool = true, SWITCH;
    /// Days after which a number may be looked up again (S10).
    lookup_max_age_days: i32 = 90, number(1, 3_650);
    /// Initials to one contact in 24 hours over all goals (S12); 0 for no such cap.
    initials_per_day: i32 = 0, number(0, 100);
    /// Segments of a rendered initial (M3).
    max_segments: i32 = 57, number(1, 57);
    /// Opt-out words beside the usual ones (I2).
    opt_out_keywords: Vec<String> = Vec::<String>::new(), texts(1_000, 40);
    /// Opt-in words beside the usual ones (I3).
    opt_in_keywords: Vec<String> = Vec::<String>::new(), texts(1_000, 40);
    /// The one text that confirms an opt-out (I3).
    opt_out_text: String = "You are unsubscribed and will get no more texts from us.", text(320);
    /// The answer to HELP.
    help_text: String = "Reply STOP to get no more texts from us.", text(320);
    /// Columns of files that are no custom field yet are left out of imports and reported, instead
    /// of becoming fields (C14).
    lock_custom_fields: bool = false, SWITCH;
    /// Days for which files of exports are kept (E1).
    export_file_days: i32 = 7, number(1, 90);
    /// Hours after which a link to an export's file expires (E1).
    export_link_hours: i32 = 24, number(1, 720);
    /// Days after which contacts that were not in touch are redacted (R7); 0 for never.
    retention_contact_days: i32 = 0, number(0, 36_500);
    /// Days after which texts lose their bodies (R7); 0 for never.
    retention_text_days: i32 = 0, number(0, 36_500);
    /// Days after which imports lose their files, their rejected rows and the record for an undo
    /// (R7); 0 for never.
    retention_import_days: i32 = 0, number(0, 36_500);
    /// Days after which openings of links lose the client's address (R7); 0 for never.
    retention_address_days: i32 = 0, number(0, 36_500);
}

impl OrganizationSettings {
    /// Returns the table of laws that is in force, whether laws are kept or not.
    pub fn table_of_laws(&self) -> &Jurisdictions {
        self.own_laws.as_ref().unwrap_or_else(|| Jurisdictions::built_in())
    }

    /// Returns the laws to keep.
    pub fn laws(&self) -> Option<&Jurisdictions> {
        self.law_strictness.laws(self.table_of_laws())
    }

    /// Initials to one contact in 24 hours; none for no such cap (rule S12).
    pub fn initials_cap(&self) -> Option<i32> {
        Some(self.initials_per_day).filter(|most| *most > 0)
    }
}

/// Returns the documentation of every setting as Markdown: `docs/settings.md`.
pub fn reference() -> String {
    let mut page = "# Settings of an organization

`muster config reference --settings` writes this page from the settings' own documentation. Organization admins edit them with
`PATCH /v1/organizations/{organization_id}`; a member that is absent stays as it is. A change takes effect on texts that are queued, held or
still to be released (S9, B6).

"
    .to_owned();
    table(&mut page, SETTINGS);
    page.push_str(
        "
## Settings of an account

Account admins edit them with `PATCH /v1/account`.

",
    );
    table(&mut page, ACCOUNT_SETTINGS);
    page
}

fn table(page: &mut String, settings: &[Setting]) {
    page.push_str("| setting | default | bounds | |\n| --- | --- | --- | --- |\n");
    for setting in settings {
        let Setting { name, form, .. } = setting;
        // Writing to a string does not fail.
        let _ = writeln!(page, "| `{name}` | `{}` | {form} | {} |", setting.default(), setting.doc());
    }
}

#[cfg(test)]
mod tests;
