//! The objects that a redaction deletes, folder by folder as the registry says (rules R3 and R5a).

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use muster_domain::{ids::OrganizationId, people::traces::FileSearch};
use muster_objects::Objects;
use muster_storage::{
    people::redactions::{Erased, OldFiles, Redaction},
    trust::objects::Erasure,
};

use crate::{error::JobError, handlers::imports::steps};

/// A file of an import that is not under way and that is older than this is nobody's.
const LEFT_BEHIND: TimeDelta = TimeDelta::hours(1);

/// Deletes the objects of an account in which a person may be, in the folders that the redaction
/// treats. Returns how many of which.
pub async fn erase_objects(
    objects: &Objects,
    redaction: &Redaction,
    old: &OldFiles,
    organizations: &[OrganizationId],
) -> Result<Erased, JobError> {
    let mut erased = Erased::default();
    for folder in redaction.treatment.folders() {
        let mut gone = match folder.erasure {
            Erasure::OfImports => of_imports(objects, old).await?,
            Erasure::Nothing | Erasure::Earlier | Erasure::WithThePerson => 0,
        };
        for organization_id in organizations {
            let theirs = format!("{}/{organization_id}", folder.name);
            gone += match folder.erasure {
                Erasure::Nothing => 0,
                // A process that died behind an upload, or a caller that went away, has left a file
                // that no import knows.
                Erasure::OfImports => earlier(objects, &theirs, old.looked_at - LEFT_BEHIND).await?,
                // Files of exports are served no more already.
                Erasure::Earlier => earlier(objects, &theirs, old.looked_at).await?,
                Erasure::WithThePerson => with_the_person(objects, &theirs, redaction).await?,
            };
        }
        erased.add_objects(folder.name, gone);
    }
    Ok(erased)
}

async fn of_imports(objects: &Objects, old: &OldFiles) -> Result<u64, JobError> {
    let mut gone = 0;
    for file in &old.files {
        gone += u64::from(objects.size(&file.object_key).await?.is_some());
        objects.delete(&file.object_key).await?;
        // A worker that died at an import's last step, or woke up after it, may have left rows
        // there.
        objects.delete_folder(&steps::folder(file.organization_id, file.import_id)).await?;
    }
    Ok(gone)
}

async fn earlier(objects: &Objects, folder: &str, than: DateTime<Utc>) -> Result<u64, JobError> {
    Ok(objects.delete_older(folder, than).await?)
}

/// Removes the files in which the person is of those that were put there to be fetched, whether
/// they were fetched or not.
async fn with_the_person(objects: &Objects, folder: &str, redaction: &Redaction) -> Result<u64, JobError> {
    let mut gone = 0;
    for key in objects.keys(folder).await? {
        let mut search = FileSearch::new(&redaction.number, &redaction.traces);
        // A name is searched like the file's contents.
        search.pass(key.rsplit('/').next().unwrap_or_default().as_bytes());
        if let Some(mut file) = objects.get(&key).await? {
            let mut search_in = FileSearch::new(&redaction.number, &redaction.traces);
            while let Some(bytes) = file.try_next().await? {
                search_in.pass(&bytes);
                if search_in.found() {
                    break;
                }
            }
            if search.found() || search_in.found() {
                objects.delete(&key).await?;
                gone += 1;
            }
        }
    }
    Ok(gone)
}
