// Chromium with the rules that every page keeps: no word on its console, no request to another
// origin, nothing wider than the screen, and none of axe's violations of WCAG 2.2 AA.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { Api } from "./api.mjs";
import { small } from "./png.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const WIDE = { width: 960, height: 720 };
const DESK = { viewport: { width: 1280, height: 800 } };
/** Milliseconds that a page may keep a step of a story waiting. */
const PATIENCE = 120_000;
/** Pages with a picture in the documents, its size, and the heading that it begins with, if not the first. */
const PICTURES = {
  today: { ...WIDE },
  "goal-who": { ...WIDE },
  "goal-figures": { ...WIDE, from: "Hour by hour" },
  texting: { ...PHONE.viewport },
  conversation: { ...PHONE.viewport },
  "operator-overview": { ...WIDE },
  "operator-job": { ...WIDE },
};
/** Bytes of a first view at most, as they come over the wire. */
const FIRST_VIEW = 100 * 1024;
/** Bytes of a picture in the documents at most. */
const PICTURE = 60 * 1024;

/** Waits until something is so. */
export async function until(told, ready) {
  const ends = performance.now() + PATIENCE;
  for (;;) {
    const answer = await ready();
    if (answer) return answer;
    assert.ok(performance.now() < ends, `${told}: not within ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** The running system and the browser. */
export class Stage {
  static async open(summary) {
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
    const stage = new Stage();
    Object.assign(stage, { summary, browser, url: summary.api_url, shots: join(import.meta.dirname, "shots") });
    Object.assign(stage, { visited: new Set(), pictures: process.env.PICTURES });
    stage.api = new Api(summary.api_url, summary.token, summary.simulator_url);
    mkdirSync(stage.shots, { recursive: true });
    return stage;
  }

  async close() {
    await this.browser.close();
  }

  say(text) {
    console.log(`  ${text}`);
  }

  /** Opens a tab on a phone of 360 by 640. */
  phone(more = {}) {
    return Tab.open(this, { ...PHONE, ...more });
  }

  /** Opens a tab on a desk's screen. */
  desk(more = {}) {
    return Tab.open(this, { ...DESK, ...more });
  }

  /** Returns the mails to an address, the oldest first. */
  mails(address) {
    const folder = this.summary.mails;
    let names;
    try {
      names = readdirSync(folder).filter((name) => name.endsWith(".eml")).sort();
    } catch {
      return [];
    }
    const texts = names.map((name) => readFileSync(join(folder, name), "utf8"));
    const plain = texts.map((text) => text.replaceAll("=\r\n", "").replaceAll("=3D", "="));
    return plain.filter((text) => text.includes(`To: ${address}`));
  }

  /** Returns the code of a mail that comes after the first so many. */
  async code(address, before) {
    const mail = await until(`a mail to ${address}`, () => this.mails(address)[before]);
    return /code=(\w+)/.exec(mail)[1];
  }
}

/** A tab, in a browser of its own with its cookies. */
export class Tab {
  static async open(stage, options) {
    const context = await stage.browser.newContext({ baseURL: stage.url, locale: "en-US", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const tab = new Tab();
    Object.assign(tab, { stage, context, page, faults: [], offline: false, bytes: 0 });
    tab.watch();
    return tab;
  }

  watch() {
    this.page.on("console", (message) => {
      // The browser reports a request without a network, and a status of 4xx, by itself.
      const isOfTheNetwork = /Failed to load resource/.test(message.text());
      // axe-core and pictures touch styles of elements, and a live part may take them over.
      const isOfJudging = this.judging && /Applying inline style/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isOfTheNetwork && !isOfJudging) this.faults.push(`console: ${message.text()}`);
    });
    this.page.on("pageerror", (error) => this.faults.push(`error: ${error.message}`));
    this.page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(this.stage.url).origin) this.faults.push(`request: ${request.url()}`);
    });
    this.page.on("response", (response) => {
      if (response.status() >= 500) this.faults.push(`status ${response.status()}: ${response.url()}`);
      const opened = response.request().method() === "GET" && response.status() < 400;
      if (opened) this.stage.visited.add(new URL(response.url()).pathname);
    });
  }

  /** Closes the tab; a fault that it has seen is an error. */
  async close() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }

  /** Judges the page that is shown, and keeps its picture. */
  async check(name) {
    this.judging = true;
    await this.judge(name);
    this.judging = false;
  }

  async judge(name) {
    const { page } = this;
    const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= screen, `${name} is ${wide} px wide on a screen of ${screen}`);
    await page.evaluate(AXE);
    const found = await page.evaluate((rules) => axe.run(document, { runOnly: rules }), RULES);
    const told = found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" | ")}`);
    assert.deepEqual(told, [], `${name} (${page.url()})`);
    assert.deepEqual(this.faults, [], name);
    await page.screenshot({ path: join(this.stage.shots, `${name}.png`), animations: "disabled" });
    if (this.stage.pictures && PICTURES[name]) await this.picture(name);
  }

  /** Keeps a page's picture for the documents. */
  async picture(name) {
    const { page } = this;
    const [before, { width, height, from }] = [page.viewportSize(), PICTURES[name]];
    await page.setViewportSize({ width, height });
    const heading = from ? page.getByRole("heading", { name: from }) : page.locator("h1, h2").first();
    await heading.evaluate((element, begins) => (begins ? element.scrollIntoView() : scrollTo(0, 0)), Boolean(from));
    const shot = await page.screenshot({ animations: "disabled", scale: "css" });
    const bytes = small(shot);
    assert.ok(bytes.length <= PICTURE, `the picture of ${name} has ${bytes.length} bytes`);
    writeFileSync(join(this.stage.pictures, `${name}.png`), bytes);
    await page.setViewportSize(before);
  }

  /** Opens a page of the admins' menu. */
  async menu(name) {
    const { page } = this;
    const near = page.locator("header nav > a", { hasText: name });
    if ((await near.count()) === 0) await page.locator("header summary").click();
    await page.locator("header nav").getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
  }

  /** Loads the page again until it says something. */
  async reloadUntil(words) {
    await until(`the page says ${words}`, async () => {
      await this.page.reload();
      return (await this.page.getByText(words).count()) > 0;
    });
  }

  /** Signs in by the link of an invite's mail. */
  async accept(address) {
    const mail = await until(`the invite of ${address}`, () => this.stage.mails(address)[0]);
    await this.page.goto(/https?:\S+\/v1\/invites\/\S+/.exec(mail)[0]);
    await this.page.getByRole("button", { name: "Accept and sign in" }).click();
    await this.page.getByRole("link", { name: "Go on to your work" }).click();
    await this.page.getByRole("heading", { level: 1 }).waitFor();
  }

  /** Opens a page for the first time; judges its weight. */
  async first(path) {
    const client = await this.context.newCDPSession(this.page);
    await client.send("Network.enable");
    let bytes = 0;
    client.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await this.page.goto(path, { waitUntil: "load" });
    await client.detach();
    assert.ok(bytes > 0 && bytes <= FIRST_VIEW, `the first view of ${path} has ${bytes} bytes`);
    return bytes;
  }

  /** Signs in by the code of a mail. */
  async signIn(address) {
    const before = this.stage.mails(address).length;
    await this.page.goto("/sign-in");
    await this.page.getByLabel("E-mail address").fill(address);
    await this.page.getByRole("button", { name: "Send me a code" }).click();
    const code = await this.stage.code(address, before);
    await this.page.getByLabel("Code", { exact: true }).fill(code);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Presses Tab until a control has the focus. */
  async tabTo(name) {
    for (let presses = 0; presses < 80; presses += 1) {
      const focused = await this.page.evaluate(() => {
        const { activeElement: at } = document;
        return at && at !== document.body ? at.innerText : "";
      });
      if (focused.includes(name)) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`no control ${name} is reached by the keyboard on ${this.page.url()}`);
  }
}
