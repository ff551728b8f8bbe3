//! `GET /operator`: the installation's health, its processes, their speed, and the oldest work.

use std::time::Duration;

use askama::Template;
use axum::response::Response;

use crate::{
    client::{Problem, operations::operator as operations},
    operator::{
        doctor::Doctor,
        figures::{Bars, Figures, count, span},
        looks::Look,
        session::Me,
        workers::Daemon,
    },
    page::{Page, html},
    words::operator as words,
};

/// For so long the doctor's checks are shared: they cost more than a row.
const CHECKS_FOR: Duration = Duration::from_secs(30);

/// A figure that is looked at first.
struct Card {
    label: &'static str,
    value: String,
    hint: String,
    href: &'static str,
    tone: &'static str,
}

/// The daemons of a role.
struct Role {
    name: &'static str,
    alive: usize,
    silent: usize,
    draining: usize,
}

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct OverviewPage {
    page: Page,
    me: Me,
    doctor: Doctor,
    cards: Vec<Card>,
    roles: Vec<Role>,
    due: Bars,
    figures: Figures,
}

pub(crate) async fn show(look: Look) -> Result<Response, Problem> {
    let figures = look.read::<Figures>(&operations::OVERVIEW, &[], &[]);
    let daemons = look.read::<Vec<Daemon>>(&operations::DAEMONS, &[], &[]);
    let doctor = look.read_for::<Doctor>(CHECKS_FOR, &operations::DOCTOR, &[], &[]);
    let (figures, daemons, doctor) = futures::try_join!(figures, daemons, doctor)?;
    let due = figures.named("engine_jobs_due").map(|figure| (figure.label("kind").to_owned(), figure.value()));
    Ok(html(&OverviewPage {
        page: look.page("Overview", "overview"),
        cards: cards(&figures),
        roles: roles(&daemons),
        due: Bars::of(due),
        me: look.me,
        doctor,
        figures,
    }))
}

fn cards(figures: &Figures) -> Vec<Card> {
    let oldest = figures.greatest("engine_oldest_due_seconds");
    let jobs = |state| figures.sum("engine_jobs", Some(("state", state)));
    let card = |label, value: f64, hint: &str, href, is_bad: bool| Card {
        label,
        value: count(value),
        hint: hint.to_owned(),
        href,
        tone: if is_bad && value > 0.0 { "bad" } else { "plain" },
    };
    let unknown = figures.sum("messages_waiting", Some(("state", "unknown")));
    let broken = figures.sum("engine_schedules_broken", None) + figures.sum("engine_schedules_overdue", None);
    vec![
        card("Jobs that are due", figures.sum("engine_jobs_due", None), "could run now", "/operator/queues", false),
        Card {
            label: "The oldest of them",
            value: oldest.map_or_else(|| "none".to_owned(), |(_, seconds)| span(seconds)),
            hint: oldest.map_or("", |(figure, _)| figure.label("kind")).to_owned(),
            href: "/operator/queues",
            tone: if oldest.is_some_and(|(_, seconds)| seconds > 60.0) { "wait" } else { "plain" },
        },
        card(
            "Done in the last minute",
            figures.sum("engine_jobs_done_per_minute", None),
            "jobs",
            "/operator/queues",
            false,
        ),
        card("Running", jobs("running"), "in workers' hands", "/operator/jobs?state=running", false),
        card("Parked", jobs("parked"), "wait for you", "/operator/jobs?state=parked", true),
        card("Texts of unknown outcome", unknown, "never sent again", "/operator/unknown-texts", true),
        card("Texts that are held", figures.sum("messages_held", None), "with their reasons", "/operator/held", false),
        card("Schedules in trouble", broken, "overdue or unreadable", "/operator/schedules", true),
        card(
            "Dead letters",
            figures.sum("engine_dead_letters", None),
            "could not be read",
            "/operator/dead-letters",
            true,
        ),
        card("Unread replies", figures.sum("replies_waiting", None), "conversations", "/operator", false),
    ]
}

fn roles(daemons: &[Daemon]) -> Vec<Role> {
    let of = |role: &str| {
        let all = || daemons.iter().filter(move |daemon| daemon.role == role);
        Role {
            name: words::role(role),
            alive: all().filter(|daemon| daemon.alive).count(),
            silent: all().filter(|daemon| !daemon.alive).count(),
            draining: all().filter(|daemon| daemon.alive && daemon.draining_since.is_some()).count(),
        }
    };
    ["api", "scheduler", "worker"].map(of).into()
}
