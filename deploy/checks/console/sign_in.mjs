// Signing in and out, and the language.

import assert from "node:assert/strict";

export async function signIn(stage) {
  const ours = await stage.api.organization("Sign-in");
  await ours.agent("sam@signin.example", "Sam");
  const tab = await stage.phone();
  const bytes = await tab.first("/");
  stage.say(`the first view has ${bytes} bytes`);
  await tab.check("sign-in");

  // Spanish by a click, and it stays.
  await tab.page.getByRole("button", { name: "Español" }).click();
  await tab.page.getByLabel("Correo electrónico").waitFor();
  await tab.check("sign-in-es");
  await tab.page.getByRole("button", { name: "English" }).click();

  await tab.page.getByLabel("E-mail address").fill("sam@signin.example");
  await tab.page.keyboard.press("Enter");
  await tab.page.getByLabel("Code", { exact: true }).fill("BCDF2345");
  await tab.check("sign-in-code");
  await tab.page.keyboard.press("Enter");
  await tab.page.getByText("The code is not the right one").waitFor();
  await tab.page.getByLabel("Code", { exact: true }).fill(await stage.code("sam@signin.example", 0));
  await tab.page.keyboard.press("Enter");
  await tab.page.getByRole("heading", { name: "To do" }).waitFor();
  assert.equal(new URL(tab.page.url()).pathname, "/text");
  const [cookie] = (await tab.context.cookies()).filter(({ name }) => name === "__Host-muster");
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === "Lax", JSON.stringify(cookie));

  await tab.page.getByRole("button", { name: "Sign out" }).click();
  await tab.page.getByText("You are signed out.").waitFor();
  await tab.page.goto("/text/conversations");
  await tab.page.getByLabel("E-mail address").waitFor();
  stage.say("signed in by a code, in two languages, and out");
  await tab.close();
  await invite(stage, ours);
}

/** An admin signs in by the link of an invite, and lands among the pages of admins. */
async function invite(stage, ours) {
  const admin = await ours.member("organization_admin", "ann@signin.example", "Ann");
  await stage.api.ask("PUT", ours.at(`members/${admin}/invite`), {});
  const tab = await stage.phone();
  await tab.accept("ann@signin.example");
  assert.equal(new URL(tab.page.url()).pathname, "/app");
  stage.say("an admin came in by the link of an invite");
  await tab.close();
}
