//! The planted person in the object store: each folder of the registry is needed for a redaction
//! (rule R5a).

use std::{collections::BTreeSet, fs, path::Path};

use muster_domain::{
    ids::{AccountId, RedactionId},
    people::{e164::E164, phone_hash::PhoneHashKeys},
};
use muster_integration_tests::World;
use muster_objects::{Objects, StoreAddress};
use muster_storage::{people::redactions, trust::treatment::Treatment};
use muster_workers::testing::erase_objects;
use uuid::Uuid;

use crate::planted::{files, objects_with_the_person, plant};

/// Returns the folders of the object store in which the person is.
fn folders(world: &World) -> BTreeSet<String> {
    let first = |name: String| name.split('/').next().unwrap_or_default().to_owned();
    objects_with_the_person(world).into_iter().map(first).collect()
}

/// Copies all files of a folder into another.
fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

/// Erases the objects by a redaction of which no row is kept.
async fn erase(world: &World, account: AccountId, treatment: Treatment) {
    let (id, keys) = (RedactionId::new(), PhoneHashKeys::new([7; 32], None));
    let number = E164::parse("+16465550001").unwrap();
    let mut tx = world.pool().begin().await.unwrap();
    redactions::begin(&mut tx, id, account, None, &number, &keys.of(&number), treatment).await.unwrap();
    redactions::look(&mut tx, id).await.unwrap();
    let entry = redactions::lock(&mut tx, id, |number| keys.of(number)).await.unwrap().unwrap();
    let entry = redactions::Redaction { treatment, ..entry };
    let old = redactions::files(&mut tx, id, &entry).await.unwrap();
    let organizations = redactions::organizations(&mut tx, account).await.unwrap();
    let url = format!("file://{}", world.folder().display());
    let objects = Objects::open(&StoreAddress::new(&url, None, "", None, None)).unwrap();
    erase_objects(&objects, &entry, &old, &organizations).await.unwrap();
    tx.rollback().await.unwrap();
}

/// With the whole registry no object has the person; without any one folder of it, that folder has.
#[tokio::test]
async fn r5a_without_any_one_folder_of_the_registry_the_planted_person_is_found() {
    World::with_engine()
        .run(async |world| {
            plant(&world).await;
            let account: Uuid = world.row("select id from account").await;
            let account = AccountId(account);
            let treated: BTreeSet<String> = Treatment::whole().folders().map(|folder| folder.name.to_owned()).collect();
            assert_eq!(folders(&world), treated, "a door leads to each folder");
            let kept = tempfile::tempdir().unwrap();
            copy(world.folder(), kept.path());

            erase(&world, account, Treatment::whole()).await;
            assert_eq!(folders(&world), BTreeSet::new());
            for folder in Treatment::whole().folders() {
                copy(kept.path(), world.folder());
                erase(&world, account, Treatment::without_folder(folder.name)).await;
                assert_eq!(folders(&world), BTreeSet::from([folder.name.to_owned()]));
            }
        })
        .await;
}
