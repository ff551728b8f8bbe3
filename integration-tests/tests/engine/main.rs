//! The engine's guarantees: one file for each promise of the engine, named as there (and one more
//! of J6, for sends, two of J7, for jobs that end their worker and for workers' lives, and of J11,
//! for jobs and for schedules that change), one for the table of failures, one for the ages of
//! records, one for its operators, one for their acts on many jobs, one for their tools, one for
//! pools of workers, one for their doctor, one for the schema, one for the audit's chain, one for
//! the rights of daemons, one for TLS, one for two database servers and one for a pooler before
//! one, one for two versions at a time, one for the autoscaler of workers, one for partitions, and
//! one for alerts, which `exposition` reads scrapes for.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod acts;
mod alerts;
mod audit_chain;
mod autoscaler;
mod doctor;
mod drill;
mod dropped;
mod exposition;
mod failure_table;
mod figures;
mod former_primary;
mod history;
mod j10_time;
mod j11_changes;
mod j11_lives;
mod j11_ticks;
mod j1_nothing_lost;
mod j2_effects_once;
mod j3_duplicates;
mod j4_unique;
mod j5_order;
mod j6_fair;
mod j6_sends;
mod j7_deaths;
mod j7_lives;
mod j7_poison;
mod j8_drains;
mod j9_schedulers;
mod migrations;
mod operators;
mod partitions;
mod pgbouncer;
mod pools;
mod remote;
mod roles;
mod servers_die;
mod supervisor;
mod tls;
mod tools;
mod upgrade;
