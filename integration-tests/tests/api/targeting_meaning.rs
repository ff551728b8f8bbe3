//! Targeting as it is compiled, held against its meaning person by person: the database's function
//! `targeting_of` says the filters in words of its own (rules T1, T1a, T2 and T3).

use std::collections::BTreeMap;

use muster_domain::{
    goals::{
        goal::AssignmentStrategy,
        targeting::{
            Attribute, AttributeFilter, EarlierGoal, EarlierResult, FieldCondition, FieldFilter, Part, Targeting,
        },
    },
    ids::{ContactId, GoalId, GroupId, MemberId, OrganizationId},
};
use muster_integration_tests::{Dice, Organization, World, goal_at};
use muster_storage::{
    Page, Tx,
    goals::{self, LeftOut, Selection, Wanted, forecast},
};
use serde_json::json;

const PEOPLE: u64 = 120;
const ROUNDS: usize = 60;
const TAGS: [&str; 5] = ["red", "Red", "it''s \"5\" \\ long", "ärmel", "none has it"];
const FIELDS: [&str; 3] = ["ward", "Ward no. \"2\"", "unheard"];
const VALUES: [&str; 6] = ["7", "8", "a, b", "Ü", "", "O''Neil"];

/// Names of things that filters are about.
struct Names {
    groups: Vec<GroupId>,
    goals: Vec<GoalId>,
    agents: Vec<String>,
}

/// One contact by the meaning: why no goal can target them, and the filters that they miss.
type Meant = BTreeMap<ContactId, (Option<String>, Vec<usize>)>;

/// The value as Rust has it; the constants are written as SQL has them.
fn plain(value: &str) -> String {
    value.replace("''", "'")
}

fn some(dice: &mut Dice, of: &[&str]) -> Vec<String> {
    let mut all: Vec<_> = of.to_vec();
    (0..dice.between(0, 3)).map(|_| plain(dice.one_of(&mut all))).collect()
}

fn condition(dice: &mut Dice, values: &[String]) -> FieldCondition {
    let mut all = values.to_vec();
    let mut some: Vec<_> = (0..dice.between(0, 3)).map(|_| dice.one_of(&mut all).clone()).collect();
    some.push("7".to_owned());
    // None named at all is a condition too.
    if dice.between(0, 5) == 0 {
        some.clear();
    }
    match dice.between(0, 4) {
        0 => FieldCondition::AnyOf(some),
        1 => FieldCondition::NoneOf(some),
        2 => FieldCondition::HasValue,
        _ => FieldCondition::Blank,
    }
}

/// Returns a targeting with few or many filters of all kinds.
fn targeting(dice: &mut Dice, names: &Names) -> Targeting {
    let values: Vec<_> = VALUES.iter().map(|value| plain(value)).collect();
    let times = |dice: &mut Dice| dice.between(0, 5).saturating_sub(2);
    let fields = (0..times(dice)).map(|_| {
        let field = plain(dice.one_of(&mut FIELDS.to_vec()));
        FieldFilter { field, is: condition(dice, &values) }
    });
    let fields = fields.collect();
    let attributes = (0..times(dice)).map(|_| {
        let attribute = *dice.one_of(&mut Attribute::ALL.to_vec());
        let is = if attribute == Attribute::AssignedAgent {
            condition(dice, &names.agents)
        } else {
            condition(dice, &values)
        };
        AttributeFilter { attribute, is }
    });
    let attributes = attributes.collect();
    let earlier_goals = (0..times(dice)).map(|_| EarlierGoal {
        goal_id: *dice.one_of(&mut names.goals.clone()),
        any_of: (0..dice.between(1, 3)).map(|_| *dice.one_of(&mut EarlierResult::ALL.to_vec())).collect(),
    });
    let earlier_goals = earlier_goals.collect();
    let groups = |dice: &mut Dice| (0..times(dice)).map(|_| *dice.one_of(&mut names.groups.clone())).collect();
    Targeting {
        tags_all: if dice.between(0, 3) == 0 { some(dice, &TAGS[..4]) } else { Vec::new() },
        tags_any: if dice.between(0, 2) == 0 { some(dice, &TAGS) } else { Vec::new() },
        tags_none: if dice.between(0, 2) == 0 { some(dice, &TAGS) } else { Vec::new() },
        fields,
        attributes,
        member_of: groups(dice),
        not_member_of: groups(dice),
        earlier_goals,
    }
}

/// Returns an expression of SQL: null or one of these.
fn or_null(dice: &mut Dice, values: &[&str]) -> String {
    let mut all = values.to_vec();
    if dice.between(0, 3) == 0 { "null".to_owned() } else { format!("'{}'", dice.one_of(&mut all)) }
}

/// Plants a contact of every kind: known in whole or in part, stopped, redacted, tagged, a target
/// of earlier goals with texts that went far or not at all.
async fn plant(world: &World, dice: &mut Dice, ours: &str, nth: u64, names: &Names) {
    let id = ContactId::new();
    let redacted = dice.between(0, 12) == 0;
    let number = if redacted { "null".to_owned() } else { format!("'+1646555{:04}'", 1000 + nth) };
    let value = |dice: &mut Dice| or_null(dice, &VALUES);
    let fields = |dice: &mut Dice| {
        format!("jsonb_strip_nulls(jsonb_build_object('ward', {}, 'Ward no. \"2\"', {}))", value(dice), value(dice))
    };
    let mut agents: Vec<_> = names.agents.iter().map(String::as_str).collect();
    agents.truncate(2);
    let when = |dice: &mut Dice, odds: u64| if dice.between(0, odds) == 0 { "now()" } else { "null" };
    let mut statements = vec![format!(
        "insert into contact (id, organization_id, e164, email, postal_code, external_id, fields, line_type, source,
             opted_out_at, redacted_at)
         values ('{id}', '{ours}', {number}, {}, {}, {}, {}, '{}', 'file', {}, {})",
        value(dice),
        value(dice),
        value(dice),
        fields(dice),
        dice.one_of(&mut ["unknown", "mobile", "landline"]),
        when(dice, 8),
        if redacted { "now()" } else { "null" },
    )];
    for tag in &TAGS[..4] {
        if dice.between(0, 2) == 0 {
            statements.push(format!(
                "insert into contact_tag (contact_id, tag_id) select '{id}', id from tag
                 where organization_id = '{ours}' and name = '{tag}'"
            ));
        }
    }
    for (place, group) in names.groups.iter().enumerate() {
        if place > 0 && dice.between(0, 2) == 0 {
            continue;
        }
        let knows = if dice.between(0, 2) == 0 {
            "null".to_owned()
        } else {
            format!(
                "jsonb_strip_nulls(jsonb_build_object('postal_code', {}, 'email', {}, 'external_id', {}, 'fields', {}))
                     || jsonb_build_object('tags', coalesce((select jsonb_agg(id) from tag where name in ('red', '{}')), '[]'))",
                value(dice),
                value(dice),
                value(dice),
                fields(dice),
                dice.one_of(&mut TAGS.to_vec()),
            )
        };
        let agent = or_null(dice, &agents);
        statements.push(format!(
            "insert into membership (group_id, contact_id, assigned_agent_id, deactivated_at, knows)
             values ('{group}', '{id}', {agent}, {}, {knows})",
            when(dice, 8)
        ));
    }
    statements.extend(targets(dice, ours, id, nth, names));
    let statements: Vec<_> = statements.iter().map(String::as_str).collect();
    world.execute(&statements).await;
}

/// Returns the statements that make a contact a target of earlier goals, with a text of each state,
/// one without its row, or none.
fn targets(dice: &mut Dice, ours: &str, id: ContactId, nth: u64, names: &Names) -> Vec<String> {
    let mut statements = Vec::new();
    let when = |dice: &mut Dice, odds: u64| if dice.between(0, odds) == 0 { "now()" } else { "null" };
    for goal in &names.goals {
        if dice.between(0, 3) == 0 {
            continue;
        }
        let mut states = ["queued", "held", "sent", "delivered", "failed", "cancelled", "gone", "none"];
        let state = *dice.one_of(&mut states);
        let text = ContactId::new();
        let initial = if state == "none" { "null".to_owned() } else { format!("'{text}'") };
        if !matches!(state, "none" | "gone") {
            statements.push(format!(
                "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, kind, state, body, encoding,
                     segments, reason)
                 values ('{text}', '{ours}', '{}', '{goal}', '{id}', '{text}', 'initial', '{state}', 'Hi', 'GSM-7', 1, 'hours')",
                names.groups[0]
            ));
        }
        statements.push(format!(
            "insert into target (goal_id, contact_id, position, initial_message_id, replied_at, answer, opted_out_at)
             values ('{goal}', '{id}', {nth}, {initial}, {}, {}, {})",
            when(dice, 3),
            or_null(dice, &["yes", "no", "maybe"]),
            when(dice, 5),
        ));
    }
    statements
}

async fn meant(world: &World, group: GroupId, targeting: &Targeting) -> Meant {
    let filters = targeting.as_filters().unwrap().to_string().replace('\'', "''");
    let rows: Vec<(ContactId, Option<String>, Vec<usize>)> = world
        .row(&format!(
            "select jsonb_agg(jsonb_build_array(contact_id, untargetable(redacted_at, opted_out_at, deactivated_at, line_type), misses))
             from targeting_of('{group}', '{filters}')"
        ))
        .await;
    let from_0 = |misses: Vec<usize>| misses.into_iter().map(|nth| nth - 1).collect();
    rows.into_iter().map(|(id, reason, misses)| (id, (reason, from_0(misses)))).collect()
}

/// Returns the counts that follow from the meaning.
fn counted(meant: &Meant, filters: usize) -> Selection {
    let mut selection = Selection { filters: vec![LeftOut::default(); filters], ..Selection::default() };
    let mut excluded = BTreeMap::<String, i64>::new();
    for (reason, misses) in meant.values() {
        match reason {
            Some(reason) => *excluded.entry(reason.clone()).or_default() += 1,
            None if misses.is_empty() => selection.contacts += 1,
            None => {
                selection.filters[misses[0]].in_order += 1;
                for nth in misses {
                    selection.filters[*nth].alone += 1;
                }
            }
        }
    }
    let read = |word: &str| muster_domain::sending::CancelReason::parse(word).unwrap();
    selection.excluded = excluded.iter().map(|(word, contacts)| (read(word), *contacts)).collect();
    selection
}

/// Returns the contacts of a part, by several pages, each as the meaning has it.
async fn listed(
    tx: &mut Tx,
    group: GroupId,
    targeting: &Targeting,
    part: Option<Part>,
    filter: Option<usize>,
) -> Meant {
    let wanted = Wanted { part, filter, id: None, sample: false, whole: true };
    let mut found = Meant::new();
    let mut page = Page::first(50);
    loop {
        let candidates = goals::candidates(tx, group, targeting, wanted, page).await.unwrap();
        assert!(candidates.is_sorted_by_key(|one| one.id), "by age");
        page.after = candidates.last().map(|one| one.id);
        let is_last = candidates.len() < 50;
        found.extend(candidates.into_iter().map(|one| (one.id, (one.excluded.map(|why| why.to_string()), one.misses))));
        if is_last {
            return found;
        }
    }
}

fn of_part(meant: &Meant, keep: impl Fn(Option<&str>, &[usize]) -> bool) -> Meant {
    meant
        .iter()
        .filter(|(_, (reason, misses))| keep(reason.as_deref(), misses))
        .map(|(id, one)| (*id, one.clone()))
        .collect()
}

/// Compares everything that a targeting decides, and returns how many contacts it selects.
async fn compare(world: &World, group: GroupId, goal: &goals::Goal, targeting: &Targeting) -> usize {
    let meant = meant(world, group, targeting).await;
    let told = || format!("{}", targeting.as_filters().unwrap());
    let mut tx = world.pool().begin().await.unwrap();
    let mut seen = goals::preview(&mut tx, group, targeting).await.unwrap();
    let mut wanted = counted(&meant, targeting.filters().len());
    for selection in [&mut seen, &mut wanted] {
        selection.excluded.sort_by_key(|(reason, _)| reason.to_string());
    }
    assert_eq!(seen, wanted, "{}", told());
    assert_eq!(listed(&mut tx, group, targeting, None, None).await, meant, "{}", told());
    let selected = of_part(&meant, |reason, misses| reason.is_none() && misses.is_empty());
    let left_out = of_part(&meant, |reason, misses| reason.is_none() && !misses.is_empty());
    let excluded = of_part(&meant, |reason, _| reason.is_some());
    for (part, wanted) in [(Part::Selected, &selected), (Part::LeftOut, &left_out), (Part::Excluded, &excluded)] {
        assert_eq!(listed(&mut tx, group, targeting, Some(part), None).await, *wanted, "{part} {}", told());
    }
    for nth in 0..targeting.filters().len() {
        let wanted = of_part(&meant, |reason, misses| reason.is_none() && misses.contains(&nth));
        assert_eq!(listed(&mut tx, group, targeting, Some(Part::LeftOut), Some(nth)).await, wanted, "{nth} {}", told());
    }
    tx.rollback().await.unwrap();
    // Forecasts and launches are about the same people.
    for strategy in [AssignmentStrategy::Anyone, AssignmentStrategy::Assigned] {
        let mut goal = goal.clone();
        goal.content.targeting = targeting.clone();
        goal.content.strategy = strategy;
        let mut launch = world.pool().begin().await.unwrap();
        let remaining = forecast::remaining(&mut launch, &goal, 90).await.unwrap();
        let forecast: i64 = remaining.iter().map(|one| one.texts).sum();
        let made = goals::partition(&mut launch, &goal, 100, 1).await.unwrap().unwrap();
        assert_eq!(made.targets, i64::try_from(selected.len()).unwrap(), "{}", told());
        goal.partitioned_at = Some(chrono::DateTime::UNIX_EPOCH);
        let frozen = forecast::remaining(&mut launch, &goal, 90).await.unwrap();
        assert_eq!(frozen.iter().map(|one| one.texts).sum::<i64>(), forecast, "{}", told());
        launch.rollback().await.unwrap();
        if strategy == AssignmentStrategy::Anyone {
            assert_eq!(forecast, made.targets, "{}", told());
        }
    }
    selected.len()
}

async fn draft(ours: &Organization, group: &str) -> String {
    ours.draft(group, goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}))).await
}

async fn names(world: &World, ours: &Organization) -> Names {
    let [here, there] = [ours.group("Here").await, ours.group("There").await];
    let (amy, ben) = (ours.agent(&here).await.0.id, ours.agent(&here).await.0.id);
    let (first, second) = (draft(ours, &here).await, draft(ours, &there).await);
    world.plant_tags(&ours.id, &TAGS[..4]).await;
    let id = |text: &str| text.parse().unwrap();
    Names {
        groups: [&here, &there].map(|group| GroupId(id(group))).to_vec(),
        goals: [&first, &second].map(|goal| GoalId(id(goal))).to_vec(),
        agents: vec![amy, ben, MemberId::new().to_string()],
    }
}

#[tokio::test]
async fn t3_previews_lists_forecasts_and_launches_select_by_the_meaning_of_each_filter() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let names = names(&world, &ours).await;
            let draft = draft(&ours, &names.groups[0].to_string()).await;
            let mut dice = Dice::new(20);
            for nth in 0..PEOPLE {
                plant(&world, &mut dice, &ours.id, nth, &names).await;
            }
            let mut tx = world.pool().begin().await.unwrap();
            let organization = OrganizationId(ours.id.parse().unwrap());
            let goal = goals::get(&mut tx, organization, GoalId(draft.parse().unwrap())).await.unwrap().unwrap();
            tx.rollback().await.unwrap();
            let group = names.groups[0];
            assert!(compare(&world, group, &goal, &Targeting::default()).await > 0);
            let mut with_people = 0;
            for _ in 0..ROUNDS {
                let targeting = targeting(&mut dice, &names);
                with_people += usize::from(compare(&world, group, &goal, &targeting).await > 0);
            }
            // Targetings that select nobody say little.
            assert!(with_people > ROUNDS / 10, "{with_people} of {ROUNDS} select somebody");
        })
        .await;
}
