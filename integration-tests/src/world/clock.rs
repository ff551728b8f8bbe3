//! A clock that a test moves.
//!
//! All that is decided by time is decided by the database's clock: goals' windows, releases,
//! leases, claims, hours, the carrier's day, timers, schedules. In a world with a moved clock the
//! database has functions `now` and `clock_timestamp` of its own, which sessions find before the
//! built-in ones. So the statements, the functions and the daemons are those of production, and
//! none pays for it there. Daemons' own clocks go on: they serve logs, metrics and time-outs.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use muster_storage::{Pool, PoolOptions, testing::execute};

use crate::World;

/// The statements that give a database its clock.
const CLOCK: [&str; 11] = [
    "create schema clock",
    "create table clock.shift (by interval not null)",
    "insert into clock.shift values ('0')",
    "create function clock.clock_timestamp() returns timestamptz language sql volatile as
         'select pg_catalog.clock_timestamp() + by from clock.shift'",
    "create function clock.now() returns timestamptz language sql stable as 'select pg_catalog.now() + by from clock.shift'",
    "create function clock.transaction_timestamp() returns timestamptz language sql stable as
         'select pg_catalog.now() + by from clock.shift'",
    "create function clock.statement_timestamp() returns timestamptz language sql stable as
         'select pg_catalog.statement_timestamp() + by from clock.shift'",
    // The daemons' role reads the clock and cannot move it.
    "grant usage on schema clock to public",
    "grant select on clock.shift to public",
    // A default is bound to its function when it is written.
    "do $$
     declare it record;
     begin
         set local search_path = clock, public, pg_catalog;
         for it in
             select d.adrelid::regclass as relation, a.attname, replace(pg_get_expr(d.adbin, d.adrelid), 'pg_catalog.', '') as told
             from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
             where pg_get_expr(d.adbin, d.adrelid) ~ '(now|_timestamp)\\(\\)'
         loop
             execute format('alter table %s alter column %I set default %s', it.relation, it.attname, it.told);
         end loop;
     end $$",
    "do $$ begin execute format('alter database %I set search_path = clock, public, pg_catalog', current_database()); end $$",
];

/// Gives a database its clock, before anybody else is connected.
pub(super) async fn give(database_url: &str) {
    let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
    let pool = Pool::connect_lazily(&database_url.into(), &options).expect("a pool for a clock");
    for statement in CLOCK {
        execute(&pool, statement).await.expect("giving the database its clock");
    }
    pool.close().await;
}

impl World {
    /// Moves the clock to an instant, from which it goes on. Daemons find all that is due by then
    /// as after a night without them.
    pub async fn set_clock(&self, to: DateTime<Utc>) {
        self.execute(&[&format!(
            "update clock.shift set by = timestamptz '{}' - pg_catalog.clock_timestamp()",
            to.to_rfc3339()
        )])
        .await;
    }

    /// Moves the clock to the next noon of carriers' days, so that none ends during the test.
    pub async fn at_the_carriers_noon(&self) {
        let today = self.now().await.date_naive();
        // Noon or one o'clock on the Pacific coast of America.
        let noon = today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(20);
        self.set_clock(if noon < self.now().await { noon + TimeDelta::days(1) } else { noon }).await;
    }
}
