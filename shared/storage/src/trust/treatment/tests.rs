use super::{
    own::VALUES,
    searches::{ROWS_WITH_A_TRACE, SEARCHES},
    *,
};

#[test]
fn r5a_every_column_that_the_registry_treats_is_in_a_statement_and_no_other_is() {
    for (table, column, holds) in COLUMNS {
        let deleted = *holds == Holds::Deleted
            && (of_contact(table).is_some()
                || ROWS_WITH_A_TRACE.contains(table)
                || LEAVE.iter().any(|(of, name, _)| (of, name) == (table, column)));
        let listed = |list: &[(&str, &str, &str)]| list.iter().any(|(of, name, _)| (of, name) == (table, column));
        let overwritten = listed(VALUES);
        let searched = SEARCHES.iter().any(|(of, name, _)| (of, name) == (table, column));
        let ways =
            usize::from(deleted) + usize::from(overwritten) + usize::from(searched) + usize::from(listed(BY_FUNCTION));
        let wanted = usize::from(matches!(holds, Holds::Overwritten | Holds::Deleted | Holds::Searched));
        assert_eq!(ways, wanted, "{table}.{column} is {holds:?}");
    }
}

#[test]
fn r5a_a_column_that_is_left_out_is_in_no_statement() {
    let whole = Treatment::whole().of_contacts(Which::AtOnce, Part::Profile).pop().unwrap().sql;
    assert!(whole.starts_with("update contact t set carrier = null, consent_text = null, e164 = null"), "{whole}");
    let without = Treatment::without("contact", "email");
    assert!(!without.of_contacts(Which::AtOnce, Part::Profile).pop().unwrap().sql.contains("email"));
    let tables = |treatment: Treatment| {
        let statements = treatment.of_contacts(Which::AtOnce, Part::Profile);
        statements.iter().map(|statement| statement.table).collect::<Vec<_>>()
    };
    assert!(tables(Treatment::whole()).contains(&"sign_up"));
    let without = tables(Treatment::without("sign_up", "consent_text"));
    assert!(!without.contains(&"sign_up") && without.contains(&"contact_tag"), "{without:?}");
    assert!(Treatment::whole().overwrite_tests().is_some());
    assert_eq!(Treatment::without("message", "body").overwrite_tests(), None);
    let folders = |treatment: Treatment| treatment.folders().map(|folder| folder.name).collect::<Vec<_>>();
    assert_eq!(folders(Treatment::whole()), ["exports", "imports", "incoming"]);
    assert_eq!(folders(Treatment::without_folder("imports")), ["exports", "incoming"]);
    let searches = Treatment::without("campaign", "name").searches();
    assert!(searches.iter().all(|search| search.table != "campaign"), "{searches:?}");
}
