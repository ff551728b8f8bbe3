//! A group's guesses at another group's values are answered alike, right or wrong (rule A5).

use muster_integration_tests::text;
use serde_json::{Value, json};

use crate::group_knowledge::{THEIRS, Two, figures, import, reach, seen, tells_nothing, undo};

/// Returns all answers to a group's admin that brings a guess of another group's value, again, and
/// takes it back.
async fn guess(two: &Two, phone: &str, guess: &str) -> String {
    let group = two.ours.group(&format!("Guess {guess}")).await;
    let by = reach(&two.ours, &[&group]).await;
    let row = format!(
        "first,last,phone,email,zip,external_id,ward,tags\n{guess}first,{guess}last,{phone},{guess}@example.org,96801,{guess}-van,{guess}-ward,{guess}-tag\n"
    );
    let mut told = Vec::new();
    let tell = async |told: &mut Vec<Value>, report: &Value| {
        let path = by.at(&format!("imports/{}/changes", text(&report["id"])));
        told.push(json!(figures(report)));
        told.push(by.admin.get(&path).await.ok()["items"].clone());
        told.push(seen(&by, &group, &format!("+1{phone}")).await);
    };
    let bare = import(&by, &group, &format!("first,last,phone\n,,{phone}\n")).await;
    tell(&mut told, &bare).await;
    let first = import(&by, &group, &row).await;
    tell(&mut told, &first).await;
    let again = import(&by, &group, &row).await;
    tell(&mut told, &again).await;
    assert_eq!(figures(&again), [0, 0, 1, 0, 0].map(|count| json!(count)).each_ref(), "{again}");
    told.push(undo(two, &by, &again).await);
    told.push(undo(two, &by, &first).await);
    told.push(seen(&by, &group, &format!("+1{phone}")).await);
    tells_nothing("what is left of a guess", told.last().unwrap());
    told.push(undo(two, &by, &bare).await);
    // A guess with which the contact joins.
    let joined = import(&by, &group, &row).await;
    tell(&mut told, &joined).await;
    told.push(undo(two, &by, &joined).await);
    for value in &mut told {
        forget(value);
    }
    let ids = [phone.to_owned(), group];
    let told = json!(told).to_string().to_lowercase().replace(&guess.to_lowercase(), "guess");
    ids.iter().fold(told, |told, id| told.replace(id.as_str(), "this"))
}

/// Takes ids and times away, which differ by themselves.
fn forget(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(forget),
        Value::Object(members) => {
            for own in ["id", "contact_id", "created_at", "added_at", "updated_at", "source_import_id"] {
                members.remove(own);
            }
            members.values_mut().for_each(forget);
        }
        _ => {}
    }
}

/// Reports, changes, undoes and leftovers say the same of a guess that is right and of one that is
/// wrong.
#[tokio::test]
async fn a5_nothing_tells_a_right_guess_from_a_wrong_one() {
    Two::run(async |two| {
        import(&two.theirs, &two.their_group, &THEIRS.replace("6465550001", "6465550002")).await;
        let before = two.ours.contact("+16465550001").await;
        let right = guess(&two, "6465550001", "Secret").await;
        let wrong = guess(&two, "6465550002", "Fancy").await;
        assert_eq!(right, wrong);
        // Nor does anything tell that another group has the number.
        let unknown = guess(&two, "6465550003", "Nobody").await;
        assert_eq!(unknown, wrong);
        let after = two.ours.contact("+16465550001").await;
        assert_eq!(
            (&after["first_name"], &after["fields"], &after["tags"]),
            (&before["first_name"], &before["fields"], &before["tags"])
        );
    })
    .await;
}
