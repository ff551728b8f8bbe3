// Plays the stories of the console in Chromium, one after another, each with an organization of its
// own. Arguments name stories; all unless told.

import { admins } from "./admins.mjs";
import { agents, keyboard } from "./agents.mjs";
import { Stage } from "./browser.mjs";
import { desk } from "./desk.mjs";
import { docs } from "./docs.mjs";
import { operators } from "./operators.mjs";
import { signIn } from "./sign_in.mjs";

/** The stories by name. Each gets the stage. */
const STORIES = { signIn, agents, keyboard, admins, desk, docs, operators };

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
} finally {
  await stage.close();
}
