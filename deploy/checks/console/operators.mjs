// An operator's drain by clicking alone: parked jobs are found, run again with the count first, and
// a worker is drained until it is safe to stop. And a look with a token that changes nothing.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { until } from "./browser.mjs";

const REASON = "Reason, for later readers; no names and no numbers";

/** Signs an operator in by typing the token, which the command line makes. */
async function enter(tab, rights) {
  const muster = join(import.meta.dirname, "../debug/muster");
  const env = { ...process.env, MUSTER_DATABASE_URL: tab.stage.summary.postgres_url };
  const made = execFileSync(muster, ["operators", "create", "--name", `Story ${rights}`, "--rights", rights, "--json"], { env });
  const { token } = JSON.parse(made);
  await tab.page.goto("/operator");
  await tab.page.getByLabel("Operator's token").fill(token);
  await tab.page.getByRole("button", { name: "Sign in" }).click();
  await tab.page.getByRole("heading", { name: "Overview" }).waitFor();
}

/** Opens one of the pages by its link. */
async function go(page, link, heading = link) {
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: link, exact: true }).click();
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
}

/** Opens an act, types its reason, and does it. */
async function act(page, label, button, reason) {
  const form = page.locator("details", { has: page.getByText(label, { exact: true }) }).first();
  await form.locator("summary").click();
  await form.getByLabel(REASON).fill(reason);
  await form.getByRole("button", { name: button, exact: true }).click();
}

export async function operators(stage) {
  const tab = await stage.desk();
  const { page } = tab;
  const bytes = await tab.first("/operator");
  stage.say(`the first view has ${bytes} bytes`);
  await tab.check("operator-sign-in");
  await enter(tab, "act");
  await until("figures are taken", async () => {
    await page.reload();
    return (await page.getByText("No figures were taken yet").count()) === 0;
  });
  await tab.check("operator-overview");

  // A schedule is previewed and run by hand; its job's life is a timeline.
  await go(page, "Schedules");
  await tab.check("operator-schedules");
  await page.getByRole("link", { name: "import-rejects" }).click();
  await page.getByRole("heading", { name: "Ticks to come" }).waitFor();
  await tab.check("operator-schedule");
  await act(page, "Run now", "Run now", "to see that it works");
  await page.getByText("Its job is made, beside its ticks.").waitFor();
  await page.getByRole("heading", { name: "Its life" }).waitFor();
  await until("the job is done", async () => {
    await page.reload();
    return (await page.locator("main p .badge", { hasText: "Done" }).count()) > 0;
  });
  await tab.check("operator-job");

  // A kind is paused, and jobs of it wait until it goes on.
  await page.getByRole("link", { name: "upkeep" }).first().click();
  await page.getByRole("heading", { name: "upkeep", level: 1 }).waitFor();
  await act(page, "Pause", "Pause", "the database is moved");
  await page.getByText("Paused. Jobs that are in the broker already still run.").waitFor();
  await tab.check("operator-queue");
  await go(page, "Schedules");
  await page.getByRole("link", { name: "import-rejects" }).click();
  for (const reason of ["once", "twice"]) {
    await act(page, "Run now", "Run now", `${reason} while it is paused`);
    await page.getByRole("heading", { name: "Its life" }).waitFor();
    await page.goBack();
  }
  await go(page, "Queues");
  await page.getByText("the database is moved").waitFor();
  await tab.check("operator-queues");

  // All that match are counted first, then cancelled so many a second.
  await go(page, "Jobs");
  await page.getByLabel("Kind").selectOption("upkeep");
  await page.getByLabel("State").selectOption("Waiting");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/kind=upkeep&state=pending/);
  await tab.check("operator-jobs");
  await page.getByRole("link", { name: "Cancel all that match" }).click();
  const counted = await page.locator("strong", { hasText: /jobs?$/ }).innerText();
  assert.ok(Number.parseInt(counted, 10) >= 1, counted);
  await tab.check("operator-act-new");
  await page.getByLabel("Jobs a second").fill("5");
  await page.getByLabel(REASON).fill("they are not needed");
  await page.getByRole("button", { name: "Cancel them" }).click();
  await page.getByText("It has begun with").waitFor();
  await page.getByText("It was done with each job that matched when it was asked for.").waitFor();
  await tab.check("operator-act");
  await go(page, "Acts", "Acts on many jobs");
  await tab.check("operator-acts");
  await go(page, "Queues");
  await act(page, "Resume", "Let it go on", "the database is there");
  await page.getByText("It goes on.").waitFor();

  // A worker is drained until it is safe to stop, and takes jobs again.
  await go(page, "Workers");
  await tab.check("operator-workers");
  await act(page, "Drain", "Drain it", "a new kernel");
  await page.getByText("It takes no more jobs, and finishes those in its hands.").waitFor();
  await page.getByText("Safe to stop: it has no job, and takes none.").waitFor();
  await tab.check("operator-workers-drained");
  await act(page, "Let it take jobs again", "Take jobs again", "the kernel is new");
  await page.getByText("It takes jobs again.").waitFor();

  for (const [link, heading] of [
    ["Held", "Held texts"],
    ["Unknown", "Texts of unknown outcome"],
    ["Dead letters", "Dead letters"],
    ["Health", "Health"],
  ]) {
    await go(page, link, heading);
    await tab.check(`operator-${link.toLowerCase().replace(" ", "-")}`);
  }
  stage.say("a schedule, a pause, many jobs and a worker, by clicking alone");
  await tab.close();
  await reader(stage);
}

/** A token that looks is shown no act, on a phone and by the keyboard as well. */
async function reader(stage) {
  const tab = await stage.phone();
  const { page } = tab;
  await enter(tab, "read");
  await page.getByText("looks, and can change nothing").waitFor();
  for (const [link, heading] of [
    ["Queues", "Queues"],
    ["Jobs", "Jobs"],
    ["Workers", "Workers"],
    ["Schedules", "Schedules"],
    ["Health", "Health"],
  ]) {
    // The page itself has the focus at first, with every word on it.
    await page.keyboard.press("Tab");
    await tab.tabTo(link);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    assert.equal(await page.locator("input[name=reason]").count(), 0, `${link} offers an act`);
    await tab.check(`operator-read-${link.toLowerCase()}`);
  }
  stage.say("a token that looks is shown no act");
  await tab.close();
}
