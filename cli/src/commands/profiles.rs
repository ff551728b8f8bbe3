//! `muster login`, `logout` and `profiles`: installations that an operator works with by their API,
//! each with its address and the operator's token.
//!
//! The file is the user's alone (mode 0600). `MUSTER_PROFILES` names another than
//! `~/.config/muster/profiles.json`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, BufRead, IsTerminal, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::remote::Remote;
use crate::{out::say, table::Table};

/// The profile that a login without a name makes.
const USUAL: &str = "default";

#[derive(clap::Args)]
pub(crate) struct Login {
    /// The api's base URL.
    url: String,
    /// A name for the installation.
    #[arg(long, default_value = USUAL)]
    profile: String,
}

#[derive(clap::Args)]
pub(crate) struct Logout {
    /// The installation's name.
    #[arg(long, default_value = USUAL)]
    profile: String,
}

#[derive(clap::Args)]
pub(crate) struct Profiles {
    /// Use this one from now on.
    #[arg(long = "use", value_name = "PROFILE")]
    chosen: Option<String>,
    /// Print a JSON list of `{name, url, current}`.
    #[arg(long)]
    json: bool,
}

/// An installation and the operator's token there.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) url: String,
    pub(crate) token: String,
}

/// The file's contents.
#[derive(Default, Serialize, Deserialize)]
struct File {
    /// The one that commands use.
    current: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// Returns the profile that commands use: that of `MUSTER_PROFILE`, else the current one. None
/// where there is none, or `MUSTER_PROFILE` is `none`.
pub(crate) fn chosen() -> anyhow::Result<Option<Profile>> {
    let named = env::var("MUSTER_PROFILE").ok().filter(|name| !name.is_empty());
    if named.as_deref() == Some("none") {
        return Ok(None);
    }
    let Some(path) = path() else { return Ok(None) };
    let file = read(&path)?;
    match named.or(file.current) {
        Some(name) => match file.profiles.get(&name) {
            Some(profile) => Ok(Some(profile.clone())),
            None => bail!("there is no profile {name}: muster login makes one"),
        },
        None => Ok(None),
    }
}

/// Asks for the token, tries it, and keeps both.
pub(crate) async fn login(args: Login) -> anyhow::Result<()> {
    let path = path().context("set HOME or MUSTER_PROFILES")?;
    let profile = Profile { url: args.url.trim_end_matches('/').to_owned(), token: token()? };
    let me = Remote::of(&profile)?.get("me").await?;
    let mut file = read(&path)?;
    file.profiles.insert(args.profile.clone(), profile);
    file.current = Some(args.profile.clone());
    write(&path, &file)?;
    say!(
        "{} works as {} ({})",
        args.profile,
        me["name"].as_str().unwrap_or_default(),
        me["rights"].as_str().unwrap_or_default()
    )
}

/// Forgets a profile. The token stays in force until it is ended.
pub(crate) fn logout(args: &Logout) -> anyhow::Result<()> {
    let path = path().context("set HOME or MUSTER_PROFILES")?;
    let mut file = read(&path)?;
    ensure!(file.profiles.remove(&args.profile).is_some(), "there is no profile {}", args.profile);
    if file.current.as_ref() == Some(&args.profile) {
        file.current = None;
    }
    write(&path, &file)?;
    say!("{} is forgotten; muster operators end takes the token out of force", args.profile)
}

/// Lists profiles, or makes one the current.
pub(crate) fn profiles(args: Profiles) -> anyhow::Result<()> {
    let path = path().context("set HOME or MUSTER_PROFILES")?;
    let mut file = read(&path)?;
    if let Some(name) = args.chosen {
        ensure!(file.profiles.contains_key(&name), "there is no profile {name}");
        file.current = Some(name);
        write(&path, &file)?;
    }
    let is_current = |name: &String| file.current.as_ref() == Some(name);
    if args.json {
        let rows = file.profiles.iter();
        let rows: Vec<_> = rows
            .map(|(name, profile)| json!({ "name": name, "url": profile.url, "current": is_current(name) }))
            .collect();
        return say!("{}", serde_json::to_string(&rows)?);
    }
    let mut table = Table::with_names(["profile", "url", ""]);
    for (name, profile) in &file.profiles {
        let current = if is_current(name) { "current" } else { "" };
        table.row([name.clone(), profile.url.clone(), current.to_owned()]);
    }
    table.print("")
}

/// Reads the token from `MUSTER_OPERATOR_TOKEN` or standard input: arguments can be seen by others.
fn token() -> anyhow::Result<String> {
    if let Ok(token) = env::var("MUSTER_OPERATOR_TOKEN") {
        return Ok(token);
    }
    if io::stdin().is_terminal() {
        io::stderr().write_all(b"The operator's token: ").context("standard error")?;
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("standard input")?;
    let token = line.trim().to_owned();
    ensure!(!token.is_empty(), "give the operator's token on standard input or in MUSTER_OPERATOR_TOKEN");
    Ok(token)
}

fn path() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("MUSTER_PROFILES").or_else(|| {
        let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))?;
        Some(config.join("muster/profiles.json"))
    })
}

fn read(path: &Path) -> anyhow::Result<File> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("read {}", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

/// Writes a new file and puts it in the old one's place, so that nobody reads half of it.
fn write(path: &Path, file: &File) -> anyhow::Result<()> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let new = path.with_extension("new");
        let _left_over = fs::remove_file(&new);
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        out.write_all(&serde_json::to_vec_pretty(file)?)?;
        out.sync_all()?;
        fs::rename(&new, path)
    };
    written().with_context(|| format!("write {}", path.display()))
}
