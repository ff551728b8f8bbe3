//! The table of handlers: every kind of job in the list of its mode. A kind in another list does
//! not compile, nor does one in none.

use muster_jobs::kinds;

crate::registry! {
    leased![
        // imports
        ImportCut,
        CsvIngestion,
        ImportAdmit,
        ImportApply,
        ImportEnd,
        ImportFetch,
        ImportUndo,
        // people
        BulkChange,
        CarrierLookup,
        Redaction,
        NameMerge,
        OptOutSharing,
        // tenancy
        MailSend,
        // goals
        BatchPartition,
        GoalTransition,
        BatchRelease,
        ReminderOpen,
        LeaseExpiry,
        // sending
        HoldRelease,
        RateRelease,
        MessageReconcile,
        DeliveryReceipt,
        // trust
        AuditHeads,
        LedgerPublish,
        Export,
        Retention,
        // engine
        JobAct,
        Upkeep,
    ];
    in_transaction![InboundMessage, Probe];
    together![Send];
}
