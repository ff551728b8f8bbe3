//! `muster import upload FILE`: uploads a file and follows its import to the end.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use futures::{Stream, TryStreamExt};
use indicatif::ProgressBar;
use reqwest::Body;
use serde_json::json;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use super::{EXIT_REFUSED, check::mapped, follow};
use crate::{commands::client::Where, out::say};

/// Bytes that are read and sent at a time.
const BLOCK: usize = 256 * 1024;

#[derive(Args)]
pub(crate) struct Upload {
    /// A CSV file, also one packed with gzip, zstd or zip.
    file: PathBuf,
    #[command(flatten)]
    to: Where,
    /// The group that the contacts join; without it, the group with the file's name, which is made
    /// in `--zone` with `--area-code`.
    #[arg(long)]
    group: Option<Uuid>,
    /// The zone of a group that is made.
    #[arg(long)]
    zone: Option<String>,
    /// The area code of a group that is made.
    #[arg(long)]
    area_code: Option<String>,
    /// A tag for every contact; may be given several times.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// Field of a column: `"Home Phone=phone"`, `Ward=custom:ward`, `Junk=ignore`; wins over the
    /// recognised one.
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = mapped)]
    mapping: Vec<(String, String)>,
    /// The consent that the contacts gave.
    #[arg(long)]
    consent_text: Option<String>,
    /// Report the same and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not wait for the import to end.
    #[arg(long)]
    no_wait: bool,
    /// Print the import as one JSON object, and no progress.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(upload: Upload) -> anyhow::Result<ExitCode> {
    let doing = || format!("read {}", upload.file.display());
    let file = tokio::fs::File::open(&upload.file).await.with_context(doing)?;
    let size = file.metadata().await.with_context(doing)?.len();
    let api = upload.to.open()?;
    let bar = if upload.json { ProgressBar::hidden() } else { follow::bar("uploading", size) };
    let request = api
        .upload("imports")
        .query(&upload.query()?)
        .header("content-type", "text/csv")
        // A second try of the same command is another import; a retry below this line is not.
        .header("idempotency-key", Uuid::now_v7().to_string())
        .body(Body::wrap_stream(blocks(file, bar.clone())));
    let answer = api.upload_file(request).await?;
    bar.finish_and_clear();
    let made = match answer {
        Ok(made) => made,
        Err(why) => {
            say!("{}", if upload.json { json!({ "refused": why }).to_string() } else { format!("refused: {why}") })?;
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
    };
    let id = made["id"].as_str().context("the API named no import")?;
    if upload.no_wait {
        say!("{}", if upload.json { made.to_string() } else { format!("import {id}") })?;
        return Ok(ExitCode::SUCCESS);
    }
    follow::until_over(&api, id, upload.json).await
}

impl Upload {
    fn query(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let name = self.file.file_name().map(Path::new).context("the path names no file")?;
        let mut query = vec![("file_name", name.to_string_lossy().into_owned())];
        let mut add = |name, value: &Option<String>| query.extend(value.clone().map(|value| (name, value)));
        add("group_id", &self.group.map(|id| id.to_string()));
        add("zone", &self.zone);
        add("area_code", &self.area_code);
        add("consent_text", &self.consent_text);
        add("tags", &(!self.tags.is_empty()).then(|| self.tags.join(",")));
        add("dry_run", &self.dry_run.then(|| "true".to_owned()));
        let mapping: BTreeMap<_, _> = self.mapping.iter().cloned().collect();
        add("mapping", &(!mapping.is_empty()).then(|| serde_json::to_string(&mapping)).transpose()?);
        Ok(query)
    }
}

/// Returns a file in blocks, telling the bar as they go.
fn blocks(file: tokio::fs::File, bar: ProgressBar) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> {
    let blocks = futures::stream::try_unfold(file, async |mut file| {
        let mut block = Vec::with_capacity(BLOCK);
        let read = (&mut file).take(BLOCK as u64).read_to_end(&mut block).await?;
        Ok::<_, std::io::Error>((read > 0).then_some((block, file)))
    });
    blocks.inspect_ok(move |block| bar.inc(block.len() as u64))
}
