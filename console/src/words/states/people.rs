//! Words on people, their standing, and changes of many at once. Chapter: people.

use muster_domain::people::{
    bulk::{BulkActionKind, BulkFailure, BulkOutcome, BulkState},
    contact::{ContactEventKind, ContactSource, OptOutOrigin, SaveOutcome},
    filter::ContactStatus,
    line::LineType,
    merge::{MergeKind, MergeStep},
};

use super::{NOTHING, english};

english! {
    ContactStatus {
        Active: "Can be texted", "Nothing stands in the way.", NOTHING;
        Deactivated: "Switched off in a group", "An admin switched the person off in a group.",
            "Switch them on again on their card.";
        OptedOut: "Asked for no more texts", "The person stopped texts.",
            "Only the person can change that, by texting START.";
        NotTextable: "Cannot get texts", "The number is a landline, or nobody has it.",
            "Ask the person for a mobile number.";
        Redacted: "Erased", "Everything about the person was erased.", "Nothing can bring them back.";
    }
    LineType {
        Unknown: "Not known", "It was not looked up yet. The number may be texted.", NOTHING;
        Mobile: "Mobile phone", "The number takes texts.", NOTHING;
        Voip: "Internet phone", "Most of these take texts.", NOTHING;
        Landline: "Landline", "The number takes no texts.", "Ask the person for a mobile number.";
        Invalid: "Nobody's number", "The phone company says that nobody has this number.",
            "Ask the person for another number.";
    }
    ContactSource {
        File: "A file", "An imported file brought the person.", NOTHING;
        Api: "Added one by one", "An admin or another program added the person.", NOTHING;
        Form: "A sign-up form", "The person signed up.", NOTHING;
        Inbound: "Their own text", "The person texted one of your numbers first.", NOTHING;
    }
    OptOutOrigin {
        Text: "Their own text", "The person texted STOP, or said so in other words.", NOTHING;
        Agent: "A texter", "A texter wrote it down for the person.", NOTHING;
        Admin: "An admin", "An admin wrote it down for the person.", NOTHING;
        File: "A file", "A column of an imported file said so.", NOTHING;
        Carrier: "The phone company", "The phone company says that the person has stopped texts.", NOTHING;
        Redacted: "From before the erasure", "The number was stopped before its person was erased.", NOTHING;
        Account: "Another organization", "The person stopped another organization of your account.", NOTHING;
    }
    SaveOutcome {
        Created: "Added", "The person is new.", NOTHING;
        Joined: "Joined the group", "The person was known and has joined the group.", NOTHING;
        Updated: "Changed", "The person was known, and what you wrote has been kept.", NOTHING;
        Unchanged: "As before", "The person was known, just so.", NOTHING;
    }
    ContactEventKind {
        OptedOut: "Asked for no more texts", "The person stopped texts.",
            "Only the person can change that, by texting START.";
        OptedOutByAccount: "Stopped another organization",
            "The person stopped another organization of your account, and that counts here.",
            "Only the person can change that, by texting START.";
        OptedIn: "Wants texts again", "The person asked for texts again.", NOTHING;
        NotTextable: "Cannot get texts", "The number turned out to take no texts.",
            "Ask the person for a mobile number.";
        Textable: "Can get texts", "The number turned out to take texts.", NOTHING;
        Redacted: "Erased", "Everything about the person was erased.", "Nothing can bring them back.";
        Deactivated: "Switched off in the group", "An admin switched the person off.",
            "Switch them on again on their card.";
        Reactivated: "Switched on in the group", "The person is active in the group again.", NOTHING;
        RemovedFromGroup: "Taken out of the group", "The person left the group.",
            "Add them again on their card, for the next goal.";
    }
    MergeKind {
        Tag: "Tags", "Two tags become one.", NOTHING;
        Field: "Fields", "Two fields become one.", NOTHING;
    }
    MergeStep {
        Copy: "Beginning", "People with the one get the other.", NOTHING;
        Switch: "Half way", "Goals, texts and forms come to name the other.", NOTHING;
        Move: "Nearly done", "People lose the one.", NOTHING;
        Done: "Done", "Nothing has the one any more.", NOTHING;
    }
    BulkActionKind {
        Tag: "Add a tag", "Each of them gets the tag.", NOTHING;
        Untag: "Take a tag away", "Each of them loses the tag.", NOTHING;
        Assign: "Give to a texter", "Each of them belongs to one member of the team.", NOTHING;
        Unassign: "Take from their texter", "Each of them belongs to nobody in the team.", NOTHING;
        Deactivate: "Switch off in a group", "No goal of the group texts them.", "You can switch them on again.";
        Reactivate: "Switch on in a group", "Goals of the group may text them again.", NOTHING;
        OptOut: "Stop texts to them", "None of them is texted any more.",
            "Be sure: only each person can undo it, by texting START.";
        AddToGroup: "Add to a group", "Each of them joins the group.", NOTHING;
        RemoveFromGroup: "Take out of a group", "Each of them leaves the group, and unsent texts to them stop.", NOTHING;
    }
    BulkState {
        Waiting: "Starting", "The people are being gathered.", NOTHING;
        Running: "Going on", "One slice of people after another is done.", "You can stop it.";
        Succeeded: "Done", "Every one of the people was looked at.", NOTHING;
        Failed: "Did not finish", "It could not go on. The reason is beside it.", "Start it again when that is mended.";
        Cancelled: "Stopped", "An admin stopped it. What was done stays.", NOTHING;
    }
    BulkOutcome {
        Changed: "Changed", "These people were changed.", NOTHING;
        Unchanged: "So already", "These people were so before.", NOTHING;
        NotInGroup: "Not in the group", "These people are not in the group.", "Add them to the group first.";
        GroupFull: "No room in the group", "The group has as many people as it may have.",
            "Make another group, or raise the number in Settings.";
        AgentFull: "Texter is full", "The texter has as many people as one may have.",
            "Choose another texter, or raise the number in Settings.";
        Redacted: "Erased meanwhile", "These people were erased.", NOTHING;
        Gone: "Gone meanwhile", "These people were deleted, or are no longer yours to see.", NOTHING;
    }
    BulkFailure {
        NotAllowedAnyMore: "No longer allowed", "The admin who started it may not do it any more.",
            "Another admin can start it again.";
        TagGone: "The tag is gone", "The tag was deleted meanwhile.", "Make the tag again, or choose another.";
        AgentGone: "The texter is gone", "The texter no longer works in the group.", "Choose another texter.";
    }
}
