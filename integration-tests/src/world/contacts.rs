//! Contacts, and the requests that they and their carrier send.

use muster_domain::ids::ContactId;
use reqwest::Method;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{Answer, CARRIER_SECRET, Call, World, urlencoded};

impl World {
    /// Returns a contact in no group, written past the api.
    pub async fn plant_contact(&self, organization: &str, phone: &str) -> String {
        let id = ContactId::new();
        self.execute(&[&format!(
            "insert into contact (id, organization_id, e164, source) values ('{id}', '{organization}', '{phone}', 'api')"
        )])
        .await;
        id.to_string()
    }

    /// The same in a group.
    pub async fn plant_contact_in(&self, organization: &str, group: &str, phone: &str) -> String {
        let id = self.plant_contact(organization, phone).await;
        self.join_group(group, &id).await;
        id
    }

    /// Puts a contact into a group, past the api.
    pub async fn join_group(&self, group: &str, contact: &str) {
        self.execute(&[&format!("insert into membership (group_id, contact_id) values ('{group}', '{contact}')")])
            .await;
    }

    /// Makes tags that no contact has, past the api.
    pub async fn plant_tags(&self, organization: &str, names: &[&str]) {
        for name in names {
            self.execute(&[&format!("insert into tag (organization_id, name) values ('{organization}', '{name}')")])
                .await;
        }
    }

    /// Posts a form as the carrier does.
    pub async fn webhook(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let form: Vec<(String, String)> =
            form.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let url = format!("{}{path}", self.api().url());
        let signature = muster_carrier::twilio::sign(&SecretString::from(CARRIER_SECRET), &url, &form);
        let call = Call::raw("application/x-www-form-urlencoded", urlencoded(&form));
        self.nobody().call(Method::POST, path, call.header("x-twilio-signature", signature)).await
    }

    /// Returns a contact texts one of our numbers; the carrier's id is as given.
    pub async fn text_as(&self, sid: &str, from: &str, to: &str, body: &str) -> Answer {
        let form = [("MessageSid", sid), ("From", from), ("To", to), ("Body", body)];
        self.webhook("/v1/webhooks/twilio/inbound", &form).await
    }

    /// Returns a contact texts one of our numbers.
    #[track_caller]
    pub fn text(&self, from: &str, to: &str, body: &str) -> impl Future<Output = ()> {
        let sid = format!("SM{}", Uuid::now_v7().simple());
        let (from, to, body) = (from.to_owned(), to.to_owned(), body.to_owned());
        async move {
            let answer = self.text_as(&sid, &from, &to, &body).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
        }
    }
}
