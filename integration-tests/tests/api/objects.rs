//! Promises of every object store, held against a folder and against an S3 server: the same
//! questions, the same answers.

use bytes::Bytes;
use futures::{SinkExt, Stream, StreamExt, TryStreamExt, channel::mpsc, stream};
use muster_integration_tests::{S3, S3_SECRET, eventually, holds, seconds};
use muster_objects::{Error, Objects, StoreAddress};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// More than two pieces of any store, and no multiple of any.
const LARGE: usize = 20 * 1024 * 1024 + 7;

fn folder() -> (TempDir, Objects) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    let place = StoreAddress { url: &url, endpoint: None, region: "", key: None, path_style: None };
    let objects = Objects::open(&place).unwrap();
    (folder, objects)
}

/// Returns a source as uploads are, in chunks of an odd size.
fn source(bytes: &Bytes, chunk: usize) -> impl Stream<Item = Result<Bytes, String>> + Unpin + use<> {
    let chunks: Vec<_> =
        (0..bytes.len()).step_by(chunk).map(|at| bytes.slice(at..bytes.len().min(at + chunk))).collect();
    stream::iter(chunks).map(Ok)
}

async fn put(objects: &Objects, key: &str, bytes: &'static [u8]) {
    let size = objects.put(key, source(&Bytes::from_static(bytes), 5), u64::MAX).await.unwrap();
    assert_eq!(size, bytes.len() as u64);
}

async fn get(objects: &Objects, key: &str) -> Option<Vec<u8>> {
    let found = objects.get(key).await.unwrap()?;
    Some(found.map_ok(|chunk| chunk.to_vec()).try_concat().await.unwrap())
}

/// No two stretches are alike.
fn large() -> Bytes {
    (0..LARGE.div_ceil(8)).flat_map(usize::to_le_bytes).take(LARGE).collect::<Vec<u8>>().into()
}

/// Returns a write of a large object that has begun and waits for further bytes. It ends when the
/// sender is dropped.
async fn begun(objects: &Objects, key: &'static str) -> (mpsc::Sender<Result<Bytes, String>>, Writing) {
    // Room for one chunk: the last is taken from us when the writer has all but two of them, which
    // is more than one piece.
    let (mut send, receive) = mpsc::channel(0);
    let (objects, mut writing) = (objects.clone(), JoinSet::new());
    writing.spawn(async move { objects.put(key, receive, u64::MAX).await });
    let large = large();
    for at in (0..LARGE).step_by(4 * 1024 * 1024) {
        send.send(Ok(large.slice(at..LARGE.min(at + 4 * 1024 * 1024)))).await.unwrap();
    }
    (send, writing)
}

type Writing = JoinSet<Result<u64, Error>>;

async fn what_is_written_can_be_read(objects: &Objects) {
    put(objects, "a/one", b"some bytes").await;
    assert_eq!(get(objects, "a/one").await.unwrap(), b"some bytes");
    assert_eq!(objects.size("a/one").await.unwrap(), Some(10));
    assert_eq!(objects.get_piece("a/one", 5..10).await.unwrap(), "bytes");
    assert_eq!(objects.get_piece("a/one", 0..1).await.unwrap(), "s");
    assert!(objects.get_piece("a/one", 4..4).await.unwrap().is_empty());
    put(objects, "a/nothing", b"").await;
    assert_eq!((get(objects, "a/nothing").await.unwrap(), objects.size("a/nothing").await.unwrap()), (vec![], Some(0)));

    let large = large();
    assert_eq!(objects.put("a/large", source(&large, 70_001), LARGE as u64).await.unwrap(), LARGE as u64);
    assert!(get(objects, "a/large").await.unwrap() == large);
    // Over the bounds of pieces of both sizes, and the end.
    for range in [1_048_570..1_048_590, 8_388_600..8_388_620, LARGE - 20..LARGE] {
        let piece = objects.get_piece("a/large", range.start as u64..range.end as u64).await.unwrap();
        assert_eq!(piece, large.slice(range));
    }
    // Exactly one piece of S3's.
    let piece = large.slice(..8 * 1024 * 1024);
    objects.put("a/piece", source(&piece, 1024 * 1024), u64::MAX).await.unwrap();
    assert!(get(objects, "a/piece").await.unwrap() == piece);
}

async fn what_is_not_there_is_an_answer(objects: &Objects) {
    assert!(get(objects, "b/none").await.is_none());
    assert_eq!((objects.size("b/none").await.unwrap(), objects.version("b/none").await.unwrap()), (None, None));
    objects.get_piece("b/none", 0..1).await.unwrap_err();
    objects.delete("b/none").await.unwrap();
    objects.delete_folder("b").await.unwrap();
}

async fn a_new_object_replaces_the_old_as_a_whole(objects: &Objects) {
    put(objects, "c/one", b"first").await;
    let first = objects.version("c/one").await.unwrap();
    assert_eq!(objects.version("c/one").await.unwrap(), first);
    let (send, mut writing) = begun(objects, "c/one").await;
    assert_eq!(get(objects, "c/one").await.unwrap(), b"first", "nothing is seen of what is not whole");
    assert_eq!(objects.version("c/one").await.unwrap(), first);
    drop(send);
    assert_eq!(writing.join_next().await.unwrap().unwrap().unwrap(), LARGE as u64);
    assert!(get(objects, "c/one").await.unwrap() == large());
    assert_ne!(objects.version("c/one").await.unwrap(), first);
}

async fn what_breaks_off_leaves_what_was_there(objects: &Objects) {
    put(objects, "d/kept", b"kept").await;
    let large = large();
    let whole = Bytes::from_static(b"more than ten bytes");
    for key in ["d/kept", "d/new"] {
        for bytes in [&whole, &large] {
            let limit = bytes.len() as u64 - 1;
            let error = objects.put(key, source(bytes, 100_000), limit).await.unwrap_err();
            assert!(matches!(error, Error::TooLarge { limit: told } if told == limit), "{error}");
            let broken = source(bytes, 100_000).chain(stream::iter([Err("the line is dead".to_owned())]));
            let error = objects.put(key, broken, u64::MAX).await.unwrap_err();
            assert_eq!(error.to_string(), "the upload broke off: the line is dead");
        }
    }
    let (_send, mut writing) = begun(objects, "d/new").await;
    writing.shutdown().await;
    assert_eq!(get(objects, "d/kept").await.unwrap(), b"kept");
    assert!(get(objects, "d/new").await.is_none());
}

async fn a_folder_is_deleted_and_its_neighbour_is_not(objects: &Objects) {
    // More than S3 lists or deletes at a time.
    let keys: Vec<String> = (0..1_050).map(|nth| format!("e/x.work/{}/{nth}", nth % 3)).collect();
    stream::iter(&keys).for_each_concurrent(16, |key| put(objects, key, b"x")).await;
    for neighbour in ["e/x", "e/x.worker/1", "e/y.work/1"] {
        put(objects, neighbour, b"stays").await;
    }
    objects.delete_folder("e/x.work").await.unwrap();
    for key in &keys {
        assert_eq!(objects.size(key).await.unwrap(), None, "{key}");
    }
    for neighbour in ["e/x", "e/x.worker/1", "e/y.work/1"] {
        assert_eq!(get(objects, neighbour).await.unwrap(), b"stays");
    }
    objects.delete("e/x").await.unwrap();
    assert_eq!(objects.size("e/x").await.unwrap(), None);
}

async fn names_are_what_they_are_called_and_lead_nowhere_else(objects: &Objects) {
    for key in ["f/Wähler 1 #2.csv", "f/100%25 +&?=\"';[x]{y}.csv", "f/名簿.csv"] {
        put(objects, key, b"names").await;
        assert_eq!(get(objects, key).await.unwrap(), b"names", "{key}");
        objects.delete(key).await.unwrap();
        assert!(get(objects, key).await.is_none(), "{key}");
    }
    for key in ["f/../a/one", "../x", "f//x", "f/./x", "f/a\nb"] {
        assert!(matches!(objects.size(key).await, Err(Error::Key(_))), "{key:?}");
        assert!(objects.put(key, source(&Bytes::from_static(b"x"), 1), 1).await.is_err(), "{key:?}");
    }
}

async fn contract(objects: &Objects) {
    what_is_written_can_be_read(objects).await;
    what_is_not_there_is_an_answer(objects).await;
    a_new_object_replaces_the_old_as_a_whole(objects).await;
    what_breaks_off_leaves_what_was_there(objects).await;
    a_folder_is_deleted_and_its_neighbour_is_not(objects).await;
    names_are_what_they_are_called_and_lead_nowhere_else(objects).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_keeps_what_an_object_store_promises() {
    let (folder, objects) = folder();
    contract(&objects).await;
    put(&objects, "g/Wähler.csv", b"x").await;
    assert!(folder.path().join("g/Wähler.csv").is_file(), "others find files under their names");
    // A write that was taken back leaves no bytes behind. Pieces are written to names that end in
    // `#` and a number.
    let written = || std::fs::read_dir(folder.path().join("d")).unwrap().flatten();
    let left =
        || written().map(|file| file.file_name().to_string_lossy().into_owned()).filter(|name| name.contains('#'));
    eventually(seconds(20), async || holds(left().count() == 0, left().collect::<Vec<_>>())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_s3_bucket_keeps_what_an_object_store_promises() {
    let s3 = S3::start().await;
    let objects = s3.objects();
    contract(&objects).await;
    put(&objects, "g/Wähler.csv", b"x").await;
    assert!(s3.keys().contains(&"muster/g/Wähler.csv".to_owned()), "others find objects under their names");
    assert!(s3.keys().iter().all(|key| key.starts_with("muster/")), "{:?}", s3.keys());
    // A write that was taken back is not paid for any longer.
    eventually(seconds(20), async || holds(s3.unfinished().is_empty(), s3.unfinished())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_goes_away_is_taken_back_from_the_bucket() {
    let s3 = S3::start().await;
    let (_send, mut writing) = begun(&s3.objects(), "a/one").await;
    eventually(seconds(20), async || holds(!s3.unfinished().is_empty(), "nothing was written")).await;
    writing.shutdown().await;
    eventually(seconds(20), async || holds(s3.unfinished().is_empty(), s3.unfinished())).await;
    assert!(s3.keys().is_empty());
}

#[tokio::test]
async fn a_prefix_is_a_store_of_its_own_and_a_wrong_secret_opens_none() {
    let s3 = S3::start().await;
    let (ours, theirs) = (s3.objects(), s3.objects_with(S3_SECRET, "theirs").unwrap());
    put(&ours, "a/one", b"ours").await;
    put(&theirs, "a/one", b"theirs").await;
    ours.delete_folder("a").await.unwrap();
    assert_eq!((get(&ours, "a/one").await, get(&theirs, "a/one").await), (None, Some(b"theirs".to_vec())));

    let stranger = s3.objects_with("a wrong secret", "theirs").unwrap();
    let error = stranger.size("a/one").await.unwrap_err();
    assert!(!error.is_unavailable(), "trying again does not help: {error}");
    let said = format!("{error} {error:?} {stranger:?}");
    assert!(!said.contains("a wrong secret") && !said.contains(S3_SECRET), "{said}");
    assert!(stranger.put("a/two", source(&Bytes::from_static(b"x"), 1), 1).await.is_err());
    assert_eq!(theirs.size("a/two").await.unwrap(), None);
}
