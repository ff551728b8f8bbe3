//! Where a statement runs: on a connection of a pool, or in a transaction.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, Postgres, pool::PoolConnection};

use crate::{
    Result,
    db::{
        database::{Pool, Tx},
        room::Pass,
    },
};

/// A connection for one statement.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(super) inner: PoolConnection<Postgres>,
    pub(super) _pass: Pass,
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// Where a statement runs: by itself, on a connection of a pool, or in its caller's transaction.
#[derive(Debug)]
pub enum Db<'a> {
    /// By itself.
    Pool(&'a Pool),
    /// In a transaction.
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Pool> for Db<'a> {
    fn from(pool: &'a Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'a> From<&'a mut Tx> for Db<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

/// The connection of a [`Db`].
#[derive(Debug)]
pub(crate) enum Conn<'a> {
    Lent(Box<Lent>),
    Tx(&'a mut PgConnection),
}

impl<'a> Db<'a> {
    pub(crate) async fn connection(self) -> Result<Conn<'a>> {
        Ok(match self {
            Self::Pool(pool) => Conn::Lent(Box::new(pool.connection().await?)),
            Self::Tx(tx) => Conn::Tx(tx.conn()),
        })
    }
}

impl Deref for Conn<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Lent(lent) => lent,
            Self::Tx(connection) => connection,
        }
    }
}

impl DerefMut for Conn<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Lent(lent) => lent,
            Self::Tx(connection) => connection,
        }
    }
}
