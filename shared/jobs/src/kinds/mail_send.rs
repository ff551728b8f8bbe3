//! `mail-send`: its payload and its policy.

use muster_domain::ids::{InviteId, SignInId};
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Send a mail of sign-in. The worker derives its code or its link from these ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MailSend {
    /// The code of a sign-in, if somebody has its address.
    SignIn {
        /// The sign-in.
        sign_in_id: SignInId,
    },
    /// The link of an invite.
    Invite {
        /// The invite.
        invite_id: InviteId,
        /// The link that the mail is for: a later one has a mail of its own.
        generation: i32,
    },
}

impl Job for MailSend {
    const NAME: &'static str = "mail-send";
    type Mode = Leased;
    // It waits for a server of others.
    const POLICY: Policy = Policy { share: Some(4), ..Policy::SHORT };
}
