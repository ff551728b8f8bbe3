//! Ids of operations. They are made of the method and the path alone, so that they are as stable as
//! these: clients are generated from them.

use utoipa::openapi::path::HttpMethod;

/// Returns `list_goals`, `create_goal`, `get_goal_stats`, `launch_goal` and the like. `lists` is
/// whether the answer is a list, `makes` whether something is made or a job taken on.
pub(super) fn operation_id(method: &HttpMethod, path: &str, lists: bool, makes: bool) -> String {
    let parts = parts(path);
    let Some((last, before)) = parts.split_last() else { return String::new() };
    let owner: Vec<String> = before.iter().map(|part| singular(part)).collect();
    let named = |verb: &str, last: String| {
        let mut words = vec![verb.to_owned()];
        words.extend(owner.iter().cloned());
        words.push(last);
        words.retain(|word| !word.is_empty());
        words.join("_")
    };
    let ends_with_id = path.ends_with('}');
    match method {
        HttpMethod::Get if lists => named("list", last.clone()),
        HttpMethod::Get if ends_with_id => named("get", singular(last)),
        HttpMethod::Get => named("get", last.clone()),
        HttpMethod::Put if ends_with_id => named("put", singular(last)),
        HttpMethod::Put => named("put", last.clone()),
        HttpMethod::Patch => named("patch", singular(last)),
        HttpMethod::Delete => named("delete", singular(last)),
        _ if path.starts_with("/v1/webhooks/") => named("receive", last.clone()),
        _ if ends_with_id => named("act_on", singular(last)),
        _ if is_plural(last) && makes => named("create", singular(last)),
        _ if is_plural(last) => named("post", last.clone()),
        // An action on the segment before it.
        _ => named(last, String::new()),
    }
}

/// Returns the name in a path: without its version, its parameters, and the organization that most
/// paths begin with.
fn parts(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("/v1/");
    let within = path.strip_prefix("organizations/{organization_id}/").unwrap_or(path);
    let named = within.split('/').filter(|part| !part.starts_with('{'));
    named.filter(|part| *part != "webhooks").map(|part| part.replace(['-', '.'], "_")).collect()
}

fn is_plural(word: &str) -> bool {
    singular(word) != word
}

fn singular(word: &str) -> String {
    let cut = |end: &str, instead: &str| word.strip_suffix(end).map(|stem| format!("{stem}{instead}"));
    cut("ies", "y").or_else(|| cut("ches", "ch")).or_else(|| cut("s", "")).unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;

    #[test]
    fn ids_are_made_of_method_and_path() {
        for (method, path, lists, makes, id) in [
            (HttpMethod::Get, "/v1/account", false, false, "get_account"),
            (HttpMethod::Get, "/v1/organizations", true, false, "list_organizations"),
            (HttpMethod::Patch, "/v1/organizations/{organization_id}", false, false, "patch_organization"),
            (HttpMethod::Get, "/v1/organizations/{organization_id}/goals", true, false, "list_goals"),
            (HttpMethod::Post, "/v1/organizations/{organization_id}/goals", false, true, "create_goal"),
            (HttpMethod::Get, "/v1/organizations/{organization_id}/goals/{goal_id}", false, false, "get_goal"),
            (
                HttpMethod::Get,
                "/v1/organizations/{organization_id}/goals/{goal_id}/stats",
                false,
                false,
                "get_goal_stats",
            ),
            (
                HttpMethod::Post,
                "/v1/organizations/{organization_id}/goals/{goal_id}/launch",
                false,
                false,
                "launch_goal",
            ),
            (HttpMethod::Post, "/v1/agent/groups/{group_id}/replies/claim", true, false, "claim_agent_group_reply"),
            (HttpMethod::Put, "/v1/organizations/{organization_id}/caps", false, false, "put_caps"),
            (HttpMethod::Post, "/v1/webhooks/twilio/inbound", false, false, "receive_twilio_inbound"),
        ] {
            assert_eq!(operation_id(&method, path, lists, makes), id, "{path}");
        }
    }

    /// Two types of one name would be one schema: the latter takes the place of the former.
    #[test]
    fn every_schema_has_a_name_of_its_own() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut names = BTreeMap::<String, Vec<String>>::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for derived in source
                    .split("#[derive(")
                    .skip(1)
                    .filter(|rest| rest.split_once(')').is_some_and(|(list, _)| list.contains("ToSchema")))
                {
                    let mut words = derived.split_whitespace().skip_while(|word| !matches!(*word, "struct" | "enum"));
                    let name = words.nth(1).unwrap().trim_end_matches(['(', ';', '{']);
                    let name = name.split(['<', '(']).next().unwrap();
                    names.entry(name.to_owned()).or_default().push(path.display().to_string());
                }
            }
        }
        assert!(names.len() > 100, "{} schemas", names.len());
        names.retain(|_, files| files.len() > 1);
        assert!(names.is_empty(), "{names:?}");
    }
}
