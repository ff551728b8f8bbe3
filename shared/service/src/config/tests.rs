use std::path::{Path, PathBuf};

use super::{key::Form, *};

const HASH_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

/// Returns a value for a key that must be set, in TOML's syntax.
fn sample(key: &Key) -> String {
    match key.flat {
        "phone_hash_key" => format!("{HASH_KEY:?}"),
        name => format!("\"hush-{name}\""),
    }
}

/// Returns a TOML text with these keys.
fn toml<'a>(values: impl IntoIterator<Item = (&'a Key, String)>) -> String {
    let lines = values.into_iter().map(|(key, value)| format!("{}.{} = {value}\n", key.section, key.name));
    lines.collect::<Vec<_>>().concat()
}

fn keys_of(process: &ProcessKind) -> Vec<&'static Key> {
    process.keys().collect()
}

fn required_of(process: &ProcessKind) -> Vec<(&'static Key, String)> {
    keys_of(process).into_iter().filter(|key| key.is_required()).map(|key| (key, sample(key))).collect()
}

fn check(process: &ProcessKind, text: &str) -> Result<Vec<Shown>, ConfigError> {
    (process.check)(&Source::from_toml(text)?)
}

/// Returns all that an installation must set.
fn whole() -> Vec<(&'static Key, String)> {
    required_of(&PROCESSES[0])
}

fn refused(text: &str) -> String {
    check(&PROCESSES[0], text).unwrap_err().to_string()
}

fn key(flat: &str) -> &'static Key {
    key_of_environment(flat).unwrap()
}

#[test]
fn each_process_reads_its_own_sections_and_needs_no_other() {
    for process in PROCESSES {
        let required = required_of(process);
        let shown = check(process, &toml(required.clone())).unwrap_or_else(|error| panic!("{}: {error}", process.name));
        let own = keys_of(process);
        assert_eq!(
            shown.iter().map(|(key, _)| key.flat).collect::<Vec<_>>(),
            own.iter().map(|key| key.flat).collect::<Vec<_>>()
        );
        // Keys of the others are accepted with any value, and a secret's file is not opened.
        let others = keys().filter(|key| !own.iter().any(|own| own.flat == key.flat));
        let unusable = others.map(|key| match key.form {
            Form::Secret => format!("{}.{}_file = \"/no/such/file\"\n", key.section, key.name),
            _ => format!("{}.{} = {{ no = \"such value\" }}\n", key.section, key.name),
        });
        let text = format!("{}{}", toml(required.clone()), unusable.collect::<String>());
        check(process, &text).unwrap_or_else(|error| panic!("{}: {error}", process.name));
        for (missing, _) in &required {
            let rest = required.iter().filter(|(key, _)| key.flat != missing.flat).cloned();
            let error = check(process, &toml(rest)).unwrap_err().to_string();
            let named = format!("{} ({}", missing.path(), missing.environment());
            assert!(error.contains(&named) && error.contains("is missing"), "{}: {error}", process.name);
        }
        let none = check(process, "").unwrap_err().to_string();
        assert_eq!(none.matches("is missing").count(), required.len(), "every missing key is told at once: {none}");
    }
}

#[test]
fn a_process_is_not_given_secrets_that_it_does_not_use() {
    let secrets = |name: &str| -> Vec<&str> {
        let process = PROCESSES.iter().find(|process| process.name == name).unwrap();
        keys_of(process).into_iter().filter(|key| key.form == Form::Secret).map(|key| key.flat).collect()
    };
    assert_eq!(secrets("migrate"), ["database_url"]);
    assert_eq!(secrets("scheduler"), ["database_url", "amqp_url", "rabbitmq_management_url"]);
    assert!(!secrets("api").contains(&"amqp_url"));
}

#[test]
fn names_are_unique_and_the_environment_says_what_the_file_says() {
    let mut flats: Vec<_> = keys().map(|key| key.flat).collect();
    let mut paths: Vec<_> = keys().map(Key::path).collect();
    let count = flats.len();
    flats.sort_unstable();
    flats.dedup();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!((flats.len(), paths.len()), (count, count));
    assert!(keys().all(|key| !key.flat.ends_with("_file") && !key.doc().is_empty()));
    for process in PROCESSES {
        let required = required_of(process);
        let variables: Vec<_> =
            required.iter().map(|(key, value)| (key.environment(), value.trim_matches('"').to_owned())).collect();
        let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let shown = (process.check)(&Source::from_environment(variables).unwrap()).unwrap();
        let written = check(process, &toml(required)).unwrap();
        let plain = |shown: Vec<Shown>| -> Vec<_> { shown.into_iter().map(|(key, value)| (key.flat, value)).collect() };
        assert_eq!(plain(shown), plain(written));
    }
}

#[test]
fn text_in_the_environment_is_text_and_numbers_switches_and_lists_are_read() {
    let mut variables: Vec<_> =
        whole().into_iter().map(|(key, value)| (key.environment(), value.trim_matches('"').to_owned())).collect();
    variables.retain(|(name, _)| name != "MUSTER_CARRIER_AUTH_TOKEN");
    for (name, value) in [
        ("MUSTER_CARRIER_AUTH_TOKEN", "778899"),
        ("MUSTER_PROCESS_NAME", "true"),
        ("MUSTER_OBJECT_STORE_PATH_STYLE", "true"),
        ("MUSTER_DATABASE_TENANT_CONNECTIONS", "4"),
        ("MUSTER_IMPORT_ALLOWED_HOSTS", "[files:1, \"other:2\"]"),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let source =
        Source::from_environment(variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))).unwrap();
    let settings = InstallationSettings::read(&source).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&settings.carrier.auth_token), "778899");
    assert_eq!(settings.process.name, "true");
    assert_eq!(settings.object_store.path_style, Some(true));
    assert_eq!(settings.database.tenant_connections, Some(4));
    assert_eq!(settings.imports.allowed_hosts, ["files:1", "other:2"]);
}

#[test]
fn every_number_has_bounds_that_are_kept() {
    for key in keys().filter(|key| key.form == Form::Number) {
        let (least, most) = key.bounds.unwrap_or_else(|| panic!("{} has no bounds", key.path()));
        let at = |value: String| {
            let mut values = whole();
            values.push((key, value));
            check(&PROCESSES[0], &toml(values)).map_or_else(|error| error.to_string(), |_| String::new())
        };
        let refused = format!("{} ({}) must be {least} to {most}", key.path(), key.path());
        for within in [least, most] {
            assert!(!at(within.to_string()).contains(&refused), "{} may be {within}", key.path());
        }
        assert!(at((most + 1).to_string()).contains(&refused), "{}: {}", key.path(), at((most + 1).to_string()));
        let below = if least == 0 { "-1".to_owned() } else { (least - 1).to_string() };
        assert!(at(below).contains(&format!("{} ({}) must be ", key.path(), key.path())));
        assert!(at("\"ten\"".to_owned()).contains("must be a whole number, not \"ten\""));
    }
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    for (flat, value, told) in [
        (
            "reconcile_after_seconds",
            "39",
            "engine.reconcile_after_seconds must be at least four times carrier.timeout_ms",
        ),
        ("database_tenant_connections", "20", "must be less than database.max_connections"),
        ("object_store_key_id", "\"AKIA1\"", "object_store.key_id and object_store.key_secret come together"),
    ] {
        let mut values = whole();
        values.push((key(flat), value.to_owned()));
        let error = refused(&toml(values));
        assert!(error.contains(told), "{error}");
    }
    let mut values = whole();
    values.retain(|(key, _)| key.flat != "phone_hash_key");
    values.push((key("phone_hash_key"), "\"12\"".to_owned()));
    let error = refused(&toml(values));
    assert_eq!(error, "configuration: privacy.phone_hash_key (privacy.phone_hash_key) must be 64 hexadecimal digits");
}

#[test]
fn every_secret_can_be_in_a_file_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    for secret in keys().filter(|key| key.form == Form::Secret) {
        let text = if secret.flat.starts_with("phone_hash_key") || secret.flat == "sign_in_key" {
            HASH_KEY
        } else {
            "hush-from-a-file"
        };
        let file = folder.path().join(secret.flat);
        std::fs::write(&file, format!("{text}\n")).unwrap();
        let mut values = whole();
        values.retain(|(key, _)| key.flat != secret.flat);
        if secret.flat == "object_store_key_secret" {
            values.push((key("object_store_key_id"), "\"AKIA1\"".to_owned()));
        }
        if secret.flat == "mail_smtp_password" {
            values.push((key("mail_smtp_user"), "\"muster\"".to_owned()));
        }
        let rest = toml(values.clone());
        let named = format!("{rest}{}.{}_file = {file:?}\n", secret.section, secret.name);
        let source = Source::from_toml(&named).unwrap();
        let settings = InstallationSettings::read(&source).unwrap_or_else(|error| panic!("{error}"));
        let origin = Origin::SecretFile(file.clone(), Box::new(Origin::Text(format!("{}_file", secret.path()))));
        assert_eq!(source.origin(secret), origin);
        let shown = settings.shown().into_iter().find(|(key, _)| key.flat == secret.flat).unwrap();
        assert_eq!(shown.1, "[REDACTED]");
        assert!(!format!("{settings:?}").contains(text), "{settings:?}");

        // Both at once, also where one is in the environment.
        let error = refused(&format!("{named}{}", toml([(secret, sample(secret))])));
        assert!(error.contains(&format!("{} is set twice", secret.path())) && !error.contains("hush-"), "{error}");
        for (name, content) in [("missing", None), ("empty", Some("\n")), ("long", Some("x".repeat(20_000).as_str()))] {
            let file = folder.path().join(name);
            if let Some(content) = content {
                std::fs::write(&file, content).unwrap();
            }
            let error = refused(&format!("{rest}{}.{}_file = {file:?}\n", secret.section, secret.name));
            let told = format!("{} ({}_file): {} ", secret.path(), secret.path(), file.display());
            assert!(error.contains(&told) && !error.contains("xxx"), "{error}");
        }
    }
    let environment = [("MUSTER_DATABASE_URL_FILE", folder.path().join("database_url"))];
    let environment = environment.iter().map(|(name, file)| (*name, file.to_str().unwrap()));
    let source = Source::from_environment(environment).unwrap();
    let settings = DatabaseSettings::read(&source).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&settings.database.url), "hush-from-a-file");
    let origin = source.origin(key("database_url")).to_string();
    assert!(origin.ends_with("database_url, named by MUSTER_DATABASE_URL_FILE"), "{origin}");
}

#[test]
fn secrets_are_not_shown_and_other_values_are() {
    let source = Source::from_toml(&toml(whole())).unwrap();
    assert!(!format!("{source:?}").contains("hush-"), "{source:?}");
    let settings = InstallationSettings::read(&source).unwrap();
    let shown: Vec<_> = settings.shown().into_iter().map(|(key, value)| format!("{} {value}", key.flat)).collect();
    for told in [format!("{settings:?}"), shown.join("\n")] {
        for secret in keys().filter(|key| key.form == Form::Secret) {
            assert!(!told.contains(&format!("hush-{}", secret.flat)), "{told}");
        }
        assert!(!told.contains(HASH_KEY) && told.contains("hush-carrier_url"), "{told}");
    }
    assert_eq!(settings.privacy.keys().0[31], 1);
}

#[test]
fn a6_mails_have_one_way_with_a_sender_and_go_in_the_clear_on_this_machine_alone() {
    let with = |more: &str| format!("{}{more}", toml(whole()));
    for (more, problem) in [
        ("mail.folder = \"/mails\"\n", "mail.from is missing"),
        ("mail.smtp_host = \"mail.example.org\"\n", "mail.from is missing"),
        ("mail.smtp_host = \"mail.example.org\"\nmail.smtp_tls = \"none\"\n", "another machine needs TLS"),
        ("mail.smtp_host = \"localhost.example.org\"\nmail.smtp_tls = \"none\"\n", "another machine needs TLS"),
        ("mail.smtp_host = \"x\"\nmail.smtp_tls = \"maybe\"\n", "must be implicit, starttls or none"),
        ("mail.smtp_host = \"x\"\nmail.smtp_user = \"muster\"\n", "come together"),
        ("mail.smtp_host = \"x\"\nmail.folder = \"/mails\"\n", "mails have one way"),
        ("mail.smtp_host = \"x\"\nmail.smtp_port = 70000\n", "must be 1 to 65535"),
    ] {
        let error = refused(&with(more));
        assert!(error.contains(problem), "{more}: {error}");
    }
    let from = "mail.from = \"muster@example.org\"\n";
    for (more, port) in [
        ("mail.smtp_host = \"mail.example.org\"\n", 465),
        ("mail.smtp_host = \"mail.example.org\"\nmail.smtp_tls = \"starttls\"\n", 587),
        ("mail.smtp_host = \"127.0.0.1\"\nmail.smtp_tls = \"none\"\n", 25),
        ("mail.smtp_host = \"localhost\"\nmail.smtp_tls = \"none\"\nmail.smtp_port = 2525\n", 2525),
    ] {
        let source = Source::from_toml(&with(&format!("{from}{more}"))).unwrap();
        let settings = InstallationSettings::read(&source).unwrap_or_else(|error| panic!("{more}: {error}"));
        assert_eq!(settings.mail.server(|_, port, _, _, _, _| port), Some(port), "{more}");
    }
}

#[test]
fn an_unknown_key_is_an_error_that_names_the_nearest() {
    for (text, told) in [
        (
            "engine.job_lease = 3",
            "engine.job_lease is no key of the configuration; the nearest is engine.job_lease_seconds",
        ),
        ("database.url_fil = \"x\"", "the nearest is database.url_file"),
        ("database.max_connections_file = \"x\"", "the nearest is database.max_connections"),
        ("[broke]\nurl = \"x\"", "[broke] is no section of the configuration; the nearest is [broker]"),
        ("database = \"postgres://\"", "database is a section: write [database] and its keys below it"),
        // A file of before there were sections.
        ("database_url = \"x\"", "database_url is now url in the section [database]"),
        ("amqp_url = \"x\"", "amqp_url is now url in the section [broker]"),
        ("job_lease_seconds = 30", "job_lease_seconds is now job_lease_seconds in the section [engine]"),
        ("jobs = 30", "jobs is no key of the configuration; the nearest is "),
    ] {
        let error = Source::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let both = Source::from_toml("database_url = \"x\"\namqp_url = \"x\"").unwrap_err().to_string();
    assert!(both.contains("[database]; ") || both.contains("[broker]; "), "{both}");
    let error = Source::from_environment([("MUSTER_DATABASE_URI", "postgres://hush")]).unwrap_err().to_string();
    assert_eq!(
        error,
        "configuration: MUSTER_DATABASE_URI is no key of the configuration; the nearest is MUSTER_DATABASE_URL"
    );
    let error = Source::from_environment([("MUSTER_LISTEN_FILE", "x")]).unwrap_err().to_string();
    assert!(error.contains("MUSTER_LISTEN_FILE is no key"), "{error}");
    for name in ["TOKEN", "API_URL", "OPERATOR", "OPERATOR_TOKEN", "PROFILE", "PROFILES"] {
        assert!(Source::from_environment([(format!("MUSTER_{name}").as_str(), "x")]).is_ok(), "{name}");
    }
}

#[test]
fn a_mistake_is_told_without_the_text_that_may_be_a_secret() {
    let number = toml(whole()).replace("\"hush-carrier_auth_token\"", "778899");
    let error = refused(&number);
    assert!(error.contains("carrier.auth_token") && !error.contains("778899"), "{error}");
    let open = toml(whole()).replace("\"hush-carrier_auth_token\"", "'hush");
    let error = refused(&open);
    assert!(error.contains("line ") && !error.contains("hush") && !error.contains('\n'), "{error}");
    let empty = toml(whole()).replace("\"hush-carrier_auth_token\"", "\"\"");
    assert!(refused(&empty).contains("carrier.auth_token (carrier.auth_token) must not be empty"));
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_reference_in_the_repository_is_current() {
    let written = std::fs::read_to_string(repository().join("docs/configuration.md")).unwrap_or_default();
    assert!(written == reference(), "muster config reference > docs/configuration.md");
}

/// Every TOML block of the documentation that has one of the sections, and every sample file.
#[test]
fn samples_of_the_configuration_in_the_repository_can_be_read() {
    let mut samples = 0;
    let mut pages = vec![repository().join("README.md")];
    pages.extend(std::fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            if keys().any(|key| block.contains(&format!("[{}]", key.section))) {
                Source::from_toml(block).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
                samples += 1;
            }
        }
    }
    assert!(samples > 0);
}
