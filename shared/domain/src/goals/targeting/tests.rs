use super::*;

fn every_filter() -> Targeting {
    let is = FieldCondition::AnyOf(vec!["7".to_owned(), "8".to_owned()]);
    Targeting {
        tags_all: vec!["a".to_owned(), "b".to_owned()],
        tags_any: vec!["c".to_owned(), "d".to_owned()],
        tags_none: vec!["e".to_owned()],
        fields: vec![FieldFilter { field: "ward".to_owned(), is: is.clone() }],
        attributes: vec![
            AttributeFilter { attribute: Attribute::PostalCode, is },
            AttributeFilter { attribute: Attribute::Email, is: FieldCondition::Blank },
        ],
        member_of: vec![GroupId::new()],
        not_member_of: vec![GroupId::new()],
        earlier_goals: vec![EarlierGoal {
            goal_id: GoalId::new(),
            any_of: vec![EarlierResult::Yes, EarlierResult::Maybe],
        }],
    }
}

#[test]
fn t1_filters_have_places_an_order_and_a_need() {
    let targeting = every_filter();
    let filters = targeting.filters();
    let places: Vec<_> = filters.iter().map(|placed| placed.place.as_str()).collect();
    let wanted = [
        "tags_all[0]",
        "tags_all[1]",
        "tags_any",
        "tags_none[0]",
        "fields[0]",
        "attributes[0]",
        "attributes[1]",
        "member_of[0]",
        "not_member_of[0]",
        "earlier_goals[0]",
    ];
    assert_eq!(places, wanted);
    assert_eq!(filters[1].filter.need(), "has the tag b");
    assert_eq!(filters[4].filter.need(), "the field ward is one of: 7, 8");
    assert_eq!(filters[5].filter.need(), "postal_code is one of: 7, 8");
    assert_eq!(filters[6].filter.rule(), "T1a");
    assert!(filters[9].filter.need().ends_with("with a result of: yes, maybe"));
    assert!(Targeting::default().filters().is_empty());
}

#[test]
fn t1_a_targeting_is_bounded_and_names_results() {
    assert_eq!(every_filter().check(), Ok(()));
    let many = vec!["a".to_owned(); TARGETING_LIMIT + 1];
    let tags = |tags_any| Targeting { tags_any, ..Targeting::default() };
    assert_eq!(tags(many.clone()).check(), Err(TargetingError::TooLarge));
    assert_eq!(tags(many[1..].to_vec()).check(), Ok(()));
    assert_eq!(Targeting { tags_all: many, ..Targeting::default() }.check(), Err(TargetingError::TooLarge));
    let empty = EarlierGoal { goal_id: GoalId::new(), any_of: Vec::new() };
    let targeting = Targeting { earlier_goals: vec![empty], ..Targeting::default() };
    assert_eq!(targeting.check(), Err(TargetingError::NoResult));
    assert!(!targeting.can_be_duplicated());
}

#[test]
fn t1_filters_are_written_as_storage_reads_them() {
    let targeting = every_filter();
    let written = targeting.as_filters().unwrap();
    assert_eq!(written[0], serde_json::json!({ "filter": "tag", "tag": "a" }));
    let field = serde_json::json!({ "filter": "field", "field": "ward", "is": { "any_of": ["7", "8"] } });
    assert_eq!(written[4], field);
    assert_eq!(written[6], serde_json::json!({ "filter": "attribute", "attribute": "email", "is": "blank" }));
    assert_eq!(written[9]["any_of"], serde_json::json!(["yes", "maybe"]));
}
