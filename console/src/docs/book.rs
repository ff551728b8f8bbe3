//! The OpenAPI document, read once.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A problem's type, its status and its title.
pub(super) type Problems = Vec<(String, String, String)>;

/// The document by operations.
#[derive(Debug, Default)]
pub(crate) struct Book {
    about: String,
    operations: Vec<Operation>,
    schemas: BTreeMap<String, Value>,
    problems: Problems,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    info: Info,
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Components {
    schemas: BTreeMap<String, Value>,
}

/// An operation.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Operation {
    /// In capitals.
    #[serde(skip)]
    pub(super) method: String,
    #[serde(skip)]
    pub(super) path: String,
    pub(super) operation_id: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) tags: Vec<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) request_body: Option<RequestBody>,
    pub(super) responses: BTreeMap<String, Answer>,
    /// Ways to be known; none where everybody may ask.
    security: Vec<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "x-muster-access")]
    pub(super) access: Access,
}

/// The least rights that an operation needs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Access {
    pub(super) role: String,
    pub(super) scope: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: String,
    pub(super) description: String,
    pub(super) required: bool,
    pub(super) schema: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RequestBody {
    pub(super) description: String,
    pub(super) required: bool,
    pub(super) content: BTreeMap<String, Content>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    pub(super) schema: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub(super) description: String,
    pub(super) headers: BTreeMap<String, Header>,
    pub(super) content: BTreeMap<String, Content>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    pub(super) description: String,
}

impl Operation {
    /// Returns whether a browser's session may ask for it, or everybody.
    pub(super) fn takes_a_session(&self) -> bool {
        let is_open = self.security.is_empty() && self.access.role != "carrier";
        is_open || self.security.iter().any(|way| way.contains_key("cookie"))
    }

    /// Returns whether it can change something.
    pub(super) fn changes(&self) -> bool {
        self.access.scope != "read"
    }

    /// Returns the name of its method as a class of CSS.
    pub(super) fn class(&self) -> &'static str {
        match self.method.as_str() {
            "GET" => "good",
            "DELETE" => "bad",
            _ => "wait",
        }
    }

    /// Returns the beginning of its first sentence as a title.
    pub(super) fn title(&self) -> &str {
        let ends = [". ", ": "].iter().filter_map(|end| self.summary.find(end)).min();
        let first = ends.map_or(self.summary.as_str(), |end| &self.summary[..end]);
        if first.is_empty() { &self.operation_id } else { first.trim_end_matches('.') }
    }

    /// Returns the sentences about it, where the title is not all.
    pub(super) fn about(&self) -> String {
        let is_all = self.title().len() + 1 >= self.summary.len();
        let summary = if is_all { "" } else { &self.summary };
        format!("{summary} {}", self.description).trim().to_owned()
    }

    fn has(&self, words: &[String]) -> bool {
        let names = self.parameters.iter().map(|parameter| parameter.name.as_str());
        let parts = [self.method.as_str(), &self.path, &self.operation_id, &self.summary, &self.description];
        let all: Vec<_> = parts.into_iter().chain(names).map(str::to_lowercase).collect();
        words.iter().all(|word| all.iter().any(|part| part.contains(word)))
    }

    fn names(&self, reference: &str) -> bool {
        let body = self.request_body.iter().flat_map(|body| body.content.values());
        let answers = self.responses.iter().filter(|(status, _)| status.starts_with('2'));
        let answers = answers.flat_map(|(_, answer)| answer.content.values());
        let contents = body.chain(answers).map(|content| &content.schema);
        let parameters = self.parameters.iter().map(|parameter| &parameter.schema);
        contents.chain(parameters).any(|schema| refers(schema, reference))
    }
}

/// Returns whether a schema names another directly.
fn refers(schema: &Value, reference: &str) -> bool {
    match schema {
        Value::Object(members) => {
            members.get("$ref").and_then(Value::as_str) == Some(reference)
                || members.values().any(|member| refers(member, reference))
        }
        Value::Array(items) => items.iter().any(|item| refers(item, reference)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

impl Book {
    /// Reads the document. One that cannot be read has no operations.
    pub(crate) fn read(document: &str) -> Self {
        let Document { info, paths, components } = serde_json::from_str(document).unwrap_or_else(|error| {
            tracing::error!(%error, "the document of the API cannot be read");
            Document::default()
        });
        let operations = paths.into_iter().flat_map(|(path, methods)| {
            methods.into_iter().map(move |(method, operation)| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: operation.summary.replace('\n', " "),
                description: operation.description.replace('\n', " "),
                ..operation
            })
        });
        let (about, problems) = info.description.split_once("\n\n").unwrap_or((&info.description, ""));
        Self {
            about: about.to_owned(),
            operations: operations.collect(),
            schemas: components.schemas,
            problems: problems.lines().filter_map(problem).collect(),
        }
    }

    pub(super) fn about(&self) -> &str {
        &self.about
    }

    pub(super) fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Returns the chapters by name, with their number of operations.
    pub(super) fn chapters(&self) -> impl Iterator<Item = (&str, usize)> {
        let mut chapters: BTreeMap<&str, usize> = BTreeMap::new();
        for tag in self.operations.iter().filter_map(|operation| operation.tags.first()) {
            *chapters.entry(tag).or_default() += 1;
        }
        chapters.into_iter()
    }

    pub(super) fn of_chapter<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Operation> {
        self.operations.iter().filter(move |operation| operation.tags.first().is_some_and(|tag| tag == name))
    }

    pub(super) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.operation_id == id)
    }

    pub(super) fn schema(&self, name: &str) -> Option<&Value> {
        self.schemas.get(name)
    }

    /// Returns the operations with all of these words.
    pub(super) fn search(&self, asked: &str) -> impl Iterator<Item = &Operation> {
        let words: Vec<_> = asked.split_whitespace().take(10).map(str::to_lowercase).collect();
        self.operations.iter().filter(move |operation| operation.has(&words))
    }

    pub(super) fn schemas_named(&self, asked: &str) -> impl Iterator<Item = &str> {
        let asked = asked.to_lowercase().replace(' ', "");
        self.schemas.keys().map(String::as_str).filter(move |name| name.to_lowercase().contains(&asked))
    }

    /// Returns the operations that take or answer a schema.
    pub(super) fn naming(&self, name: &str) -> impl Iterator<Item = &Operation> {
        let reference = format!("#/components/schemas/{name}");
        self.operations.iter().filter(move |operation| operation.names(&reference))
    }
}

/// Reads a line of the list of problems: ``- `TYPE` (STATUS): TITLE``.
fn problem(line: &str) -> Option<(String, String, String)> {
    let (kind, rest) = line.strip_prefix("- `")?.split_once("` (")?;
    let (status, title) = rest.split_once("): ")?;
    Some((kind.to_owned(), status.to_owned(), title.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn book() -> Book {
        let document = json!({
            "info": { "description": "About.\n\nProblem types:\n- `urn:x:gone` (410): It is gone\n" },
            "paths": { "/v1/goals/{goal_id}": {
                "get": { "operationId": "get_goal", "summary": "Reads a goal. And more.", "tags": ["goals"],
                    "security": [{ "bearer": [] }, { "cookie": [] }], "x-muster-access": { "role": "agent", "scope": "read" },
                    "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Goal" } } } } } },
                "delete": { "operationId": "end_goal", "tags": ["goals"], "security": [{ "bearer": [] }] },
            } },
            "components": { "schemas": { "Goal": { "type": "object" } } },
        });
        Book::read(&document.to_string())
    }

    #[test]
    fn operations_are_found_by_chapter_by_words_and_by_the_schemas_that_they_name() {
        let book = book();
        assert_eq!(book.about(), "About.");
        assert_eq!(book.problems(), &[("urn:x:gone".to_owned(), "410".to_owned(), "It is gone".to_owned())]);
        assert_eq!(book.chapters().collect::<Vec<_>>(), [("goals", 2)]);
        let found = |asked: &str| book.search(asked).map(|one| one.operation_id.as_str()).collect::<Vec<_>>();
        assert_eq!(found("READS goal"), ["get_goal"]);
        assert_eq!(found("nothing"), Vec::<&str>::new());
        assert_eq!(book.naming("Goal").count(), 1);
        assert_eq!(book.schemas_named("go").collect::<Vec<_>>(), ["Goal"]);
    }

    #[test]
    fn an_operation_without_sessions_cannot_be_tried_and_one_that_reads_needs_no_confirmation() {
        let book = book();
        let (read, end) = (book.operation("get_goal").unwrap(), book.operation("end_goal").unwrap());
        assert!(read.takes_a_session() && !read.changes() && read.title() == "Reads a goal");
        assert_eq!((read.about().as_str(), end.about().as_str()), ("Reads a goal. And more.", ""));
        assert!(!end.takes_a_session() && end.changes() && end.title() == "end_goal");
    }
}
