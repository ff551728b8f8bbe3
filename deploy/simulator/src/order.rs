//! A client's create, and whether it is well-formed.

use serde::Deserialize;

use crate::twilio::error::Refusal;

/// The form of a create. Fields that the simulator does not act on are ignored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Order {
    #[serde(rename = "To")]
    pub to: String,
    #[serde(rename = "From")]
    pub from: String,
    #[serde(rename = "Body")]
    pub body: String,
    #[serde(rename = "StatusCallback")]
    pub status_callback: Option<String>,
    /// Seconds, as they were written; see [`Order::validity_seconds`].
    #[serde(rename = "ValidityPeriod")]
    pub validity_period: Option<String>,
}

/// Seconds that a validity period may have (Twilio error 21624).
const VALIDITY_SECONDS: std::ops::RangeInclusive<u32> = 1..=36_000;

/// The longest body, in characters (rule M3, Twilio error 21617).
const LONGEST_BODY: usize = 1_600;

impl Order {
    /// For how many seconds the message may wait to be sent; none for as long as the carrier keeps
    /// it.
    pub(crate) fn validity_seconds(&self) -> Option<u32> {
        self.validity_period.as_deref().and_then(|period| period.parse().ok())
    }

    /// Refuses an order as Twilio does.
    pub(crate) fn validate(&self) -> Result<(), Refusal> {
        if !is_e164(&self.to) {
            return Err(Refusal::of(21211));
        }
        if !is_e164(&self.from) {
            return Err(Refusal::of(21212));
        }
        if self.body.is_empty() {
            return Err(Refusal::of(21602));
        }
        if self.body.chars().count() > LONGEST_BODY {
            return Err(Refusal::of(21617));
        }
        if self.validity_period.is_some() && !self.validity_seconds().is_some_and(|it| VALIDITY_SECONDS.contains(&it)) {
            return Err(Refusal::of(21624));
        }
        match &self.status_callback {
            Some(url) if reqwest::Url::parse(url).is_err() => Err(Refusal::of(21609)),
            Some(_) | None => Ok(()),
        }
    }
}

/// Returns whether a number is a plus and 2 to 15 digits, the first of them not 0.
fn is_e164(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else {
        return false;
    };
    (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order {
            to: "+12125550100".to_owned(),
            from: "+12125550199".to_owned(),
            body: "Hi".to_owned(),
            status_callback: Some("http://127.0.0.1:1/status?m=1".to_owned()),
            validity_period: Some("36000".to_owned()),
        }
    }

    #[test]
    fn each_fault_has_its_code() {
        type Spoil = fn(&mut Order);
        let faults: [(Spoil, u32); 10] = [
            (|order| order.to = "2125550100".to_owned(), 21211),
            (|order| order.to.clear(), 21211),
            (|order| order.from = "+0125550100".to_owned(), 21212),
            (|order| order.body.clear(), 21602),
            (|order| order.body = "é".repeat(1_601), 21617),
            (|order| order.status_callback = Some("status".to_owned()), 21609),
            (|order| order.validity_period = Some("0".to_owned()), 21624),
            (|order| order.validity_period = Some("36001".to_owned()), 21624),
            (|order| order.validity_period = Some("60.5".to_owned()), 21624),
            (|order| order.validity_period = Some(String::new()), 21624),
        ];
        for (spoil, code) in faults {
            let mut order = order();
            order.validate().unwrap();
            spoil(&mut order);
            assert_eq!(order.validate().unwrap_err().code, code);
        }
    }

    #[test]
    fn the_longest_body_is_counted_in_characters() {
        let mut order = order();
        order.body = "é".repeat(1_600);
        order.validate().unwrap();
    }
}
