//! The state machine of a goal and of a campaign's goals (rules G4, G6, G8, G9a and G10).

use chrono::{DateTime, TimeDelta, Utc};

use crate::goals::{
    campaign::CampaignAction,
    goal::{GoalClock, GoalStatus, Window, WindowError},
};

/// A command to a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoalCommand {
    /// Launches a draft that is to be open like this.
    Launch(Window),
    /// Pauses it.
    Pause,
    /// Ends the pause.
    Resume,
    /// Closes it now. A goal that is not open yet closes as soon as it has opened, which is now as
    /// well.
    Close,
    /// Moves when it is open.
    Move {
        /// When it opens.
        opens_at: DateTime<Utc>,
        /// When it closes.
        closes_at: DateTime<Utc>,
    },
}

/// Why a goal refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GoalRefusal {
    /// A draft with an end in the past cannot be launched.
    #[error("the goal's window is over")]
    WindowOver,
    /// Its window is not one that a goal can have.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// It is launched already.
    #[error("the goal is launched already")]
    Launched,
    /// It is a draft, which nobody works on.
    #[error("a draft cannot be paused")]
    DraftPaused,
    /// It is not paused.
    #[error("the goal is not paused")]
    NotPaused,
    /// It is a draft, which has not begun.
    #[error("a draft cannot be closed")]
    DraftClosed,
}

impl GoalClock {
    /// Returns the goal after a command at an instant; a goal that refuses stays as it is.
    pub fn after(self, command: GoalCommand, now: DateTime<Utc>) -> Result<Self, GoalRefusal> {
        match (command, self.status(now)) {
            (GoalCommand::Launch(_), GoalStatus::Draft) if self.closes_at <= now => Err(GoalRefusal::WindowOver),
            (GoalCommand::Launch(window), GoalStatus::Draft) => {
                // A duplicate of a goal that was closed early may have a reminder window behind its
                // end.
                window.check()?;
                Ok(Self { launched_at: Some(now), ..self })
            }
            (GoalCommand::Launch(_), _) => Err(GoalRefusal::Launched),
            (GoalCommand::Pause, GoalStatus::Draft) => Err(GoalRefusal::DraftPaused),
            (GoalCommand::Pause, _) => Ok(Self { paused_at: self.paused_at.or(Some(now)), ..self }),
            (GoalCommand::Resume, _) if self.paused_at.is_none() => Err(GoalRefusal::NotPaused),
            (GoalCommand::Resume, _) => Ok(Self { paused_at: None, ..self }),
            (GoalCommand::Close, GoalStatus::Draft) => Err(GoalRefusal::DraftClosed),
            (GoalCommand::Close, GoalStatus::Completed) => Ok(self),
            (GoalCommand::Close, GoalStatus::Scheduled | GoalStatus::Active | GoalStatus::Paused) => {
                let opens_at = self.opens_at.min(now - TimeDelta::seconds(1));
                Ok(Self { opens_at, closes_at: now, ..self })
            }
            (GoalCommand::Move { opens_at, closes_at }, _) if opens_at >= closes_at => Err(WindowError::Empty.into()),
            // A completed goal is active again when its end moves into the future, also if it was
            // paused when it ended (rule G6).
            (GoalCommand::Move { opens_at, closes_at }, GoalStatus::Completed) if closes_at > now => {
                Ok(Self { paused_at: None, opens_at, closes_at, ..self })
            }
            (GoalCommand::Move { opens_at, closes_at }, _) => Ok(Self { opens_at, closes_at, ..self }),
        }
    }
}

impl CampaignAction {
    /// Returns the action's command to one goal of the campaign; none for a goal that it does not
    /// apply to.
    pub const fn on(self, goal: &GoalClock) -> Option<GoalCommand> {
        match self {
            Self::Pause | Self::Resume | Self::Close if goal.launched_at.is_none() => None,
            Self::Pause => Some(GoalCommand::Pause),
            Self::Resume if goal.paused_at.is_none() => None,
            Self::Resume => Some(GoalCommand::Resume),
            Self::Close => Some(GoalCommand::Close),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    /// A goal as an organizer would tell it: minutes, and whether it is launched and paused.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Model {
        launched: bool,
        paused: bool,
        opens: i64,
        closes: i64,
    }

    #[derive(Debug, Clone, Copy)]
    enum Say {
        Launch,
        Pause,
        Resume,
        Close,
        Move(i64, i64),
    }

    impl Say {
        fn command(self, clock: &GoalClock) -> GoalCommand {
            match self {
                Self::Launch => {
                    let GoalClock { opens_at, closes_at, .. } = *clock;
                    let (opens_local, closes_local) = (opens_at.naive_utc(), closes_at.naive_utc());
                    GoalCommand::Launch(Window { opens_local, closes_local, opens_at, closes_at, reminder: None })
                }
                Self::Pause => GoalCommand::Pause,
                Self::Resume => GoalCommand::Resume,
                Self::Close => GoalCommand::Close,
                Self::Move(opens, closes) => GoalCommand::Move { opens_at: at(opens), closes_at: at(closes) },
            }
        }
    }

    impl Model {
        /// Returns the goal after a command; `None` where it is refused.
        fn after(self, say: Say, now: i64) -> Option<Self> {
            let over = self.launched && self.closes <= now;
            match say {
                Say::Launch => (!self.launched && self.closes > now).then_some(Self { launched: true, ..self }),
                Say::Pause => self.launched.then_some(Self { paused: true, ..self }),
                Say::Resume => self.paused.then_some(Self { paused: false, ..self }),
                Say::Close if !self.launched => None,
                Say::Close if over => Some(self),
                Say::Close => Some(Self { opens: self.opens.min(now - 1), closes: now, ..self }),
                Say::Move(opens, closes) => (opens < closes).then_some(Self {
                    opens,
                    closes,
                    paused: self.paused && !(over && closes > now),
                    ..self
                }),
            }
        }
    }

    fn says() -> impl Strategy<Value = Say> {
        prop_oneof![
            2 => Just(Say::Launch),
            2 => Just(Say::Pause),
            2 => Just(Say::Resume),
            1 => Just(Say::Close),
            2 => (0i64..60, 0i64..60).prop_map(|(opens, closes)| Say::Move(opens, closes)),
        ]
    }

    /// Returns the clock as the model tells it. Closing opens a goal a second before, which the
    /// model has as the minute before.
    fn told(clock: &GoalClock) -> Model {
        let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60);
        Model {
            launched: clock.launched_at.is_some(),
            paused: clock.paused_at.is_some(),
            opens: minute(clock.opens_at),
            closes: minute(clock.closes_at),
        }
    }

    proptest! {
        #[test]
        fn g4_a_goal_obeys_and_refuses_as_the_model_does(
            opens in 0i64..30, minutes in 1i64..30, commands in proptest::collection::vec((says(), 0i64..5), 0..20),
        ) {
            let mut now = 0;
            let mut clock =
                GoalClock { launched_at: None, paused_at: None, opens_at: at(opens), closes_at: at(opens + minutes) };
            for (say, passes) in commands {
                now += passes;
                let model = told(&clock);
                let wanted = model.after(say, now);
                let done = clock.after(say.command(&clock), at(now));
                prop_assert_eq!(done.as_ref().ok().map(told), wanted, "{:?} at {} of {:?}", say, now, clock);
                clock = done.unwrap_or(clock);
                prop_assert!(clock.opens_at < clock.closes_at, "{:?}", clock);
                prop_assert!(clock.launched_at.is_some() || clock.paused_at.is_none(), "a paused draft: {:?}", clock);
                if clock.launched_at.is_some() && matches!(say, Say::Close) {
                    prop_assert_eq!(clock.status(at(now)), GoalStatus::Completed);
                }
            }
        }

        #[test]
        fn g10_a_campaigns_action_is_never_refused_by_a_goal_that_it_applies_to(
            launched: bool, paused: bool, opens in 0i64..30, minutes in 1i64..30, now in 0i64..70,
        ) {
            let clock = GoalClock {
                launched_at: launched.then_some(at(0)),
                paused_at: (launched && paused).then_some(at(0)),
                opens_at: at(opens),
                closes_at: at(opens + minutes),
            };
            for action in CampaignAction::ALL {
                let Some(command) = action.on(&clock) else { continue };
                let after = clock.after(command, at(now)).unwrap();
                match action {
                    CampaignAction::Pause => prop_assert!(after.paused_at.is_some()),
                    CampaignAction::Resume => prop_assert!(after.paused_at.is_none()),
                    CampaignAction::Close => prop_assert_eq!(after.status(at(now)), GoalStatus::Completed),
                }
            }
        }
    }

    #[test]
    fn g6_each_refusal_has_its_words() {
        let draft = GoalClock { launched_at: None, paused_at: None, opens_at: at(10), closes_at: at(20) };
        let refused =
            |clock: GoalClock, say: Say, now| clock.after(say.command(&clock), at(now)).unwrap_err().to_string();
        assert_eq!(refused(draft, Say::Launch, 20), "the goal's window is over");
        assert_eq!(refused(draft, Say::Pause, 0), "a draft cannot be paused");
        assert_eq!(refused(draft, Say::Close, 0), "a draft cannot be closed");
        assert_eq!(refused(draft, Say::Resume, 0), "the goal is not paused");
        assert_eq!(refused(draft, Say::Move(9, 9), 0), "opens_at must be before closes_at");
        let launched = draft.after(Say::Launch.command(&draft), at(0)).unwrap();
        assert_eq!(refused(launched, Say::Launch, 0), "the goal is launched already");
        let behind = Window { reminder: Some((at(15), at(25))), ..window(&draft) };
        assert_eq!(draft.after(GoalCommand::Launch(behind), at(0)), Err(GoalRefusal::Window(WindowError::Reminder)));
    }

    fn window(clock: &GoalClock) -> Window {
        match Say::Launch.command(clock) {
            GoalCommand::Launch(window) => window,
            _ => unreachable!(),
        }
    }
}
