//! The data map: `docs/data-map.md`, written from the registry (`muster config data-map`).

use std::fmt::Write as _;

use crate::trust::{
    access, exported,
    objects::{FOLDERS, Told},
    personal::Holds,
    tables::{Aged, OfImport, TABLES, Table, Whose},
};

const HEAD: &str = "\
# Data map

This page is written from the registry of personal data (`muster config data-map`), by which
redaction, retention, access requests and exports go. It lists every column and every folder of the
object store that can hold something of a person. Columns that are not here hold words of the
engine, settings, ids and figures. [privacy.md](privacy.md) says how they flow and what protects
them.

";

/// Returns the page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    page += "## Columns\n\n| table | column | of | contents | redaction | age | access request | exports |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for table in TABLES {
        for (column, holds) in table.texts().filter(|(_, holds)| holds.is_personal()) {
            let row = [
                table.name.to_owned(),
                column.to_owned(),
                whose(table.whose).to_owned(),
                contents(holds).to_owned(),
                redaction(holds).to_owned(),
                age(table),
                if access::tells(table, column) { "told" } else { "not a contact's row" }.to_owned(),
                exports(table.name, column),
            ];
            // Writing into a text cannot fail.
            let _ = writeln!(page, "| `{}` | `{}` | {} |", row[0], row[1], row[2..].join(" | "));
        }
    }
    page += "\n## Objects\n\n| folder | of | contents | redaction | age | access request |\n| --- | --- | --- | --- | --- | --- |\n";
    for folder in FOLDERS {
        let told = match folder.told {
            Told::Rows => "the person's rows are told",
            Told::No(why) => why,
        };
        let row = [whose(folder.whose), folder.holds, folder.redaction, folder.aged, told].join(" | ");
        let _ = writeln!(page, "| `{}/` | {row} |", folder.name);
    }
    page
}

const fn whose(whose: Whose) -> &'static str {
    match whose {
        Whose::Nobody => "nobody",
        Whose::Contact => "contacts",
        Whose::Member => "members",
        Whose::Visitor => "visitors",
        Whose::Operator => "operators",
    }
}

const fn contents(holds: Holds) -> &'static str {
    match holds {
        Holds::NoPerson => "nothing of a person",
        Holds::IdsAlone => "ids and hashes",
        Holds::Ours => "our numbers",
        Holds::StaffWrote => "words of staff",
        Holds::Staff => "a member's own",
        Holds::KeyedHash => "a keyed hash",
        Holds::Overwritten | Holds::Deleted => "the person's own",
        Holds::Searched => "text that may name somebody",
        Holds::Shape => "always empty",
    }
}

const fn redaction(holds: Holds) -> &'static str {
    match holds {
        Holds::Overwritten => "overwritten",
        Holds::Deleted => "the row goes",
        Holds::Searched => "traces are left out",
        Holds::KeyedHash => "remains",
        Holds::NoPerson | Holds::IdsAlone | Holds::Ours | Holds::StaffWrote | Holds::Staff | Holds::Shape => "stays",
    }
}

fn age(table: &Table) -> String {
    let age = match table.aged {
        Aged::WithContact => "with the contact".to_owned(),
        Aged::Bodies => "texts by the time for texts, else with the contact".to_owned(),
        Aged::Addresses => "addresses by the time for addresses; the row is kept".to_owned(),
        Aged::Work => "when its work is over".to_owned(),
        Aged::Upkeep(task) => format!("by the schedule `{task}`"),
        Aged::Kept(why) => format!("kept: {why}"),
    };
    let with_import = if table.of_import() == Some(OfImport::Leaves) { ", or by the time for imports" } else { "" };
    age + with_import
}

/// Returns the exports that have a column, or why none has.
fn exports(table: &str, column: &str) -> String {
    let kinds: Vec<_> = exported::exports_of(table, column).map(|kind| format!("`{kind}`")).collect();
    exported::not_exported(table, column).map_or_else(|| kinds.join(", "), |why| format!("none: {why}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn r5a_the_data_map_is_the_registrys() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/data-map.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == page(), "muster config data-map > docs/data-map.md");
    }
}
