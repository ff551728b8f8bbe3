//! Rule A5 as a matrix: every operation of the document, asked by every kind of caller, for a
//! record of their own group, of another group, of the account's other organization, and of another
//! account. The document says the callers of each operation (`x-muster-access`), and everything
//! that is expected follows from that, so that a new operation is in the matrix by itself.

use std::collections::BTreeMap;

use muster_integration_tests::{Answer, Client, Organization, World, now};
use reqwest::Method;
use serde_json::json;

use crate::{
    matrix_places::{OF_A_GROUP, Place},
    samples::{Operation, document, operations},
};

/// Kinds of callers. All members are of the first place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Nobody,
    Suspended,
    EndedSession,
    Agent,
    GroupAdmin,
    OrganizationAdmin,
    AccountAdmin,
    /// An agent's token that is for reading alone.
    ReadingAgent,
    /// The same of an account admin.
    ReadingAdmin,
    OperatorRead,
    OperatorAct,
}

const KINDS: [Kind; 11] = [
    Kind::Nobody,
    Kind::Suspended,
    Kind::EndedSession,
    Kind::Agent,
    Kind::GroupAdmin,
    Kind::OrganizationAdmin,
    Kind::AccountAdmin,
    Kind::ReadingAgent,
    Kind::ReadingAdmin,
    Kind::OperatorRead,
    Kind::OperatorAct,
];

impl Kind {
    /// Returns a member's role by its rank.
    const fn rank(self) -> Option<u8> {
        match self {
            Self::Agent | Self::ReadingAgent => Some(0),
            Self::GroupAdmin => Some(1),
            Self::OrganizationAdmin => Some(2),
            Self::AccountAdmin | Self::ReadingAdmin => Some(3),
            Self::Nobody | Self::Suspended | Self::EndedSession | Self::OperatorRead | Self::OperatorAct => None,
        }
    }
}

/// The place of a record, seen from the members' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Own,
    OtherGroup,
    Sister,
    Foreign,
}

const PLACES: [Where; 4] = [Where::Own, Where::OtherGroup, Where::Sister, Where::Foreign];

/// The answer to expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// 401.
    NotKnown,
    /// 403: the role, the scope or the kind of caller.
    Forbidden,
    /// 404: as if there were nothing.
    NotThere,
    /// Either: an act that the role may never do is refused whichever tenant has the record.
    Refused,
    /// Anything else but a fault of the server.
    Allowed,
}

impl Expected {
    fn fits(self, answer: &Answer) -> bool {
        let is = |wanted: &[(u16, &str)]| answer.wrong_problem(wanted).is_none();
        match self {
            Self::NotKnown => is(&[(401, "unauthenticated")]),
            Self::Forbidden => is(&[(403, "forbidden")]),
            Self::NotThere => is(&[(404, "not-found")]),
            Self::Refused => is(&[(403, "forbidden"), (404, "not-found")]),
            Self::Allowed => answer.status < 500 && ![401, 403].contains(&answer.status),
        }
    }
}

/// Returns the places that an operation has: a path without a record has the own one alone.
fn places(operation: &Operation) -> Vec<Where> {
    let parameters = operation.parameters();
    let names = |known: &[&str]| parameters.iter().any(|name| known.contains(&name.as_str()));
    PLACES
        .into_iter()
        .filter(|place| match place {
            Where::Own => true,
            // Scripts of the library are the organization's.
            Where::OtherGroup => names(&OF_A_GROUP) || (operation.role() == "agent" && names(&["script_id"])),
            Where::Sister | Where::Foreign => !parameters.is_empty() && parameters != ["form_key"],
        })
        .collect()
}

/// Returns the answer that the document's word on an operation leads to.
fn expected(operation: &Operation, kind: Kind, place: Where) -> Expected {
    let role = operation.role();
    let for_operators = role == "operator";
    let Some(rank) = kind.rank() else {
        return match kind {
            Kind::OperatorRead | Kind::OperatorAct if !for_operators => Expected::Forbidden,
            Kind::OperatorRead if operation.changes() => Expected::Forbidden,
            Kind::OperatorRead | Kind::OperatorAct => Expected::Allowed,
            _ => Expected::NotKnown,
        };
    };
    let reads = matches!(kind, Kind::ReadingAgent | Kind::ReadingAdmin);
    if for_operators || (reads && operation.changes()) {
        return Expected::Forbidden;
    }
    let may = match role {
        "member" => true,
        "agent" => rank == 0,
        "group_admin" => rank >= 1,
        "organization_admin" => rank >= 2,
        "account_admin" => rank == 3,
        other => panic!("{} is for {other:?}", operation.name()),
    };
    let of_account = !operation.parameters().contains(&"organization_id".to_owned());
    match (may, place) {
        (false, Where::Own | Where::OtherGroup) => Expected::Forbidden,
        (false, _) if of_account => Expected::Forbidden,
        (false, _) => Expected::Refused,
        (true, Where::Own) => Expected::Allowed,
        // One's own sessions are nobody else's, in any role.
        (true, _) if role == "member" => Expected::NotThere,
        (true, Where::OtherGroup) if rank >= 2 => Expected::Allowed,
        (true, Where::Sister) if rank == 3 => Expected::Allowed,
        (true, Where::OtherGroup | Where::Sister | Where::Foreign) => Expected::NotThere,
    }
}

/// Callers and places.
struct Matrix {
    world: World,
    places: BTreeMap<Where, Place>,
    callers: BTreeMap<Kind, Client>,
    operations: Vec<Operation>,
    wrong: Vec<String>,
    cells: usize,
}

impl Matrix {
    async fn start(world: World) -> Self {
        let ours = world.organization("Ours").await;
        let sister = Organization::create(&ours.admin, "Sister").await;
        let foreign = world.organization("Foreign").await;
        let mut places = BTreeMap::new();
        for (nth, (place, organization)) in [
            (Where::Own, ours.clone()),
            (Where::OtherGroup, ours.clone()),
            (Where::Sister, sister),
            (Where::Foreign, foreign),
        ]
        .into_iter()
        .enumerate()
        {
            places.insert(place, Place::create(&world, organization, nth + 1).await);
        }
        let own = &places[&Where::Own];
        let suspended = ours.member("organization_admin").await;
        ours.admin.act(&ours.at(&format!("members/{}/suspend", suspended.id))).await.ok();
        let above = ours.member("organization_admin").await;
        let (ended, id) = world.session(&above.id, "full").await;
        world.rows("session").id(id).set("ended_at", now()).await;
        let reading = async |member: &str| {
            let tokens = ours.at(&format!("members/{member}/tokens"));
            let made = ours.admin.post(&tokens, json!({ "scope": "read" })).await.ok();
            ours.admin.with_token(made["token"].as_str())
        };
        let admin_id = ours.admin.get("/v1/account").await.ok()["member_id"].as_str().unwrap().to_owned();
        let callers = BTreeMap::from([
            (Kind::Nobody, world.nobody()),
            (Kind::Suspended, suspended.client),
            (Kind::EndedSession, ended),
            (Kind::Agent, own.agent.client.clone()),
            (Kind::GroupAdmin, own.group_admin.client.clone()),
            (Kind::OrganizationAdmin, above.client),
            (Kind::AccountAdmin, ours.admin.clone()),
            (Kind::ReadingAgent, reading(&own.agent.id).await),
            (Kind::ReadingAdmin, reading(&admin_id).await),
            (Kind::OperatorRead, world.operator("read").await),
            (Kind::OperatorAct, world.operator("act").await),
        ]);
        let mut operations = operations(&document(&world.nobody()).await);
        operations.retain(|operation| !matches!(operation.role(), "anybody" | "carrier"));
        for operation in &operations {
            for name in operation.parameters() {
                let known = own.ids.contains_key(name.as_str()) || name == "action";
                assert!(known, "{}: say in matrix_places how a place gets its {name}", operation.name());
            }
        }
        world.settled().await;
        Self { world, places, callers, operations, wrong: Vec::new(), cells: 0 }
    }

    /// Asks for one cell.
    async fn ask(&mut self, operation: &Operation, kind: Kind, place: Where) -> Answer {
        let wanted = expected(operation, kind, place);
        let (url, call) = if wanted == Expected::Allowed && ends_a_caller(operation, place) {
            self.places[&place].ending(operation).await
        } else {
            self.places[&place].call(operation)
        };
        let answer = if operation.path.ends_with("/events") && operation.method == Method::GET {
            // A stream that is allowed has no end; the test that follows one is elsewhere.
            self.callers[&kind].begin(&url).await
        } else {
            self.callers[&kind].call(operation.method.clone(), &url, call).await
        };
        self.cells += 1;
        if !wanted.fits(&answer) {
            let told = format!("{} by {kind:?} at {place:?}: wanted {wanted:?}", operation.name());
            self.wrong.push(format!("{told}, answered {} {}", answer.status, answer.text));
        }
        answer
    }

    fn is_right(&self) {
        assert!(self.wrong.is_empty(), "{} of {} cells:\n{}", self.wrong.len(), self.cells, self.wrong.join("\n"));
    }
}

/// The cells that are refused: nothing changes by any of them.
#[tokio::test]
async fn a5_every_refused_cell_of_operations_callers_and_places_is_refused_and_changes_nothing() {
    World::with_engine()
        .run(async |world| {
            let mut matrix = Matrix::start(world).await;
            let before = matrix.world.contents().await;
            for operation in matrix.operations.clone() {
                for place in places(&operation) {
                    for kind in KINDS {
                        if expected(&operation, kind, place) != Expected::Allowed {
                            matrix.ask(&operation, kind, place).await;
                        }
                    }
                }
            }
            matrix.is_right();
            let after = matrix.world.contents().await;
            for (table, before) in &before {
                assert_eq!(&after[table], before, "{table} was changed");
            }
            assert!(matrix.cells > 15 * matrix.operations.len(), "{} cells", matrix.cells);
        })
        .await;
}

/// Returns the place of an operation in the order of a day: looking, making and editing, and last
/// the ends, after which others find nothing.
fn turn(operation: &Operation) -> u8 {
    // A field that is renamed is another.
    let ends = [
        "/archive", "/suspend", "/close", "/merge", "/rename", "/end", "/undo", "/cancel", "/opt-out", "/done",
        "/release",
    ];
    match operation.method.as_str() {
        "GET" => 0,
        "DELETE" if operation.path.contains("/sessions") => 3,
        "DELETE" => 4,
        "POST" if ends.iter().any(|end| operation.path.ends_with(end)) => 2,
        _ => 1,
    }
}

/// The other cells. A record is there until an end comes, and read until then; a change may be
/// refused for the record's state.
#[tokio::test]
async fn a5_every_other_cell_is_open() {
    World::with_engine()
        .run(async |world| {
            let mut matrix = Matrix::start(world).await;
            let mut operations = matrix.operations.clone();
            operations.sort_by_key(turn);
            let mut empty = Vec::new();
            for operation in operations {
                for place in places(&operation) {
                    for kind in KINDS {
                        if expected(&operation, kind, place) != Expected::Allowed {
                            continue;
                        }
                        let answer = matrix.ask(&operation, kind, place).await;
                        let reads = operation.method == Method::GET;
                        let is_missing = turn(&operation) < 2 && answer.status == 404;
                        if is_missing || (reads && !answer.is_success()) {
                            let told = format!("{} by {kind:?} at {place:?}", operation.name());
                            empty.push(format!("{told}: {} {}", answer.status, answer.text));
                        }
                    }
                }
            }
            matrix.is_right();
            assert!(empty.is_empty(), "{}:\n{}", empty.len(), empty.join("\n"));
        })
        .await;
}

/// Returns whether a change would end a caller of the matrix: the agent of the own place, or their
/// token. It is asked for another agent of the same group.
fn ends_a_caller(operation: &Operation, place: Where) -> bool {
    let ends = ["/members/{member_id}", "/suspend", "/tokens/{token_id}", "/members/{member_id}/tokens"];
    place == Where::Own
        && operation.changes()
        && operation.method != Method::PATCH
        && ends.iter().any(|end| operation.path.ends_with(end))
        && !(operation.method == Method::POST && operation.path.ends_with("/tokens"))
}
