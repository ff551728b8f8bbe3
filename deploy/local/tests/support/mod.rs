//! Helpers of these tests: a stack of one's own, the servers that are left of it, and the broker's
//! API.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "helpers of tests; every story uses some of them")]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use muster_local::{Stack, StackOptions};
use serde_json::{Value, json};

/// Returns a stack that no environment can replace, so that it may be killed.
pub async fn own_stack() -> Stack {
    Stack::start(StackOptions { always_own: true, ..StackOptions::default() }).await.unwrap()
}

/// Returns the servers under `folder`: the processes that run there or name it on their command
/// line.
pub fn servers_in(folder: &Path) -> Vec<String> {
    let in_folder = |pid: &str| {
        let at = PathBuf::from(format!("/proc/{pid}"));
        let command = std::fs::read(at.join("cmdline")).unwrap_or_default();
        let named = String::from_utf8_lossy(&command).contains(folder.to_str().unwrap());
        named || std::fs::read_link(at.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    };
    let all = std::fs::read_dir("/proc").unwrap();
    let processes = all.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    processes.filter(|name| name.parse::<i32>().is_ok() && in_folder(name)).collect()
}

/// Waits until `condition` holds; panics after half a minute.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Calls the broker's management API; a body makes it a `PUT`, or a `POST` where the path says
/// publish or get.
pub async fn management(stack: &Stack, path: &str, body: Option<Value>) -> Value {
    let client = reqwest::Client::new();
    let url = format!("{}/api/{path}", stack.rabbitmq.management_url());
    let request = match &body {
        None => client.get(url),
        Some(body) if path.ends_with("/publish") || path.ends_with("/get") => client.post(url).json(body),
        Some(body) => client.put(url).json(body),
    };
    let response = request.send().await.unwrap().error_for_status().unwrap();
    let text = response.text().await.unwrap();
    if text.is_empty() { json!(null) } else { serde_json::from_str(&text).unwrap() }
}
