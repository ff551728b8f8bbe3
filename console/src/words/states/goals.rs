//! Words on goals, their people and their timing. Chapter: goals.

use muster_domain::goals::{
    answer::Answer,
    availability::Work,
    batch::{BatchKind, BatchState},
    calendar::EntryKind,
    campaign::CampaignAction,
    forecast::UnreachedReason,
    goal::{AssignmentStrategy, GoalStatus, GoalType},
    release::WaitsFor,
    script::ScriptKind,
    targeting::{Attribute, EarlierResult, Part},
};

use super::{NOTHING, english, spanish};

english! {
    GoalStatus {
        Draft: "Draft", "It is being written. Nobody is texted.", "Review it, and launch it.";
        Paused: "Paused", "An admin stopped it for now. Nothing goes out.", "Resume it when you are ready.";
        Scheduled: "Waiting to open", "It is launched and opens at its time.", NOTHING;
        Active: "Open", "The team can text now.", "Look at its figures to see how it goes.";
        Completed: "Closed", "Its time is over. Answers can still be read and written.",
            "Move the closing to later to open it again.";
    }
    GoalType {
        Event: "Event", "People are invited to something that starts at a time.", NOTHING;
        VolunteerShift: "Volunteer shift", "People are asked to help at a time.", NOTHING;
        Turnout: "Turnout", "People are asked to vote by a day.", NOTHING;
        Fundraising: "Fundraising", "People are asked to give by a day.", NOTHING;
        Advocacy: "Advocacy", "People are asked to speak up by a day.", NOTHING;
        Survey: "Survey", "People are asked what they think by a day.", NOTHING;
        Custom: "Something else", "Anything else that has a day.", NOTHING;
    }
    AssignmentStrategy {
        Anyone: "Anyone may text anyone", "Each texter gets the next people in line.", NOTHING;
        Assigned: "Each person has a texter", "A texter gets only the people who were given to them.",
            "Give each person a texter first; others are not texted.";
    }
    Answer {
        Yes: "Yes", "They will.", "They can be reminded.";
        No: "No", "They will not.", NOTHING;
        Maybe: "Maybe", "They do not know yet.", "Ask again later.";
    }
    BatchKind {
        Initial: "First texts", "People to open a conversation with.", NOTHING;
        Reminder: "Reminders", "People who said yes, to be reminded.", NOTHING;
    }
    BatchState {
        Held: "Waiting for its time", "These people are handed out later, as the plan says.", NOTHING;
        Released: "Ready for a texter", "These people can be texted, and no texter has them yet.",
            "Ask your texters to open their page.";
        Leased: "With a texter", "A texter is working through these people.", NOTHING;
        Finished: "Done", "Each of these people was texted or passed over.", NOTHING;
    }
    EntryKind {
        Opens: "Opens", "Texting can begin.", NOTHING;
        ReminderOpens: "Reminders begin", "People who said yes can be reminded.", NOTHING;
        Release: "More people", "The plan hands out more people.", NOTHING;
        Date: "The day itself", "The event, the shift or the day that it is about.", NOTHING;
        ReminderCloses: "Reminders end", "No more reminders go out.", NOTHING;
        Closes: "Closes", "Texting ends.", NOTHING;
    }
    CampaignAction {
        Pause: "Pause", "All goals of the campaign stop for now.", NOTHING;
        Resume: "Resume", "All goals of the campaign go on.", NOTHING;
        Close: "Close", "All goals of the campaign end now.", NOTHING;
    }
    UnreachedReason {
        NeverOpen: "Their hours do not open in time", "While the goal is open, it is never a lawful hour for them.",
            "Open the goal for longer.";
        Cap: "The daily allowance runs out", "Phone companies allow fewer texts a day than there are people left.",
            "Open the goal for more days, or text fewer people.";
        Time: "There is too little time", "Texts go one after another, and the goal closes before the last.",
            "Open the goal for longer, or hand out more people at a time.";
    }
    WaitsFor {
        Pace: "The plan's next step", "The plan hands out more people after a while.", NOTHING;
        Hours: "Texting hours", "More people are handed out when the hours open.", NOTHING;
        Cap: "Tomorrow's allowance", "More people are handed out when there is room for their texts.", NOTHING;
    }
    ScriptKind {
        Initial: "First text", "It opens a conversation.", NOTHING;
        Reminder: "Reminder", "It reminds a person who said yes.", NOTHING;
        Response: "Answer", "It answers a person.", NOTHING;
    }
    Attribute {
        PostalCode: "Postal code", "The person's postal code.", NOTHING;
        Email: "Email", "The person's email address.", NOTHING;
        ExternalId: "Your own id", "The id that the person has in your own records.", NOTHING;
        AssignedAgent: "Texter", "The member of the team who was given the person.", NOTHING;
    }
    EarlierResult {
        NotMessaged: "Was not texted", "The person was meant to get a text there and got none.", NOTHING;
        Messaged: "Was texted", "The person got the first text there.", NOTHING;
        Replied: "Wrote back", "The person answered there.", NOTHING;
        NotReplied: "Did not write back", "The person was texted there and did not answer.", NOTHING;
        Yes: "Said yes", "The person said yes there.", NOTHING;
        No: "Said no", "The person said no there.", NOTHING;
        Maybe: "Said maybe", "The person said maybe there.", NOTHING;
        OptedOut: "Asked for no more texts", "The person stopped texts there. They are never texted.", NOTHING;
    }
    Part {
        Selected: "Will be texted", "These people get the text.", NOTHING;
        LeftOut: "Left out by your choice", "One of your conditions leaves these people out.",
            "Change the conditions if that is wrong.";
        Excluded: "Cannot be texted", "No goal may text these people.", "Open a person's card to see why.";
    }
    Work {
        Initials: "First texts", "Opening conversations.", NOTHING;
        Reminders: "Reminders", "Reminding people who said yes.", NOTHING;
        Unread: "Answers", "Reading and answering what people wrote.", NOTHING;
        Scripts: "The goal's texts", "Reading the prepared texts.", NOTHING;
        OwnScripts: "Your own texts", "Reading your own prepared texts.", NOTHING;
        Answers: "Yes, no, maybe", "Writing down what a person said.", NOTHING;
        Conversations: "Conversations", "Reading conversations.", NOTHING;
    }
}

spanish! {
    GoalStatus {
        Draft: "Borrador", "Se está preparando. Nadie recibe mensajes.", "No hay nada que hacer.";
        Paused: "En pausa", "Un administrador la detuvo por ahora.", "Espere a que continúe.";
        Scheduled: "Por abrir", "Ya está lista y abre a su hora.", "Espere a que abra.";
        Active: "Abierta", "Puede enviar mensajes ahora.", "Empiece cuando quiera.";
        Completed: "Cerrada", "Su tiempo terminó. Aún puede responder.", "Responda lo que haya llegado.";
    }
    Answer {
        Yes: "Sí", "La persona dijo que sí.", "Se le puede recordar.";
        No: "No", "La persona dijo que no.", "No hay nada que hacer.";
        Maybe: "Tal vez", "La persona aún no sabe.", "Pregunte más tarde.";
    }
    BatchKind {
        Initial: "Primeros mensajes", "Personas con quienes abrir una conversación.", "Empiece cuando quiera.";
        Reminder: "Recordatorios", "Personas que dijeron que sí.", "Empiece cuando quiera.";
    }
    ScriptKind {
        Initial: "Primer mensaje", "Abre una conversación.", "No hay nada que hacer.";
        Reminder: "Recordatorio", "Recuerda a quien dijo que sí.", "No hay nada que hacer.";
        Response: "Respuesta", "Responde a una persona.", "No hay nada que hacer.";
    }
    Work {
        Initials: "Primeros mensajes", "Abrir conversaciones.", "No hay nada que hacer.";
        Reminders: "Recordatorios", "Recordar a quienes dijeron que sí.", "No hay nada que hacer.";
        Unread: "Respuestas", "Leer y responder lo que escriben.", "No hay nada que hacer.";
        Scripts: "Textos de la meta", "Leer los textos preparados.", "No hay nada que hacer.";
        OwnScripts: "Sus propios textos", "Leer sus textos preparados.", "No hay nada que hacer.";
        Answers: "Sí, no, tal vez", "Anotar lo que dijo la persona.", "No hay nada que hacer.";
        Conversations: "Conversaciones", "Leer conversaciones.", "No hay nada que hacer.";
    }
}
