//! The content of goals.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{SCRIPT, World};

/// Returns a goal's content with these local times, and with members that `more` sets or, by null,
/// takes away.
pub fn goal_at(opens: &str, closes: &str, more: Value) -> Value {
    let mut goal = json!({
        "name": "Rally",
        "goal_type": "event",
        "date": "2027-06-01T18:00:00",
        "script": SCRIPT,
        "opens": opens,
        "closes": closes,
    });
    set(&mut goal, more);
    goal
}

/// Sets members of an object; null takes away.
pub fn set(object: &mut Value, more: Value) {
    let Value::Object(more) = more else { return };
    for (name, value) in more {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(&name);
        } else {
            object[name] = value;
        }
    }
}

/// Returns a goal's content that has opened a minute ago and closes in two hours.
pub async fn open_goal(world: &World, more: Value) -> Value {
    let now = world.now().await;
    let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
    goal_at(&at(-1), &at(120), more)
}
