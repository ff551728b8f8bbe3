//! `docs/configuration.md`, written from the sections: `muster config reference`.

use std::fmt::Write;

use serde_json::Value as Json;

use super::{
    key::{Fallback, Form, Key},
    processes::{PROCESSES, SECTIONS},
    secret_file,
    section::Declared,
};

const INTRODUCTION: &str = "# Configuration

`muster config reference` writes this page from the keys' own documentation.

Environment variables `MUSTER_*` go over a TOML file that `MUSTER_CONFIG` names. One file or environment serves a whole installation: each
process reads the sections that it uses, and accepts the keys of the others without looking at their values. A key that no section has is
an error, which names the nearest one. Durations, sizes and ages have their unit in the key's name.

```toml
[database]
url_file = \"/run/secrets/database_url\"

[broker]
url = \"amqp://muster:secret@rabbitmq/muster\"

[object_store]
url = \"s3://files/muster\"

[carrier]
url = \"https://api.twilio.com\"
account_sid = \"AC00000000000000000000000000000001\"
auth_token_file = \"/run/secrets/carrier_auth_token\"
public_url = \"https://muster.example.org\"

[privacy]
phone_hash_key_file = \"/run/secrets/phone_hash_key\"
```

`muster config check` prints each value that is in force and where it was set, without secrets; `--json` gives one object. `--process scheduler`
reads what the scheduler reads, so that a machine that runs nothing else needs no other keys.

## Secrets in files

A key whose form is *secret* can be in a file of its own: `MUSTER_DATABASE_URL_FILE` in the environment, `url_file` in the section `[database]`.";

/// Returns the documentation of every key as Markdown.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    let kib = secret_file::SECRET_LIMIT / 1_024;
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "\nA line break at the end of the file is no part of the secret. A file has at most {kib} KiB. Setting a key and its file is an error, \
         and so is a file\nthat is missing, unreadable or empty. Files are read when a process starts, by the processes that use them.\n\n\
         ## Secrets by a command\n\nA secret can be the output of a command, such as that of a key management service: \
         `MUSTER_PHONE_HASH_KEY_COMMAND='[\"vault\", \"kv\",\n\"get\", \"-field=key\", \"secret/muster\"]'` in the environment, \
         `phone_hash_key_command = [\"vault\", …]` in the section. It is a list: the\nprogram and its arguments. It runs without a shell when a \
         process starts, for 10 seconds at most, and must end with 0; its output has the bounds of a file\nand is never shown.\n\n\
         ## Processes\n\n| process | `--process` | sections | must be set |\n| --- | --- | --- | --- |\n"
    );
    for process in PROCESSES.iter().skip(1) {
        let mut tables: Vec<&str> = process.sections.iter().map(|section| section.table).collect();
        tables.dedup();
        let tables: Vec<_> = tables.iter().map(|table| format!("[`{table}`](#{table})")).collect();
        let required: Vec<_> =
            process.keys().filter(|key| key.is_required()).map(|key| format!("`{}`", key.environment())).collect();
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} |",
            process.doc.trim().trim_end_matches('.'),
            process.name,
            tables.join(", "),
            required.join(", ")
        );
    }
    let mut table = "";
    for section in SECTIONS {
        if section.table != table {
            table = section.table;
            let _ = write!(page, "\n## {table}\n");
        }
        let _ = write!(
            page,
            "\n{} Used by {}.\n\n| key in `[{table}]` | environment | form | default | bounds | |\n| --- | --- | --- | --- | --- | --- |\n",
            section.doc.trim(),
            users(section)
        );
        for key in section.keys {
            let _ = writeln!(page, "{}", row(key));
        }
    }
    page
}

/// Returns the processes that use a section.
fn users(section: &Declared) -> String {
    let uses = PROCESSES.iter().skip(1).filter(|process| process.sections.iter().any(|of| of.name == section.name));
    let names: Vec<_> = uses.map(|process| format!("`{}`", process.name)).collect();
    names.join(", ")
}

fn row(key: &Key) -> String {
    let form = match key.form {
        Form::Text => "text",
        Form::Secret => "secret",
        Form::Number => "number",
        Form::Switch => "true, false",
        Form::List => "list",
    };
    let default = match (key.shown, (key.fallback)()) {
        (Some(shown), _) => shown.to_owned(),
        (None, Fallback::Required) => "must be set".to_owned(),
        (None, Fallback::Unset) => "none".to_owned(),
        (None, Fallback::Default(Json::String(text))) => format!("`{text}`"),
        (None, Fallback::Default(value)) => value.to_string(),
    };
    let bounds = key.bounds.map_or_else(String::new, |(least, most)| format!("{least} to {most}"));
    format!("| `{}` | `{}` | {form} | {default} | {bounds} | {} |", key.name, key.environment(), key.doc())
}
