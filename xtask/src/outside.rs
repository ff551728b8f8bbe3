//! Checks by programs that are neither Rust nor the project's own (`deploy/checks`). Each has a
//! script that fetches its program.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::{forget_cargo, root, run as execute, target_dir};

/// The status of a script with a program that cannot be had here: `EX_UNAVAILABLE` of sysexits.h.
const UNAVAILABLE: i32 = 69;

/// A check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outside {
    script: &'static str,
    covers: &'static str,
    needs: &'static str,
}

/// A day of an admin and the shift of an agent through the API alone.
pub(crate) const DAY: Outside = Outside {
    script: "deploy/checks/day/run",
    covers: "a day through a generated client",
    needs: "Python 3 with venv, or a package of it,",
};

/// The rules of alerts against their tests; stories have the same program evaluate them.
pub(crate) const ALERTS: Outside =
    Outside { script: "deploy/checks/alerts/run", covers: "the alerts' rules", needs: "promtool" };

/// A collector of OpenTelemetry's, which a story has between the daemons and itself.
pub(crate) const COLLECTOR: Outside = Outside {
    script: "deploy/checks/otel/tool",
    covers: "telemetry through a collector of others' making",
    needs: "Python 3 with venv, or the package rotel,",
};

/// The bill of materials against its schema and `Cargo.lock`.
pub(crate) const BILL: Outside = Outside {
    script: "deploy/checks/sbom/run",
    covers: "the bill of materials",
    needs: "Python 3.11 with venv, or the package of its schema,",
};

/// The systemd units by systemd's own reading.
pub(crate) const UNITS: Outside =
    Outside { script: "deploy/checks/units/run", covers: "the systemd units", needs: "systemd-analyze of systemd 250" };

/// The Helm chart, rendered and held against schemas; the built `muster` reads its settings.
pub(crate) const CHART: Outside = Outside {
    script: "deploy/checks/chart/run",
    covers: "the Helm chart",
    needs: "helm, promtool, or a package of schemas",
};

/// Sign-in at an identity provider of others' making.
pub(crate) const OIDC: Outside = Outside {
    script: "deploy/checks/oidc/run",
    covers: "sign-in at an identity provider",
    needs: "Node 18 or later, or the npm package oidc-provider,",
};

/// The web console in Debian's Chromium.
pub(crate) const CONSOLE: Outside = Outside {
    script: "deploy/checks/console/run",
    covers: "the web console in a browser",
    needs: "Chromium, Node 18 or later, or the npm package playwright-core,",
};

/// Plays the stories with pages that documents show, and keeps the pictures of these.
pub(crate) fn pictures() -> anyhow::Result<()> {
    let folder = root().join("docs/pictures");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    execute(CONSOLE.script().args(["agents", "admins", "operators"]).env("PICTURES", folder))
}

impl Outside {
    fn script(self) -> Command {
        let mut command = Command::new(self.script);
        command.env("CARGO_TARGET_DIR", target_dir());
        forget_cargo(&mut command);
        command
    }

    /// Runs it; a program that cannot be had is a failure too.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        execute(&mut self.script())
    }

    /// Runs it where its program can be had, and says where it can't; strictly, that is a failure.
    pub(crate) fn run_where_possible(self, is_strict: bool) -> anyhow::Result<()> {
        let Self { script, covers, needs } = self;
        let status = self.script().status().with_context(|| format!("start {script}"))?;
        if status.code() == Some(UNAVAILABLE) {
            eprintln!("\nNOT COVERED: {covers}. {needs} cannot be had here.");
            ensure!(!is_strict, "not covered: {covers}");
            return Ok(());
        }
        ensure!(status.success(), "{covers}: {status}");
        Ok(())
    }
}
