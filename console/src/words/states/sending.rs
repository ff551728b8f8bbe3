//! Words on texts: how far one is, and why it waits or does not go. Chapter: sending.

use muster_domain::sending::{
    CancelReason, HoldReason,
    admission::UnknownCarriers,
    brand_hold::BrandHoldReason,
    hours::{HolidayCalendar, Strictness},
    message::{MessageKind, MessageState, ReceiptStatus},
    segments::Encoding,
};

use super::{NOTHING, english};

english! {
    MessageState {
        Queued: "About to go", "The text is written and waits for its turn.", NOTHING;
        Held: "Waiting", "The text cannot go at this moment. The reason is beside it.",
            "It goes by itself when the reason is over.";
        Sending: "On its way out", "The text is being given to the phone company.", NOTHING;
        Unknown: "Not known", "The phone company did not say whether it took the text.",
            "It is being asked. The text is never sent a second time on a guess.";
        Sent: "Sent", "The phone company has the text.", "Its receipt says later whether the phone got it.";
        Delivered: "Delivered", "The person's phone has the text.", NOTHING;
        Undelivered: "Not delivered", "The phone company gave up on the text.", "The code beside it says why.";
        Failed: "Refused", "The phone company did not take the text.", "The code beside it says why.";
        Cancelled: "Will not go", "The text was stopped before it went. The reason is beside it.", NOTHING;
        Received: "Received", "The person wrote this.", "Somebody should read it.";
    }
    MessageKind {
        Initial: "First text", "It opens the conversation. One person gets one of these for each goal.", NOTHING;
        Reminder: "Reminder", "It reminds a person who said yes.", NOTHING;
        Reply: "Answer", "A member of the team wrote it in the conversation.", NOTHING;
        OptOutConfirmation: "Goodbye", "It confirms that the person gets no more texts.", NOTHING;
        Help: "Help", "It answers a person who texted HELP.", NOTHING;
        Test: "Test", "An admin sent it to their own phone. It counts nowhere.", NOTHING;
        Inbound: "From the person", "The person wrote it.", "Somebody should read it.";
    }
    ReceiptStatus {
        Sent: "Sent", "The phone company works on it.", NOTHING;
        Delivered: "Delivered", "The person's phone has it.", NOTHING;
        Undelivered: "Not delivered", "The phone company gave up.", "The code beside it says why.";
        Failed: "Refused", "The phone company refused it after taking it.", "The code beside it says why.";
    }
    HoldReason {
        Paused: "Paused", "An admin paused the goal.", "Resume the goal, and the text goes.";
        NotOpen: "Not open yet", "The goal's opening was moved to later.",
            "Wait until it opens, or move the opening back.";
        Hours: "Outside texting hours", "It is too early or too late where the person may live.",
            "It goes by itself when the hours open. Settings has the hours.";
        Cap: "Today's allowance is used up", "Phone companies allow so many texts a day, and today's are gone.",
            "It goes tomorrow. A higher trust score of your registration raises the allowance.";
        Carrier: "The phone company asked to wait", "The phone company is busy, or had a fault that passes.",
            "It is tried again by itself.";
        Rate: "In line", "Texts go one after another, as fast as the phone company takes them.",
            "It goes within moments.";
        Frequency: "Texted lately", "The person had as many first texts in 24 hours as your settings allow.",
            "It goes when the day is over. Settings has the number.";
    }
    CancelReason {
        Redacted: "Person erased", "Everything about the person was erased.", "Nothing can bring them back.";
        OptedOut: "Stopped by the person", "The person asked for no more texts.",
            "Only the person can change that, by texting START.";
        Deactivated: "Switched off in the group", "The person is switched off in this group.",
            "Switch them on again on their card, if that was a mistake.";
        NotInGroup: "Not in the group", "The person was taken out of the group.",
            "Add them again on their card, for the next goal.";
        NotTextable: "Cannot get texts", "The number is a landline, or nobody has it.",
            "Ask the person for a mobile number.";
        Reassigned: "Given to someone else", "The person now belongs to another member of the team.",
            "Their new texter sends it.";
        NoLongerYes: "No longer a yes", "Reminders go to people who said yes, and this person changed their answer.",
            NOTHING;
        WindowClosed: "Closed first", "The goal closed before the text could go.",
            "Move the closing to later, and people who were left are texted.";
        NoCommonHours: "No hours in common", "The places where the person may live have no texting hours in common.",
            "Add the person's postal code, or widen the hours in Settings.";
        NumberGone: "Number gone", "The number it was to come from is no longer yours.",
            "Check that each texter has a number, under Groups.";
    }
    BrandHoldReason {
        Cap: "Today's allowance is used up", "The phone company says that today's texts are gone.",
            "Texts go on tomorrow by themselves.";
        Carrier: "The phone company asked to stop", "The phone company takes nothing more for now.",
            "If it lasts, the people who run this installation must look at the account there.";
    }
    UnknownCarriers {
        Strictest: "Careful", "A number of an unknown phone company counts under the smallest allowance.", NOTHING;
        Unlimited: "Without a limit", "A number of an unknown phone company counts under no allowance.",
            "Choose careful if the phone company complains.";
    }
    Strictness {
        Off: "Laws off", "Laws on the hours of commercial texts are not applied.",
            "Use this only if your texts are exempt.";
        Commercial: "Laws on", "Each state's hours for commercial texts are kept.", NOTHING;
    }
    HolidayCalendar {
        Federal: "Federal holidays", "The holidays of the United States.", NOTHING;
        Alabama: "Alabama's holidays", "Federal holidays, and Alabama's own.", NOTHING;
        Louisiana: "Louisiana's holidays", "Federal holidays, and Louisiana's own.", NOTHING;
    }
    Encoding {
        Gsm7: "Plain letters", "The text has ordinary letters alone, and 160 fit in one part.", NOTHING;
        Ucs2: "Special letters", "An emoji or a curly quote makes the text longer: 70 letters fit in one part.",
            "Take the special letter out, and the text costs less.";
    }
}
