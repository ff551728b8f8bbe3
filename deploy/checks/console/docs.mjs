// The API's documents, by clicking and typing alone: an operation is found by search, read, and
// tried with the browser's own session. A change is confirmed first.

import assert from "node:assert/strict";

export async function docs(stage) {
  const ours = await stage.api.organization("Meadow Votes");
  await ours.member("organization_admin", "eva@meadow.example", "Eva");
  const tab = await stage.phone();
  const { page } = tab;
  const bytes = await tab.first("/docs/operations/create_tag");
  stage.say(`the first view of an operation has ${Math.ceil(bytes / 1024)} KiB`);
  await page.getByText("You are not signed in").waitFor();
  await tab.check("docs-signed-out");
  await tab.signIn("eva@meadow.example");
  await page.getByRole("link", { name: "The API, for programs" }).click();
  await tab.check("docs");
  await page.getByLabel("Search the API").fill("makes tag");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await tab.check("docs-search");
  await page.getByRole("link", { name: "Makes a tag" }).click();
  await page.getByText("Requests go out as you").waitFor();

  const tags = async () => (await stage.api.get(ours.at("tags"))).items.map((tag) => tag.name);
  await page.getByLabel("Body").fill(JSON.stringify({ name: "by hand" }));
  await page.getByRole("button", { name: "Send…" }).click();
  await page.getByText("This can change things, for real.").waitFor();
  await tab.check("docs-confirm");
  await page.getByRole("button", { name: "No", exact: true }).click();
  assert.deepEqual(await tags(), [], "nothing is sent before it is confirmed");
  await page.getByRole("button", { name: "Send…" }).click();
  await page.getByRole("button", { name: "Yes, send it" }).click();
  await page.getByRole("heading", { name: "201 Created" }).waitFor();
  await tab.check("docs-answer");
  assert.deepEqual(await tags(), ["by hand"]);

  await page.getByRole("link", { name: "Tags and fields" }).click();
  await tab.check("docs-chapter");
  await page.getByRole("link", { name: /^Lists tags by age/ }).click();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText('"by hand"').waitFor();
  await page.getByRole("link", { name: "TagPage" }).first().click();
  await tab.check("docs-schema");
  await page.getByRole("link", { name: "Errors", exact: true }).click();
  await tab.check("docs-errors");
  await page.goto("/docs/operations/list_operator_jobs");
  await page.getByText("no credential of this operation").waitFor();
  await tab.check("docs-operator");
  stage.say("found an operation, read it, tried it, and nothing went out unconfirmed");
  await tab.close();
}
