//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/forecast`: the end of a goal, and the
//! contacts that it will not reach (rule S11).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use muster_domain::{
    goals::{
        estimate::estimate,
        forecast::{Beat, Cohort, Forecast, Outlook, Releases, Spent, UnreachedReason, forecast},
        release::{Pace, first_tick},
    },
    ids::GoalId,
    people::whereabouts::Whereabouts,
    sending::{
        brand_hold::BrandHoldReason,
        cap::CarrierCalendar,
        hours::{RecipientHours, ZonePolicy},
    },
    tenancy::settings::OrganizationSettings,
    zone::Zone,
};
use muster_storage::{
    goals::{Goal, forecast as stored},
    sending::{caps, rates},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{admin::goals::preview::seen, auth::Admin, extract::Path, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastBody {
    /// When the last initial will have gone; null when not all will go before the goal closes.
    finishes_at: Option<DateTime<Utc>>,
    /// Initials that will go from now on.
    reached: i64,
    /// Initials that will not.
    unreached: i64,
    /// Of these, to contacts where the hours do not open while the goal does.
    never_open: i64,
    /// Contacts that will not be reached.
    unreached_contacts: Vec<UnreachedBody>,
    /// Segments by carrier day.
    segments_by_day: BTreeMap<NaiveDate, i64>,
}

/// Contacts that will not be reached: a set to which the same hours and limits apply.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnreachedBody {
    contacts: i64,
    /// `never_open` (their hours do not open while the goal does), `cap` (the brand's cap with
    /// their carrier is used up), or `time` (paces, hours, releases and a carrier's hold leave too
    /// little of it).
    #[schema(value_type = shapes::UnreachedWhy)]
    why: UnreachedReason,
    /// The time zones that they may be in.
    zones: Vec<&'static str>,
    /// The states that they may be in, where that is known.
    states: Vec<String>,
    /// The carrier of the cap under which they count, if any.
    cap: Option<String>,
}

/// Forecasts a goal by caps, rates, hours and its release plan, as if agents sent without a pause
/// and no other goal used the brand. For a goal that is not launched, as if it were launched now;
/// for one that is paused, as if it were resumed. While a carrier's hold lasts nothing goes; one
/// that an admin has to end is taken as ended.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/forecast", tag = "goals")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<ForecastBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = seen(&mut tx, &admin, id).await?;
    tx.rollback().await?;
    let Told { forecast: told, places, caps } = tell(&api, &admin, &goal, Spent::new()).await?;
    Ok(Answer(ForecastBody {
        finishes_at: told.finishes_at,
        reached: told.reached,
        unreached: told.unreached,
        never_open: told.left.iter().filter(|left| left.why == UnreachedReason::NeverOpen).map(|left| left.texts).sum(),
        unreached_contacts: told
            .left
            .iter()
            .filter_map(|left| {
                let place = places.get(left.part)?;
                Some(UnreachedBody {
                    contacts: left.texts,
                    why: left.why,
                    zones: place.zones.to_vec(),
                    states: place.states().iter().map(ToString::to_string).collect(),
                    cap: caps.get(left.part).cloned().flatten(),
                })
            })
            .collect(),
        segments_by_day: told.segments_by_day.into_iter().map(|(day, segments)| (day.0, segments)).collect(),
    }))
}

/// A forecast, with the places and the caps of its parts.
pub(crate) struct Told {
    pub(crate) forecast: Forecast,
    places: Vec<Whereabouts>,
    caps: Vec<Option<String>>,
}

/// Forecasts a goal beside others of the brand, which will have sent so much.
pub(crate) async fn tell(api: &Api, admin: &Admin, goal: &Goal, spoken_for: Spent) -> Result<Told, Problem> {
    let mut tx = api.pool.begin().await?;
    let organization = admin.organization(&mut tx).await?;
    let calendar = CarrierCalendar::load().map_err(|error| Problem::conflict(error.to_string()))?;
    let zone = Zone::parse(&goal.content.zone).map_err(|error| Problem::conflict(error.to_string()))?;
    let now = tx.clock().await?;
    let limits = rates::limits(&mut tx, organization.brand_id).await?;
    let carriers: Vec<_> = limits.caps.keys().cloned().collect();
    let from = now.max(goal.clock.opens_at);
    let left_today = if calendar.day(from) == calendar.day(now) {
        caps::left(&mut tx, organization.brand_id, &carriers, calendar.day(now)).await?
    } else {
        BTreeMap::new()
    };
    let numbers = stored::numbers(&mut tx, goal).await?;
    let remaining = stored::remaining(&mut tx, goal, organization.settings.lookup_max_age_days).await?;
    let released = stored::released(&mut tx, goal).await?;
    tx.rollback().await?;

    let segments_each = estimate(&goal.content.script, organization.settings.smart_encoding).segments.into();
    let releases = releases(goal, &organization.settings, &zone, released)?;
    let whole = admin.groups().is_none();
    let (places, parts): (Vec<_>, Vec<_>) =
        parts(&remaining, whole, &organization.settings, &zone, &limits, segments_each)?.into_iter().unzip();
    let caps = parts.iter().map(|part| part.cap.clone()).collect();
    let held = limits.hold.and_then(|hold| {
        let why = match hold.reason {
            BrandHoldReason::Cap => UnreachedReason::Cap,
            BrandHoldReason::Carrier => UnreachedReason::Time,
        };
        Some((hold.until?, why))
    });
    let outlook = Outlook {
        from,
        closes_at: goal.clock.closes_at,
        left_today,
        spoken_for,
        numbers_per_minute: numbers * i64::from(organization.settings.number_segments_per_minute),
        caps: limits.caps,
        rates: limits.rates,
        releases,
        held,
        parts,
    };
    let told = tokio::task::spawn_blocking(move || forecast(&outlook, &calendar)).await;
    let forecast = told.map_err(|error| Problem::conflict(format!("the forecast failed: {error}")))?;
    Ok(Told { forecast, places, caps })
}

/// Returns the release plan as a forecast needs it. Contacts that are not partitioned yet have
/// their first release when the goal opens.
fn releases(
    goal: &Goal,
    settings: &OrganizationSettings,
    zone: &Zone,
    released: Option<i64>,
) -> Result<Option<Releases>, Problem> {
    let (batches, beat) = match &goal.content.release_plan.pace {
        Pace::AllAtOpen => return Ok(None),
        Pace::Every { batches, minutes } => (*batches, Beat::Every(TimeDelta::minutes(i64::from(*minutes)))),
        Pace::Cron { batches, .. } => {
            let Some(ticks) = goal.content.release_plan.pace.ticks(zone) else { return Ok(None) };
            (*batches, Beat::Ticks(Box::new(ticks)))
        }
    };
    let each = i64::from(batches) * i64::from(settings.batch_size);
    // By a cron expression, agents get nothing before its first tick.
    let at_open = match &beat {
        Beat::Ticks(ticks) if first_tick(ticks, goal.clock.opens_at) != Some(goal.clock.opens_at) => 0,
        Beat::Ticks(_) | Beat::Every(_) => each,
    };
    let hours = RecipientHours::new(settings.sending_hours, zone.clone(), None, ZonePolicy::GroupZone, None);
    let hours = hours.map_err(|error| Problem::conflict(error.to_string()))?;
    Ok(Some(Releases { first: released.unwrap_or(at_open), each, beat, hours }))
}

/// Puts together contacts with the same hours and limits, with their places: as far as the group
/// knows, or as the organization does.
fn parts(
    remaining: &[stored::Remaining],
    whole: bool,
    settings: &OrganizationSettings,
    zone: &Zone,
    limits: &rates::Limits,
    segments_each: i64,
) -> Result<Vec<(Whereabouts, Cohort)>, Problem> {
    let policy = if settings.recipient_safe { ZonePolicy::RecipientSafe } else { ZonePolicy::GroupZone };
    let mut parts = BTreeMap::new();
    for contacts in remaining {
        let place = Whereabouts::of(contacts.postal_code.as_deref(), &contacts.national);
        let unknown = settings.unknown_carriers;
        let cap = unknown.limit_of(&limits.caps, contacts.carrier.as_deref()).map(ToOwned::to_owned);
        let rate = unknown.limit_of(&limits.rates, contacts.carrier.as_deref()).map(ToOwned::to_owned);
        let known = if whole { &contacts.postal_code } else { &contacts.known_postal_code };
        let told = Whereabouts::of(known.as_deref(), &contacts.national);
        let zones = |place: &Whereabouts| (place.zones.clone(), place.states().to_vec());
        let key = (zones(&place), zones(&told), cap.clone(), rate.clone());
        if let Some(part) = parts.get_mut(&key) {
            let (_, part): &mut (Whereabouts, Cohort) = part;
            part.texts += contacts.texts;
            continue;
        }
        let hours = RecipientHours::new(settings.sending_hours, zone.clone(), Some(&place), policy, settings.laws());
        let hours = hours.map_err(|error| Problem::conflict(error.to_string()))?;
        parts.insert(key, (told, Cohort { texts: contacts.texts, segments_each, hours, cap, rate }));
    }
    Ok(parts.into_values().collect())
}
