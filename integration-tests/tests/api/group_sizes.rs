//! The size of a group is the number of its memberships, in whichever way they come and go
//! (rules A2 and C7).

use muster_integration_tests::{Organization, World, text};
use muster_storage::tenancy::groups;
use serde_json::json;

/// Asserts the size that the api tells of a group, which is also the number of its memberships.
async fn holds(world: &World, ours: &Organization, group: &str, contacts: i64) {
    let told = ours.admin.get(&ours.at(&format!("groups/{group}"))).await.ok();
    assert_eq!(told["contacts"], json!(contacts), "{told}");
    assert_eq!(world.memberships().is("group_id", group).count().await, contacts);
}

async fn fold(world: &World) {
    let mut tx = world.pool().begin().await.unwrap();
    groups::fold_sizes(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a2_a_group_is_as_large_as_its_memberships() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Two").await);
            holds(&world, &ours, &group, 0).await;
            let report = ours
                .import(
                    &format!("file_name=a.csv&group_id={group}"),
                    "first,last,phone\nA,B,+16465550001\nC,D,+16465550002\n".to_owned(),
                )
                .await;
            for nth in 10..22 {
                world.plant_contact_in(&ours.id, &group, &format!("+16465550{nth:03}")).await;
            }
            holds(&world, &ours, &group, 14).await;
            // A fold makes few entries of many and changes no size, however often it is done.
            for _ in 0..2 {
                fold(&world).await;
                holds(&world, &ours, &group, 14).await;
                assert_eq!(world.count(&format!("group_size where group_id = '{group}'")).await, 1);
            }
            let undo = ours.at(&format!("imports/{}/undo", text(&report["id"])));
            assert_eq!(ours.admin.act(&undo).await.status, 202);
            world.memberships().is("group_id", &group).until(12).await;
            holds(&world, &ours, &group, 12).await;
            holds(&world, &ours, &other, 0).await;
        })
        .await;
}
