//! Members by a CSV file (rule A6).

use muster_integration_tests::{Answer, Call, Client, Organization, World};
use reqwest::Method;

async fn invite(by: &Client, ours: &Organization, query: &str, file: impl Into<Vec<u8>>) -> Answer {
    by.call(Method::POST, &ours.at(&format!("members/invite{query}")), Call::raw("text/csv", file)).await
}

/// Returns line, outcome and reason of each row.
fn outcomes(answer: &Answer) -> Vec<(String, String, String)> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let lines = answer.text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let behind = |nth: usize| cells[cells.len() - nth].to_owned();
        (cells[0].to_owned(), behind(3), behind(2))
    });
    lines.collect()
}

fn told(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter().map(|(line, outcome, reason)| ((*line).into(), (*outcome).into(), (*reason).into())).collect()
}

const FILE: &str = "First Name,Last Name,Email,Role,Groups
Ada,Lovelace,ada@example.org,,Queens
Grace,Hopper,GRACE@example.org,agent,queens;Kings
Alan,Turing,alan@example.org,group_admin,Kings
=cmd(),Evil,evil@example.org,agent,Nowhere
Ada,Again,ada@example.org,agent,
,Nameless,no@example.org,agent,
Mary,Jackson,mary at example,agent,
King,George,king@example.org,account_admin,
Kat,Johnson,kat@example.org,agent,Kings
";

#[tokio::test]
async fn a6_a_file_of_members_is_taken_row_by_row_and_never_twice() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (queens, kings) = (ours.group("Queens").await, ours.group("Kings").await);
            ours.add_numbers(&["+12125559901", "+12125559902", "+12125559903"]).await;
            let before = world.contents().await;
            let wanted = |good: &'static str| {
                told(&[
                    ("2", good, ""),
                    ("3", good, ""),
                    ("4", good, ""),
                    ("5", "refused", "unknown_group"),
                    ("6", "refused", "email_taken"),
                    ("7", "refused", "bad_name"),
                    ("8", "refused", "bad_email"),
                    ("9", "refused", "unknown_role"),
                    ("10", "refused", "no_sender_number"),
                ])
            };
            let dry = invite(&ours.admin, &ours, "?dry_run=true", FILE).await;
            assert_eq!(outcomes(&dry), wanted("would_invite"));
            assert_eq!(world.contents().await, before);

            let made = invite(&ours.admin, &ours, "", FILE).await;
            assert_eq!(outcomes(&made), wanted("invited"));
            assert!(made.text.contains("\"'=cmd()\""), "a formula is defused: {}", made.text);
            let members = world.rows("member").not("role", "account_admin");
            assert_eq!(members.list::<Vec<String>>("first_name", "first_name").await, ["Ada", "Alan", "Grace"]);
            assert_eq!(world.rows("group_member").is("group_id", &kings).count().await, 2);
            assert_eq!(world.rows("sender_number").is("group_id", &queens).has("agent_id").count().await, 2);

            // The same file again makes nobody.
            let again = outcomes(&invite(&ours.admin, &ours, "", FILE).await);
            assert!(again.iter().all(|(_, outcome, _)| outcome == "refused"), "{again:?}");
            assert_eq!(members.count().await, 3);
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admin_invites_agents_into_their_groups_alone() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            ours.add_numbers(&["+12125559905"]).await;
            let file = format!(
                "first,last,email,role,groups\nA,B,a@example.org,agent,{other}\nC,D,c@example.org,agent,Other\n\
                 E,F,e@example.org,group_admin,Mine\nG,H,g@example.org,agent,{mine}\n"
            );
            assert_eq!(
                outcomes(&invite(&admin.client, &ours, "", file).await),
                told(&[
                    ("2", "refused", "unknown_group"),
                    ("3", "refused", "unknown_group"),
                    ("4", "refused", "role_not_yours_to_give"),
                    ("5", "invited", ""),
                ])
            );
        })
        .await;
}

#[tokio::test]
async fn a6_a_file_of_members_that_is_too_large_or_is_none_is_refused_whole() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let before = world.contents().await;
            let row = |nth: usize| format!("A,B,a{nth}@example.org\n");
            let many = format!("first,last,email\n{}", (0..1_001).map(row).collect::<String>());
            invite(&ours.admin, &ours, "", many).await.problem(422, "invalid-body");
            invite(&ours.admin, &ours, "", "x".repeat(1024 * 1024 + 1)).await.problem(413, "too-large");
            for file in ["", "first,last\nA,B\n", "\u{0}\u{1}\u{2}"] {
                invite(&ours.admin, &ours, "", file).await.problem(422, "invalid-body");
            }
            assert_eq!(world.contents().await, before);
        })
        .await;
}
