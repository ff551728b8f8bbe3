//! The fields of a form with a file: those before the file, then the file as it comes.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use multer::{Constraints, Field, Multipart, SizeLimit};

use crate::{Console, client::Problem};

/// The name of the file's field.
pub(crate) const FILE: &str = "file";
/// The longest other field.
const FIELD_LIMIT: u64 = 256 * 1024;
/// Fields before the file at most.
const FIELDS: usize = 100;

/// A form with a file, of which the file has not come yet.
pub(crate) struct Parts {
    fields: Vec<(String, String)>,
    /// The file; none where the browser sent none.
    pub(crate) file: Option<File>,
}

/// The file of a form.
pub(crate) struct File {
    /// Its name on the sender's machine.
    pub(crate) name: String,
    /// Its bytes, as they come.
    pub(crate) bytes: Field<'static>,
    /// Keeps the rest of the form readable.
    pub(crate) rest: Multipart<'static>,
}

impl Parts {
    /// Returns a field, trimmed; empty where it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// Returns a field that is not blank.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }
}

fn unreadable() -> Problem {
    Problem::own(StatusCode::BAD_REQUEST, "invalid-body", "the form cannot be read".to_owned())
}

impl FromRequest<Console> for Parts {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &Console) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Self::read(&content_type, request.into_body()).await
    }
}

impl Parts {
    async fn read(content_type: &str, body: Body) -> Result<Self, Problem> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| unreadable())?;
        let limits = SizeLimit::new().per_field(FIELD_LIMIT).for_field(FILE, u64::MAX);
        let constraints = Constraints::new().size_limit(limits);
        let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
        let mut fields = Vec::new();
        while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILE {
                let file_name = field.file_name().unwrap_or_default().to_owned();
                let file = (!file_name.is_empty()).then_some(File { name: file_name, bytes: field, rest: form });
                return Ok(Self { fields, file });
            }
            if fields.len() == FIELDS {
                return Err(unreadable());
            }
            fields.push((name, field.text().await.map_err(|_| unreadable())?));
        }
        Ok(Self { fields, file: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(parts: &[(&str, Option<&str>, &str)]) -> Body {
        let part = |(name, file, value): &(&str, Option<&str>, &str)| {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
        };
        Body::from(parts.iter().map(part).collect::<String>() + "--x--\r\n")
    }

    #[tokio::test]
    async fn fields_before_the_file_are_read_and_the_file_is_left_to_come() {
        let body =
            form(&[("tags", None, " vip "), ("file", Some("people.csv"), "a,b\r\n1,2\r\n"), ("later", None, "x")]);
        let parts = Parts::read("multipart/form-data; boundary=x", body).await.unwrap();
        assert_eq!((parts.get("tags"), parts.some("later")), ("vip", None));
        let file = parts.file.unwrap();
        assert_eq!(file.name, "people.csv");
        assert_eq!(file.bytes.bytes().await.unwrap(), "a,b\r\n1,2\r\n");
    }

    #[tokio::test]
    async fn a_form_without_a_file_and_one_that_is_none_are_told() {
        let parts = Parts::read("multipart/form-data; boundary=x", form(&[("file", Some(""), "")])).await.unwrap();
        assert!(parts.file.is_none());
        assert!(Parts::read("text/plain", form(&[])).await.is_err());
        assert!(Parts::read("multipart/form-data; boundary=y", form(&[("a", None, "b")])).await.is_err());
    }
}
