//! The object store: uploaded files and the objects of running imports, so that a worker on any
//! machine can read them. The only crate that knows `object_store`.
//!
//! It is a folder that every process shares (`file:///path`) or a bucket of anything that speaks S3
//! (`s3://bucket/prefix`); nobody but [`StoreAddress`] knows which. Either way an object is there
//! as a whole or not at all.

mod contacts_file;
mod error;
mod place;
mod upload;

use std::{future, ops::Range, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, path::Path};

pub use contacts_file::{ContactsFile, NotTakenIn};
pub use error::Error;
pub use place::StoreAddress;

/// A store of objects under keys.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    piece: usize,
}

impl Objects {
    /// Opens a store. A folder is made if it is not there; a server is not asked yet.
    pub fn open(place: &StoreAddress<'_>) -> Result<Self, Error> {
        let place::Opened { store, prefix, piece } = place.open()?;
        Ok(Self { store, prefix, piece })
    }

    /// Writes a stream under a key in bounded memory; returns its size. It is invisible before it
    /// is whole, and a stream that fails, is too large or is dropped leaves the earlier object.
    pub async fn put<E: std::fmt::Display>(
        &self,
        key: &str,
        source: impl Stream<Item = Result<Bytes, E>> + Unpin,
        limit: u64,
    ) -> Result<u64, Error> {
        upload::write(self.store.as_ref(), &self.path(key)?, self.piece, source, limit).await
    }

    /// Writes a small object as a whole.
    pub async fn write_small(&self, key: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        self.store.put(&self.path(key)?, bytes.into().into()).await?;
        Ok(())
    }

    /// Writes a small object as a whole if there is none under this key; returns whether there was
    /// none.
    pub async fn create_small(&self, key: &str, bytes: impl Into<Bytes>) -> Result<bool, Error> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&self.path(key)?, bytes.into().into(), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads an object that fits into memory, up to `limit` bytes; `None` when there is none under
    /// this key.
    pub async fn read_small(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        let Some(found) = there(self.store.get(&self.path(key)?).await)? else { return Ok(None) };
        if found.meta.size > limit {
            return Err(Error::TooLarge { limit });
        }
        Ok(Some(found.bytes().await?))
    }

    /// Reads an object as a stream; `None` when there is none under this key.
    pub async fn get(
        &self,
        key: &str,
    ) -> Result<Option<impl Stream<Item = Result<Bytes, Error>> + Send + Unpin + use<>>, Error> {
        let found = there(self.store.get(&self.path(key)?).await)?;
        Ok(found.map(|found| found.into_stream().map(|chunk| chunk.map_err(Error::from))))
    }

    /// Tells an object from an earlier one under the same key: its entity tag, or its time and
    /// size.
    pub async fn version(&self, key: &str) -> Result<Option<String>, Error> {
        let found = self.head(key).await?;
        Ok(found.map(|found| found.e_tag.unwrap_or_else(|| format!("{}-{}", found.last_modified, found.size))))
    }

    /// Reads a piece of an object that fits into memory.
    pub async fn get_piece(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        Ok(self.store.get_range(&self.path(key)?, range).await?)
    }

    /// Returns the size of an object; `None` when there is none under this key.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, Error> {
        Ok(self.head(key).await?.map(|found| found.size))
    }

    /// Removes every object with a key that begins with this folder's.
    pub async fn delete_folder(&self, folder: &str) -> Result<(), Error> {
        let found = self.store.list(Some(&self.path(folder)?)).map(|object| object.map(|object| object.location));
        let mut deleted = self.store.delete_stream(found.boxed());
        while let Some(object) = deleted.next().await {
            there(object)?;
        }
        Ok(())
    }

    /// Returns the keys of every object with a key that begins with this folder's.
    pub async fn keys(&self, folder: &str) -> Result<Vec<String>, Error> {
        let prefix: &str = self.prefix.as_ref();
        let key = |whole: &str| whole.strip_prefix(prefix).unwrap_or(whole).trim_start_matches('/').to_owned();
        let found = self.store.list(Some(&self.path(folder)?)).map_ok(|object| key(object.location.as_ref()));
        Ok(found.try_collect().await?)
    }

    /// Removes every object with a key that begins with this folder's and that was last written
    /// before an instant of the store's clock. Returns how many.
    pub async fn delete_older(&self, folder: &str, before: DateTime<Utc>) -> Result<u64, Error> {
        let found = self.store.list(Some(&self.path(folder)?));
        let older = found.try_filter(move |object| future::ready(object.last_modified < before));
        let (mut deleted, mut count) = (self.store.delete_stream(older.map_ok(|object| object.location).boxed()), 0);
        while let Some(object) = deleted.next().await {
            count += u64::from(there(object)?.is_some());
        }
        Ok(count)
    }

    /// Removes an object; one that is not there is as good as removed.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        there(self.store.delete(&self.path(key)?).await)?;
        Ok(())
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, Error> {
        there(self.store.head(&self.path(key)?).await)
    }

    /// Returns where a key's object is. Names are kept as they are, so that a file that is put
    /// there by other means is found under the same. One that leads out of its folder (`..`) is
    /// refused.
    fn path(&self, key: &str) -> Result<Path, Error> {
        let whole = if self.prefix.is_root() { key.to_owned() } else { format!("{}/{key}", self.prefix) };
        Ok(Path::parse(whole)?)
    }
}

/// Returns the answer, or `None` where there is no such object.
fn there<T>(asked: object_store::Result<T>) -> Result<Option<T>, Error> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
