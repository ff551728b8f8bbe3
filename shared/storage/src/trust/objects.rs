//! The registry of stored objects: every folder of the object store, the person that its objects
//! may hold, and how they are redacted and aged (rule R5a).
//!
//! An object in no folder of it does not pass the tests: each world of the integration tests looks
//! through its own store when it ends.

use crate::trust::tables::Whose;

/// The objects of a folder that a redaction deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// None: nothing of a person is in them, or no more than a keyed hash.
    Nothing,
    /// The files and rows of imports that are over, and files of no import.
    OfImports,
    /// All that were written before it.
    Earlier,
    /// Objects in which the person is, and objects that cannot be looked into.
    WithThePerson,
}

/// How an access request tells the objects of a folder (rule R8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// They are read as files of contacts, and the person's own rows are told.
    Rows,
    /// They are not opened, for this reason.
    No(&'static str),
}

/// A folder of the object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// The beginning of the keys.
    pub name: &'static str,
    /// The person that its objects may hold.
    pub whose: Whose,
    /// The contents.
    pub holds: &'static str,
    /// The objects that a redaction deletes.
    pub erasure: Erasure,
    /// The same in words.
    pub redaction: &'static str,
    /// How they age.
    pub aged: &'static str,
    /// How an access request tells them.
    pub told: Told,
}

/// Every folder, in the order of their names.
pub const FOLDERS: &[Folder] = &[
    Folder {
        name: "audit",
        whose: Whose::Nobody,
        holds: "heads of the audit's chains: numbers and hashes",
        erasure: Erasure::Nothing,
        redaction: "nothing to do",
        aged: "kept for good",
        told: Told::No("nothing of a person"),
    },
    Folder {
        name: "doctor",
        whose: Whose::Nobody,
        holds: "the probe of `muster doctor`, for a moment",
        erasure: Erasure::Nothing,
        redaction: "nothing to do",
        aged: "removed at once",
        told: Told::No("nothing of a person"),
    },
    Folder {
        name: "exports",
        whose: Whose::Contact,
        holds: "files of exports and of access requests",
        erasure: Erasure::Earlier,
        redaction: "files that were written before it go, and none of them is served from its answer on",
        aged: "removed when their time is over, a week by default",
        told: Told::No("the files that had the person are named"),
    },
    Folder {
        name: "imports",
        whose: Whose::Contact,
        holds: "uploaded contacts files, and rows of running imports",
        erasure: Erasure::OfImports,
        redaction: "files and rows of imports that are over go",
        aged: "rows go with their import; the file stays for an undo and for the next redaction",
        told: Told::Rows,
    },
    Folder {
        name: "incoming",
        whose: Whose::Contact,
        holds: "contacts files that others put there to be fetched",
        erasure: Erasure::WithThePerson,
        redaction: "files in which the person is go; packed ones go",
        aged: "whoever puts them there removes them",
        told: Told::Rows,
    },
    Folder {
        name: "ledger",
        whose: Whose::Contact,
        holds: "redactions and opt-outs by keyed hash and id, for a replay after a restore",
        erasure: Erasure::Nothing,
        redaction: "nothing to do: a keyed hash remains of a redacted person",
        aged: "kept for good",
        told: Told::No("the same redactions and opt-outs are told from the database"),
    },
];

/// Returns the folder of a key; none for one that is in no folder of the registry.
pub fn folder_of(key: &str) -> Option<&'static Folder> {
    let first = key.split('/').next().unwrap_or_default();
    FOLDERS.iter().find(|folder| folder.name == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5a_a_key_is_in_the_folder_that_it_begins_with() {
        assert!(FOLDERS.is_sorted_by(|one, next| one.name < next.name));
        assert_eq!(folder_of("imports/a/b").map(|folder| folder.name), Some("imports"));
        assert_eq!(folder_of("importsx/a"), None);
        assert_eq!(folder_of(""), None);
    }

    /// A keyed hash may stay (rule R4), and no other trace of a contact.
    #[test]
    fn r5a_every_folder_of_contacts_but_the_ledger_is_erased() {
        for folder in FOLDERS {
            let stays = folder.whose == Whose::Nobody || folder.name == "ledger";
            assert_eq!(folder.erasure == Erasure::Nothing, stays, "{}", folder.name);
        }
    }

    #[test]
    fn r8_a_folder_that_may_hold_a_contact_is_told_or_has_a_reason() {
        for folder in FOLDERS {
            match folder.told {
                Told::Rows => assert_eq!(folder.whose, Whose::Contact, "{}", folder.name),
                Told::No(why) => assert!(!why.is_empty(), "{}", folder.name),
            }
        }
    }
}
