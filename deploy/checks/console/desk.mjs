// An admin's year, by clicking and typing alone: tags and fields, the calendar, the limits of phone
// companies, the library of texts, a goal that follows another up, a file that comes again,
// sign-ins one by one, and records that have left.

/** Opens a page of the menu. */
async function go(page, name) {
  const near = page.locator("header nav > a", { hasText: name });
  if ((await near.count()) === 0) await page.locator("header summary").click();
  await page.locator("header nav").getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
}

export async function desk(stage) {
  const ours = await stage.api.organization("Hillside Votes");
  await ours.agent("ned@hillside.example", "Ned");
  await ours.contacts(["Ida,Moss,2085550161", "Ova,Pine,2085550162"]);
  await ours.goal({ name: "First round" });
  await campaign(stage, ours);
  await ours.member("account_admin", "bea@hillside.example", "Bea");
  const tab = await stage.phone();
  await tab.signIn("bea@hillside.example");
  await tab.page.getByRole("link", { name: "Hillside Votes" }).click();

  await words(stage, tab);
  await days(stage, tab);
  await companies(stage, tab);
  await library(stage, tab);
  await followUp(stage, tab);
  await sources(stage, tab);
  await signIns(stage, tab);
  await left(stage, tab);
  await tab.close();
}

/** Launches a campaign in the group. */
async function campaign(stage, ours) {
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  const script = "Hi {{first_name|there}}, will you vote? Reply STOP to get no more texts.";
  const goal = { name: "Everywhere", goal_type: "turnout", date: at(2880), script, opens: at(-1), closes: at(2880) };
  await stage.api.post(ours.at("campaigns"), { name: "Everywhere", group_ids: [ours.group], goal });
}

async function words(stage, tab) {
  const { page } = tab;
  await go(page, "Tags and fields");
  await tab.check("tags");
  for (const name of ["walker", "canvasser"]) {
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Make the tag" }).click();
    await page.getByRole("heading", { name: `Tag: ${name}` }).waitFor();
    await page.getByRole("link", { name: "All tags" }).click();
  }
  await page.getByRole("link", { name: "walker" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Walks with us");
  await page.getByLabel("Only admins give it").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.locator("summary", { hasText: "Merge it into another tag" }).click();
  await tab.check("tag");
  await page.getByLabel("The other, which stays").selectOption({ label: "canvasser" });
  await page.getByRole("button", { name: "Merge them" }).click();
  await page.getByRole("link", { name: "See the one that stays" }).waitFor();
  await tab.check("tag-merged");
  await page.getByRole("link", { name: "See the one that stays" }).click();
  await page.getByRole("heading", { name: "Tag: canvasser" }).waitFor();
  await page.locator("summary", { hasText: "Delete it" }).click();
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.getByText("It is deleted.").waitFor();

  await page.getByRole("link", { name: "Fields", exact: true }).click();
  await tab.check("fields");
  await page.getByLabel("Name", { exact: true }).fill("Ward");
  await page.getByRole("button", { name: "Make the field" }).click();
  await page.getByLabel("New name").fill("District");
  await tab.check("field");
  await page.getByRole("button", { name: "Give it this name" }).click();
  await page.getByRole("link", { name: "See the one that stays" }).click();
  await page.getByRole("heading", { name: "Field: District" }).waitFor();
  stage.say("made, renamed, locked, merged and deleted tags and fields");
}

async function days(stage, tab) {
  const { page } = tab;
  await go(page, "Calendar");
  await page.getByRole("cell", { name: "Closes" }).first().waitFor();
  await tab.check("calendar");
  await page.getByRole("link", { name: "Later" }).click();
  await page.getByText("Nothing has its day here.").waitFor();
  await tab.check("calendar-empty");
  stage.say("saw what has its day, and that later nothing has");
}

async function companies(stage, tab) {
  const { page } = tab;
  await go(page, "Phone companies");
  await tab.check("companies");
  await page.getByLabel("How you are registered").selectOption({ label: "Trust score 51 to 75: 40,000 parts of texts a day" });
  await page.getByRole("button", { name: "Use this allowance" }).click();
  await page.getByText("40,000 parts of texts a day", { exact: true }).waitFor();
  const speed = page.locator("#speed");
  await speed.getByLabel("Phone company").selectOption("verizon");
  await speed.getByLabel("Parts of texts in a minute").fill("600");
  await page.getByRole("button", { name: "Save the speed" }).click();
  await page.getByRole("cell", { name: "Verizon" }).waitFor();
  await page.getByRole("link", { name: "Add a registered campaign" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Fund drive");
  await page.getByLabel("Class at AT&T").selectOption("T");
  await tab.check("registered-new");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Choose its numbers below.").waitFor();
  await page.getByRole("checkbox", { name: /Ned/ }).check();
  await tab.check("registered");
  await page.getByRole("button", { name: "Save the numbers" }).click();
  await page.getByText("Saved.").waitFor();
  stage.say("set the day's allowance, a speed, and a registered campaign with its number");
}

async function library(stage, tab) {
  const { page } = tab;
  await go(page, "Library of texts");
  await page.getByRole("link", { name: "Add a text" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Where to vote");
  await page.getByLabel("The text").fill("At the school, {{first_name|friend}}.");
  await tab.check("library-new");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText("It is in the library.").waitFor();
  await tab.check("library");
  await page.getByRole("link", { name: "Where to vote" }).click();
  await tab.check("library-text");
  await page.locator("summary", { hasText: "Put it away" }).click();
  await page.getByRole("button", { name: "Put it away" }).click();
  await page.getByText("It is put away.").first().waitFor();
  await go(page, "Library of texts");
  await page.getByRole("link", { name: "Add a text" }).click();
  await page.getByLabel("What it is for").selectOption("First text");
  await page.getByLabel("Name", { exact: true }).fill("A warm hello");
  await page.getByLabel("The text").fill("A warm hello, {{first_name|friend}}! Reply STOP to get no more texts.");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText("It is in the library.").waitFor();
  stage.say("wrote texts for the library, and put one away");
}

async function followUp(stage, tab) {
  const { page } = tab;
  const day = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10);
  const fill = async (name) => {
    await page.getByRole("link", { name: "Follow it up by what came of it" }).click();
    await page.getByLabel("Was not texted").check();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("What is it for?").selectOption("turnout");
    await page.getByLabel("Day", { exact: true }).fill(day);
  };
  await go(page, "Goals");
  await page.getByRole("link", { name: "First round" }).click();
  await fill("Second round");
  await tab.check("follow-up");
  await page.getByRole("button", { name: "Next: who gets it" }).click();
  await page.getByText("2 people would be texted").waitFor();
  await page.getByRole("button", { name: "Next: what they get" }).click();
  await page.getByLabel("A text of the library").selectOption("First text: A warm hello");
  await page.getByRole("button", { name: "Put it into the form" }).click();
  await page.getByText("“A warm hello” from the library").waitFor();
  await tab.check("goal-library");
  await page.getByRole("button", { name: "Next: when it goes" }).click();
  await page.getByRole("link", { name: "What they get" }).click();
  await page.getByText("A warm hello, ").first().waitFor();
  await go(page, "Campaigns");
  await page.getByRole("link", { name: "Everywhere" }).click();
  await fill("Everywhere again");
  await page.getByLabel("First text").fill("Hi again. Reply STOP to get no more texts.");
  await tab.check("campaign-follow-up");
  await page.getByRole("button", { name: "Save and review" }).click();
  await page.getByText("2 people would be texted").waitFor();
  stage.say("followed a goal and a campaign up with those who were not texted");
}

async function sources(stage, tab) {
  const { page } = tab;
  await go(page, "Files that come again");
  await tab.check("sources");
  await page.getByRole("link", { name: "Set up a file" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Nightly list");
  await page.getByLabel("Its address").fill("store:nightly.csv");
  await page.getByLabel("When it is fetched").selectOption({ label: "Monday to Friday" });
  await page.getByLabel("At this time of day").fill("05:30");
  await tab.check("source-new");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Monday to Friday at 05:30 (New York)").waitFor();
  await page.getByRole("button", { name: "Fetch it now" }).click();
  await page.getByText("It is being fetched.").waitFor();
  await tab.reloadUntil("It could not be fetched");
  await tab.check("source");
  stage.say("set up a file that comes again, and was told that it is not there yet");
}

async function signIns(stage, tab) {
  const { page } = tab;
  const other = await stage.desk();
  await other.signIn("bea@hillside.example");
  await other.page.getByRole("link", { name: "Hillside Votes" }).click();
  await go(page, "Where you are signed in");
  await tab.check("sign-ins");
  await page.locator("summary", { hasText: "Sign out everywhere else" }).click();
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByText("All other browsers are signed out.").waitFor();
  await other.page.reload();
  await other.page.getByLabel("E-mail address").waitFor();
  await other.close();

  const texter = await stage.phone();
  await texter.signIn("ned@hillside.example");
  await texter.page.getByRole("heading", { level: 1 }).waitFor();
  await go(page, "Team");
  await page.getByRole("link", { name: /^Ned/ }).click();
  await tab.check("team-sign-ins");
  await page.locator("td summary", { hasText: "Sign out" }).click();
  await page.locator("td").getByRole("button", { name: "Sign out" }).click();
  await page.getByText("That browser is signed out.").waitFor();
  await texter.page.reload();
  await texter.page.getByLabel("E-mail address").waitFor();
  await texter.close();
  stage.say("signed out their own other browser, and a texter's");
}

async function left(stage, tab) {
  const { page } = tab;
  await go(page, "Stops and privacy");
  await page.getByRole("link", { name: "How long records stay" }).click();
  await page.getByText("Nothing has left yet.").waitFor();
  await tab.check("retention");
  await page.getByRole("link", { name: "See the people who would be erased now" }).click();
  await page.getByText("Nobody would be erased now.").waitFor();
  await tab.check("retention-people");
  stage.say("saw what would leave, and that nothing has");
}
