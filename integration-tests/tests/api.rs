//! The HTTP API as its clients see it: what it refuses, whom it lets see what, and whole campaigns through it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "api/bad_numbers.rs"]
mod bad_numbers;
#[path = "api/classify.rs"]
mod classify;
#[path = "api/codes.rs"]
mod codes;
#[path = "api/conform.rs"]
mod conform;
#[path = "api/contract.rs"]
mod contract;
#[path = "api/document.rs"]
mod document;
#[path = "api/forecast.rs"]
mod forecast;
#[path = "api/forecasts.rs"]
mod forecasts;
#[path = "api/goals.rs"]
mod goals;
#[path = "api/headers.rs"]
mod headers;
#[path = "api/held_threads.rs"]
mod held_threads;
#[path = "api/hours.rs"]
mod hours;
#[path = "api/idempotency.rs"]
mod idempotency;
#[path = "api/import_after.rs"]
mod import_after;
#[path = "api/import_agents.rs"]
mod import_agents;
#[path = "api/import_any_order.rs"]
mod import_any_order;
#[path = "api/import_arrival.rs"]
mod import_arrival;
#[path = "api/import_leftovers.rs"]
mod import_leftovers;
#[path = "api/import_limits.rs"]
mod import_limits;
#[path = "api/import_object_store.rs"]
mod import_object_store;
#[path = "api/import_opt_outs.rs"]
mod import_opt_outs;
#[path = "api/import_parts.rs"]
mod import_parts;
#[path = "api/import_rejects.rs"]
mod import_rejects;
#[path = "api/import_sources.rs"]
mod import_sources;
#[path = "api/import_undo.rs"]
mod import_undo;
#[path = "api/imports.rs"]
mod imports;
#[path = "api/inbound.rs"]
mod inbound;
#[path = "api/latest_word.rs"]
mod latest_word;
#[path = "api/lookups.rs"]
mod lookups;
#[path = "api/numbers.rs"]
mod numbers;
#[path = "api/objects.rs"]
mod objects;
#[path = "api/organization_settings.rs"]
mod organization_settings;
#[path = "api/outages.rs"]
mod outages;
#[path = "api/overload.rs"]
mod overload;
#[path = "api/pacing.rs"]
mod pacing;
#[path = "api/phone_keys.rs"]
mod phone_keys;
#[path = "api/privacy.rs"]
mod privacy;
#[path = "api/privacy_registry.rs"]
mod privacy_registry;
#[path = "api/rates.rs"]
mod rates;
#[path = "api/reach.rs"]
mod reach;
#[path = "api/reassign.rs"]
mod reassign;
#[path = "api/reminders.rs"]
mod reminders;
#[path = "api/requests.rs"]
mod requests;
#[path = "api/samples.rs"]
mod samples;
#[path = "api/segments.rs"]
mod segments;
#[path = "api/slow_clients.rs"]
mod slow_clients;
#[path = "api/support.rs"]
mod support;
#[path = "api/tenancy.rs"]
mod tenancy;
#[path = "api/waiting.rs"]
mod waiting;
#[path = "api/webhooks.rs"]
mod webhooks;
#[path = "api/why.rs"]
mod why;
#[path = "api/windows.rs"]
mod windows;
#[path = "api/workflow.rs"]
mod workflow;
