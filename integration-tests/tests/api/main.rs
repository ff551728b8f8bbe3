//! The HTTP API as its clients see it: its refusals, its visibility by role and tenant, and whole
//! campaigns through it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod bad_numbers;
mod classify;
mod codes;
mod contract;
mod document;
mod forecast;
mod forecasts;
mod goals;
mod group_knowledge;
mod group_sizes;
mod headers;
mod held_threads;
mod hours;
mod idempotency;
mod import_after;
mod import_agents;
mod import_any_order;
mod import_arrival;
mod import_leftovers;
mod import_limits;
mod import_object_store;
mod import_opt_outs;
mod import_parts;
mod import_rejects;
mod import_sources;
mod import_undo;
mod imports;
mod inbound;
mod latest_word;
mod lookups;
mod numbers;
mod objects;
mod organization_settings;
mod outages;
mod overload;
mod pacing;
mod phone_keys;
mod privacy;
mod privacy_registry;
mod rates;
mod reach;
mod reassign;
mod reminders;
mod requests;
mod samples;
mod segments;
mod slow_clients;
mod tenancy;
mod waiting;
mod webhooks;
mod why;
mod windows;
mod workflow;
