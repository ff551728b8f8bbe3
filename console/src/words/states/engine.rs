//! Words on work that the installation does by itself, for operators. Chapter: engine.

use muster_domain::engine::{
    act::{JobActState, JobVerb},
    bucket::BucketKind,
    job::JobState,
    process::ProcessRole,
    schedule::{CatchUpPolicy, Gap, Note, Overlap, SkipReason, TickFate},
};

use super::{NOTHING, english};

english! {
    JobState {
        Pending: "Waiting", "It waits for its time, or for the relay to publish it.", NOTHING;
        Published: "In line", "It is at the message broker, and a worker takes it next.", NOTHING;
        Running: "Running", "A worker is at it.", NOTHING;
        Succeeded: "Done", "All that it does is saved.", NOTHING;
        Parked: "Given up", "It failed as often as it may, and does nothing more by itself.",
            "Read the last error. Mend the cause, then retry it, or cancel it.";
        Cancelled: "Cancelled", "An operator cancelled it, or newer work has replaced it.", NOTHING;
    }
    JobVerb {
        Retry: "Retry", "It runs again from the start, with all its attempts.", NOTHING;
        Cancel: "Cancel", "It does not run any more.", "This cannot be undone.";
    }
    JobActState {
        Running: "Going on", "One after another is done, at the rate that was asked for.", "You can stop it.";
        Succeeded: "Done", "None is left that matched.", NOTHING;
        Stopped: "Stopped", "An operator stopped it.", NOTHING;
        Aborted: "Stopped by itself", "Too many of them failed again.", "Mend the cause before the next try.";
    }
    ProcessRole {
        Api: "Web server", "It answers browsers and other programs.", NOTHING;
        Scheduler: "Scheduler", "It starts work at its time.", NOTHING;
        Worker: "Worker", "It does the work.", NOTHING;
    }
    BucketKind {
        Form: "Sign-ups of a form", "So many people may sign up in a while.", NOTHING;
        FormClient: "Sign-ups from one place", "So many may come from one address.", NOTHING;
        SignInAddress: "Sign-ins from one place", "So many may come from one address.", NOTHING;
        SignInEmail: "Sign-ins of one member", "So many may be tried for one member.", NOTHING;
        Credential: "Requests of one key", "So many may come with one token or session.", NOTHING;
        Account: "Requests of one account", "So many may come from one account.", NOTHING;
    }
    CatchUpPolicy {
        Skip: "Skip what was missed", "Times that were missed do not come back.", NOTHING;
        Coalesce: "One run for all", "One run stands for all times that were missed.", NOTHING;
        All: "Run each late", "Each of the newest missed times runs late.", NOTHING;
    }
    TickFate {
        Fired: "On time", "It ran at its time.", NOTHING;
        Late: "Late", "It ran after its time.", "Look at the scheduler if it goes on.";
        Coalesced: "Joined with a later one", "A later run stands for it.", NOTHING;
        Skipped: "Skipped", "It did not run. The reason is beside it.", NOTHING;
    }
    SkipReason {
        Missed: "Missed", "The scheduler was not there, and this schedule does not catch up.", NOTHING;
        BeyondBound: "Too many missed", "More were missed than the schedule catches up with.", NOTHING;
        Changed: "Changed", "The schedule was changed before its time.", NOTHING;
        Disabled: "Switched off", "An operator switched the schedule off.", "Switch it on again.";
        Removed: "Removed", "The schedule is no longer there.", NOTHING;
    }
    Note {
        Plain: "Once", "This time of day comes once.", NOTHING;
        Shifted: "Moved by the clock change", "This time of day does not exist that day; it is the first after \
            the gap.",
            NOTHING;
        FirstPass: "First of two", "This time of day comes twice that day; it is the first.", NOTHING;
        SecondPass: "Second of two", "This time of day comes twice that day; it is the second.", NOTHING;
    }
    Gap {
        Skip: "Skip it", "A time that does not exist that day does not run.", NOTHING;
        After: "Right after the gap", "A time that does not exist that day runs right after the gap.", NOTHING;
    }
    Overlap {
        First: "The first time", "A time that comes twice runs the first time.", NOTHING;
        Last: "The second time", "A time that comes twice runs the second time.", NOTHING;
        Both: "Both times", "A time that comes twice runs both times.", NOTHING;
    }
}
