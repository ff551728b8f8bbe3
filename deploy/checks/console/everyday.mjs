// An admin's other days, by clicking and typing alone: groups, people, many people at once, a
// campaign, a form, an automatic answer that is tried first, one person's file, and an erasure with
// its receipt.

import { until } from "./browser.mjs";

const PHONES = ["5035550101", "5035550102", "5035550103", "5035550104"];
const UNDERSTOOD = "I understand this cannot be undone";

export async function everyday(stage) {
  const ours = await stage.api.organization("Harbor Votes");
  await ours.member("account_admin", "ruth@harbor.example", "Ruth");
  const number = await ours.agent("ben@harbor.example", "Ben");
  await ours.contacts(PHONES.map((phone, nth) => `${["Ana", "Leo", "Zoe", "Kai"][nth]},Costa,${phone}`));
  await stage.api.inbound(`+1${PHONES[0]}`, number, "Where is it?");
  await until("a text", async () => (await stage.api.get(ours.at("conversations"))).items.length === 1);
  const tab = await stage.phone();
  await tab.signIn("ruth@harbor.example");
  await tab.page.getByRole("link", { name: "Harbor Votes" }).click();
  await tab.page.getByRole("heading", { level: 1, name: "Today" }).waitFor();

  await groups(tab);
  await people(tab);
  await many(tab);
  await campaign(tab);
  await form(tab);
  await automation(tab);
  await team(tab);
  await access(tab);
  await erasure(tab);
  await tab.close();
}

async function groups(tab) {
  const { page } = tab;
  await tab.menu("Groups");
  await page.getByRole("link", { name: "Make a group" }).click();
  await page.getByLabel("Name").fill("Mesa");
  await page.getByLabel("Area code").fill("480");
  await tab.check("group-new");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "Mesa" }).waitFor();
  await tab.check("group");
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Place").fill("Mesa, Arizona");
  await tab.check("group-edit");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByText("Mesa, Arizona").waitFor();
  await page.getByRole("link", { name: "Add a texter of another group" }).click();
  await tab.check("group-texters");
  await page.getByRole("link", { name: "Back to the group" }).click();
  tab.stage.say("made a group");
}

async function people(tab) {
  const { page } = tab;
  await tab.menu("People");
  await page.getByRole("link", { name: "Add a person" }).click();
  await page.getByLabel("Mobile number").fill("(480) 555-0190");
  await page.getByLabel("First name").fill("Dana");
  await page.getByLabel("Last name").fill("Ortiz");
  await page.getByLabel("Group", { exact: true }).selectOption({ label: "Mesa" });
  await page.getByLabel("Tags").fill("host");
  await tab.check("person-new");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Dana Ortiz" }).waitFor();
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Postal code").fill("85201");
  await tab.check("person-edit");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await tab.menu("Imports");
  await page.getByRole("link", { name: "people.csv" }).click();
  await page.getByRole("link", { name: "See what changed" }).click();
  await page.getByRole("heading", { level: 1, name: "What the file has changed" }).waitFor();
  await tab.check("import-changes");
  tab.stage.say("added a person, and saw what a file had changed");
}

async function many(tab) {
  const { page } = tab;
  await tab.menu("People");
  await page.getByLabel("Group", { exact: true }).selectOption({ label: "Boise" });
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("link", { name: "Do something with all of them" }).click();
  await page.getByLabel("What to do").selectOption("tag");
  await page.getByLabel("The tag").fill("harbor");
  await tab.check("bulk-new");
  await page.getByRole("button", { name: "Count first" }).click();
  await page.getByText("4 people match now").waitFor();
  await tab.check("bulk-count");
  await page.getByRole("button", { name: "Do it with 4 people" }).click();
  await page.getByText("4 of 4 people are done (100 %).").waitFor();
  await tab.check("bulk");
  await page.getByRole("link", { name: "All of these" }).click();
  await page.getByRole("link", { name: "Add a tag" }).waitFor();
  await tab.check("bulk-list");
  tab.stage.say("gave four people a tag, with the count first");
}

async function campaign(tab) {
  const { page } = tab;
  await tab.menu("Campaigns");
  await page.getByRole("link", { name: "Start in many groups at once" }).click();
  await page.getByLabel("Name").fill("Everywhere");
  await page.getByLabel("Boise").check();
  await page.getByLabel("Mesa").check();
  await page.getByLabel("What is it for?").selectOption("turnout");
  await page.getByLabel("Day", { exact: true }).fill(new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10));
  await page.getByLabel("First text").fill("Hi {{first_name|there}}, will you vote? Reply STOP to get no more texts.");
  await tab.check("campaign-new");
  await page.getByRole("button", { name: "Save and review" }).click();
  await page.getByText("5 people would be texted").waitFor();
  await tab.check("campaign-review");
  await page.getByRole("button", { name: "Launch in all groups" }).click();
  await page.getByText("It is launched in all groups.").waitFor();
  await page.getByRole("heading", { name: "So far" }).waitFor();
  await tab.check("campaign");
  tab.stage.say("launched a campaign in two groups");
}

async function form(tab) {
  const { page } = tab;
  await tab.menu("Sign-up forms");
  await page.getByRole("link", { name: "Make a form" }).click();
  await page.getByLabel("Title").fill("Join us");
  await page.getByLabel("Group that they join").selectOption({ label: "Mesa" });
  await page.getByLabel("The words by which they agree to texts").fill("I agree to get texts.");
  await tab.check("form-new");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The form is made.").waitFor();
  await page.getByRole("link", { name: "Join us" }).click();
  await page.getByLabel("It is on").uncheck();
  await tab.check("form");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  tab.stage.say("made a sign-up form, and turned it off");
}

async function automation(tab) {
  const { page } = tab;
  await tab.menu("Automatic answers");
  await page.getByRole("link", { name: "Make one" }).click();
  await page.getByLabel("Name").fill("Where");
  await page.getByLabel("The text …").selectOption("contains");
  await page.getByLabel("… one of these words").fill("where");
  await page.getByLabel("1. What happens").selectOption("answer");
  await page.getByLabel("1. With").fill("At the school on Main Street.");
  await tab.check("automation-new");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("It is made.").waitFor();
  await page.getByRole("link", { name: "Where" }).click();
  await page.locator("summary", { hasText: "Try it on texts of the past" }).click();
  await page.getByLabel("On texts of the group").selectOption({ label: "Boise" });
  await tab.check("automation");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("1 of 1 texts would have set it off").waitFor();
  await tab.check("automation-tried");
  tab.stage.say("made an automatic answer, and tried it on the texts of the past");
}

async function team(tab) {
  const { page } = tab;
  await tab.menu("Team");
  await page.getByRole("link", { name: "Ben Diaz" }).click();
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Last name").fill("Díaz");
  await tab.check("team-edit");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
}

async function access(tab) {
  const { page } = tab;
  await tab.menu("Stops and privacy");
  await page.getByRole("link", { name: "Everything about one person" }).click();
  await page.getByLabel("The person's phone").fill("(503) 555-0102");
  await page.getByLabel("Why").fill("they asked by mail");
  await tab.check("access-new");
  await page.getByRole("button", { name: "Make the file" }).click();
  await page.getByText("The file is being written.").waitFor();
  await tab.reloadUntil("Get a link");
  await tab.check("access");
  await page.getByRole("button", { name: "Get a link" }).click();
  await page.getByText("This link is shown once").waitFor();
  await page.getByRole("link", { name: "Download the file" }).waitFor();
  await tab.check("access-link");
  await tab.menu("Stops and privacy");
  await page.getByRole("link", { name: "How long records stay" }).click();
  await page.getByRole("heading", { level: 1, name: "How long records stay" }).waitFor();
  await tab.check("retention");
  tab.stage.say("got everything about one person as a file");
}

async function erasure(tab) {
  const { page } = tab;
  await tab.menu("Stops and privacy");
  await page.getByRole("link", { name: "Erase a person" }).click();
  await page.getByLabel("The person's phone").fill("(503) 555-0102");
  await page.getByLabel("Type the sentence").fill("Yes, I am sure");
  await page.getByRole("button", { name: "Erase this person for good" }).click();
  await page.getByRole("alert").first().waitFor();
  await tab.check("erase-refused");
  await page.getByLabel("The person's phone").fill("(503) 555-0102");
  await page.getByLabel("Type the sentence").fill(UNDERSTOOD);
  await page.getByRole("button", { name: "Erase this person for good" }).click();
  await page.getByRole("heading", { level: 1, name: "Erasing a person" }).waitFor();
  await tab.reloadUntil("It is done");
  await tab.check("erasure");
  await tab.menu("People");
  await page.getByLabel("Name").fill("Leo");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByText("Nobody matches.").waitFor();
  tab.stage.say("erased a person, and kept the receipt");
}
