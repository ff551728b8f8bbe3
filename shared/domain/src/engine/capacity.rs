//! A model of the installation that a campaign needs: processors, processes, connections, disk, and
//! the time that carriers' caps and rates take. Its figures are those of benchmarks (`Measured`);
//! docs/capacity.md tells their sources and how far the model is from measurements.

/// A campaign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// People to text once.
    pub contacts: u64,
    /// Hours in which their initial texts go out.
    pub hours: f64,
    /// Segments of a text, on the average.
    pub segments: f64,
    /// The share of people with an answer, on the average within the same hours.
    pub reply_share: f64,
    /// Texts that an agent's request hands over: 100 where a batch goes at once, 1 where each text
    /// has a request of its own.
    pub texts_a_request: u64,
    /// Texts, or replies, that an agent works through in an hour.
    pub agent_pace: u64,
    /// Seconds that the carrier takes to answer.
    pub carrier_seconds: f64,
    /// Segments that brands may send on a carrier's day, all together; none: no cap.
    pub daily_segments: Option<u64>,
    /// Segments that numbers and brands may send in a minute, all together; none: no rate.
    pub segments_a_minute: Option<u64>,
}

/// Costs on one processor of the benchmarks' machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Seconds of a text of a batch, everywhere: api, relay, worker, Postgres.
    pub text: f64,
    /// Seconds of a text with a request of its own, beyond that.
    pub single_text: f64,
    /// Seconds of a contact's text or a receipt, from the webhook to its place.
    pub webhook: f64,
    /// Seconds of an imported row.
    pub row: f64,
    /// Seconds of a target, from the launch to its batch.
    pub target: f64,
    /// Of the whole, Postgres' share.
    pub database_share: f64,
    /// Of the whole, the workers' share; the rest is the api's and the scheduler's.
    pub worker_share: f64,
    /// Texts that one worker has at the carrier at a time.
    pub at_the_carrier: u64,
    /// Bytes of a contact with its memberships and indexes.
    pub contact_bytes: u64,
    /// Bytes of a text with its events, its receipt, its place in batch and thread, and indexes.
    pub text_bytes: u64,
}

impl Measured {
    /// The benchmarks' machine of 2026-11-29: two processors at 3,099 texts a second in batches,
    /// 719 one by one, 702 webhooks a second, 20,080 rows a second, a million targets in 64 s.
    pub const NOW: Self = Self {
        text: 2.0 / 3_099.0,
        single_text: 2.0 / 719.0 - 2.0 / 3_099.0,
        webhook: 2.0 / 702.0,
        row: 2.0 / 20_080.0,
        target: 2.0 / 15_569.0,
        database_share: 0.5,
        worker_share: 0.35,
        at_the_carrier: 64,
        contact_bytes: 1_100,
        text_bytes: 2_400,
    };
}

/// Processors are planned to be busy for so much of the time: beyond it, requests wait.
const BUSY: f64 = 0.6;
/// Connections of an api, a scheduler and a worker, by default and with their own upkeep.
const CONNECTIONS: [u64; 3] = [21, 23, 26];
/// Of a minute's texts, one that is twice the average is not rare.
const PEAK: f64 = 2.0;
/// Processors that a worker of one process makes use of.
const WORKER_PROCESSORS: f64 = 2.0;
/// Processors that an api of one process makes use of.
const API_PROCESSORS: f64 = 2.0;

/// The installation that a campaign needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Texts a second on the average.
    pub texts_a_second: f64,
    /// Segments in all.
    pub segments: u64,
    /// Hours until the last initial text is out: those of the demand, or more where carriers'
    /// rates take longer.
    pub hours: f64,
    /// Carrier's days that caps take.
    pub days: u64,
    /// Agents at work at a time.
    pub agents: u64,
    /// Processors of Postgres.
    pub database_processors: u64,
    /// Processes, each with two processors.
    pub workers: u64,
    /// Processes, each with two processors; two at least, so that one may go.
    pub apis: u64,
    /// Processes; two, so that one may go.
    pub schedulers: u64,
    /// Connections to Postgres.
    pub connections: u64,
    /// Bytes of Postgres' data.
    pub database_bytes: u64,
    /// Messages a second through the broker.
    pub messages_a_second: f64,
    /// Hours of one worker for the import of all contacts.
    pub import_hours: f64,
    /// Minutes from the launch to the last batch.
    pub launch_minutes: f64,
}

/// Plans an installation.
#[expect(clippy::cast_precision_loss, reason = "a model of counts far below 2^53")]
pub fn plan(demand: &Demand, measured: &Measured) -> Plan {
    let texts = demand.contacts as f64;
    let segments = texts * demand.segments;
    let by_rate = demand.segments_a_minute.map_or(0.0, |rate| segments / (rate.max(1) as f64) / 60.0);
    let hours = demand.hours.max(by_rate);
    let days = demand.daily_segments.map_or(1, |cap| whole(segments / cap.max(1) as f64).max(1));
    let texts_a_second = texts / (hours * 3_600.0);
    let replies_a_second = texts_a_second * demand.reply_share;
    let texts_a_request = demand.texts_a_request.max(1) as f64;
    // Each text has a receipt, and each reply an answer, which has a request of its own.
    let a_second = texts_a_second * (measured.text + measured.single_text / texts_a_request + measured.webhook / 4.0)
        + replies_a_second * (measured.webhook * 1.25 + measured.text + measured.single_text);
    let processors = PEAK * a_second / BUSY;
    let in_flight = PEAK * texts_a_second * demand.carrier_seconds / measured.at_the_carrier as f64;
    let workers = whole(in_flight).max(whole(processors * measured.worker_share / WORKER_PROCESSORS)).max(2);
    let api_share = 1.0 - measured.worker_share - measured.database_share;
    let apis = whole(processors * api_share / API_PROCESSORS).max(2);
    let schedulers = 2;
    let [api, scheduler, worker] = CONNECTIONS;
    let handled = texts * (1.0 + demand.reply_share * 2.0);
    Plan {
        texts_a_second,
        segments: whole(segments),
        hours,
        days,
        agents: whole(texts * (1.0 / texts_a_request + demand.reply_share) / hours / demand.agent_pace.max(1) as f64),
        database_processors: whole(processors * measured.database_share).max(2),
        workers,
        apis,
        schedulers,
        connections: apis * api + schedulers * scheduler + workers * worker,
        database_bytes: whole(texts * measured.contact_bytes as f64 + handled * measured.text_bytes as f64),
        messages_a_second: PEAK
            * (texts_a_second / texts_a_request.max(8.0) + texts_a_second / 8.0 + replies_a_second * 2.0),
        import_hours: texts * measured.row / 2.0 / 3_600.0,
        launch_minutes: texts * measured.target / 2.0 / 60.0,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are positive and small")]
fn whole(number: f64) -> u64 {
    number.ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMPAIGN: Demand = Demand {
        contacts: 1_000_000,
        hours: 8.0,
        segments: 1.5,
        reply_share: 0.1,
        texts_a_request: 100,
        agent_pace: 120,
        carrier_seconds: 0.2,
        daily_segments: None,
        segments_a_minute: None,
    };

    fn within(model: f64, measured: f64, factor: f64) {
        assert!(model < measured * factor && measured < model * factor, "{model} against {measured}");
    }

    /// Seconds on the same two processors, of `benchmarks/2026-11-2*.txt`: the model was made of
    /// the last of the targets and of none of the others.
    #[test]
    fn the_model_is_near_measurements_at_several_sizes() {
        let Measured { text, target, row, .. } = Measured::NOW;
        for (texts, seconds) in [(5_000.0, 3.56), (20_000.0, 9.0), (50_000.0, 15.9)] {
            within(texts * text / 2.0, seconds, 2.5);
        }
        for (targets, seconds) in [(10_000.0, 1.08), (100_000.0, 7.41), (100_000.0, 8.26), (1_000_000.0, 64.23)] {
            within(targets * target / 2.0, seconds, 1.8);
        }
        for (rows, seconds) in [(1_000_000.0, 40.3), (10_000_000.0, 454.0), (10_000_000.0, 643.0)] {
            within(rows * row / 2.0, seconds, 1.5);
        }
    }

    #[test]
    fn a_larger_or_faster_campaign_needs_no_less() {
        let small = plan(&CAMPAIGN, &Measured::NOW);
        for larger in [
            Demand { contacts: 10_000_000, ..CAMPAIGN },
            Demand { hours: 1.0, ..CAMPAIGN },
            Demand { texts_a_request: 1, ..CAMPAIGN },
            Demand { reply_share: 0.5, ..CAMPAIGN },
            Demand { carrier_seconds: 5.0, ..CAMPAIGN },
        ] {
            let planned = plan(&larger, &Measured::NOW);
            assert!(planned.workers >= small.workers && planned.apis >= small.apis, "{larger:?}: {planned:?}");
            assert!(planned.database_processors >= small.database_processors, "{larger:?}: {planned:?}");
            assert!(planned.connections >= small.connections, "{larger:?}: {planned:?}");
        }
    }

    #[test]
    fn caps_take_days_and_rates_take_hours() {
        let capped = plan(&Demand { daily_segments: Some(500_000), ..CAMPAIGN }, &Measured::NOW);
        assert_eq!((capped.days, capped.segments), (3, 1_500_000));
        let paced = plan(&Demand { segments_a_minute: Some(1_000), ..CAMPAIGN }, &Measured::NOW);
        assert!((paced.hours - 25.0).abs() < 1e-9, "{paced:?}");
        assert!((plan(&CAMPAIGN, &Measured::NOW).hours - 8.0).abs() < 1e-9);
    }

    #[test]
    fn one_of_each_may_go_in_the_smallest_campaign() {
        let least = plan(&Demand { contacts: 1, ..CAMPAIGN }, &Measured::NOW);
        assert_eq!((least.workers, least.apis, least.schedulers), (2, 2, 2));
    }
}
