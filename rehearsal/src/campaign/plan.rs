//! The script of a campaign: groups, texts, the carrier's behaviour and the daemons' settings.

use serde_json::{Value, json};

/// A group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupPlan {
    pub(crate) name: &'static str,
    pub(crate) zone: &'static str,
    pub(crate) area_code: &'static str,
}

pub(crate) const GROUPS: [GroupPlan; 6] = [
    GroupPlan { name: "New York", zone: "America/New_York", area_code: "212" },
    GroupPlan { name: "Atlanta", zone: "America/New_York", area_code: "404" },
    GroupPlan { name: "Chicago", zone: "America/Chicago", area_code: "312" },
    GroupPlan { name: "Houston", zone: "America/Chicago", area_code: "713" },
    GroupPlan { name: "Denver", zone: "America/Denver", area_code: "303" },
    GroupPlan { name: "Los Angeles", zone: "America/Los_Angeles", area_code: "213" },
];

/// Agents of one group.
pub(crate) const AGENTS: [&str; 4] = ["Robin", "Sam", "Alex", "Toni"];

/// The words by which the carrier's record tells an initial and a reminder from everything else.
pub(crate) const INITIAL_MARK: &str = "Can we count on your vote";
pub(crate) const REMINDER_MARK: &str = "Polls are open until 8 pm";
pub(crate) const OPT_OUT_TEXT: &str = "You are unsubscribed and will get no more texts from us.";
pub(crate) const HELP_TEXT: &str = "Riverside Votes, a volunteer drive. Write STOP to get no more texts.";

const SCRIPT: &str = "Hi {{first_name|there}}, {{agent.first_name}} here, with Riverside Votes. Can we count on your vote on \
                      {{goal.date}}? Reply STOP to opt out";
const REMINDER: &str = "Hi {{first_name|there}}, {{agent.first_name}} again. Polls are open until 8 pm, thank you for voting! \
                        Reply STOP to opt out";

pub(crate) const STOP: &str = "STOP";
pub(crate) const OFF_THE_LIST: &str = "please take me off this list";
pub(crate) const YES: &str = "Yes!";
pub(crate) const NO: &str = "no";
pub(crate) const MAYBE: &str = "maybe";

/// Settings of the daemons under which everything that takes time takes less of it.
pub(crate) fn environment() -> Vec<(String, String)> {
    [
        ("MUSTER_JOB_LEASE_SECONDS", "5"),
        ("MUSTER_REPUBLISH_AFTER_SECONDS", "60"),
        ("MUSTER_CARRIER_TIMEOUT_MS", "2500"),
        // At least four times the carrier's time.
        ("MUSTER_RECONCILE_AFTER_SECONDS", "12"),
        ("MUSTER_RETRY_BASE_MS", "200"),
        ("MUSTER_RETRY_MAX_MS", "5000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Returns a carrier with some of every fault, and contacts that answer.
pub(crate) fn carrier(seed: u64) -> Value {
    let reply = |body: &str, chance: f64| {
        json!({
            "body": body, "chance": chance, "delay_ms": { "min": 300, "max": 2_500 },
            // A confirmation or a thank-you is not answered.
            "only_to_body_containing": "Reply STOP",
        })
    };
    json!({
        "seed": seed,
        "behaviour": {
            "latency_ms": { "min": 5, "max": 40 },
            "temporary_error": 0.005,
            "drop_after_accept": 0.003,
            "drop_before_accept": 0.002,
            "permanent_error": 0.005,
            "undelivered": 0.01,
            "receipts": { "sent": 0.1, "repeat": 0.02, "out_of_order": 0.02, "delay_ms": { "min": 100, "max": 1_000 } },
            "replies": [
                reply(STOP, 0.05), reply(OFF_THE_LIST, 0.01), reply(YES, 0.08), reply(NO, 0.04), reply(MAYBE, 0.02),
                reply("HELP", 0.005),
            ],
            // One to the initial and one to the reminder.
            "max_replies_per_number": 2,
        },
    })
}

/// Returns the organization's settings.
pub(crate) fn settings() -> Value {
    json!({
        "sending_hours": { "opens_minute": 0, "closes_minute": 1_440 },
        "law_strictness": "off",
        "number_segments_per_minute": 60_000,
        "lease_minutes": 1,
        "opt_out_text": OPT_OUT_TEXT,
        "help_text": HELP_TEXT,
    })
}

/// Returns the goal that is launched in every group.
pub(crate) fn goal(opens: &str, reminders_open: &str, closes: &str) -> Value {
    json!({
        "name": "Vote plan",
        "goal_type": "turnout",
        "date": closes,
        "instructions": "Be kind. Record what people say.",
        "script": SCRIPT,
        "reminder": { "script": REMINDER, "opens": reminders_open, "closes": closes },
        "opens": opens,
        "closes": closes,
        // Not paced to the cap, so that messages are really held at it.
        "release_plan": { "pace": "all_at_open", "paced_to_caps": false },
    })
}
