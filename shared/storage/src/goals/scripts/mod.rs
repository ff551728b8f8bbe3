//! Scripts beside those of goals (rule W9): an organization's library, and agents' own.

pub mod library;
pub mod own;

/// The end of saving a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is saved.
    Done,
    /// Another one has the name.
    NameTaken,
    /// There are as many as there may be.
    Full,
}

/// Scripts beside one that is to be saved.
struct Others {
    /// How many.
    count: i64,
    /// One of them has the name.
    same_name: bool,
}

impl Others {
    /// Decides whether one more, or one by this name, can be saved.
    const fn decide(&self, limit: i64) -> Saved {
        if self.same_name {
            Saved::NameTaken
        } else if self.count >= limit {
            Saved::Full
        } else {
            Saved::Done
        }
    }
}
