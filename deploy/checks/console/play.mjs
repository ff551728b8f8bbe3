// Plays the stories of the console in Chromium, one after another, each with an organization of its
// own. Arguments name stories; all unless told. When all were played, each page was opened by one.

import assert from "node:assert/strict";

import { admins } from "./admins.mjs";
import { agents, keyboard } from "./agents.mjs";
import { Stage } from "./browser.mjs";
import { desk } from "./desk.mjs";
import { docs } from "./docs.mjs";
import { everyday } from "./everyday.mjs";
import { operators } from "./operators.mjs";
import { unvisited } from "./pages.mjs";
import { signIn } from "./sign_in.mjs";

/** The stories by name. Each gets the stage. */
const STORIES = { signIn, agents, keyboard, admins, everyday, desk, docs, operators };

const wanted = process.argv.slice(2);
const stage = await Stage.open(JSON.parse(process.env.SUMMARY));
try {
  for (const [name, story] of Object.entries(STORIES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const began = performance.now();
    console.log(`${name}:`);
    await story(stage);
    console.log(`${name} took ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  if (wanted.length === 0) {
    assert.deepEqual(unvisited(process.env.SOURCES, stage.visited), [], "pages that no story has opened");
    console.log("Every page of the console was opened.");
  }
} finally {
  await stage.close();
}
