//! The object store: uploaded files and exports, so that a worker on any machine can read them. The only crate that knows
//! `object_store`.
//!
//! Today a local folder (`file:///path`); other stores come with a feature of that crate and a line here.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart, local::LocalFileSystem, path::Path};

/// An error of the object store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is not of a kind that this build knows.
    #[error("object store: {0:?} is not file:///ABSOLUTE/PATH")]
    Url(String),
    /// The store failed.
    #[error("object store: {0}")]
    Store(#[from] object_store::Error),
    /// The folder could not be made.
    #[error("object store: {0}")]
    Folder(#[from] std::io::Error),
    /// The source of an upload broke off; nothing is kept.
    #[error("the upload broke off: {0}")]
    Source(String),
    /// The upload is larger than allowed; nothing is kept.
    #[error("the upload has more than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
}

/// Bytes that are written at a time, and how many such pieces may be on their way: the memory of a write.
const PIECE: usize = 1024 * 1024;
const PIECES: usize = 2;

/// A store of objects under keys.
#[derive(Debug, Clone)]
pub struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    /// Opens the store of a URL; a folder is made if it is not there.
    pub fn open(url: &str) -> Result<Self, Error> {
        let folder = url.strip_prefix("file://").filter(|path| path.starts_with('/'));
        let folder = folder.ok_or_else(|| Error::Url(url.to_owned()))?;
        std::fs::create_dir_all(folder)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?)))
    }

    /// Writes a stream under a key in bounded memory; answers its size. A stream that fails or is too large leaves nothing.
    pub async fn put<E: std::fmt::Display>(
        &self,
        key: &str,
        mut source: impl Stream<Item = Result<Bytes, E>> + Unpin,
        limit: u64,
    ) -> Result<u64, Error> {
        let upload = self.0.put_multipart(&Path::from(key)).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PIECE);
        let mut size = 0;
        while let Some(chunk) = source.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    writer.abort().await?;
                    return Err(Error::Source(error.to_string()));
                }
            };
            size += chunk.len() as u64;
            if size > limit {
                writer.abort().await?;
                return Err(Error::TooLarge { limit });
            }
            writer.wait_for_capacity(PIECES).await?;
            writer.put(chunk);
        }
        writer.finish().await?;
        Ok(size)
    }

    /// Reads an object as a stream; `None` when there is none under this key.
    pub async fn get(
        &self,
        key: &str,
    ) -> Result<Option<impl Stream<Item = Result<Bytes, Error>> + Send + Unpin + use<>>, Error> {
        match self.0.get(&Path::from(key)).await {
            Ok(found) => Ok(Some(found.into_stream().map(|chunk| chunk.map_err(Error::from)))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What tells an object from an earlier one under the same key: its entity tag, or its time and size.
    pub async fn version(&self, key: &str) -> Result<Option<String>, Error> {
        match self.0.head(&Path::from(key)).await {
            Ok(found) => Ok(Some(found.e_tag.unwrap_or_else(|| format!("{}-{}", found.last_modified, found.size)))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a piece of an object that fits into memory.
    pub async fn get_piece(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        Ok(self.0.get_range(&Path::from(key), range).await?)
    }

    /// The size of an object; `None` when there is none under this key.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, Error> {
        match self.0.head(&Path::from(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes every object whose key begins with this folder's.
    pub async fn delete_folder(&self, folder: &str) -> Result<(), Error> {
        let mut found = self.0.list(Some(&Path::from(folder)));
        while let Some(object) = found.next().await {
            match self.0.delete(&object?.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Removes an object; one that is not there is as good as removed.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        match self.0.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
