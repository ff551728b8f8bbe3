//! Settings of an organization through the API: each as it is declared.

use muster_domain::tenancy::settings::{Form, SETTINGS};
use muster_integration_tests::{DOCUMENT, World};
use serde_json::{Value, json};

/// Returns the lowest and the highest value of a form, and one below and one above.
fn edges(form: Form) -> ([Value; 2], [Value; 2]) {
    let long = |length: usize| json!("x".repeat(length));
    match form {
        Form::Number { least, most } => {
            ([json!(least), json!(most)], [json!(i64::from(least) - 1), json!(i64::from(most) + 1)])
        }
        Form::Switch => ([json!(false), json!(true)], [json!(0), json!("true")]),
        Form::Text { longest } => ([json!("x"), long(longest)], [json!(" "), long(longest + 1)]),
        Form::Texts { most, longest } => {
            ([json!([]), json!(vec![long(longest); most])], [json!([long(longest + 1)]), json!(vec!["x"; most + 1])])
        }
        Form::Word(words) => ([json!(words[0]), json!(words[words.len() - 1])], [json!(""), json!("no such word")]),
        Form::Hours => {
            let window = |opens: i32, closes: i32| json!({ "opens_minute": opens, "closes_minute": closes });
            ([window(0, 1), window(1_439, 1_440)], [window(-1, 600), window(0, 1_441)])
        }
    }
}

#[tokio::test]
async fn every_setting_begins_with_its_default_and_is_edited_alone_within_its_bounds() {
    World::with_api()
        .run(async |world| {
            let admin = world.organization("Ours").await.admin;
            let id = admin.post("/v1/organizations", json!({ "name": "New" })).await.ok()["id"].clone();
            let path = format!("/v1/organizations/{}", id.as_str().unwrap());
            let mut wanted = admin.get(&path).await.ok()["settings"].clone();
            assert_eq!(wanted.as_object().unwrap().len(), SETTINGS.len());
            let told = DOCUMENT.0.pointer("/components/schemas/OrganizationSettings/properties").unwrap();
            for setting in SETTINGS {
                let name = setting.name;
                assert_eq!(wanted[name], setting.default(), "{name}");
                // An object's default stands in its description.
                assert!(told[name]["default"] == setting.default() || told[name]["oneOf"].is_array(), "{name}");
                let (within, beyond) = edges(setting.form);
                for value in beyond {
                    let detail =
                        admin.patch(&path, json!({ name: value })).await.problem(422, "invalid-body")["detail"].clone();
                    assert!(detail.as_str().unwrap().starts_with(name), "{name}: {detail}");
                }
                for value in within {
                    let answer = admin.patch(&path, json!({ name: value })).await.ok()["settings"].clone();
                    wanted[name] = value;
                    assert_eq!(answer, wanted, "{name}");
                }
                assert_eq!(admin.get(&path).await.ok()["settings"], wanted, "{name}");
            }
        })
        .await;
}
