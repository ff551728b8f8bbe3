//! The OpenAPI document as a list of operations, and a body for each that would be taken.

use muster_integration_tests::{CONFIRMATION, Call, Client, DOCUMENT, goal_at};
use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// One method of one path.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With `{parameters}`.
    pub(crate) path: String,
    /// The document's words on it.
    pub(crate) spec: Value,
}

/// Callers that an operation allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Admins,
    Agents,
    /// Any member.
    Anyone,
    Operators,
    Carrier,
    /// Anybody, without a token.
    Public,
}

/// Returns the document.
pub(crate) async fn document(client: &Client) -> Value {
    client.get("/openapi.json").await.ok()
}

/// Returns every operation of the document.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, spec) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                all.push(Operation { method, path: path.clone(), spec: spec.clone() });
            }
        }
    }
    assert!(all.len() > 40, "the document has only {} operations", all.len());
    all
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn who(&self) -> Who {
        match self.role() {
            "anybody" => Who::Public,
            "carrier" => Who::Carrier,
            "member" => Who::Anyone,
            "agent" => Who::Agents,
            "group_admin" | "organization_admin" | "account_admin" => Who::Admins,
            "operator" => Who::Operators,
            other => panic!("{} is for {other:?}", self.name()),
        }
    }

    /// Returns the least role that may ask, or another kind of caller, as the document says.
    pub(crate) fn role(&self) -> &str {
        self.spec["x-muster-access"]["role"].as_str().unwrap_or_default()
    }

    /// Returns whether it needs the full scope, as the document says.
    pub(crate) fn changes(&self) -> bool {
        self.spec["x-muster-access"]["scope"] == "full"
    }

    /// Names of the path's parameters.
    pub(crate) fn parameters(&self) -> Vec<String> {
        let parts = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        parts.map(ToOwned::to_owned).collect()
    }

    /// Returns the path with these ids; ids that are not given are of nothing. Required parameters
    /// of the query are there.
    pub(crate) fn url(&self, ids: &BTreeMap<&str, String>) -> String {
        let mut url = self.path.clone();
        for name in self.parameters() {
            let id = ids.get(name.as_str()).cloned();
            let usual = match name.as_str() {
                "action" => "pause".to_owned(),
                "daemon_name" => "no-such-daemon".to_owned(),
                "schedule_name" => "no-such-schedule".to_owned(),
                "form_key" => Uuid::now_v7().simple().to_string(),
                "download_key" => format!("muster_{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple()),
                _ => Uuid::now_v7().to_string(),
            };
            url = url.replace(&format!("{{{name}}}"), &id.unwrap_or(usual));
        }
        if self.path.ends_with("/calendar") {
            return format!("{url}?from=2027-06-01&to=2027-06-30");
        }
        if self.path.ends_with("/why") {
            let goal = ids.get("goal_id").cloned().unwrap_or_else(|| Uuid::now_v7().to_string());
            return format!("{url}?goal_id={goal}");
        }
        if self.is_upload() { format!("{url}?file_name=c.csv&zone=America/Chicago&area_code=312") } else { url }
    }

    /// Returns whether its body is a file.
    fn takes_file(&self) -> bool {
        self.spec["requestBody"]["content"]["text/csv"].is_object()
    }

    pub(crate) fn is_upload(&self) -> bool {
        self.takes_file() && self.path.ends_with("/imports")
    }

    /// Returns the schema of its JSON body.
    pub(crate) fn schema(&self) -> Option<&str> {
        let schema = &self.spec["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        schema.as_str()?.strip_prefix("#/components/schemas/")
    }

    /// Returns a request that has the right form.
    pub(crate) fn sample(&self) -> Call {
        if self.takes_file() {
            return Call::raw("text/csv", "first,last,phone\nAda,Lovelace,6465550001\n");
        }
        if self.who() == Who::Carrier {
            return Call::raw("application/x-www-form-urlencoded", "MessageSid=SM1&MessageStatus=sent");
        }
        self.schema().map_or_else(Call::empty, |schema| Call::json(&body(schema)))
    }
}

/// Returns a body of this schema that has the right form.
#[expect(clippy::match_same_arms, reason = "a line for each schema")]
pub(crate) fn body(schema: &str) -> Value {
    let id = Uuid::now_v7();
    let goal = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}));
    match schema {
        "ActReason" => json!({ "reason": "by the night shift" }),
        "ScheduleEdit" => json!({ "cron": "*/5 * * * *", "zone": "UTC", "reason": "by the night shift" }),
        "NewJobAct" => json!({ "verb": "retry", "filter": { "kind": "probe" }, "reason": "the cause is mended" }),
        "CarriersWord" => json!({ "error_code": 30008, "reason": "the carrier's console" }),
        "JobsToHold" => json!({ "kind": "probe", "reason": "by the night shift" }),
        "JobsToLimit" => json!({ "kind": "probe", "at_most": 2, "reason": "by the night shift" }),
        "AccountSettingsBody" => json!({ "opt_outs_account_wide": true }),
        "AgentOptOutBody" => json!({ "reason_id": id }),
        "Assignment" => json!({ "thread_ids": [id], "agent_id": id }),
        "HandOn" => json!({ "agent_id": id }),
        "ProfileEdit" => json!({ "first_name": "Grace" }),
        "AnswerBody" => json!({ "answer": "yes" }),
        "FieldEdit" | "TagEdit" => json!({ "locked": true }),
        "FieldRename" => json!({ "name": "Voting district" }),
        "FormInput" => json!({ "group_id": id, "title": "Join us", "consent_text": "I agree to get texts" }),
        "MergeInto" => json!({ "into": id }),
        "NewFieldBody" => json!({ "name": "Precinct" }),
        "NewTagBody" => json!({ "name": "Runner" }),
        "OptOutLookup" => json!({ "phone": "+16465550001" }),
        "SignUpBody" => json!({ "phone": "+16465550001", "agrees": true }),
        "Cap" => json!({ "daily_segments": 2000 }),
        "CampaignNumbersBody" => json!({ "numbers": [] }),
        "RegisteredCampaignBody" => json!({ "name": "Get out the vote" }),
        "Claim" => json!({ "workflow": "initial" }),
        "Duplicate" => json!({ "group_ids": [id] }),
        "ContactEditBody" => json!({ "notes": "likes tea" }),
        "GoalInput" => goal,
        "GroupEdit" => json!({ "name": "Bronx" }),
        "LawsEdit" => json!({ "laws": null }),
        "Rate" => json!({ "carrier": "att", "segments_per_minute": 4500 }),
        "MemberEditBody" => json!({ "first_name": "Grace" }),
        "MembershipEdit" => json!({ "active": true }),
        "CampaignEdit" => json!({ "name": "Everywhere", "goal": goal }),
        "CampaignFollowUp" => json!({ "name": "Again", "any_of": ["yes"], "goal": goal }),
        "GoalFollowUp" => json!({ "any_of": ["yes"], "goal": goal }),
        "MoreGroups" => json!({ "group_ids": [id] }),
        "NewExportBody" => json!({ "kind": "contacts" }),
        "NewAccessRequestBody" => json!({ "contact_id": id, "reason": "asked by letter" }),
        "NewBulkChangeBody" => json!({ "filter": { "name": "Ada" }, "action": "tag", "tag": "vip" }),
        "Automation" => {
            json!({ "name": "Join", "keywords": ["join"], "matching": "exact", "actions": [{ "kind": "opt_in" }] })
        }
        "DryRun" => json!({ "group_id": id, "automation": body("Automation") }),
        "NewContactBody" => json!({ "phone": "+16465550009", "group_id": id, "first_name": "Ada" }),
        "NewLibraryScript" => json!({ "kind": "response", "name": "Thanks", "script": "Thank you!" }),
        "NewOwnScript" => json!({ "name": "Thanks", "script": "Thank you!" }),
        "OwnScriptEdit" | "ScriptEdit" => json!({ "name": "Thanks" }),
        "TextToPreview" => json!({ "lease_token": 1, "contact_id": id }),
        "NewCampaign" => json!({ "name": "Everywhere", "group_ids": [id], "goal": goal }),
        "NewGoal" => json!({ "group_id": id, "goal": goal }),
        "NewGroupBody" => json!({ "name": "Queens", "zone": "America/New_York", "area_code": "718" }),
        "NewMemberBody" => json!({ "role": "agent", "first_name": "Ada", "last_name": "Lovelace" }),
        "NewTokenBody" => json!({ "name": "Laptop" }),
        "NewOrganization" => json!({ "name": "Another" }),
        "NewRedaction" => json!({ "phone": "+16465550001", "confirmation": CONFIRMATION }),
        "Numbers" => json!({ "numbers": ["+12125559999"] }),
        "OptOut" => json!({ "reason": "by phone" }),
        "Reply" | "TextToCount" => json!({ "text": "See you there" }),
        "Return" | "Send" | "SendOne" => json!({ "lease_token": 1 }),
        "IdentityProviderInput" => json!({
            "issuer": "https://127.0.0.1:1", "client_id": "muster", "client_secret": "hush", "email_domains": ["example.org"],
        }),
        "OidcSignInBody" => json!({ "account_id": id }),
        "OidcConfirmation" => json!({ "client_secret": "none", "state": "none", "code": "none" }),
        "InviteToAccept" => json!({ "invite_id": id, "secret": "0".repeat(64) }),
        "NewInviteBody" => json!({ "days": 3 }),
        "SignInBody" => json!({ "email": "ada@example.org" }),
        "SignInConfirmation" => json!({ "sign_in_id": id, "client_secret": "none", "code": "BCDF2345" }),
        "SessionsToEnd" => json!({ "others_only": true }),
        "SignInPolicyEdit" => json!({ "session_idle_minutes": 60 }),
        "SettingsBody" => json!({ "batch_size": 50 }),
        "SourceBody" => json!({ "group_id": id, "name": "Voters", "url": "store:voters.csv" }),
        "TestText" => json!({ "phone": "+16465550001" }),
        "TierChoice" => json!({ "tier": "low_volume" }),
        "Skip" => json!({ "lease_token": 1, "contact_id": id, "reason": "moved" }),
        other => panic!("no sample of {other}: say here what a request with this body looks like"),
    }
}

/// Bodies that are not of this schema, each with its fault: from the sample and from the document's
/// words on its members.
pub(crate) fn bad_bodies(document: &Value, schema: &str) -> Vec<(String, Call)> {
    let sample = body(schema);
    let mut bad: Vec<(String, Call)> = vec![
        ("no body".into(), Call::raw("application/json", "")),
        ("no content type".into(), Call { body: Some(sample.to_string().into()), headers: Vec::new() }),
        ("a form".into(), Call::raw("application/x-www-form-urlencoded", "a=b")),
        ("broken JSON".into(), Call::raw("application/json", "{\"a\": ")),
        ("more after the JSON".into(), Call::raw("application/json", format!("{sample} {{}}"))),
        ("not UTF-8".into(), Call::raw("application/json", b"{\"a\": \"\xff\xfe\"}".to_vec())),
        ("deep nesting".into(), Call::raw("application/json", "[".repeat(100_000))),
    ];
    for (what, wrong) in [
        ("null", json!(null)),
        ("a text", json!("text")),
        ("a number", json!(7)),
        // Lists have a test of their own.
        ("a list of objects", json!([{ "no": "such" }])),
    ] {
        bad.push((what.into(), Call::json(&wrong)));
    }
    let with = |name: &str, value: Value| {
        let mut body = sample.clone();
        body[name] = value;
        Call::json(&body)
    };
    bad.push(("an unknown member".into(), with("no_such_member", json!(1))));
    let known = &document["components"]["schemas"][schema];
    for name in known["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut body = sample.clone();
        body.as_object_mut().unwrap().remove(name);
        bad.push((format!("without {name}"), Call::json(&body)));
    }
    for (name, spec) in known["properties"].as_object().unwrap() {
        let types = spec.to_string();
        let nullable = types.contains("\"null\"");
        let mut wrong = vec![json!({ "no": "such" }), json!([{ "no": "such" }])];
        // A map of texts takes any name.
        wrong.retain(|value| !(value.is_object() && DOCUMENT.resolve(spec)["additionalProperties"].is_object()));
        if !types.contains("boolean") {
            wrong.push(json!(true));
        }
        if !types.contains("integer") {
            wrong.push(json!(1.5));
        }
        if types.contains("integer") {
            wrong.extend([json!(1e300), json!(0.5), json!("1")]);
        }
        if !nullable {
            wrong.push(json!(null));
        }
        if types.contains("uuid") {
            wrong.extend([json!("not-an-id"), json!(["not-an-id"])]);
        }
        for value in wrong {
            bad.push((format!("{name}: {value}"), with(name, value)));
        }
    }
    bad
}
