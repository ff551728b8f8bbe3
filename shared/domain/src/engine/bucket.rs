//! Token buckets: rates that hold over all processes.

use chrono::{DateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The subject of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BucketKind {
    /// Sign-ups of a form.
    Form,
    /// Sign-ups of a form by one client.
    FormClient,
    /// Sign-ins from one address.
    SignInAddress,
    /// Sign-ins of one email address.
    SignInEmail,
    /// Requests with one token or session.
    Credential,
    /// Requests of one account's members.
    Account,
}

text_enum!(BucketKind);

/// A rate: a bucket of so many tokens that fills within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens of a full bucket.
    pub tokens: u32,
    /// Seconds in which an empty bucket fills.
    pub seconds: u32,
}

impl Rate {
    /// Returns so many within an hour.
    pub const fn an_hour(tokens: u32) -> Self {
        Self { tokens, seconds: 3_600 }
    }

    /// Returns so many within a minute.
    pub const fn a_minute(tokens: u32) -> Self {
        Self { tokens, seconds: 60 }
    }

    fn most(self) -> f64 {
        f64::from(self.tokens.max(1))
    }

    fn a_second(self) -> f64 {
        self.most() / f64::from(self.seconds.max(1))
    }
}

/// A token bucket at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Tokens that were left then.
    pub tokens: f64,
    /// The instant.
    pub at: DateTime<Utc>,
}

/// A bucket has no token left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty {
    /// Seconds until it has one.
    pub seconds: i64,
}

impl Bucket {
    /// Takes up to `wanted` tokens, at least one. Returns the bucket afterwards and the tokens that
    /// were taken. A new bucket is full.
    ///
    /// # Errors
    /// When it has not one.
    pub fn take(before: Option<Self>, rate: Rate, wanted: u32, now: DateTime<Utc>) -> Result<(Self, u32), Empty> {
        let most = rate.most();
        let tokens = before.map_or(most, |bucket| {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a bucket's age")]
            let seconds = (now - bucket.at).num_milliseconds().max(0) as f64 / 1_000.0;
            (bucket.tokens + seconds * rate.a_second()).min(most)
        });
        // Sums of fractions are a little off: the told time is enough all the same.
        let whole = (tokens + 1e-9).floor();
        if whole < 1.0 {
            #[expect(clippy::cast_possible_truncation, reason = "a bucket's time at most")]
            let seconds = ((1.0 - tokens) / rate.a_second()).ceil() as i64;
            return Err(Empty { seconds: seconds.max(1) });
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most `wanted`, and at least 1")]
        let taken = whole.min(f64::from(wanted.max(1))) as u32;
        Ok((Self { tokens: (tokens - f64::from(taken)).max(0.0), at: now }, taken))
    }

    /// Returns the instant from which on it is full again.
    pub fn full_at(self, rate: Rate) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a bucket's time")]
        let milliseconds = ((rate.most() - self.tokens).max(0.0) / rate.a_second() * 1_000.0).ceil() as i64;
        self.at + TimeDelta::milliseconds(milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_window_has_more_than_twice_the_rate_however_many_are_taken_at_a_time(
            tokens in 1_u32..20, seconds in 1_u32..4_000, asked in prop::collection::vec((0_i64..600_000, 1_u32..9), 1..200)
        ) {
            let rate = Rate { tokens, seconds };
            let (mut now, mut bucket, mut taken) = (DateTime::UNIX_EPOCH, None, Vec::new());
            for (wait, wanted) in asked {
                now += TimeDelta::milliseconds(wait);
                match Bucket::take(bucket, rate, wanted, now) {
                    Ok((after, got)) => {
                        prop_assert!((1..=wanted).contains(&got));
                        prop_assert!(after.full_at(rate) <= now + TimeDelta::seconds(seconds.into()) + TimeDelta::milliseconds(1));
                        bucket = Some(after);
                        taken.push((now, got));
                    }
                    Err(empty) => {
                        // After the told time there is one.
                        prop_assert!(Bucket::take(bucket, rate, 1, now + TimeDelta::seconds(empty.seconds)).is_ok());
                    }
                }
            }
            for (first, _) in &taken {
                let window = TimeDelta::seconds(seconds.into());
                let within: u32 =
                    taken.iter().filter(|(at, _)| *at >= *first && *at < *first + window).map(|(_, got)| got).sum();
                prop_assert!(within <= 2 * tokens, "{within}");
            }
        }
    }

    #[test]
    fn a_new_bucket_is_full_and_gives_no_more_than_it_has() {
        let (now, rate) = (DateTime::UNIX_EPOCH, Rate::a_minute(10));
        let (bucket, taken) = Bucket::take(None, rate, 25, now).unwrap();
        assert_eq!((taken, bucket.full_at(rate)), (10, now + TimeDelta::minutes(1)));
        assert_eq!(Bucket::take(Some(bucket), rate, 1, now), Err(Empty { seconds: 6 }));
        let (_, taken) = Bucket::take(Some(bucket), rate, 25, now + TimeDelta::seconds(13)).unwrap();
        assert_eq!(taken, 2);
    }
}
