//! Processes and the sections that each uses. One type each, so that a process cannot use a section
//! that it does not ask for.

use std::fmt;

use super::{
    Broker, CarrierAccess, Database, Engine, Gateway, Http, Imports, Mail, ObjectStore, Privacy, Process, SignIn,
    Worker,
    error::ConfigError,
    key::Key,
    section::{Declared, Reader, Section, Shown},
    source::Source,
};

/// The settings of a process.
pub trait Settings: Sized + fmt::Debug {
    /// Reads the sections of this process.
    fn read(source: &Source) -> Result<Self, ConfigError>;

    /// Returns every key that is in force with the part of its value that may be shown.
    fn shown(&self) -> Vec<Shown>;

    /// Reads the environment and the file that it names.
    fn load() -> Result<Self, ConfigError> {
        Self::read(&Source::load()?)
    }

    /// Reads a TOML text alone.
    fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::read(&Source::from_toml(text)?)
    }
}

/// The settings of a daemon.
pub trait DaemonSettings: Settings {
    /// Its name, address, log and traces.
    fn process(&self) -> &Process;
}

/// A process as operators and the documentation name it.
#[derive(Debug)]
pub struct ProcessKind {
    /// Its name.
    pub name: &'static str,
    pub(super) doc: &'static str,
    pub(super) sections: &'static [Declared],
    /// Reads its sections and returns the parts that may be shown.
    pub check: fn(&Source) -> Result<Vec<Shown>, ConfigError>,
}

impl ProcessKind {
    /// Returns the keys that it reads.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.sections.iter().flat_map(|section| section.keys)
    }
}

macro_rules! processes {
    ($(
        $(#[doc = $doc:literal])+
        $settings:ident = $process:literal { $($field:ident: $section:ident),+ $(,)? } $(where $check:path)?;
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone)]
            pub struct $settings {
                $(#[doc = concat!("See [`", stringify!($section), "`].")] pub $field: $section,)+
            }

            impl $settings {
                fn sections(reader: &mut Reader<'_>) -> Option<Self> {
                    // Every section is read before one that is wrong ends this.
                    $(let $field = <$section as Section>::read(reader);)+
                    Some(Self { $($field: $field?),+ })
                }
            }

            impl Settings for $settings {
                fn read(source: &Source) -> Result<Self, ConfigError> {
                    let mut reader = Reader::new(source);
                    let read = Self::sections(&mut reader);
                    $(if let Some(problem) = read.as_ref().and_then($check) {
                        reader.problem(problem);
                    })?
                    reader.end(read)
                }

                fn shown(&self) -> Vec<Shown> {
                    let mut all = Vec::new();
                    $(all.extend(self.$field.shown());)+
                    all
                }
            }
        )+

        /// Every process.
        pub const PROCESSES: &[ProcessKind] = &[$(ProcessKind {
            name: $process,
            doc: concat!($($doc),+),
            sections: &[$(<$section as Section>::DECLARED),+],
            check: |source| $settings::read(source).map(|settings| settings.shown()),
        }),+];
    };
}

processes! {
    /// Everything: an installation of processes that share one configuration.
    InstallationSettings = "installation" {
        process: Process,
        database: Database,
        broker: Broker,
        object_store: ObjectStore,
        carrier: CarrierAccess,
        gateway: Gateway,
        privacy: Privacy,
        sign_in: SignIn,
        mail: Mail,
        http: Http,
        engine: Engine,
        worker: Worker,
        imports: Imports,
    } where installation_reconciles_in_time;

    /// The daemon `muster-api`.
    ApiSettings = "api" {
        process: Process,
        database: Database,
        object_store: ObjectStore,
        carrier: CarrierAccess,
        privacy: Privacy,
        sign_in: SignIn,
        http: Http,
        imports: Imports,
    };

    /// The daemon `muster-scheduler`.
    SchedulerSettings = "scheduler" { process: Process, database: Database, broker: Broker, engine: Engine };

    /// The daemon `muster-worker`.
    WorkerSettings = "worker" {
        process: Process,
        database: Database,
        broker: Broker,
        object_store: ObjectStore,
        carrier: CarrierAccess,
        gateway: Gateway,
        privacy: Privacy,
        sign_in: SignIn,
        mail: Mail,
        engine: Engine,
        worker: Worker,
        imports: Imports,
    } where worker_reconciles_in_time;

    /// `muster migrate`, and `muster`'s other commands that work on the database: `account`,
    /// `numbers`, `operators`, `jobs`, `queues`, `workers`, `pause`, `resume`, `limit`, `schedule`
    /// and `why`.
    DatabaseSettings = "migrate" { database: Database };

    /// `muster broker apply`.
    BrokerSettings = "broker-apply" { broker: Broker };

    /// `muster audit`.
    AuditSettings = "audit" { database: Database, object_store: ObjectStore };
    /// `muster ledger` and `muster restore`.
    LedgerSettings = "ledger" {
        database: Database,
        object_store: ObjectStore,
        carrier: CarrierAccess,
        gateway: Gateway,
        privacy: Privacy,
    };

    /// `muster doctor`.
    DoctorSettings = "doctor" {
        database: Database,
        broker: Broker,
        object_store: ObjectStore,
        privacy: Privacy,
        mail: Mail,
        engine: Engine,
    };
}

/// Every section, in the order of the documentation: an installation has them all.
pub(super) const SECTIONS: &[Declared] = PROCESSES[0].sections;

macro_rules! daemons {
    ($($settings:ident),+) => {$(
        impl DaemonSettings for $settings {
            fn process(&self) -> &Process {
                &self.process
            }
        }
    )+};
}

daemons!(ApiSettings, SchedulerSettings, WorkerSettings);

/// Rule S2: a call that is still under way is not asked about.
fn reconciles_in_time(engine: &Engine, gateway: &Gateway) -> Option<String> {
    let early = engine.reconcile_after() < gateway.timeout() * 4;
    early.then(|| "engine.reconcile_after_seconds must be at least four times carrier.timeout_ms".to_owned())
}

fn worker_reconciles_in_time(settings: &WorkerSettings) -> Option<String> {
    reconciles_in_time(&settings.engine, &settings.gateway)
}

fn installation_reconciles_in_time(settings: &InstallationSettings) -> Option<String> {
    reconciles_in_time(&settings.engine, &settings.gateway)
}
