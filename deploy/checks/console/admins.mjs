// An admin's first day, by clicking and typing alone and without the docs: a file, a texter, a
// goal, ten texts by the texter, the answers, one person's texts stopped, and why another was not
// texted. People answer at the simulated carrier.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { until } from "./browser.mjs";

const MARKUP = "<img src=x onerror=alert(1)>";
const NAMES = ["Maya", "Omar", "Lucía", MARKUP, "Ben", "Grace", "Tuan", "Ruth", "Andre", "Helen", "Pilar", "Sam"];
const FAMILY = "Reyes";

/** Returns a file of people: ten that can be texted, one without a phone, one with another tag. */
function file() {
  const rows = NAMES.map((name, nth) => {
    const phone = nth === 11 ? "12" : `(718) 555-${String(1000 + nth).padStart(4, "0")}`;
    return `${name},${FAMILY},${phone},${nth === 10 ? "other" : "walker"}`;
  });
  return ["First Name,Last Name,Cell Phone,Tags", ...rows].join("\r\n");
}

export async function admins(stage) {
  const ours = await stage.api.organization("Lakeside Votes", { batch_size: 10 });
  await ours.member("organization_admin", "amy@lakeside.example", "Amy");
  await stage.api.post(ours.at("numbers"), { numbers: ["+12085559001"] });
  const tab = await stage.phone();
  const { page } = tab;
  await tab.signIn("amy@lakeside.example");
  await page.getByRole("link", { name: "Lakeside Votes" }).click();
  await page.getByRole("heading", { name: "First steps" }).waitFor();
  await tab.check("admin-first-steps");

  await imports(stage, tab);
  await invites(stage, tab);
  const goal = await launches(stage, tab);
  const number = await texts(stage, ours, goal);
  await answers(stage, tab, ours, number);
  await why(stage, tab);
  await looksAround(tab);
  await tab.close();
}

async function imports(stage, tab) {
  const { page } = tab;
  await page.getByRole("link", { name: "Import people" }).click();
  await tab.check("import-new");
  const path = join(stage.shots, "people.csv");
  writeFileSync(path, file());
  await page.getByLabel("Group", { exact: true }).selectOption({ label: "Boise" });
  await page.getByLabel("The file", { exact: true }).setInputFiles(path);
  // The file is looked at before anything is imported.
  await page.getByText("What the columns mean").waitFor();
  await page.getByText("(718) 555-1000").waitFor();
  await tab.check("import-look");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("What became of the rows").waitFor();
  await page.getByText("Not a phone number").first().waitFor();
  await tab.check("import-done");
  stage.say("imported a file, and was told which row was not taken");
}

async function invites(stage, tab) {
  const { page } = tab;
  await tab.menu("Today");
  await page.getByRole("link", { name: "Invite a texter" }).click();
  await page.getByLabel("First name").fill("Tom");
  await page.getByLabel("Last name").fill("Diaz");
  await page.getByLabel("Email").fill("tom@lakeside.example");
  await page.getByLabel("Group", { exact: true }).selectOption({ label: "Boise" });
  await tab.check("team-new");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await page.getByText("The invitation is on its way.").waitFor();
  await tab.check("team-member");
}

async function launches(stage, tab) {
  const { page } = tab;
  await tab.menu("Today");
  await page.getByRole("link", { name: "Start a goal" }).click();
  await tab.check("goal-new");
  await page.getByLabel("Name").fill("Vote plan");
  await page.getByLabel("What is it for?").selectOption("turnout");
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("Day", { exact: true }).fill(day(3));
  await page.getByRole("button", { name: "Next: who gets it" }).click();
  await page.getByText("11 people would be texted").waitFor();
  await page.getByLabel("They have all of these tags").fill("walker");
  // The count follows the form.
  await page.getByText("10 people would be texted").waitFor();
  await tab.check("goal-who");
  await page.getByRole("button", { name: "Next: what they get" }).click();
  await page.getByLabel("First text").fill("Hi {{first_name|there}}, will you vote? Reply STOP to get no more texts.");
  await page.getByText("will you vote? Reply STOP").nth(1).waitFor();
  await tab.check("goal-words");
  await page.getByRole("button", { name: "Next: when it goes" }).click();
  await page.getByLabel("Texting opens").fill(`${day(-2)}T10:00`);
  await page.getByLabel("Texting closes").fill(`${day(3)}T20:00`);
  await tab.check("goal-times");
  await page.getByRole("button", { name: "Next: review" }).click();
  await page.getByText("10 people would be texted").waitFor();
  await tab.check("goal-review");
  await page.getByRole("button", { name: "Launch the goal" }).click();
  await page.getByText("The goal is launched.").waitFor();
  await tab.check("goal-launched");
  stage.say("wrote a goal in steps, saw whom it would text, and launched it");
  return new URL(page.url()).pathname.split("/").pop();
}

/** The texter follows the invitation, and texts ten people; returns the number that texts come from. */
async function texts(stage, ours, goal) {
  await until("people for the texter", async () => (await ours.stats(goal)).batches["initial.released"] > 0);
  const tab = await stage.phone();
  const { page } = tab;
  await tab.accept("tom@lakeside.example");
  await page.getByRole("heading", { name: "Vote plan" }).waitFor();
  await page.getByRole("button", { name: "Start texting" }).tap();
  const send = page.getByRole("button", { name: /^Send/ });
  const names = [];
  for (let left = 10; left > 0; left -= 1) {
    await until(`${left} are left`, async () => (await page.locator("[data-part=left]").innerText()) === `${left} left`);
    const shown = await page.locator("h2[data-part=name]").innerText();
    // Markup in a name is a name.
    if (shown.startsWith(MARKUP)) await tab.check("texting-markup");
    names.push(shown);
    await page.waitForTimeout(400);
    await send.tap();
  }
  await page.getByText("All of these are texted.").waitFor();
  assert.ok(names.includes(MARKUP) && new Set(names).size === 10, names.join(", "));
  await tab.close();
  await until("ten texts", async () => (await ours.stats(goal)).messaged === 10);
  stage.say("the texter came in by the invitation, and texted ten people");
  const response = await fetch(`${stage.summary.simulator_url}/_sim/messages.ndjson`);
  const sent = (await response.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return sent.find((message) => message.to === "+17185551000").from;
}

async function answers(stage, tab, ours, number) {
  const { page } = tab;
  await stage.api.inbound("+17185551000", number, "Yes, count me in");
  await stage.api.inbound("+17185551001", number, "Who is this? I never signed up");
  await until("the answers", async () => (await stage.api.get(ours.at("conversations?state=unresponded"))).items.length === 2);
  await tab.menu("Today");
  await page.getByText("2 people wait for an answer").waitFor();
  await tab.check("today");
  await page.getByRole("link", { name: "Read them" }).click();
  await tab.check("conversations-review");
  await page.getByRole("link", { name: `${NAMES[1]} ${FAMILY}` }).click();
  await page.getByText("I never signed up").waitFor();
  await tab.check("conversation-review");
  await page.locator("summary", { hasText: "Stop texts to this person" }).click();
  await page.getByRole("button", { name: "Stop texts to this person" }).click();
  await page.getByText("This person gets no more texts, from now on.").waitFor();
  await tab.check("person-stopped");
  stage.say("read the answers, and stopped one person's texts");
}

async function why(stage, tab) {
  const { page } = tab;
  await tab.menu("People");
  await page.getByLabel("Name").fill(NAMES[10]);
  await page.getByRole("button", { name: "Find" }).click();
  await tab.check("people");
  await page.getByRole("link", { name: `${NAMES[10]} ${FAMILY}` }).click();
  await tab.check("person");
  await page.getByRole("link", { name: "Why was or wasn't this person texted?" }).click();
  await page.getByText("No, this person was not texted").waitFor();
  await page.getByText("A person who fits has the tag walker.").waitFor();
  await tab.check("why");
  stage.say("found out why another person was not texted");
}

/** Every other page, with what it says before there is anything to show. */
async function looksAround(tab) {
  const { page } = tab;
  await tab.menu("Goals");
  await page.getByRole("link", { name: "Vote plan" }).click();
  await page.getByRole("heading", { name: "Texter by texter" }).waitFor();
  await page.getByText("Everybody is reached").or(page.getByText("Nobody is left")).waitFor();
  await tab.check("goal-figures");
  await page.getByRole("link", { name: "See all its texters" }).click();
  await page.getByLabel("Name").fill("tom");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("cell", { name: "10", exact: true }).first().waitFor();
  await tab.check("goal-texters");
  const names = ["Goals", "Imports", "Campaigns", "Groups", "Team", "Stops and privacy", "Files to download", "Automatic answers", "Sign-up forms", "Settings", "What was done"];
  for (const name of names) {
    await tab.menu(name);
    await tab.check(`admin-${name.toLowerCase().replaceAll(" ", "-")}`);
  }
  await tab.menu("Files to download");
  await page.getByRole("button", { name: "Make the file" }).click();
  await page.getByRole("button", { name: "Get a link to download it" }).click();
  await page.getByText("This link is shown once").waitFor();
  await tab.check("export-link");
}
