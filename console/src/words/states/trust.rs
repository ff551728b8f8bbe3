//! Words on files of records, acts, and times after which records leave. Chapter: trust.

use muster_domain::trust::{
    audit::{PrincipalKind, Via},
    export::{ExportFailure, ExportFormat, ExportKind, ExportState, FileEnd},
    retention::RetentionStep,
};

use super::{NOTHING, english};

english! {
    ExportKind {
        Contacts: "People", "One line a person.", NOTHING;
        Conversations: "Conversations", "One line a text.", NOTHING;
        GoalResults: "Results of goals", "One line a person of a goal, with the result.", NOTHING;
        CampaignResults: "Results of campaigns", "One line a goal, with its figures.", NOTHING;
        OptOuts: "People who stopped texts", "One line a person who asked for no more texts.", NOTHING;
        Audit: "What was done", "One line an act of a member.", NOTHING;
        AccessRequest: "All about one person", "Everything that is kept about one person.", NOTHING;
    }
    ExportFormat {
        Csv: "Spreadsheet (CSV)", "Opens in every spreadsheet.", NOTHING;
        JsonLines: "For programs (JSON)", "One record a line, for another program.", NOTHING;
        Html: "Page", "A page to read and to print.", NOTHING;
    }
    ExportState {
        Waiting: "Starting", "The file waits for its turn.", NOTHING;
        Running: "Being written", "The file is being written.", "You may leave this page. It goes on.";
        Succeeded: "Ready", "The file is whole.", "Make a link to download it.";
        Failed: "Did not finish", "It could not go on. The reason is beside it.", "Ask for it again.";
        Cancelled: "Stopped", "An admin stopped it. Nothing of it is kept.", NOTHING;
    }
    ExportFailure {
        NotAllowedAnyMore: "No longer allowed", "The admin who asked may not have it any more.",
            "Another admin can ask for it.";
        Redactions: "People were being erased", "People were erased again and again while it was written.",
            "Ask for it again later.";
        GivenUp: "Gave up", "Something went wrong each time it was tried.",
            "Ask for it again. If it fails again, tell the people who run this installation.";
    }
    FileEnd {
        Aged: "Kept long enough", "Files are kept for some days only.", "Ask for a new one.";
        Redaction: "A person was erased", "Somebody in the file was erased since, so the file is gone.",
            "Ask for a new one.";
    }
    PrincipalKind {
        Member: "A member", "An admin or a texter did it.", NOTHING;
        Operator: "The installation's staff", "Somebody who runs this installation did it.", NOTHING;
        Visitor: "A visitor", "A person who signed up did it.", NOTHING;
    }
    Via {
        Api: "In the console or a program", "It was asked for directly.", NOTHING;
        Cli: "On the command line", "It was done with the command line tool.", NOTHING;
        Job: "By itself, as asked", "It was done later, because somebody had asked for it.", NOTHING;
    }
    RetentionStep {
        Contacts: "People not in touch", "People who were not in touch for long are erased.", NOTHING;
        Texts: "Old texts", "Old texts lose their words.", NOTHING;
        Imports: "Old files", "Imported files and rows that were not taken are deleted.", NOTHING;
        Addresses: "Addresses of downloads", "It is forgotten from where a file was downloaded.", NOTHING;
        Done: "Done", "Everything that was due has left.", NOTHING;
    }
}
