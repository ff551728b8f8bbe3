//! The API's document as pages: every operation and schema has its page, within the size of a first
//! view, for everybody, and the form that tries an operation keeps the rules of the api (rule A5).

use muster_integration_tests::{DOCUMENT, World, text};

/// Bytes of a page at most, so that it and its files stay within 100 KiB.
const PAGE: usize = 70 * 1024;

fn operations() -> Vec<(String, String, String)> {
    let paths = DOCUMENT.0["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods.iter().map(move |(method, one)| (text(&one["operationId"]), method.to_uppercase(), path.clone()))
    });
    all.collect()
}

#[tokio::test]
async fn a5_every_operation_and_schema_of_the_document_has_a_page_of_a_first_views_size() {
    World::with_api()
        .run(async |world| {
            let browser = world.browser();
            let all = operations();
            assert!(all.len() > 200);
            for (id, method, path) in &all {
                let page = browser.get(&format!("/docs/operations/{id}")).await;
                page.says(&format!("<code>{path}</code>")).says(method).says("Answers").says("Try it");
                assert!(page.shown().len() <= PAGE, "{id}: {} bytes", page.text.len());
            }
            for name in DOCUMENT.0["components"]["schemas"].as_object().unwrap().keys() {
                let page = browser.get(&format!("/docs/schemas/{name}")).await;
                assert!(page.says("Example").shown().len() <= PAGE, "{name}: {} bytes", page.text.len());
            }
            for path in ["/docs", "/docs/errors", "/docs/chapters/agent", "/docs/chapters/operator", "/docs?q=goal"] {
                let page = browser.get(path).await;
                assert!(page.shown().len() <= PAGE, "{path}: {} bytes", page.text.len());
            }
            for path in ["/docs/operations/nothing", "/docs/schemas/nothing", "/docs/chapters/nothing", "/docs/nothing"]
            {
                assert_eq!(browser.get(path).await.status, 404, "{path}");
            }
        })
        .await;
}

#[tokio::test]
async fn a5_the_document_is_searched_and_an_operation_is_tried_as_the_session_that_looks() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let browser = world.browser();
            let found = browser.get("/docs?q=merge+tag").await;
            found.says("/docs/operations/merge_tag").says("/v1/organizations/{organization_id}/tags/{tag_id}/merge");
            browser.get("/docs?q=%3Cscript%3E").await.says("&#60;script&#62;").says("No operation has these words");
            browser.get("/docs?q=GoalInput").await.says("/docs/schemas/GoalInput");
            let page = browser.get("/docs/operations/create_tag").await;
            page.says("/sign-in?next=%2Fdocs%2Foperations%2Fcreate_tag")
                .says("data-changes")
                .says("Organization admin");
            let signed_in = world.signed_in(&ours.member("organization_admin").await.id).await;
            let page = signed_in.get("/docs/operations/create_tag").await;
            page.says("Requests go out as you").says(&format!("value=\"{}\"", ours.id));
            let reads = signed_in.get("/docs/operations/post_text_segments").await;
            assert!(!reads.text.contains("data-changes"), "a question needs no confirmation");
            // A session is no credential of operators and of the carrier.
            for id in ["list_operator_jobs", "receive_twilio_inbound"] {
                let page = signed_in.get(&format!("/docs/operations/{id}")).await;
                page.says("no credential of this operation");
                assert!(!page.text.contains("id=\"try\""), "{id}");
            }
        })
        .await;
}
