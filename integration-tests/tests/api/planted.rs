//! The planted person: somebody with a name, phone, address, id and words of their own comes in
//! through every door; after a redaction nothing of them is left anywhere (rules R3 and R5a). Each
//! column of the registry is needed for it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use muster_domain::{
    ids::{AccountId, RedactionId},
    people::{e164::E164, phone_hash::PhoneHashKeys},
};
use muster_integration_tests::{Call, Organization, Person, World, goal_at, text};
use muster_storage::{
    Result, Tx,
    people::redactions::{self, Leftover},
    testing,
    trust::treatment::Treatment,
};
use serde_json::{Value, json};

use crate::{planted_doors, privacy::redact};

const NEEDLES: [&str; 12] = [
    "zebulon",
    "quagmire",
    "zebby",
    "6465550001",
    "646-555-0001",
    "646) 555",
    "zq@example.org",
    "van-77771",
    "likes tea",
    "ward-nine",
    "６４６５５５０００１",
    "646555000",
];

/// Returns the needles that are in a text.
fn needles(text: &str) -> impl Iterator<Item = &'static str> {
    let lower = text.to_lowercase();
    // Ids are hexadecimal digits.
    let is_there =
        move |needle: &&str| lower.contains(needle) && (*needle != "646555000" || lower.contains(",646555000"));
    NEEDLES.into_iter().filter(is_there)
}

/// Returns the files of the object store in which the person is, by their paths in it.
pub(crate) fn objects_with_the_person(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(world.folder()) {
        let name = file.strip_prefix(world.folder()).unwrap().display().to_string();
        let text = format!("{name} {}", String::from_utf8_lossy(&fs::read(&file).unwrap()));
        if needles(&text).next().is_some() {
            found.push(name);
        }
    }
    found
}

/// Returns everything that is kept, in tables and in the object store, with the traces of the
/// person found in it.
async fn found(world: &World) -> Vec<String> {
    world
        .execute(&["create or replace function everything() returns setof text language plpgsql as $$
             declare t record; c record; line text;
             begin
                 for t in select k.relname from pg_class k where k.relnamespace = 'public'::regnamespace and k.relkind in ('r', 'p')
                     and not k.relispartition
                 loop
                     for line in execute format('select %L || '' '' || r::text from %I r', t.relname, t.relname) loop
                         return next line;
                     end loop;
                     for c in select a.attname from pg_attribute a where a.attrelid = t.relname::regclass and a.attnum > 0
                         and a.atttypid = 'bytea'::regtype
                     loop
                         for line in execute format(
                             'select %L || '' '' || encode(%I, ''escape'') from %I where %I is not null', t.relname, c.attname, t.relname, c.attname)
                         loop
                             return next line;
                         end loop;
                     end loop;
                 end loop;
             end $$"])
        .await;
    let rows: Vec<String> = world.row("select coalesce(json_agg(e), '[]') from everything() e").await;
    let mut seen: Vec<(String, String)> = rows.into_iter().map(|row| ("a row".to_owned(), row)).collect();
    for file in files(world.folder()) {
        let bytes = fs::read(&file).unwrap();
        let name = file.strip_prefix(world.folder()).unwrap().display().to_string();
        seen.push((name.clone(), format!("{name} {}", String::from_utf8_lossy(&bytes))));
    }
    let mut found = Vec::new();
    for (what, text) in seen {
        found.extend(needles(&text).map(|needle| format!("{needle} in {what}: {text}")));
    }
    found
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect()
}

/// The doors' house: an organization with the planted person.
pub(crate) struct Planted {
    pub(crate) ours: Organization,
    upload: Value,
    incoming: PathBuf,
}

/// Opens every door.
pub(crate) async fn plant(world: &World) -> Planted {
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let (agent, number) = ours.agent(&group).await;
    let file = "first,last,phone,email,notes,tags,Ward,zip,van id,Zebulon's size\n\
    Zebby,Quagmire,6465550001,old-zq@example.org,likes tea,,Ward-Nine,10001,VAN-77771,XL\n\
    Grace,Hopper,6465550002,gh@example.org,,vip,,,,\n\
    Zebulon,Quagmire,,zq@example.org,no phone,,,,,\n\
    Zebulon,Quagmire,646555000,,nine digits,,,,,\n\
    Zebulon,Quagmire,６４６５５５０００１ x9,,,,,,,\n\
    ,,646-555-0001 or 646-555-0003,,two,,,,,\n\
    Zebulon,Quagmire,6465550001,zq@example.org,likes tea,friend of zebulon quagmire;quagmires,Ward-Nine,10001,VAN-77771,XL\n";
    let query = format!(
        "file_name=zebulon_quagmire.csv&group_id={group}&tags=From%20Zebulon%20Quagmire&consent_text=Zebulon%20Quagmire%20agreed%20by%20phone\
     &mapping=%7B%22Zebulon's%20size%22%3A%22custom%3Asize%20of%20quagmire%22%7D"
    );
    let call = |file: &str| Call::raw("text/csv", file.to_owned()).key("upload-for-zebulon-quagmire-6465550001");
    let upload = ours.admin.call(reqwest::Method::POST, &ours.at(&format!("imports?{query}")), call(file)).await.ok();
    let report = ours.report(&text(&upload["id"])).await;
    assert_eq!((&report["created"], &report["rejected"]), (&json!(2), &json!(4)), "{report}");
    let second = "first,last,phone,email\nZebulon,Quagmire,6465550001,zq@example.org.uk\n";
    ours.import(&format!("file_name=again.csv&group_id={group}"), second).await;
    // A file that is there to be fetched, one that has been, and somebody else's.
    let incoming = world.folder().join(format!("incoming/{}", ours.id));
    fs::create_dir_all(&incoming).unwrap();
    for (name, file) in [
        ("a.csv", second),
        ("later.csv", "first,last,phone\nZ,Q,(646) 555-0001\n"),
        ("others.csv", "first,last,phone\nA,B,2125550103\n"),
    ] {
        fs::write(incoming.join(name), file).unwrap();
    }
    let source = json!({ "group_id": group, "name": "For Zebulon Quagmire", "url": "store:a.csv", "consent_text": "as zq@example.org said" });
    let source = text(&ours.admin.post(&ours.at("import-sources"), source).await.ok()["id"]);
    ours.admin.act(&ours.at(&format!("import-sources/{source}/fetch"))).await.ok();
    world.imports().state("succeeded").until(3).await;

    // Texts, an answer, a reason to skip and one to opt out.
    let goal = ours
        .open_goal(
            world,
            &group,
            json!({ "script": "Hi {{first_name}} {{last_name}}! Reply STOP to opt \
         out" }),
        )
        .await;
    let other = ours.open_goal(world, &group, json!({})).await;
    let claim = async |goal: &str| agent.client.claim(goal, "initial").await;
    let contact = text(&ours.contact("+16465550001").await["id"]);
    let batch = claim(&other).await;
    let skip = json!({ "lease_token": batch["lease_token"], "contact_id": contact, "reason": "Zebulon is a friend \
         of mine" });
    agent.client.post(&format!("/v1/agent/batches/{}/skip", text(&batch["id"])), skip).await.ok();
    let batch = claim(&goal).await;
    agent.client.send(&batch).await.ok();
    world.messages().kind("initial").state("delivered").until(2).await;
    world.text("+16465550001", &number, "Zebulon here, who likes tea").await;
    world.messages().kind("inbound").until(1).await;
    planted_doors::before_the_opt_out(world, &ours, &agent, &group, &number).await;
    let opt_out = json!({ "reason": "Quagmire called and said so" });
    ours.admin.post(&ours.at(&format!("contacts/{contact}/opt-out")), opt_out).await.ok();
    world.settled().await;
    planted_doors::open(world, &ours, &group).await;
    // A text that nobody has dealt with.
    world.pause_jobs("inbound-message").await;
    world.text("+16465550001", &number, "Zebulon once more").await;

    words_of_staff(&ours, &agent, &group).await;
    Planted { ours, upload, incoming }
}

/// Words of staff that name the person, and a bulk change of them alone.
async fn words_of_staff(ours: &Organization, agent: &Person, group: &str) {
    let sure = "Zebulon Quagmire of 646-555-0001";
    let action = json!([{ "kind": "answer", "text": format!("Ask {sure}") }]);
    let automation = json!({ "name": sure, "keywords": ["zebulon quagmire"], "matching": "exact", "actions": action });
    ours.admin.post(&ours.at("automations"), automation).await.ok();
    let form = json!({
        "group_id": group, "title": sure, "consent_text": sure,
        "questions": [{ "field": "first_name", "label": sure }],
    });
    ours.admin.post(&ours.at("forms"), form).await.ok();
    let script = json!({ "kind": "response", "name": sure, "script": sure });
    ours.admin.post(&ours.at("scripts"), script).await.ok();
    agent.client.post("/v1/agent/scripts", json!({ "name": sure, "script": sure })).await.ok();
    let with_words = json!({
        "name": sure, "description": sure, "instructions": sure,
        "script": format!("{sure}. Reply STOP to opt out"), "responses": [{ "name": "Yes", "script": sure }],
        "reminder": { "script": format!("{sure}. Reply STOP to opt out"), "opens": "2027-06-01T14:00:00Z", "closes": "2027-06-01T20:00:00Z" },
        "targeting": { "fields": [{ "field": "Ward", "is": { "any_of": ["zq@example.org"] } }] },
    });
    let campaign = json!({ "name": sure, "group_ids": [group], "goal": goal_at("2027-06-01T13:00:00Z", "2027-06-01T23:00:00Z", with_words) });
    ours.admin.post(&ours.at("campaigns"), campaign).await.ok();
    let bulk = json!({ "filter": { "name": "Zebulon Quagmire" }, "action": "tag", "tag": "Zebulon Quagmire" });
    ours.admin.post(&ours.at("bulk-changes"), bulk).await.ok();
}

#[tokio::test]
async fn r3_nothing_of_a_planted_person_is_left_in_any_column_or_object() {
    World::with_engine()
        .run(async |world| {
            let Planted { ours, upload, incoming, .. } = plant(&world).await;
            assert!(found(&world).await.len() > 20, "the doors are open");

            redact(&world, &ours, "(646) 555-0001").await;
            let left = found(&world).await;
            assert!(left.is_empty(), "{} are left:\n{}", left.len(), left.join("\n"));
            // Others stay as they were.
            assert!(incoming.join("others.csv").exists());
            let grace = ours.contact("+16465550002").await;
            assert_eq!((&grace["first_name"], &grace["last_name"]), (&json!("Grace"), &json!("Hopper")), "{grace}");
            assert!(grace["tags"].as_array().unwrap().contains(&json!("vip")), "{grace}");
            let report = ours.admin.get(&ours.at(&format!("imports/{}", text(&upload["id"])))).await.ok();
            assert_eq!((&report["created"], &report["rejected"]), (&json!(2), &json!(4)), "counts stay: {report}");
        })
        .await;
}

/// Columns that a door writes for a moment, or that a carrier, an operator or a mistake writes:
/// they are filled without one.
pub(crate) const BY_HAND: [&str; 17] = [
    "update contact set carrier = 'zebulon mobile' where e164 = '+16465550001'",
    "update membership m set consent_text = 'zq@example.org agreed', knows = '{\"first_name\": \"Zebulon\", \"fields\": {}, \"tags\": []}'
     from contact c where c.id = m.contact_id and c.e164 = '+16465550001'",
    "insert into sign_up (id, form_id, contact_id, consent_text)
     select uuid_v7(), f.id, c.id, 'zq@example.org agreed' from form f, contact c where c.e164 = '+16465550001'",
    "update import_change set known_before = before, known_after = after",
    "insert into import_agent (import_id, email) select id, 'zq@example.org' from import",
    "update import_part set tags = '{zebulon quagmire}'",
    "update import set failure = 'zq@example.org is in it', locked_tags = '{zebulon quagmire}'",
    "update import_source set failure = 'zq@example.org is in it', tags = '{zebulon quagmire}', mapping = '{\"zebulon quagmire\": \"notes\"}',
         url = 'store:zq@example.org.csv'",
    "update message set media = '[{\"content_type\": \"image/png\", \"url\": \"https://example.org/zebulon\"}]'
     where kind = 'inbound' and contact_id in (select id from contact where e164 = '+16465550001')",
    "update contact_group set name = 'Friends of Zebulon Quagmire', location = 'With zq@example.org'",
    "insert into job_policy (kind, reason) values ('probe', 'zq@example.org asked for it')",
    "insert into registered_campaign (id, brand_id, name) select uuid_v7(), id, 'Zebulon Quagmire' from brand",
    "insert into export (id, organization_id, created_by, kind, format, gzip, columns, filter, state, failure, attempt, rows, bytes, started_at, finished_at)
     select uuid_v7(), o.id, m.id, 'contacts', 'csv', false, '{field:zebulon quagmire}', '{\"name\": \"zq@example.org\"}', 'failed', 'given_up', 1, 0, 0, now(), now()
     from organization o, member m limit 1",
    "with made as (
         insert into export (id, organization_id, created_by, kind, format, gzip, columns, filter, state, failure, attempt, rows, bytes, started_at, finished_at)
         select uuid_v7(), o.id, m.id, 'access_request', 'html', false, '{}', '{}', 'failed', 'given_up', 1, 0, 0, now(), now()
         from organization o, member m limit 1
         returning id)
     insert into access_request (id, contact_id, reason)
     select made.id, c.id, 'zq@example.org wrote' from made, contact c where c.e164 = '+16465550001'",
    "insert into idempotency (member_id, key, request_hash, status, body)
     select id, 'once', '\\x00', 200, '{\"name\": \"zq@example.org\"}' from member limit 1",
    "insert into import_reject (import_id, line, reason, column_name, raw)
     select id, 99, 'tag_too_long', 'Zebulon Quagmire', 'somebody else' from import limit 1",
    "update organization set settings = settings || '{\"help_text\": \"Ask zq@example.org\"}'",
];

/// Returns the columns that have a needle, as `TABLE.COLUMN`.
pub(crate) const PLACES: &str = "create function places(needles text) returns setof text language plpgsql as $$
    declare c record; there boolean;
    begin
        for c in select k.relname, a.attname from pg_class k join pg_attribute a on a.attrelid = k.oid and a.attnum > 0 and not a.attisdropped
            where k.relnamespace = 'public'::regnamespace and k.relkind in ('r', 'p') and not k.relispartition
              and a.atttypid in ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
        loop
            execute format('select exists (select from %I where lower(%I::text) ~ %L)', c.relname, c.attname, needles) into there;
            if there then return next c.relname || '.' || c.attname; end if;
        end loop;
    end $$";

pub(crate) async fn places(tx: &mut Tx) -> Result<Vec<String>> {
    // Digits in a row are in ids too.
    let needles = "zebulon|quagmire|zebby|\\+16465550001|646-555-0001|zq@example|van-77771|likes tea|ward-nine|^10001$";
    testing::texts(tx, &format!("select places('{needles}')")).await
}

/// Redacts the person from the request to the job's end, with the treatment of some columns.
async fn redact_with(tx: &mut Tx, account: AccountId, treatment: Treatment) -> Result<()> {
    let (id, keys) = (RedactionId::new(), PhoneHashKeys::new([7; 32], None));
    let number = E164::parse("+16465550001").unwrap();
    redactions::begin(tx, id, account, None, &number, &keys.of(&number), treatment).await?;
    redactions::look(tx, id).await?;
    let lock = async |tx: &mut Tx| {
        let entry = redactions::lock(tx, id, |number| keys.of(number)).await?.expect("it is not done");
        Ok::<_, muster_storage::Error>(redactions::Redaction { treatment, ..entry })
    };
    let entry = lock(tx).await?;
    let _: Leftover = redactions::overwrite_again(tx, id, &entry).await?;
    let entry = lock(tx).await?;
    let alone = redactions::telling_names(tx, &entry).await?;
    let patterns = entry.traces.patterns(Some(&entry.number), &alone);
    redactions::free_text(tx, id, &entry, &patterns).await?;
    redactions::finish(tx, id, &entry).await
}

/// Columns that leave without a statement of the registry: a trigger removes the word of a number
/// that no contact has, and a bucket has a hash and leaves within an hour.
const LEAVE_BY_THEMSELVES: [(&str, &str); 2] = [("account_word", "e164"), ("rate_bucket", "subject")];

/// With the whole registry nothing is left; without any one column of it, something is, in that
/// column, or the redaction cannot be done at all.
#[tokio::test]
async fn r5a_without_any_one_column_of_the_registry_the_planted_person_is_found() {
    World::with_engine()
        .run(async |world| {
            plant(&world).await;
            world.execute(&BY_HAND).await;
            world.execute(&[PLACES]).await;
            let account: uuid::Uuid = world.row("select id from account").await;
            let account = AccountId(account);
            let columns: Vec<_> = Treatment::columns().filter(|column| !LEAVE_BY_THEMSELVES.contains(column)).collect();

            let mut tx = world.pool().begin().await.unwrap();
            let open = places(&mut tx).await.unwrap();
            let of_redactions = |table: &str| table == "redaction";
            let closed: Vec<_> = columns
                .iter()
                .filter(|(table, column)| !of_redactions(table) && !open.contains(&format!("{table}.{column}")))
                .collect();
            assert!(closed.is_empty(), "no door leads to {closed:?}");
            redact_with(&mut tx, account, Treatment::whole()).await.unwrap();
            assert_eq!(places(&mut tx).await.unwrap(), Vec::<String>::new());
            tx.rollback().await.unwrap();

            let mut unneeded = Vec::new();
            for (table, column) in columns {
                let mut tx = world.pool().begin().await.unwrap();
                let left = match redact_with(&mut tx, account, Treatment::without(table, column)).await {
                    Ok(()) => places(&mut tx).await.unwrap().contains(&format!("{table}.{column}")),
                    Err(_) => true,
                };
                tx.rollback().await.unwrap();
                if !left {
                    unneeded.push(format!("{table}.{column}"));
                }
            }
            assert!(unneeded.is_empty(), "the person is not found without {unneeded:?}");
        })
        .await;
}
