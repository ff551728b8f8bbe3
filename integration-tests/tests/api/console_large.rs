//! Pages beside many people: lists go page by page, and counts come after the page.

use muster_integration_tests::{PageSeen, World};

const TEXTERS: usize = 60;

/// Returns the address behind *Show more*.
fn next(page: &PageSeen) -> Option<String> {
    let (_, rest) = page.text.split_once("rel=\"next\" href=\"")?;
    Some(rest.split('"').next()?.replace("&#38;", "&"))
}

/// Returns how many texters a page lists, by their buttons.
fn texters(page: &PageSeen, button: &str) -> usize {
    page.shown().matches(&format!("id=\"{button}-")).count()
}

#[tokio::test]
async fn a5_a_group_with_many_texters_lists_them_page_by_page_and_finds_each() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (full, empty) = (ours.group("Full").await, ours.group("Empty").await);
            let organization = &ours.id;
            world
                .execute(&[
                    &format!(
                        "insert into member (id, account_id, organization_id, role, first_name, last_name)
                         select uuid_v7(), o.account_id, o.id, 'agent', 'Texter', 'No' || n
                         from organization o, generate_series(1, {TEXTERS}) n where o.id = '{organization}'"
                    ),
                    &format!(
                        "insert into group_member (group_id, member_id)
                         select '{full}', id from member where organization_id = '{organization}' and first_name = 'Texter'"
                    ),
                ])
                .await;
            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            let group = format!("/app/o/{organization}/groups/{full}");
            let (mut page, mut seen) = (admin.get(&group).await, Vec::new());
            loop {
                seen.push(texters(&page, "take"));
                assert!(page.text.len() < 100 * 1024, "{} weighs {} bytes", page.request, page.text.len());
                let Some(path) = next(&page) else { break };
                page = admin.get(&path).await;
            }
            assert_eq!(seen, [25, 25, 10]);
            let one = admin.get(&format!("{group}?search=No59")).await;
            assert_eq!(texters(one.says("Texter No59"), "take"), 1);
            admin.get(&format!("{group}?search=nobody")).await.says("No texter of the group has this name.");

            // They are offered to the other group, and not to their own.
            let others = format!("/app/o/{organization}/groups/{empty}/texters");
            let page = admin.get(&others).await;
            assert_eq!(texters(&page, "add"), 50);
            let last = admin.get(&next(&page).unwrap()).await;
            assert_eq!((texters(&last, "add"), next(&last)), (10, None));
            assert_eq!(texters(admin.get(&format!("{others}?search=No59")).await.says("Texter No59"), "add"), 1);
            let own = admin.get(&format!("{group}/texters?search=No59")).await;
            assert_eq!(texters(own.says("Texts for this group already"), "add"), 0);
        })
        .await;
}
