//! Words on members and their sign-in. Chapter: tenancy.

use muster_domain::tenancy::{
    member::MemberState,
    role::Role,
    sign_in::{code::MailLanguage, invite::InviteState, operator::OperatorRights, scope::Scope, session::SignInMethod},
};

use super::{NOTHING, english};

english! {
    Role {
        Agent: "Texter", "Texts people and answers them. Sees only their own conversations.", NOTHING;
        GroupAdmin: "Group admin", "Runs some groups: their people, texters and goals.", NOTHING;
        OrganizationAdmin: "Organization admin", "Runs everything in this organization.", NOTHING;
        AccountAdmin: "Account admin", "Runs all organizations, and alone may erase people.", NOTHING;
    }
    MemberState {
        Active: "Active", "They can sign in and work.", NOTHING;
        Suspended: "Suspended", "They cannot sign in. What they had in hand is free for others.",
            "Let them back in when you want.";
        Removed: "Removed", "They are gone for good. Their history stays.", NOTHING;
    }
    InviteState {
        Pending: "Invited", "The invitation was sent and not used yet.", "Ask them to look into their mail.";
        Accepted: "Joined", "They used the invitation.", NOTHING;
        Expired: "Invitation ran out", "They did not use it in time.", "Send a new one.";
        Revoked: "Invitation taken back", "An admin took it back.", "Send a new one if that was a mistake.";
    }
    Scope {
        Read: "Reading only", "It can look and change nothing.", NOTHING;
        Full: "All rights", "It can do all that the member can.", NOTHING;
    }
    SignInMethod {
        EmailCode: "Code by mail", "They typed a code that was sent to them.", NOTHING;
        Invite: "Invitation", "They used their invitation.", NOTHING;
        Oidc: "Your own sign-in", "They signed in at your organization's sign-in.", NOTHING;
    }
    MailLanguage {
        En: "English", "Mails are in English.", NOTHING;
        Es: "Spanish", "Mails are in Spanish.", NOTHING;
    }
    OperatorRights {
        Read: "Looking", "They can look and change nothing.", NOTHING;
        Act: "Looking and acting", "They can start, stop and repair work.", NOTHING;
    }
}
