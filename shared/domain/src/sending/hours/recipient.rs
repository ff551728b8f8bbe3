//! One contact's hours: the group's, tightened by the law, in every place where the contact may be.

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    people::whereabouts::Whereabouts,
    sending::hours::{Clock, Jurisdictions, SendingHours, Week, clock::horizon},
    text_enum,
    zone::{UnknownZone, Zone},
};

/// Zones in which the hours are kept: a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ZonePolicy {
    /// In the group's zone and in every zone that the contact may be in.
    #[default]
    RecipientSafe,
    /// In the group's zone alone.
    GroupZone,
}

text_enum!(ZonePolicy);

/// Which laws' hours are kept: a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Strictness {
    /// None: the organization's texts are exempt.
    Off,
    /// Laws for commercial texts.
    #[default]
    Commercial,
}

text_enum!(Strictness);

impl Strictness {
    /// Returns the laws to keep, of this table.
    pub const fn laws(self, table: &Jurisdictions) -> Option<&Jurisdictions> {
        match self {
            Self::Off => None,
            Self::Commercial => Some(table),
        }
    }
}

/// The answer for an instant (rule S6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A text may go.
    Open,
    /// Not before this instant, the first at which it may.
    ClosedUntil(DateTime<Utc>),
    /// The places' hours do not meet within [`HORIZON_DAYS`](super::HORIZON_DAYS).
    Never,
}

/// When a text may go to one contact.
#[derive(Debug, Clone)]
pub struct RecipientHours {
    clocks: Vec<Clock>,
}

impl RecipientHours {
    /// Hours that must all be open.
    pub fn in_all(clocks: Vec<Clock>) -> Self {
        Self { clocks }
    }

    /// Returns a contact's hours. The group's hours hold in its own zone and, if the policy says
    /// so, in every zone that the contact may be in. The law of every state the contact may be in
    /// holds where the contact may be: with [`ZonePolicy::GroupZone`], in the group's zone. `laws`
    /// is the part of the table that [`Strictness::laws`] leaves.
    pub fn new(
        hours: SendingHours,
        group_zone: Zone,
        contact: Option<&Whereabouts>,
        policy: ZonePolicy,
        laws: Option<&Jurisdictions>,
    ) -> Result<Self, UnknownZone> {
        let plain = Week::every_day(hours);
        let mut lawful = plain.clone();
        if let Some(laws) = laws {
            laws.tighten(&mut lawful, contact.map_or(&[], Whereabouts::states));
        }
        let Some(contact) = contact.filter(|_| policy == ZonePolicy::RecipientSafe) else {
            return Ok(Self::in_all(vec![Clock { zone: group_zone, week: lawful }]));
        };
        let mut clocks = Vec::with_capacity(contact.zones.len() + 1);
        for name in contact.zones.iter() {
            clocks.push(Clock { zone: Zone::parse(name)?, week: lawful.clone() });
        }
        if !contact.zones.contains(&group_zone.name()) {
            clocks.push(Clock { zone: group_zone, week: plain });
        }
        Ok(Self::in_all(clocks))
    }

    /// Returns whether a text may go now, and if not, when.
    pub fn at(&self, now: DateTime<Utc>) -> Opening {
        match self.next(now) {
            Some(at) if at == now => Opening::Open,
            Some(at) => Opening::ClosedUntil(at),
            None => Opening::Never,
        }
    }

    /// Returns the first instant at or after `at` that is inside all hours; `None` when there is
    /// none within [`HORIZON_DAYS`](super::HORIZON_DAYS).
    pub fn next(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let horizon = horizon(at);
        let mut candidate = at;
        // Every turn moves the candidate to a later opening of one of the clocks, until it is
        // inside all hours or behind the horizon: each clock has one or two a day.
        while candidate < horizon {
            let mut moved = candidate;
            for clock in &self.clocks {
                moved = moved.max(clock.next(moved, horizon)?);
            }
            if moved == candidate {
                return Some(candidate);
            }
            candidate = moved;
        }
        None
    }

    /// Returns the first instant at or after `at` that is outside some of the hours; `horizon` when
    /// there is none before it.
    pub fn closes(&self, at: DateTime<Utc>, horizon: DateTime<Utc>) -> DateTime<Utc> {
        let closes = self.clocks.iter().map(|clock| clock.closes(at, horizon));
        closes.min().unwrap_or(horizon).min(horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str, postal_code: &str, policy: ZonePolicy, laws: Option<&Jurisdictions>) -> RecipientHours {
        let contact = Whereabouts::of(Some(postal_code), "2125550100");
        let zone = Zone::parse(zone).unwrap();
        RecipientHours::new(SendingHours::default(), zone, Some(&contact), policy, laws).unwrap()
    }

    fn answer(hours: &RecipientHours, at: &str) -> String {
        match hours.at(at.parse().unwrap()) {
            Opening::Open => "open".to_owned(),
            Opening::ClosedUntil(at) => at.format("%a %d %H:%M").to_string(),
            Opening::Never => "never".to_owned(),
        }
    }

    #[test]
    fn s5_texas_opens_at_nine_and_on_sundays_at_noon() {
        let laws = Jurisdictions::default();
        let austin = hours("America/Chicago", "78701", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(answer(&austin, "2026-11-20T14:30:00Z"), "Fri 20 15:00");
        assert_eq!(answer(&austin, "2026-11-22T15:30:00Z"), "Sun 22 18:00");
        let off = hours("America/Chicago", "78701", ZonePolicy::RecipientSafe, None);
        assert_eq!(answer(&off, "2026-11-20T14:30:00Z"), "open");
        // El Paso's noon is an hour later.
        let el_paso = hours("America/Chicago", "79901", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(answer(&el_paso, "2026-11-22T18:30:00Z"), "Sun 22 19:00");
        let by_group = hours("America/Chicago", "79901", ZonePolicy::GroupZone, Some(&laws));
        assert_eq!(answer(&by_group, "2026-11-22T18:30:00Z"), "open");
    }

    #[test]
    fn s5_no_texts_on_sundays_and_holidays_in_alabama_and_louisiana() {
        let laws = Jurisdictions::default();
        let birmingham = hours("America/Chicago", "35203", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(answer(&birmingham, "2026-11-22T02:30:00Z"), "Mon 23 14:00", "Saturday evening");
        // A Saturday evening before Labor Day.
        assert_eq!(answer(&birmingham, "2026-09-06T02:00:00Z"), "Tue 08 13:00");
        let new_orleans = hours("America/Chicago", "70112", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(answer(&new_orleans, "2026-02-17T18:00:00Z"), "Wed 18 14:00", "Mardi Gras");
    }

    #[test]
    fn s5_the_groups_hours_hold_in_its_zone_without_the_contacts_law() {
        let laws = Jurisdictions::default();
        // A group in New York and a contact in Alabama: on a Saturday both are open until 20:00 in
        // New York.
        let both = hours("America/New_York", "35203", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(answer(&both, "2026-11-22T00:59:00Z"), "open");
        assert_eq!(answer(&both, "2026-11-22T01:00:00Z"), "Mon 23 14:00");
    }

    #[test]
    fn s5_federal_hours_hold_where_a_state_says_nothing() {
        let laws = Jurisdictions::default();
        let contact = Whereabouts::of(Some("10001"), "2125550100");
        let zone = Zone::parse("America/New_York").unwrap();
        let all_day = SendingHours::new(0, 1440).unwrap();
        let hours = RecipientHours::new(all_day, zone, Some(&contact), ZonePolicy::RecipientSafe, Some(&laws)).unwrap();
        assert_eq!(answer(&hours, "2026-11-22T03:00:00Z"), "Sun 22 13:00");
        assert_eq!(answer(&hours, "2026-11-22T01:59:00Z"), "open");
    }

    #[test]
    fn s7a_the_hours_end_where_the_first_of_them_does() {
        let laws = Jurisdictions::default();
        let closes = |hours: &RecipientHours, at: &str| {
            let at: DateTime<Utc> = at.parse().unwrap();
            hours.closes(at, at + chrono::TimeDelta::days(2)).format("%a %d %H:%M").to_string()
        };
        // A group in Los Angeles, contacts in New York and in Rhode Island, where the law ends the
        // Sunday at five.
        let new_york = hours("America/Los_Angeles", "10001", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(closes(&new_york, "2026-11-22T18:00:00Z"), "Mon 23 01:00");
        let providence = hours("America/Los_Angeles", "02903", ZonePolicy::RecipientSafe, Some(&laws));
        assert_eq!(closes(&providence, "2026-11-22T18:00:00Z"), "Sun 22 22:00");
        let by_group = hours("America/Los_Angeles", "10001", ZonePolicy::GroupZone, Some(&laws));
        assert_eq!(closes(&by_group, "2026-11-22T18:00:00Z"), "Mon 23 04:00");
        assert_eq!(closes(&new_york, "2026-11-22T05:00:00Z"), "Sun 22 05:00", "closed already");
    }

    #[test]
    fn s7a_hours_that_go_on_over_midnight_and_over_a_change_of_clocks_do_not_end_there() {
        let zone = Zone::parse("America/New_York").unwrap();
        let of = |opens, closes| {
            let week = Week::every_day(SendingHours::new(opens, closes).unwrap());
            RecipientHours::in_all(vec![Clock { zone: zone.clone(), week }])
        };
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let horizon = at("2026-11-03T00:00:00Z");
        assert_eq!(of(0, 1440).closes(at("2026-10-30T12:00:00Z"), horizon), horizon, "all day long");
        // The first pass of half past one on the night on which it comes twice.
        assert_eq!(of(0, 90).closes(at("2026-11-01T04:30:00Z"), horizon), at("2026-11-01T05:30:00Z"));
        // Two o'clock is skipped in March: three follows, which is outside.
        let march = of(0, 150).closes(at("2027-03-14T06:00:00Z"), at("2027-03-15T00:00:00Z"));
        assert_eq!(march, at("2027-03-14T07:00:00Z"));
    }
}
