//! Rule A5: no member acts for a member that can do more, or elsewhere, than they can themselves,
//! and group admins see their groups alone.

use muster_integration_tests::{Call, Organization, Person, World, all_are, goal_at, text};
use std::collections::BTreeMap;

use muster_domain::{
    ids::{AccountId, GroupId, ImportSourceId, MemberId, OrganizationId},
    tenancy::role::Role,
};
use muster_storage::{
    imports::sources::{self, Definition, Replaced},
    tenancy::members::{self, NewMember},
};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

/// A member of the matrix, with where they are.
struct One {
    name: &'static str,
    person: Person,
    rank: usize,
    /// The account, and the organization; an account admin has all of the account's.
    account: usize,
    organization: Option<usize>,
    groups: &'static [usize],
}

impl One {
    /// Returns the rule's answer, written a second time: may this member act for the other?
    fn covers(&self, other: &Self) -> bool {
        if self.name == other.name {
            return true;
        }
        if self.account != other.account {
            return false;
        }
        match self.rank {
            3 => true,
            2 => self.organization == other.organization && other.rank < 2,
            1 => {
                self.organization == other.organization
                    && other.rank < 1
                    && !other.groups.is_empty()
                    && other.groups.iter().all(|group| self.groups.contains(group))
            }
            _ => false,
        }
    }
}

const ROLES: [&str; 4] = ["agent", "group_admin", "organization_admin", "account_admin"];

/// Everybody mints and revokes everybody's tokens: role by own group, other group, sister
/// organization and foreign tenant.
#[tokio::test]
async fn a5_tokens_are_made_and_ended_only_by_whose_reach_includes_all_of_the_members() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let foreign = world.organization("Foreign").await;
            let organizations = [&ours, &sister, &foreign];
            let account_of = [0, 0, 1];
            let groups =
                [ours.group("A").await, ours.group("B").await, sister.group("S").await, foreign.group("F").await];
            let spots: [(&str, usize, usize, &[usize]); 14] = [
                ("agent of A", 0, 0, &[0]),
                ("agent of B", 0, 0, &[1]),
                ("agent of A and B", 0, 0, &[0, 1]),
                ("agent of none", 0, 0, &[]),
                ("admin of A", 1, 0, &[0]),
                ("another admin of A", 1, 0, &[0]),
                ("admin of A and B", 1, 0, &[0, 1]),
                ("organization admin", 2, 0, &[]),
                ("another organization admin", 2, 0, &[]),
                ("account admin", 3, 0, &[]),
                ("another account admin", 3, 0, &[]),
                ("sister's agent", 0, 1, &[2]),
                ("sister's organization admin", 2, 1, &[]),
                ("foreign organization admin", 2, 2, &[]),
            ];
            let mut everybody = Vec::new();
            for (name, rank, organization, of) in spots {
                let ids: Vec<&str> = of.iter().map(|group| groups[*group].as_str()).collect();
                let (person, _) = organizations[organization].member_of(ROLES[rank], &ids).await;
                let own = (rank < 3).then_some(organization);
                everybody.push(One {
                    name,
                    person,
                    rank,
                    account: account_of[organization],
                    organization: own,
                    groups: of,
                });
            }
            let mut wrong = Vec::new();
            for one in &everybody {
                for other in &everybody {
                    // Under the organization of the other: it is the one in which their tokens are.
                    let at = organizations[other.organization.or(one.organization).unwrap_or(0)];
                    let mint = at.at(&format!("members/{}/tokens", other.person.id));
                    let minted = one.person.client.act(&mint).await;
                    // A token of the other's that somebody else has made.
                    let theirs = at.admin.act(&mint).await;
                    let theirs =
                        if theirs.status == 201 { text(&theirs.ok()["id"]) } else { other.person.token_id.clone() };
                    let revoked = one
                        .person
                        .client
                        .call(Method::DELETE, &at.at(&format!("tokens/{theirs}")), Call::empty())
                        .await;
                    let wanted = if one.covers(other) && one.rank > 0 { (201, 204) } else { (403, 404) };
                    for (status, may) in [(minted.status, wanted.0), (revoked.status, wanted.1)] {
                        let fits = if wanted == (403, 404) { matches!(status, 403 | 404) } else { status == may };
                        if !fits {
                            wrong.push(format!("{} for {}: {status}", one.name, other.name));
                        }
                    }
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
        })
        .await;
}

/// Adding an agent to an own group does not make them one's own.
#[tokio::test]
async fn a5_a_group_admin_does_not_get_an_agent_by_adding_them() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let (theirs, _) = ours.agent(&other).await;
            let numbers = json!({ "numbers": ["+12125550911", "+12125550912"] });
            ours.admin.post(&ours.at("numbers"), numbers).await.ok();
            let before = world.contents().await;
            let add = async |member: &str| {
                admin
                    .client
                    .call(Method::PUT, &ours.at(&format!("groups/{mine}/members/{member}")), Call::empty())
                    .await
            };
            add(&theirs.id).await.problem(404, "not-found");
            for role in ["group_admin", "organization_admin"] {
                let peer = ours.member(role).await;
                assert!(matches!(add(&peer.id).await.status, 403 | 404), "a {role} is not a group admin's to place");
            }
            assert_eq!(world.contents().await["group_member"], before["group_member"]);

            // The organization's admin adds them: then they are in both, and still not the group
            // admin's.
            ours.join(&mine, "agent", &theirs.id).await;
            admin.client.act(&ours.at(&format!("members/{}/tokens", theirs.id))).await.problem(403, "forbidden");
            let token = ours.at(&format!("tokens/{}", theirs.token_id));
            admin.client.call(Method::DELETE, &token, Call::empty()).await.problem(403, "forbidden");
            theirs.client.get("/v1/account").await.ok();
            // Asking again for the present state is harmless.
            add(&theirs.id).await.ok();

            // A member that a group admin appoints and adds is theirs.
            let new = json!({ "role": "agent", "first_name": "New", "last_name": "Agent" });
            let new = text(&admin.client.post(&ours.at("members"), new).await.ok()["id"]);
            let mint = ours.at(&format!("members/{new}/tokens"));
            admin.client.act(&mint).await.problem(403, "forbidden");
            add(&new).await.ok();
            admin.client.act(&mint).await.ok();
        })
        .await;
}

/// Makes a contact in both groups, from an import of the second; returns it and the import.
async fn shared(world: &World, ours: &Organization, admin: &str, [mine, other]: [&str; 2]) -> (Uuid, Uuid) {
    let (contact, import) = (Uuid::now_v7(), Uuid::now_v7());
    let id = &ours.id;
    let import_row = format!(
        "insert into import (id, organization_id, group_id, created_by, file_name, object_key, size_bytes)
         values ('{import}', '{id}', '{other}', '{admin}', 'a.csv', 'a', 1)"
    );
    let contact_row = format!(
        "insert into contact (id, organization_id, e164, source, source_import_id)
         values ('{contact}', '{id}', '+16465550001', 'file', '{import}')"
    );
    let memberships = format!(
        "insert into membership (group_id, contact_id) values ('{mine}', '{contact}'), ('{other}', '{contact}')"
    );
    world.execute(&[&import_row, &contact_row, &memberships]).await;
    (contact, import)
}

/// Records of other groups do not exist for a group admin, in any request.
#[tokio::test]
async fn a5_a_group_admin_sees_nothing_of_other_groups_through_goals_sources_and_lists() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let client = &admin.client;
            let window = |more| goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", more);
            let (my_goal, their_goal) =
                (ours.draft(&mine, window(json!({}))).await, ours.draft(&other, window(json!({}))).await);
            let by_other = window(json!({ "targeting": { "member_of": [other] } }));
            let by_others_goal =
                window(json!({ "targeting": { "earlier_goals": [{ "goal_id": their_goal, "any_of": ["yes"] }] } }));
            let admins_goal = ours.draft(&mine, by_other.clone()).await;
            let source = json!({ "group_id": other, "name": "Secret", "mapping": { "Ward": "custom:ward" }, "consent_text": "Secret" });
            let source = text(&ours.admin.post(&ours.at("import-sources"), source).await.ok()["id"]);
            let (contact, import) = shared(&world, &ours, &admin.id, [&mine, &other]).await;
            let before = world.contents().await;
            let csv = || Call::raw("text/csv", "first,last,phone\nA,B,6465550001\n");
            let post = async |path: &str, call: Call| client.call(Method::POST, &ours.at(path), call).await;
            let answers = [
                client.get(&ours.at(&format!("contacts/{contact}/why?goal_id={their_goal}"))).await,
                post(&format!("imports?file_name=a.csv&group_id={mine}&source_id={source}"), csv()).await,
                post(&format!("imports?file_name=a.csv&source_id={source}"), csv()).await,
                post(&format!("imports/preview?source_id={source}"), csv()).await,
            ];
            all_are(&answers, reqwest::StatusCode::NOT_FOUND);
            // A targeting's names are refused by name, as those of nothing (T1a).
            let named = [
                client.post(&ours.at("goals"), json!({ "group_id": mine, "goal": by_other })).await,
                client.post(&ours.at("goals"), json!({ "group_id": mine, "goal": by_others_goal })).await,
                client
                    .post(
                        &ours.at("goals"),
                        json!({ "group_id": mine, "goal": window(json!({ "targeting": { "not_member_of": [other] } })) }),
                    )
                    .await,
                client
                    .post(&ours.at("campaigns"), json!({ "name": "C", "group_ids": [mine], "goal": by_others_goal }))
                    .await,
                client.put(&ours.at(&format!("goals/{my_goal}")), by_other.clone()).await,
                client.post(&ours.at(&format!("goals/{admins_goal}/duplicate")), json!({ "group_ids": [mine] })).await,
            ];
            all_are(&named, reqwest::StatusCode::UNPROCESSABLE_ENTITY);
            // A group of another name and one that is not theirs look the same.
            let known = post("imports?file_name=Other.csv&zone=America/New_York&area_code=212", csv()).await;
            let unknown = post("imports?file_name=Nowhere.csv&zone=America/New_York&area_code=212", csv()).await;
            assert_eq!((known.status, unknown.status), (403, 403));
            assert_eq!(world.contents().await, before);

            client.get(&ours.at(&format!("contacts/{contact}/why?goal_id={my_goal}"))).await.ok();
            // Fields that an organization's admin has set stay when a group admin edits the rest.
            client.put(&ours.at(&format!("goals/{admins_goal}")), by_other).await.ok();
            let seen = client.get(&ours.at(&format!("contacts/{contact}"))).await.ok();
            assert_eq!((&seen["groups"], &seen["source_import_id"]), (&json!([mine]), &json!(null)), "{seen}");
            let whole = ours.admin.get(&ours.at(&format!("contacts/{contact}"))).await.ok();
            assert_eq!((whole["groups"].as_array().unwrap().len(), &whole["source_import_id"]), (2, &json!(import)));
            for list in ["groups?limit=1", "goals?limit=2"] {
                let page = client.get(&ours.at(list)).await.ok();
                let items = page["items"].as_array().unwrap();
                assert!(items.iter().all(|item| item["group_id"] == mine || item["id"] == mine), "{page}");
                let next = client.get(&ours.at(&format!("{list}&cursor={}", page["next"].as_str().unwrap()))).await.ok();
                assert_eq!(
                    (&next["items"], &next["next"]),
                    (&json!([]), &json!(null)),
                    "no page tells how much \
                 others have"
                );
            }
        })
        .await;
}

/// Rule R5: an address that is taken is answered, and Postgres' log has nothing to tell of it.
#[tokio::test]
async fn r5_an_address_or_a_name_that_is_taken_is_no_error_of_the_database() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let new = |email: &str| json!({ "role": "agent", "first_name": "A", "last_name": "B", "email": email });
            let source = |name: &str| json!({ "group_id": group, "name": name });
            ours.admin.post(&ours.at("members"), new("zeb@example.org")).await.ok();
            ours.admin.post(&ours.at("import-sources"), source("Zebulon's")).await.ok();
            let second = text(&ours.admin.post(&ours.at("import-sources"), source("Another")).await.ok()["id"]);
            let number = json!({ "numbers": ["+12125550921"] });
            ours.admin.post(&ours.at("numbers"), number.clone()).await.ok();
            ours.admin.post(&ours.at("members"), new("ZEB@example.org")).await.problem(409, "conflict");
            ours.admin.post(&ours.at("import-sources"), source("Zebulon's")).await.problem(409, "conflict");
            ours.admin
                .put(&ours.at(&format!("import-sources/{second}")), source("Zebulon's"))
                .await
                .problem(409, "conflict");
            assert_eq!(ours.admin.post(&ours.at("numbers"), number).await.ok()["added"], 0);

            // A statement that Postgres has refused would end its transaction, and be in its log
            // with the values.
            let mut tx = world.pool().begin().await.unwrap();
            let account: Uuid = world.row("select to_json(account_id) from organization").await;
            let member = NewMember {
                account_id: AccountId(account),
                organization_id: Some(OrganizationId(ours.id.parse().unwrap())),
                role: Role::Agent,
                first_name: "A",
                last_name: "B",
                email: Some("Zeb@example.org"),
            };
            assert!(!members::create(&mut tx, MemberId::new(), &member).await.unwrap());
            let definition = Definition {
                group_id: GroupId(group.parse().unwrap()),
                name: "Zebulon's".to_owned(),
                url: None,
                mapping: BTreeMap::new(),
                tags: Vec::new(),
                consent_text: None,
            };
            let organization = OrganizationId(ours.id.parse().unwrap());
            let by: Uuid = world.row("select to_json(id) from member limit 1").await;
            let id = ImportSourceId::new();
            assert!(!sources::create(&mut tx, id, organization, MemberId(by), &definition).await.unwrap());
            let second = ImportSourceId(second.parse().unwrap());
            let replaced = sources::replace(&mut tx, organization, second, &definition).await.unwrap();
            assert_eq!(replaced, Replaced::NameTaken);
            tx.clock().await.expect("the transaction goes on");
            tx.rollback().await.unwrap();
        })
        .await;
}
