// A volunteer's shift: on a phone by touch, with a network that is lost meanwhile; and by the
// keyboard alone.

import assert from "node:assert/strict";

import { until } from "./browser.mjs";

const MARKUP = "<img src=x onerror=alert(1)>";

const NAMES = ["Maya", "Omar", "Ines", "Noah", "Ben", "Grace", "Tuan", "Ruth", "Andre", "Helen", "Pilar"];

function rows(count, area) {
  return Array.from({ length: count }, (_, nth) => `${NAMES[nth]},Reyes,${area}555${String(nth).padStart(4, "0")}`);
}

/** Returns the texts that the carrier has accepted from a number, by the contact's number. */
async function accepted(stage, from) {
  const response = await fetch(`${stage.summary.simulator_url}/_sim/messages.ndjson`);
  const lines = (await response.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return lines.filter((message) => message.from === from);
}

export async function agents(stage) {
  const ours = await stage.api.organization("Riverside Votes", { batch_size: 10, agents_edit_initials: true });
  const number = await ours.agent("joan@riverside.example", "Joan");
  await ours.contacts([...rows(11, "646"), `${MARKUP},Odd,6465550900`]);
  const goal = await ours.goal();
  const tab = await stage.phone();
  const { page } = tab;
  await tab.signIn("joan@riverside.example");

  await page.getByRole("heading", { name: "Vote plan" }).waitFor();
  await until("the contacts are counted", async () => (await page.getByText("12 contacts left").count()) > 0);
  await tab.check("to-do");
  await page.getByRole("button", { name: "Start texting" }).tap();
  await page.getByRole("button", { name: /^Send/ }).waitFor();
  await tab.check("texting");
  const send = page.getByRole("button", { name: /^Send/ });
  const box = await send.boundingBox();
  assert.ok(box.y + box.height <= 640 && box.y > 400 && box.height >= 44, `the button is in the thumb's reach: ${JSON.stringify(box)}`);

  // A second tap in the same moment texts nobody.
  const first = await page.locator("h2[data-part=name]").innerText();
  await page.waitForTimeout(400);
  await send.evaluate((button) => {
    button.click();
    button.click();
  });
  await until("the next contact", async () => (await page.locator("h2[data-part=name]").innerText()) !== first);
  assert.equal(await page.locator("[data-part=left]").innerText(), "9 left");

  // The network goes away: texts wait in the tab, and a reload keeps them.
  await page.waitForTimeout(400);
  await tab.context.setOffline(true);
  await send.tap();
  await page.getByText("Your texts wait for the network").waitFor();
  await page.waitForTimeout(400);
  await send.tap();
  await until("seven are left", async () => (await page.locator("[data-part=left]").innerText()) === "7 left");
  await tab.check("texting-without-network");
  await tab.context.setOffline(false);
  await until("the texts go", async () => (await page.locator("[data-part=sending]").innerText()) === "");
  await until("the texts are there", async () => (await accepted(stage, number)).length === 3);
  await page.reload();
  assert.equal(await page.locator("[data-part=left]").innerText(), "7 left");

  // Own words, with their segments, and words that may not go.
  await page.getByText("Edit this text").tap();
  await page.getByLabel("Your words for this contact").fill("Hello! No way out of this");
  await page.getByRole("button", { name: "Show it as it goes" }).tap();
  await page.getByText("Please correct this").waitFor();
  await page.getByLabel("Your words for this contact").fill("Hello {{first_name}}, Joan here. Reply STOP to quit");
  await page.getByRole("button", { name: "Show it as it goes" }).tap();
  await page.getByText(/^Hello \w+, Joan here\. Reply STOP to quit$/).waitFor();
  await tab.check("texting-edited");
  await send.tap();

  // One is skipped, and the rest are texted.
  await page.waitForTimeout(400);
  await page.getByRole("button", { name: "Skip", exact: true }).tap();
  for (let left = 5; left > 0; left -= 1) {
    await until(`${left} are left`, async () => (await page.locator("[data-part=left]").innerText()) === `${left} left`);
    await page.waitForTimeout(400);
    await send.tap();
  }
  await page.getByText("All of these are texted.").waitFor();
  await tab.check("batch-done");
  await page.getByRole("button", { name: "Get more contacts" }).tap();
  await until("the last batch", async () => (await page.locator("[data-part=left]").innerText()) === "2 left");
  await page.waitForTimeout(400);
  await send.tap();
  await page.waitForTimeout(400);
  await send.tap();
  await page.getByText("All of these are texted.").waitFor();
  await until("the figures", async () => (await ours.stats(goal)).messaged === 11);
  const texts = await accepted(stage, number);
  assert.equal(new Set(texts.map((text) => text.to)).size, texts.length, "nobody is texted twice");
  stage.say(`texted ${texts.length} contacts, lost the network meanwhile, and texted none twice`);

  await answer(stage, tab, number, texts.map((text) => text.to));
  await tab.close();
}

/** Answers the replies of three contacts. */
async function answer(stage, tab, number, phones) {
  const { page } = tab;
  const texted = phones.filter((phone) => !phone.endsWith("0900")).slice(0, 3);
  const words = ["Yes, where do I vote?", MARKUP, "I am busy"];
  for (const [nth, phone] of texted.entries()) await stage.api.inbound(phone, number, words[nth]);
  await page.getByRole("link", { name: "Back to the work" }).tap();
  // The page shows by itself that people wait.
  await page.getByText("3 people wait for an answer").waitFor();
  await tab.check("to-do-replies");
  await page.getByRole("button", { name: "Answer replies" }).tap();
  await page.getByText("Yes, where do I vote?").waitFor();
  await tab.check("conversation");
  await page.getByRole("button", { name: "Yes", exact: true }).tap();
  await page.getByText("Recorded: yes.").waitFor();
  await page.getByRole("button", { name: /Where/ }).tap();
  const place = /^Your polling place is the school, \w+\.$/;
  await until("the words are there", async () => place.test(await page.getByLabel("Your answer").inputValue()));
  // The next conversation is there at once, even without a network; the answer goes later.
  await page.waitForLoadState("networkidle");
  await tab.context.setOffline(true);
  await page.getByRole("button", { name: /^Send/ }).tap();
  await page.getByText(MARKUP, { exact: false }).first().waitFor();
  await page.getByText("Your texts wait for the network").waitFor();
  await tab.check("conversation-without-network");
  await tab.context.setOffline(false);
  await until("the answer is there", async () => (await accepted(stage, number)).some((sent) => sent.body.startsWith("Your polling place")));
  await page.getByText("Your texts wait for the network").waitFor({ state: "hidden" });
  await page.getByText("Profile").tap();
  await page.getByLabel("Postal code").fill("83702");
  await page.getByRole("button", { name: "Save" }).last().tap();
  await page.getByText("The profile is saved.").waitFor();
  await page.getByRole("button", { name: "Done, no answer needed" }).tap();
  await page.getByText("I am busy").waitFor();
  await page.getByText("They want no more texts").tap();
  await tab.check("opt-out");
  await page.getByRole("button", { name: "Stop all texts to this person" }).tap();
  await page.getByRole("heading", { name: "No more texts to this person" }).waitFor();
  await tab.check("opted-out");
  await page.getByRole("button", { name: "Undo" }).tap();
  await page.getByText("It is undone").waitFor();
  await page.getByText("They want no more texts").tap();
  await page.getByRole("button", { name: "Stop all texts to this person" }).tap();
  await page.getByRole("link", { name: "Next" }).tap();
  await page.getByText("Every reply in your hand is answered.").waitFor();

  await page.getByRole("link", { name: "Conversations" }).tap();
  await page.getByLabel("Search").fill("where vote");
  await page.getByRole("button", { name: "Show" }).tap();
  await page.waitForURL(/search=where/);
  await until("one is found", async () => (await page.locator("main li").count()) === 1);
  await tab.check("conversations");
  stage.say("answered three people, stopped one, and found one again");

  await page.getByRole("link", { name: "Your answers" }).tap();
  await page.getByLabel("Name").fill("Thanks");
  await page.getByLabel("Words").fill("Thank you, {{first_name|friend}}!");
  await page.getByRole("button", { name: "Save" }).tap();
  await page.getByText("Your answer is saved.").waitFor();
  await tab.check("scripts");
  await page.getByRole("link", { name: "Edit" }).tap();
  await page.getByLabel("Words").fill("Thank you so much, {{first_name|friend}}!");
  await tab.check("script");
  await page.getByRole("button", { name: "Save" }).tap();
  await page.getByText("Thank you so much").waitFor();
  stage.say("kept words of their own, and changed them");
}

export async function keyboard(stage) {
  const ours = await stage.api.organization("Keys", { batch_size: 3 });
  const number = await ours.agent("lee@keys.example", "Lee");
  await ours.contacts(rows(3, "917"));
  const goal = await ours.goal();
  const tab = await stage.desk();
  const { page } = tab;
  await tab.signIn("lee@keys.example");
  await page.getByRole("button", { name: "Start texting" }).waitFor();
  await tab.tabTo("Start texting");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Send/ }).waitFor();

  // Keys without Ctrl send nothing, wherever they fall.
  await page.waitForTimeout(400);
  for (const key of ["Enter", "Space", "x", "1", "5", "s", "Escape"]) await page.keyboard.press(key);
  assert.equal(await page.locator("[data-part=left]").innerText(), "3 left");
  await page.keyboard.press("Control+Enter");
  await until("one is sent", async () => (await page.locator("[data-part=left]").innerText()) === "2 left");
  await page.waitForTimeout(400);
  await tab.tabTo("Skip");
  await page.keyboard.press("Enter");
  await until("one is skipped", async () => (await page.locator("[data-part=left]").innerText()) === "1 left");
  await page.waitForTimeout(400);
  await page.keyboard.press("Control+Enter");
  await page.getByText("All of these are texted.").waitFor();
  await until("the figures", async () => (await ours.stats(goal)).messaged === 2);

  const [text] = await until("a text", () => accepted(stage, number));
  await stage.api.inbound(text.to, number, "When is it?");
  await tab.tabTo("Back to the work");
  await page.keyboard.press("Enter");
  await page.getByText("1 person waits for an answer").waitFor();
  await tab.tabTo("Answer replies");
  await page.keyboard.press("Enter");
  await page.getByText("When is it?").waitFor();
  await tab.check("conversation-desk");
  await page.keyboard.press("2");
  assert.equal(await page.getByLabel("Your answer").inputValue(), "From 8 to 8.");
  // A number in the box is a letter of the text.
  await page.keyboard.type(" 1!");
  assert.equal(await page.getByLabel("Your answer").inputValue(), "From 8 to 8. 1!");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Every reply in your hand is answered.").waitFor();
  await until("the answer is there", async () => (await accepted(stage, number)).some((sent) => sent.body === "From 8 to 8. 1!"));
  stage.say("texted, skipped and answered without a pointer");
  await tab.close();
}
