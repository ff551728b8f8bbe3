//! Settings in the OpenAPI document: made from their declarations.

use muster_domain::tenancy::settings::{ACCOUNT_SETTINGS, Form, SETTINGS, Setting};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr, Schema,
        schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Type},
    },
};

use crate::shapes::SendingHours;

/// Members of settings to change, as `domain::tenancy::settings` declares them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct SettingsBody(pub(crate) Map<String, Value>);

/// Every setting, as `domain::tenancy::settings` declares them.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct OrganizationSettings(pub(crate) Map<String, Value>);

/// Returns the values that a setting may have. Its default is given where it is no promise about a
/// request without the member.
fn values(setting: &Setting, default: Option<Value>) -> RefOr<Schema> {
    let described = |object: ObjectBuilder| object.description(Some(setting.doc())).default(default.clone());
    let text = |longest: usize| ObjectBuilder::new().schema_type(Type::String).max_length(Some(longest));
    match setting.form {
        Form::Number { least, most } => {
            let number = ObjectBuilder::new().schema_type(Type::Integer);
            described(number.minimum(Some(least)).maximum(Some(most))).into()
        }
        Form::Switch => described(ObjectBuilder::new().schema_type(Type::Boolean)).into(),
        Form::Text { longest } => described(text(longest).min_length(Some(1)).pattern(Some(r"\S"))).into(),
        Form::Texts { most, longest } => ArrayBuilder::new()
            .items(text(longest))
            .max_items(Some(most))
            .description(Some(setting.doc()))
            .default(default)
            .into(),
        Form::Word(words) => {
            described(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied()))).into()
        }
        // Generators of clients refuse an object as a default: the description names it.
        Form::Hours => OneOfBuilder::new()
            .item(Ref::from_schema_name(SendingHours::name()))
            .description(Some(told(setting)))
            .into(),
    }
}

/// Returns a setting's description with its default.
fn told(setting: &Setting) -> String {
    format!("{} Default: `{}`.", setting.doc(), setting.default())
}

/// Adds the schemas that settings refer to.
fn referred(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((SendingHours::name().into_owned(), SendingHours::schema()));
    SendingHours::schemas(schemas);
}

/// Returns the schema of an edit of settings.
fn edit_of(settings: &[Setting]) -> RefOr<Schema> {
    let description = "Settings; a member that is absent or null stays as it is.";
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    let members = settings.iter().fold(object, |object, setting| {
        let none = ObjectBuilder::new().schema_type(Type::Null);
        let either = OneOfBuilder::new().item(none).item(values(setting, None)).description(Some(told(setting)));
        object.property(setting.name, either)
    });
    members.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false))).into()
}

/// Returns the schema of an answer with settings.
fn answer_of(settings: &[Setting], description: &str) -> RefOr<Schema> {
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    let with = |object: ObjectBuilder, setting: &Setting| {
        object.property(setting.name, values(setting, Some(setting.default()))).required(setting.name)
    };
    settings.iter().fold(object, with).into()
}

impl PartialSchema for SettingsBody {
    fn schema() -> RefOr<Schema> {
        edit_of(SETTINGS)
    }
}

impl ToSchema for SettingsBody {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        referred(schemas);
    }
}

impl PartialSchema for OrganizationSettings {
    fn schema() -> RefOr<Schema> {
        answer_of(SETTINGS, "The settings of an organization.")
    }
}

impl ToSchema for OrganizationSettings {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        referred(schemas);
    }
}

/// Members of an account's settings to change, as `domain::tenancy::settings` declares them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct AccountSettingsBody(pub(crate) Map<String, Value>);

/// Every setting of an account, as `domain::tenancy::settings` declares them.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct AccountSettings(pub(crate) Map<String, Value>);

impl PartialSchema for AccountSettingsBody {
    fn schema() -> RefOr<Schema> {
        edit_of(ACCOUNT_SETTINGS)
    }
}

impl ToSchema for AccountSettingsBody {}

impl PartialSchema for AccountSettings {
    fn schema() -> RefOr<Schema> {
        answer_of(ACCOUNT_SETTINGS, "The settings of an account.")
    }
}

impl ToSchema for AccountSettings {}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema<T: PartialSchema>() -> Value {
        serde_json::to_value(T::schema()).unwrap()
    }

    #[test]
    fn every_setting_is_in_the_document_with_its_bounds_and_its_default() {
        let (patch, answer) = (schema::<SettingsBody>(), schema::<OrganizationSettings>());
        assert_eq!(patch["additionalProperties"], false);
        assert!(patch["required"].is_null(), "a patch may leave out anything");
        for setting in SETTINGS {
            let (asked, told) = (&patch["properties"][setting.name], &answer["properties"][setting.name]);
            let default = if setting.form == Form::Hours { Value::Null } else { setting.default() };
            assert_eq!(told["default"], default, "{}", setting.name);
            assert!(!asked.to_string().contains("\"default\""), "clients would send what nobody has changed");
            assert!(asked["description"].as_str().unwrap().contains(&format!("Default: `{}`", setting.default())));
            assert!(answer["required"].as_array().unwrap().contains(&setting.name.into()));
            for value in [told, &asked["oneOf"][1]] {
                match setting.form {
                    Form::Number { least, most } => {
                        assert_eq!((&value["minimum"], &value["maximum"]), (&least.into(), &most.into()));
                    }
                    Form::Text { longest } => assert_eq!(value["maxLength"], longest),
                    Form::Texts { most, longest } => {
                        assert_eq!((&value["maxItems"], &value["items"]["maxLength"]), (&most.into(), &longest.into()));
                    }
                    Form::Word(words) => assert_eq!(value["enum"].as_array().unwrap().len(), words.len()),
                    Form::Switch => assert_eq!(value["type"], "boolean"),
                    Form::Hours => assert_eq!(value["oneOf"][0]["$ref"], "#/components/schemas/SendingHours"),
                }
            }
        }
    }
}
