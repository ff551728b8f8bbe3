use std::sync::{Arc, Mutex};

use futures::stream;
use object_store::memory::InMemory;
use tokio::sync::Semaphore;

use super::*;

/// Calls that an upload has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Part(usize),
    Complete,
    Abort,
}

/// An upload that tells its calls, and takes a part when it may.
#[derive(Debug, Clone)]
struct Upload {
    calls: Arc<Mutex<Vec<Call>>>,
    /// Parts that it may take.
    may_take: Arc<Semaphore>,
    broken: bool,
}

impl Upload {
    fn new(may_take: usize) -> Self {
        Self { calls: Arc::default(), may_take: Arc::new(Semaphore::new(may_take)), broken: false }
    }

    fn writer(&self) -> WriteMultipart {
        WriteMultipart::new_with_chunk_size(Box::new(Aborting::new(Box::new(self.clone()))), 10)
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Waits for the abort.
    async fn aborted(&self) {
        while !self.calls().contains(&Call::Abort) {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let upload = self.clone();
        Box::pin(async move {
            upload.may_take.acquire().await.unwrap().forget();
            upload.calls.lock().unwrap().push(Call::Part(data.content_length()));
            if upload.broken { Err(over()) } else { Ok(()) }
        })
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        self.calls.lock().unwrap().push(Call::Complete);
        Ok(PutResult { e_tag: None, version: None, extensions: object_store::Extensions::default() })
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.calls.lock().unwrap().push(Call::Abort);
        Ok(())
    }
}

#[tokio::test]
async fn pieces_have_one_size_and_no_more_are_begun_than_may_be_on_their_way() {
    let upload = Upload::new(0);
    let mut writer = upload.writer();
    // Two pieces are on their way; the chunk's rest waits, however large the chunk is.
    let writes = async { put(&mut writer, Bytes::from_static(&[7; 44]), 10).await.unwrap() };
    let takes = async {
        for taken in 1..=4 {
            upload.may_take.add_permits(1);
            while upload.calls().len() < taken {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::join!(writes, takes);
    upload.may_take.add_permits(1);
    writer.finish().await.unwrap();
    assert_eq!(upload.calls()[..4], [Call::Part(10); 4]);
    assert_eq!(upload.calls()[4..], [Call::Part(4), Call::Complete]);
}

#[tokio::test]
async fn an_upload_that_is_dropped_is_aborted_once_its_parts_are_through() {
    let upload = Upload::new(0);
    let mut writer = upload.writer();
    put(&mut writer, Bytes::from_static(&[7; 20]), 10).await.unwrap();
    drop(writer);
    tokio::task::yield_now().await;
    assert_eq!(upload.calls(), [], "parts are on their way");
    upload.may_take.add_permits(2);
    upload.aborted().await;
    assert_eq!(upload.calls(), [Call::Part(10), Call::Part(10), Call::Abort]);
}

#[tokio::test]
async fn an_upload_that_is_dropped_with_its_last_part_on_its_way_is_aborted() {
    let upload = Upload::new(1);
    let mut writer = upload.writer();
    put(&mut writer, Bytes::from_static(&[7; 15]), 10).await.unwrap();
    {
        let mut finish = std::pin::pin!(writer.finish());
        while upload.calls().is_empty() {
            assert!(futures::poll!(&mut finish).is_pending());
            tokio::task::yield_now().await;
        }
    }
    upload.may_take.add_permits(1);
    upload.aborted().await;
    assert_eq!(upload.calls(), [Call::Part(10), Call::Part(5), Call::Abort]);
}

#[tokio::test]
async fn a_part_that_fails_ends_the_upload_with_its_own_error() {
    let upload = Upload { broken: true, ..Upload::new(9) };
    let mut writer = upload.writer();
    put(&mut writer, Bytes::from_static(&[7; 10]), 10).await.unwrap();
    let error = writer.finish().await.unwrap_err();
    assert!(error.to_string().contains("the upload is over"), "{error}");
    assert_eq!(upload.calls(), [Call::Part(10), Call::Abort]);
}

#[tokio::test]
async fn a_stream_over_the_limit_leaves_what_was_there() {
    let (store, path) = (InMemory::new(), Path::from("a"));
    let chunks =
        |bytes: &[&'static [u8]]| stream::iter(bytes.to_vec()).map(|chunk| Ok::<_, String>(Bytes::from(chunk)));
    let there = async || store.get(&path).await.unwrap().bytes().await.unwrap();
    for (bytes, whole) in
        [(&[&b""[..]][..], &b""[..]), (&[b"abc", b"d"], b"abcd"), (&[b"abcdef", b"ghi"], b"abcdefghi")]
    {
        let size = write(&store, &path, 4, chunks(bytes), whole.len() as u64).await.unwrap();
        assert_eq!((size, there().await), (whole.len() as u64, whole.into()));
    }
    let error = write(&store, &path, 4, chunks(&[b"1234567", b"8"]), 7).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 7 }), "{error}");
    assert_eq!(there().await, "abcdefghi");
}
