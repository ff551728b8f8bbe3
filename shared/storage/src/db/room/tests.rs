use futures::FutureExt;

use super::*;

/// 8 connections: 6 are tenants', of which one tenant has 4 at most.
fn room() -> Arc<Room> {
    Room::of(8, RoomOptions { reserved: 2, share: None, at_once: 6 })
}

const AGENT: Asker = Asker::Tenant(Uuid::from_u128(1));
const OTHER: Asker = Asker::Tenant(Uuid::from_u128(2));

/// Enters as often as there is room at once.
fn fill(room: &Arc<Room>, asker: Asker) -> Vec<Permit> {
    std::iter::from_fn(|| room.enter(asker, Urgency::Ordinary).now_or_never()?.ok()).collect()
}

#[tokio::test]
async fn a_tenant_alone_uses_what_is_not_kept_for_others() {
    let room = room();
    let held = fill(&room, AGENT);
    assert_eq!(held.len(), 4);
    let mut next = Box::pin(room.enter(AGENT, Urgency::Ordinary));
    assert!((&mut next).now_or_never().is_none(), "the rest is others'");
    let others = [OTHER, Asker::Unknown, Asker::Ours].map(|asker| room.enter(asker, Urgency::Ordinary).now_or_never());
    assert!(others.iter().all(Option::is_some));
    assert_eq!(room.figures(), RoomFigures { at_once: 6, used: 7, waiting: 1 });
    drop((others, held));
    next.await.unwrap();
}

#[tokio::test]
async fn what_is_ours_has_room_when_tenants_have_none_and_more_when_they_leave_it() {
    let room = room();
    let held = (fill(&room, AGENT), fill(&room, OTHER), fill(&room, Asker::Unknown));
    let ours = fill(&room, Asker::Ours);
    assert_eq!(ours.len(), 1);
    drop((held, ours));
    assert_eq!(fill(&room, Asker::Ours).len(), 1 + 4);
}

#[tokio::test]
async fn an_urgent_task_of_a_tenant_goes_before_its_others() {
    let room = room();
    let mut held = fill(&room, AGENT);
    let (mut first, mut urgent) =
        (Box::pin(room.enter(AGENT, Urgency::Ordinary)), Box::pin(room.enter(AGENT, Urgency::Urgent)));
    assert!((&mut first).now_or_never().is_none() && (&mut urgent).now_or_never().is_none());
    drop(held.pop());
    assert!((&mut first).now_or_never().is_none());
    urgent.now_or_never().unwrap().unwrap();
}

#[tokio::test]
async fn a_waiter_that_goes_away_leaves_its_turn_to_the_next() {
    let room = room();
    let held = fill(&room, AGENT);
    let (mut gone, mut stays) =
        (Box::pin(room.enter(AGENT, Urgency::Ordinary)), Box::pin(room.enter(AGENT, Urgency::Ordinary)));
    assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());
    drop(gone);
    assert_eq!(room.figures().waiting, 1);
    let mut told = Box::pin(room.enter(AGENT, Urgency::Ordinary));
    assert!((&mut told).now_or_never().is_none());
    drop(held);
    // It was handed a place and went away before it looked.
    drop(told);
    drop(stays.await.unwrap());
    assert_eq!((room.figures().used, room.figures().waiting), (0, 0));
}

#[tokio::test]
async fn overload_is_told_and_not_waited_for_but_by_webhooks() {
    let room = room();
    let _held = fill(&room, AGENT);
    let _waiting: Vec<_> = (0..WAITING_LIMIT_EACH)
        .map(|_| {
            let mut waits = Box::pin(room.enter(AGENT, Urgency::Ordinary));
            assert!((&mut waits).now_or_never().is_none());
            waits
        })
        .collect();
    let refused = room.enter(AGENT, Urgency::Ordinary).now_or_never();
    assert!(matches!(refused, Some(Err(Error::Busy { everywhere: false }))), "{refused:?}");
    assert!(room.enter(OTHER, Urgency::Ordinary).now_or_never().is_some_and(|entered| entered.is_ok()));
    let _ours = fill(&room, Asker::Ours);
    let ours: Vec<_> =
        (0..WAITING_LIMIT_EACH * 2).map(|_| Box::pin(room.enter(Asker::Ours, Urgency::Ordinary))).collect();
    assert!(ours.into_iter().all(|mut waits| (&mut waits).now_or_never().is_none()), "a STOP is not refused");
}

/// 200 tasks of a tenant wait: another's task begins beside them, and a second one is next.
#[tokio::test]
async fn a_tenants_task_waits_behind_no_other_tenants_line() {
    let room = Room::of(20, RoomOptions { reserved: 4, share: None, at_once: 2 });
    let mut busy = fill(&room, AGENT);
    assert_eq!(busy.len(), 2);
    let mut line: Vec<_> = (0..200).map(|_| Box::pin(room.enter(AGENT, Urgency::Ordinary))).collect();
    assert!(line.iter_mut().all(|waits| waits.now_or_never().is_none()));
    let first = room.enter(OTHER, Urgency::Ordinary).now_or_never().expect("at once").unwrap();
    let mut second = Box::pin(room.enter(OTHER, Urgency::Ordinary));
    assert!((&mut second).now_or_never().is_none());
    drop(first);
    assert!((&mut second).now_or_never().is_some(), "before any of the 200");
    busy.pop();
    let gone_on: Vec<_> = line.iter_mut().filter_map(FutureExt::now_or_never).collect();
    assert_eq!(gone_on.len(), 1, "one of the 200 for the one that ended");
}

#[tokio::test]
async fn a_turn_of_a_task_that_stands_still_is_the_next_ones() {
    let room = Room::of(20, RoomOptions { reserved: 4, share: None, at_once: 1 });
    let _stands_still = room.enter(AGENT, Urgency::Ordinary).await.unwrap();
    let next = room.enter(AGENT, Urgency::Ordinary).await.unwrap();
    assert_eq!(room.figures().used, 2);
    drop(next);
}

#[tokio::test]
async fn a_task_keeps_its_turn_until_it_ends_or_rests() {
    let room = Room::of(20, RoomOptions { reserved: 4, share: None, at_once: 1 });
    alone(AGENT, async {
        let pass = Pass::to(1, Some(&room)).await.unwrap();
        rest();
        assert_eq!(room.figures().used, 1, "it holds a connection");
        drop(pass);
        assert_eq!(room.figures().used, 1, "it goes on");
        drop(Pass::to(1, Some(&room)).await.unwrap());
        assert_eq!(room.figures().used, 1);
        rest();
        assert_eq!(room.figures().used, 0, "it waits for its client");
        drop(Pass::to(1, Some(&room)).await.unwrap());
        known_as(AGENT);
        assert_eq!(room.figures().used, 1);
        known_as(OTHER);
        assert_eq!(room.figures().used, 0, "it goes on in another line");
        drop(Pass::to(1, Some(&room)).await.unwrap());
    })
    .await;
    assert_eq!(room.figures().used, 0);
    alone(Asker::Ours, async {
        drop(Pass::to(1, Some(&room)).await.unwrap());
        assert_eq!(room.figures().used, 0, "what is ours has a place for each connection");
    })
    .await;
}

#[tokio::test]
async fn a_task_that_has_a_connection_gets_no_other_of_the_pool() {
    let second = alone(AGENT, async {
        let _first = Pass::to(1, None).await.unwrap();
        let _of_another_pool = Pass::to(2, None).await.unwrap();
        std::panic::AssertUnwindSafe(Pass::to(1, None)).catch_unwind().await.is_err()
    })
    .await;
    assert!(second, "this test has debug assertions");
    assert!(second_connections() > 0);
    alone(AGENT, async {
        for _ in 0..3 {
            Pass::to(1, None).await.unwrap();
        }
    })
    .await;
}
