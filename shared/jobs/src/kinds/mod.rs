//! The table of contents: every kind of job, in its chapter. A kind's payload and policy are one
//! file each, named as the kind.
//!
//! docs/adding-a-job.md adds one.

mod audit_heads;
mod batch_partition;
mod batch_release;
mod bulk_change;
mod carrier_lookup;
mod csv_ingestion;
mod delivery_receipt;
mod export;
mod goal_transition;
mod hold_release;
mod import_admit;
mod import_apply;
mod import_cut;
mod import_end;
mod import_fetch;
mod import_undo;
mod inbound_message;
mod job_act;
mod lease_expiry;
mod ledger_publish;
mod mail_send;
mod message_reconcile;
mod name_merge;
mod opt_out_sharing;
mod probe;
mod rate_release;
mod redaction;
mod reminder_open;
mod retention;
mod send;
mod upkeep;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use opt_out_sharing::OptOutPlace;
pub use upkeep::Task;

crate::kinds! {
    // imports
    import_cut::ImportCut,
    csv_ingestion::CsvIngestion,
    import_admit::ImportAdmit,
    import_apply::ImportApply,
    import_end::ImportEnd,
    import_fetch::ImportFetch,
    import_undo::ImportUndo,
    // people
    bulk_change::BulkChange,
    carrier_lookup::CarrierLookup,
    redaction::Redaction,
    name_merge::NameMerge,
    opt_out_sharing::OptOutSharing,
    // tenancy
    mail_send::MailSend,
    // goals
    batch_partition::BatchPartition,
    goal_transition::GoalTransition,
    batch_release::BatchRelease,
    reminder_open::ReminderOpen,
    lease_expiry::LeaseExpiry,
    // sending
    send::Send,
    hold_release::HoldRelease,
    rate_release::RateRelease,
    message_reconcile::MessageReconcile,
    delivery_receipt::DeliveryReceipt,
    // conversations
    inbound_message::InboundMessage,
    // trust
    audit_heads::AuditHeads,
    ledger_publish::LedgerPublish,
    export::Export,
    retention::Retention,
    // engine
    job_act::JobAct,
    upkeep::Upkeep,
    probe::Probe,
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for JobKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for JobKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::unknown_variant(&name, &Self::NAMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in JobKind::ALL {
            assert_eq!(JobKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(serde_json::from_value::<JobKind>(kind.as_str().into()).unwrap(), kind);
            // The type, the file and the name are the same words.
            let words = format!("{kind:?}").chars().fold(String::new(), |mut words, letter| {
                if letter.is_uppercase() && !words.is_empty() {
                    words.push('-');
                }
                words.extend(letter.to_lowercase());
                words
            });
            assert_eq!(words, kind.as_str());
        }
        let unknown = serde_json::from_str::<JobKind>("\"no-kind\"").unwrap_err();
        assert!(
            unknown.to_string().starts_with("unknown variant `no-kind`, expected one of `import-cut`"),
            "{unknown}"
        );
    }

    #[test]
    fn j6_a_worker_has_room_beside_a_tenants_long_jobs() {
        for kind in JobKind::ALL {
            let policy = kind.policy();
            let Some(share) = policy.share else { continue };
            assert!(share < policy.prefetch(), "{kind}: even when each job is a message of its own");
            assert_eq!(policy.concurrency, policy.bundle, "{kind}: nobody waits for who is in the same message");
        }
    }

    #[test]
    fn j6_only_kinds_that_cannot_be_slow_have_no_share() {
        let without: Vec<_> = JobKind::ALL.into_iter().filter(|kind| kind.policy().share.is_none()).collect();
        assert_eq!(without, [JobKind::LeaseExpiry, JobKind::DeliveryReceipt, JobKind::InboundMessage, JobKind::Probe]);
    }

    #[test]
    fn j6_one_tenants_jobs_never_use_up_what_may_be_published_of_a_kind() {
        for kind in JobKind::ALL {
            let policy = kind.policy();
            let Some(share) = policy.share else { continue };
            let of_one = policy.window_of_one();
            assert!(i64::from(share) <= of_one, "{kind}: one worker can be given a tenant's whole share");
            assert!(of_one < policy.window, "{kind}");
        }
    }
}
