//! Running Postgres' own tools. The connection is handed over by the environment and the password
//! by a file that only this user can read: nothing secret is in a process list.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use anyhow::{Context, bail, ensure};
use muster_domain::servers;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;
use uuid::Uuid;

/// Parameters of a connection's URL, and the variables by which libpq takes them.
const PARAMETERS: [(&str, &str); 6] = [
    ("host", "PGHOST"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("options", "PGOPTIONS"),
];

/// A connection as Postgres' tools take it.
pub(crate) struct Connection {
    variables: Vec<(&'static str, String)>,
    passwords: PasswordFile,
}

/// A password file, which goes with this value.
struct PasswordFile(PathBuf);

impl Drop for PasswordFile {
    fn drop(&mut self) {
        // Nothing depends on it any more.
        let _ = fs::remove_file(&self.0);
    }
}

impl Connection {
    /// Reads a URL such as `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`.
    pub(crate) fn of(url: &SecretString) -> anyhow::Result<Self> {
        let variables = variables(url.expose_secret())?;
        // The password goes into a file, for any server that the tools are told.
        let password = variables.iter().find(|(name, _)| *name == "password").map(|(_, value)| value.as_str());
        let line = format!("*:*:*:*:{}\n", escaped(password.unwrap_or_default()));
        let path = std::env::temp_dir().join(format!("muster-{}.pgpass", Uuid::now_v7()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = file.as_mut().map_err(|error| std::io::Error::new(error.kind(), error.to_string()));
        written.and_then(|file| file.write_all(line.as_bytes())).context("write a password file")?;
        let variables = variables.into_iter().filter(|(name, _)| *name != "password").collect();
        Ok(Self { variables, passwords: PasswordFile(path) })
    }

    /// Returns the name of the database.
    pub(crate) fn database(&self) -> &str {
        self.variables.iter().find(|(name, _)| *name == "PGDATABASE").map_or("", |(_, value)| value)
    }

    /// Runs a tool until it ends; fails with its message.
    pub(crate) async fn run(&self, tool: &str, args: &[String]) -> anyhow::Result<String> {
        let mut command = Command::new(tool);
        command.args(args).kill_on_drop(true).env("PGPASSFILE", &self.passwords.0).env_remove("PGPASSWORD");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().await.with_context(|| format!("{tool} cannot be started: is it on the PATH?"))?;
        if !output.status.success() {
            bail!("{tool} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Returns the variables of a URL, and its password. Of several servers, the tools find the one
/// that can be written to by themselves.
fn variables(url: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let servers = servers::each(url).iter().map(|one| variables_of_one(one)).collect::<anyhow::Result<Vec<_>>>()?;
    let listed = |name: &str| {
        let values =
            servers.iter().map(|one| one.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value));
        values.collect::<Vec<_>>().join(",")
    };
    let (hosts, ports, several) = (listed("PGHOST"), listed("PGPORT"), servers.len() > 1);
    let mut variables = servers.into_iter().next().context("the database's URL names no server")?;
    if several {
        variables.retain(|(name, _)| !["PGHOST", "PGPORT"].contains(name));
        variables.extend([("PGHOST", hosts), ("PGPORT", ports)]);
        variables.push(("PGTARGETSESSIONATTRS", "read-write".to_owned()));
    }
    Ok(variables)
}

/// Returns the variables of a URL that names one server.
fn variables_of_one(url: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    // The error does not repeat the URL, which has the password.
    let url: Url = url.parse().map_err(|_| anyhow::anyhow!("the database's URL cannot be read"))?;
    ensure!(["postgres", "postgresql"].contains(&url.scheme()), "the database's URL is none of Postgres");
    let mut found = Vec::new();
    if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
        found.push(("PGHOST", decoded(host.trim_start_matches('[').trim_end_matches(']'))?));
    }
    found.push(("PGPORT", url.port().unwrap_or(5432).to_string()));
    found.push(("PGUSER", decoded(url.username())?));
    found.push(("PGDATABASE", decoded(url.path().trim_start_matches('/'))?));
    if let Some(password) = url.password() {
        found.push(("password", decoded(password)?));
    }
    for (name, value) in url.query_pairs() {
        let known = PARAMETERS.iter().find(|(parameter, _)| *parameter == name.replace("ssl-", "ssl"));
        found.extend(known.map(|(_, variable)| (*variable, value.clone().into_owned())));
    }
    Ok(found)
}

/// Returns a text without its percent-encoding.
fn decoded(text: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits: Vec<u8> = rest.by_ref().take(2).collect();
        let value = str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(value.context("the database's URL has a % without two digits")?);
    }
    String::from_utf8(bytes).context("the database's URL is not UTF-8")
}

/// Returns a password as a password file has it.
fn escaped(password: &str) -> String {
    password.replace('\\', "\\\\").replace(':', "\\:")
}

#[cfg(test)]
mod tests {
    use super::variables;

    fn value<'a>(variables: &'a [(&'static str, String)], wanted: &str) -> Option<&'a str> {
        variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
    }

    #[test]
    fn tools_are_told_of_all_servers() {
        let found = variables("postgres://u:p%40@one:1,two/db?sslmode=require").unwrap();
        for (name, expected) in [
            ("PGHOST", "one,two"),
            ("PGPORT", "1,5432"),
            ("PGUSER", "u"),
            ("password", "p@"),
            ("PGDATABASE", "db"),
            ("PGSSLMODE", "require"),
            ("PGTARGETSESSIONATTRS", "read-write"),
        ] {
            assert_eq!(value(&found, name), Some(expected), "{name}");
        }
        let one = variables("postgres://u@one/db").unwrap();
        assert_eq!((value(&one, "PGHOST"), value(&one, "PGTARGETSESSIONATTRS")), (Some("one"), None));
    }
}
