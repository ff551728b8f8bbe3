//! The different tags that the rows of a file name (rule C8), and when they are too many to be
//! tags.

use std::collections::BTreeSet;

use crate::{Refused, limits::MAX_TAGS, rows::Row};

/// Tags, each once: of a file, or of a part of it.
#[derive(Debug, Default)]
pub struct Tags(BTreeSet<String>);

impl Tags {
    /// Adds the tags of a row; refuses the file when there are too many by now.
    pub fn add(&mut self, row: &Row<'_>) -> Result<(), Refused> {
        for tag in row.tags() {
            if !self.0.contains(tag) {
                self.0.insert(tag.to_owned());
            }
        }
        not_too_many(self.0.len())
    }

    /// Returns the tags in order.
    pub fn into_names(self) -> Vec<String> {
        self.0.into_iter().collect()
    }
}

/// Refuses a file with rows that name more than [`MAX_TAGS`] tags. They count over the whole file,
/// so that where it is cut makes no difference.
pub fn not_too_many(tags: usize) -> Result<(), Refused> {
    if tags > MAX_TAGS {
        let why = format!("a tags column holds more than {MAX_TAGS} different tags; map it to something else");
        return Err(Refused(why));
    }
    Ok(())
}
