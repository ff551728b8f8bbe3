use serde_json::json;

use super::*;

/// Returns the lowest and the highest value of a form, and values that are beyond it.
fn edges(form: Form) -> (Vec<Value>, Vec<Value>) {
    let long = |length: usize| "x".repeat(length);
    match form {
        Form::Number { least, most } => (
            vec![json!(least), json!(most)],
            vec![json!(i64::from(least) - 1), json!(i64::from(most) + 1), json!("1"), json!(1.5), json!(i64::MAX)],
        ),
        Form::Switch => (vec![json!(true), json!(false)], vec![json!("true"), json!(1)]),
        Form::Text { longest } => {
            (vec![json!("x"), json!(long(longest))], vec![json!(""), json!("  "), json!(long(longest + 1)), json!(7)])
        }
        Form::Texts { most, longest } => (
            vec![json!([]), json!(vec![long(longest); most])],
            vec![json!([long(longest + 1)]), json!(vec!["x"; most + 1]), json!("x")],
        ),
        Form::Word(words) => (words.iter().map(|word| json!(word)).collect(), vec![json!("no such word"), json!(7)]),
        Form::Hours => {
            let window = |opens: i32, closes: i32| json!({ "opens_minute": opens, "closes_minute": closes });
            let narrow = vec![window(0, 1), window(1_439, 1_440), window(0, 1_440)];
            let more = json!({ "opens_minute": 0, "closes_minute": 600, "days": 7 });
            (narrow, vec![window(600, 600), window(0, 1_441), window(-1, 600), json!({ "opens_minute": 0 }), more])
        }
    }
}

fn patch(name: &str, value: Value) -> Map<String, Value> {
    [(name.to_owned(), value)].into_iter().collect()
}

/// Settings of which none has its default.
fn other() -> OrganizationSettings {
    let mut settings = OrganizationSettings::default();
    for setting in SETTINGS {
        let value = edges(setting.form).0.into_iter().find(|value| *value != setting.default()).unwrap();
        settings = settings.patched(&patch(setting.name, value)).unwrap();
    }
    settings
}

#[test]
fn every_setting_takes_its_bounds_and_refuses_what_is_beyond_with_its_name() {
    for setting in SETTINGS {
        let (within, beyond) = edges(setting.form);
        for settings in [OrganizationSettings::default(), other()] {
            for value in &within {
                let edited = settings.patched(&patch(setting.name, value.clone())).unwrap();
                // It alone has changed.
                let mut wanted = settings.members();
                wanted.insert(setting.name.to_owned(), value.clone());
                assert_eq!(edited.members(), wanted, "{}", setting.name);
            }
            for value in &beyond {
                let error = settings.patched(&patch(setting.name, value.clone())).unwrap_err().to_string();
                assert!(error.starts_with(setting.name), "{} {value}: {error}", setting.name);
            }
            assert_eq!(settings.patched(&patch(setting.name, Value::Null)).unwrap(), settings);
        }
        let own = OrganizationSettings::default().patched(&patch(setting.name, setting.default()));
        assert_eq!(own.unwrap(), OrganizationSettings::default(), "{} has a default that it may have", setting.name);
    }
}

#[test]
fn nothing_of_an_edit_with_a_wrong_member_is_taken() {
    let settings = OrganizationSettings::default();
    let edit: Map<_, _> = [("batch_size", json!(7)), ("max_segments", json!(58))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    assert_eq!(settings.patched(&edit).unwrap_err().to_string(), "max_segments must be 1 to 57");
    for name in ["no_such_setting", "own_laws"] {
        assert_eq!(
            settings.patched(&patch(name, Value::Null)).unwrap_err().to_string(),
            format!("{name} is no setting")
        );
    }
}

#[test]
fn the_store_gives_back_what_it_was_given_and_what_is_not_there_has_its_default() {
    for settings in [OrganizationSettings::default(), other()] {
        let mut stored = serde_json::to_value(&settings).unwrap();
        assert_eq!(serde_json::from_value::<OrganizationSettings>(stored.clone()).unwrap(), settings);
        // Of a newer version.
        stored["of_tomorrow"] = json!(1);
        assert_eq!(serde_json::from_value::<OrganizationSettings>(stored.clone()).unwrap(), settings);
        for setting in SETTINGS {
            let mut less = stored.clone();
            less.as_object_mut().unwrap().remove(setting.name);
            let read: OrganizationSettings = serde_json::from_value(less).unwrap();
            assert_eq!(read.members()[setting.name], setting.default());
        }
    }
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    let members = OrganizationSettings::default().members();
    assert_eq!((members.len(), names.len()), (names.len(), 31));
}

#[test]
fn the_settings_of_an_account_are_declared_bounded_and_stored_as_an_organizations() {
    for setting in ACCOUNT_SETTINGS {
        let (within, beyond) = edges(setting.form);
        for value in &within {
            let edited = AccountSettings::default().patched(&patch(setting.name, value.clone())).unwrap();
            assert_eq!(edited.members()[setting.name], *value);
            let stored = serde_json::to_value(&edited).unwrap();
            assert_eq!(serde_json::from_value::<AccountSettings>(stored).unwrap(), edited);
        }
        for value in &beyond {
            let error = AccountSettings::default().patched(&patch(setting.name, value.clone())).unwrap_err();
            assert!(error.to_string().starts_with(setting.name), "{} {value}: {error}", setting.name);
        }
        let own = AccountSettings::default().patched(&patch(setting.name, setting.default()));
        assert_eq!(own.unwrap(), AccountSettings::default());
    }
    assert_eq!((ACCOUNT_SETTINGS.len(), AccountSettings::default().opt_outs_account_wide), (1, false));
    assert!(AccountSettings::default().patched(&patch("batch_size", json!(7))).is_err());
}

#[test]
fn s12_no_initials_a_day_is_no_cap() {
    let with = |most: i32| OrganizationSettings::default().patched(&patch("initials_per_day", json!(most))).unwrap();
    assert_eq!((with(0).initials_cap(), with(1).initials_cap()), (None, Some(1)));
}

#[test]
fn the_reference_in_the_repository_is_current() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let written = std::fs::read_to_string(page).unwrap_or_default();
    assert!(written == reference(), "muster config reference --settings > docs/settings.md");
}
