//! Clients that are slow, silent or half there: each has its time, and none costs anybody else
//! theirs.

use muster_integration_tests::{Call, World, eventually, seconds, text};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Short times, and few connections.
const HASTY: &[(&str, &str)] = &[
    ("header_timeout_seconds", "1"),
    ("idle_timeout_seconds", "1"),
    ("request_timeout_seconds", "1"),
    ("upload_bytes_per_second", "50000"),
    ("listen_max_connections", "20"),
];

const HALF_A_HEAD: &str = "GET /v1/account HTTP/1.1\r\nHost: api\r\nAuthoriz";

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.api().url().strip_prefix("http://").unwrap()).await.unwrap()
}

/// Says something on a new connection.
async fn say(world: &World, words: &str) -> TcpStream {
    let mut stream = connect(world).await;
    stream.write_all(words.as_bytes()).await.unwrap();
    stream
}

/// Returns all that comes until the api closes the connection.
async fn heard(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is closed with something unread is reset, after the answer on it.
    let read = tokio::time::timeout(seconds(60), stream.read_to_end(&mut bytes)).await;
    let _closed_or_reset = read.expect("the api closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns a POST with half of its body.
fn half_a_body(token: &str, path: &str, size: usize, half: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {size}\r\n\r\n{half}"
    )
}

#[tokio::test]
async fn half_a_head_and_silence_are_closed_and_health_is_answered_meanwhile() {
    World::with_api()
        .with_all(HASTY)
        .run(async |world| {
            let mut held = Vec::new();
            for nth in 0..20 {
                held.push(say(&world, if nth % 2 == 0 { HALF_A_HEAD } else { "" }).await);
            }
            // There is no room, which is said; health has some.
            let whole = "GET /v1/account HTTP/1.1\r\nHost: api\r\n\r\n";
            let said = heard(say(&world, whole).await).await;
            assert!(
                said.starts_with("HTTP/1.1 503") && said.contains("retry-after: 2") || said.starts_with("HTTP/1.1 401"),
                "{said}"
            );
            let live = heard(say(&world, "GET /livez HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n").await).await;
            assert!(live.starts_with("HTTP/1.1 200"), "{live}");

            for stream in held {
                assert_eq!(heard(stream).await, "", "there is nothing to answer");
            }
            eventually(seconds(20), async || {
                let said = heard(say(&world, &whole.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await).await;
                if said.starts_with("HTTP/1.1 401") { Ok(()) } else { Err(said) }
            })
            .await;
        })
        .await;
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    World::with_api()
        .with_all(HASTY)
        .run(async |world| {
            let said = heard(say(&world, "GET /v1/account HTTP/1.1\r\nHost: api\r\n\r\n").await).await;
            assert!(said.starts_with("HTTP/1.1 401"), "it was answered and kept open for a while: {said}");
        })
        .await;
}

#[tokio::test]
async fn half_a_body_is_answered_408_wherever_it_goes() {
    World::with_api()
        .with_all(HASTY)
        .with("request_timeout_seconds", "3")
        .run(async |world| {
            let admin = world.account("Slow").await;
            let token = admin.token().unwrap().to_owned();
            let organization = text(&admin.post("/v1/organizations", json!({ "name": "Slow" })).await.ok()["id"]);
            let groups = format!("/v1/organizations/{organization}/groups");
            let file = format!("/v1/organizations/{organization}/imports?file_name=c.csv&zone=UTC&area_code=212");
            for path in ["/v1/organizations", &groups, &file, "/v1/webhooks/twilio/inbound"] {
                let said = heard(say(&world, &half_a_body(&token, path, 5_000, "{\"na")).await).await;
                assert!(said.starts_with("HTTP/1.1 408"), "{path}: {said}");
                assert!(said.contains("urn:muster:problem:request-timeout"), "{path}: {said}");
                assert!(said.to_lowercase().contains("connection: close"), "{path}: {said}");
            }
            assert_eq!(world.objects(), Vec::<std::path::PathBuf>::new());
        })
        .await;
}

/// 120 pieces of 8 kB, one each 50 ms: twice the time that a request has, at sixteen times the pace
/// that an upload must have.
#[tokio::test]
async fn an_upload_that_moves_takes_as_long_as_it_takes() {
    World::with_api()
        .with_all(HASTY)
        .with("upload_bytes_per_second", "10000")
        .with("request_timeout_seconds", "3")
        .run(async |world| {
            let ours = world.organization("Patient").await;
            let group = ours.group("Phones").await;
            let line = "Ada,Lovelace,+16465550001,".to_owned() + &"x".repeat(8_000) + "\n";
            let pieces = futures::stream::unfold(0, move |nth| {
                let piece = if nth == 0 { "first,last,phone,notes\n".to_owned() } else { line.clone() };
                async move {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    (nth <= 120).then_some((Ok::<_, std::io::Error>(piece), nth + 1))
                }
            });
            let path = ours.at(&format!("imports?file_name=c.csv&group_id={group}"));
            let answer = ours.admin.pour(&path, reqwest::Body::wrap_stream(pieces)).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
        })
        .await;
}

/// Neither by an upgrade nor by a client that begins with it.
#[tokio::test]
async fn http_2_is_not_spoken_in_the_clear() {
    World::with_api()
        .run(async |world| {
            let upgrade = "GET /livez HTTP/1.1\r\nHost: api\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\
                       HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n";
            let said = heard(say(&world, upgrade).await).await;
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
            let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
            let said = heard(say(&world, preface).await).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 4") || said.starts_with("HTTP/1.1 5"), "{said:?}");
        })
        .await;
}

#[tokio::test]
async fn a_stop_waits_for_nobody_who_is_half_there() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Leaving").await;
            let token = ours.admin.token().unwrap().to_owned();
            let group = ours.group("Phones").await;
            let import = text(
                &ours
                    .upload(&format!("file_name=c.csv&group_id={group}"), "first,last,phone\nA,B,2125550100\n")
                    .await
                    .ok()["id"],
            );
            let mut events = ours.admin.events(&ours.at(&format!("imports/{import}/events"))).await;
            assert_eq!(events.next().await.unwrap().0, "progress");
            let silent = connect(&world).await;
            let half_head = say(&world, HALF_A_HEAD).await;
            let expecting = |path: &str, size, half| {
                half_a_body(&token, path, size, half).replacen("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", 1)
            };
            let mut half_body = say(&world, &expecting("/v1/organizations", 500, "{\"na")).await;
            let file = ours.at(&format!("imports?file_name=d.csv&group_id={group}"));
            let mut half_file = say(&world, &expecting(&file, 5_000_000, "first,last,phone\n")).await;
            let mut idle = say(&world, "GET /livez HTTP/1.1\r\nHost: api\r\n\r\n").await;
            // The bodies are wanted, and the answer is there, before it is time to stop.
            for (stream, begins) in
                [(&mut half_body, "HTTP/1.1 100"), (&mut half_file, "HTTP/1.1 100"), (&mut idle, "HTTP/1.1 200")]
            {
                let mut first = [0; 12];
                stream.read_exact(&mut first).await.unwrap();
                assert_eq!(String::from_utf8_lossy(&first), begins);
            }

            // It fails where this takes as long as the times of requests and connections.
            world.stop_api().await;
            assert_eq!(events.next().await, None, "what is followed ends");
            for half in [half_body, half_file] {
                let said = heard(half).await;
                assert!(said.contains("HTTP/1.1 503") && said.contains("retry-after"), "{said}");
            }
            for closed in [silent, half_head] {
                assert_eq!(heard(closed).await, "");
            }
            assert!(heard(idle).await.ends_with("live"), "its answer was whole, and it was closed");
        })
        .await;
}

#[tokio::test]
async fn health_has_a_listener_of_its_own_where_it_is_given_one() {
    World::with_api()
        .run(async |world| {
            let port = muster_local::ports::free_port().unwrap();
            let health = format!("127.0.0.1:{port}");
            let own = health.clone();
            let api = world.daemon("api-2", |mut settings, stop| {
                settings.http.health_listen = Some(own);
                settings.http.max_connections = 1;
                muster_api::run(settings, stop)
            });
            let get = async |path: &str| {
                reqwest::get(format!("http://{health}{path}")).await.map_err(|error| error.to_string())
            };
            eventually(seconds(20), async || match get("/readyz").await?.status().as_u16() {
                200 => Ok(()),
                status => Err(status.to_string()),
            })
            .await;
            let address = api.url().strip_prefix("http://").unwrap().to_owned();
            let mut held = Vec::new();
            for _ in 0..100 {
                held.push(TcpStream::connect(&address).await.unwrap());
            }
            for (path, inside) in [("/livez", "live"), ("/metrics", "muster_connections"), ("/readyz", "{}")] {
                let answer = get(path).await.unwrap();
                assert_eq!(answer.status(), 200);
                assert!(answer.text().await.unwrap().contains(inside), "{path}");
            }
            drop(held);
            eventually(seconds(20), async || {
                let answer = reqwest::get(format!("{}/livez", api.url())).await.map_err(|error| error.to_string())?;
                if answer.status() == 404 { Ok(()) } else { Err(answer.status().to_string()) }
            })
            .await;
            world.stop_api().await;
        })
        .await;
}

#[tokio::test]
async fn a5_who_follows_an_import_is_left_when_their_token_or_their_reach_ends() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("Phones").await;
            let import = text(
                &ours
                    .upload(&format!("file_name=c.csv&group_id={group}"), "first,last,phone\nA,B,2125550100\n")
                    .await
                    .ok()["id"],
            );
            let (revoked, _) = ours.member_of("group_admin", &[&group]).await;
            let (moved, _) = ours.member_of("group_admin", &[&group]).await;
            let path = ours.at(&format!("imports/{import}/events"));
            let mut streams = Vec::new();
            for client in [&revoked.client, &moved.client, &ours.admin] {
                let mut events = client.events(&path).await;
                assert_eq!(events.next().await.unwrap().0, "progress");
                streams.push(events);
            }
            let revoke = ours.at(&format!("tokens/{}", revoked.token_id));
            ours.admin.call(Method::DELETE, &revoke, Call::empty()).await.ok();
            world.rows("group_member").is("member_id", &moved.id).delete().await;

            for (mut events, status) in streams.drain(..2).zip([401, 404]) {
                let (kind, problem) = events.next().await.unwrap();
                assert_eq!((kind.as_str(), &problem["status"]), ("problem", &json!(status)), "{problem}");
                assert_eq!(events.next().await, None);
            }
            // A client that may still see it is told how it goes on.
            ours.admin.act(&ours.at(&format!("imports/{import}/cancel"))).await.ok();
            world
                .execute(&[&format!(
                    "update import set state = 'cancelled', finished_at = now() where id = '{import}'"
                )])
                .await;
            assert_eq!(streams[0].next().await.unwrap().0, "end");
        })
        .await;
}
