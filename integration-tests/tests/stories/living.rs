//! A system to click through (`cargo xtask local --demo`): an admin, an agent and an operator come
//! in by the links that it prints, its campaign goes on, and it ends when it is asked to.

use std::{process::Stdio, time::Duration};

use muster_integration_tests::{eventually, holds, seconds};
use muster_local::{http, programs::Binary};
use reqwest::Client;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

/// Follows an invite's link as a browser does; returns the session's cookie.
async fn enter(http: &Client, link: &str) -> String {
    let (page, query) = link.split_once('?').unwrap();
    let secret = query.split('&').find_map(|pair| pair.strip_prefix("secret=")).unwrap();
    let click = http.post(page).header("sec-fetch-site", "same-origin").form(&[("secret", secret)]);
    let answer = click.send().await.unwrap();
    let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let session = cookies.filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.starts_with("__Host-muster="));
    session.unwrap_or_else(|| panic!("{link} begins no session: {}", answer.status())).to_owned()
}

async fn page(http: &Client, address: &str, session: &str) -> String {
    http.get(address).header("cookie", session).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_living_system_lets_an_admin_an_agent_and_an_operator_in_while_its_campaign_goes_on() {
    let program = Binary::Cli.path().expect("Muster's binaries are built before its stories are told");
    let mut live = Command::new(program.with_file_name("muster-rehearsal"));
    live.args(["live", "--json", "--contacts", "600", "--workers", "1"]).stdout(Stdio::piped()).kill_on_drop(true);
    let mut live = live.spawn().expect("starting the living system");
    let mut lines = BufReader::new(live.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("it says where it is");
    let doors: Value = serde_json::from_str(&line).unwrap();
    let door = |name: &str| doors[name].as_str().unwrap().to_owned();
    let http = http::client(Duration::from_secs(20)).unwrap();
    let api = door("api_url");

    let admin = enter(&http, &door("admin")).await;
    let home = page(&http, &format!("{api}/app"), &admin).await;
    let (_, rest) = home.split_once("href=\"/app/o/").unwrap_or_else(|| panic!("no organization: {home}"));
    let organization = rest.split('"').next().unwrap();
    assert!(home.contains("Riverside Votes"), "{home}");
    let today = page(&http, &format!("{api}/app/o/{organization}"), &admin).await;
    assert!(today.contains("Going on") && today.contains("Vote plan"), "{today}");
    let agent = enter(&http, &door("agent")).await;
    eventually(seconds(60), async || {
        let work = page(&http, &format!("{api}/text"), &agent).await;
        holds(work.contains("Vote plan"), work)
    })
    .await;
    let overview = http.get(format!("{api}/v1/operator/overview")).bearer_auth(door("operator")).send().await.unwrap();
    assert_eq!(overview.status(), 200);

    // The carrier accepts one text after another.
    let carrier = door("simulator_url");
    let accepted = async || {
        let stats = http.get(format!("{carrier}/_sim/stats")).send().await.unwrap();
        stats.json::<Value>().await.unwrap()["accepted"].as_i64().unwrap()
    };
    let before = accepted().await;
    eventually(seconds(90), async || {
        let now = accepted().await;
        holds(now > before + 5, now)
    })
    .await;
    let ask = format!("kill -TERM {}", live.id().unwrap());
    assert!(Command::new("sh").args(["-c", &ask]).status().await.unwrap().success());
    assert!(live.wait().await.unwrap().success(), "it ends well when it is asked to");
}
