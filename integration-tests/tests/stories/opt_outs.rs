//! A contact that opts out while an agent holds their batch gets no text, and the batch comes to
//! its end.

use muster_integration_tests::seconds;
use reqwest::Method;
use serde_json::json;

use crate::{
    campaign::SCRIPT,
    rig::{Rig, RigOptions},
};

#[tokio::test]
async fn an_opt_out_in_a_claimed_batch_does_not_keep_it_from_finishing() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        let group = rig.group("North", "212", 1).await;
        let csv = "first name,last name,phone\nAda,One,9175550001\nBob,Two,9175550002\n";
        rig.import(&group, csv).await;
        let agent = rig.agent("Ann", &[&group]).await;
        let goal = rig.campaign(&[&group], SCRIPT).await.remove(0);
        let batch = agent.claim_when_there(&goal).await;
        assert_eq!(batch.contacts.len(), 2);

        let stop = json!({ "from": "+19175550001", "to": agent.numbers[0], "body": "STOP" });
        rig.tell_simulator(Method::POST, "inbound", &stop).await;
        agent.send(&batch, &batch.contacts, &[]).await;

        rig.until_none("message where kind = 'initial' and state <> 'delivered'", seconds(20)).await;
        assert_eq!(rig.number("select count(*) from message where kind = 'initial'").await, 1);
        rig.until_none("batch where state <> 'finished'", seconds(10)).await;
    })
    .await;
}
