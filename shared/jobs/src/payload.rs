//! Payloads in rows, with the version of their form.
//!
//! While an installation is upgraded, workers of two versions take jobs. A payload that a worker of
//! the version before cannot read has a greater [`Job::FORM`] and tells it in the row; such a
//! worker leaves the job to others. A payload without a word is of form 1.

use serde_json::Value;

use crate::Job;

/// The member of a payload that tells its form.
const FORM: &str = "v";

/// A payload that this build cannot read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// A newer version has written it: a worker of that version can read it.
    #[error("form {0} of the payload is not known")]
    Newer(u64),
    /// It has another shape.
    #[error("payload: {0}")]
    Shape(#[from] serde_json::Error),
}

/// Writes a payload.
pub fn write<J: Job>(payload: &J) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(payload)?;
    if J::FORM > 1
        && let Some(members) = value.as_object_mut()
    {
        members.insert(FORM.to_owned(), J::FORM.into());
    }
    Ok(value)
}

/// Reads a payload of this form or an earlier one.
pub fn read<J: Job>(mut value: Value) -> Result<J, PayloadError> {
    if let Some(form) = value.as_object_mut().and_then(|members| members.remove(FORM)) {
        match form.as_u64() {
            Some(form) if form > u64::from(J::FORM) => return Err(PayloadError::Newer(form)),
            Some(_) => {}
            None => return Err(PayloadError::Shape(serde::de::Error::custom("its form is no number"))),
        }
    }
    Ok(serde_json::from_value(value)?)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::{Leased, Policy};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Old {
        id: u32,
    }

    impl Job for Old {
        const NAME: &'static str = "greeting";
        type Mode = Leased;
        const POLICY: Policy = Policy::SHORT;
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        id: u32,
        #[serde(default)]
        words: Vec<String>,
    }

    impl Job for New {
        const NAME: &'static str = "greeting";
        type Mode = Leased;
        const POLICY: Policy = Policy::SHORT;
        const FORM: u8 = 2;
    }

    #[test]
    fn a_payload_of_the_first_form_is_as_its_shape() {
        let written = write(&Old { id: 7 }).unwrap();
        assert_eq!(written, json!({ "id": 7 }));
        assert_eq!(read::<Old>(written).unwrap(), Old { id: 7 });
    }

    #[test]
    fn a_newer_form_is_known_as_such_and_an_older_one_is_read() {
        let written = write(&New { id: 7, words: vec!["Hi".to_owned()] }).unwrap();
        assert_eq!(written, json!({ "id": 7, "words": ["Hi"], "v": 2 }));
        assert!(matches!(read::<Old>(written.clone()), Err(PayloadError::Newer(2))));
        assert_eq!(read::<New>(written).unwrap().words, ["Hi"]);
        assert_eq!(read::<New>(json!({ "id": 7 })).unwrap(), New { id: 7, words: Vec::new() });
    }

    #[test]
    fn anything_else_is_an_error_of_its_shape() {
        for value in [json!({ "id": "x" }), json!({ "id": 7, "v": "2" }), json!({ "id": 7, "other": 1 }), json!(7)] {
            assert!(matches!(read::<Old>(value.clone()), Err(PayloadError::Shape(_))), "{value}");
        }
    }
}
