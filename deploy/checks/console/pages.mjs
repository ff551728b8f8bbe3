// All pages of the console, as its sources route them, held against those that stories have opened.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Routes that answer GET and are no pages: parts of pages, streams, and ways to other pages. */
const NO_PAGES = [
  "/",
  "/text/events",
  "/text/replies",
  "/app/o/{organization_id}/going-on",
  "/app/o/{organization_id}/goals/listed",
  "/app/o/{organization_id}/goals/{goal_id}/figures",
  "/app/o/{organization_id}/goals/{goal_id}/course",
  "/app/o/{organization_id}/goals/{goal_id}/texters/list",
  "/app/o/{organization_id}/goals/{goal_id}/people",
  "/app/o/{organization_id}/goals/{goal_id}/texts",
  "/app/o/{organization_id}/goals/{goal_id}/forecast",
  "/app/o/{organization_id}/people/found",
  "/app/o/{organization_id}/campaigns/listed",
  "/app/o/{organization_id}/campaigns/{campaign_id}/figures",
  "/app/o/{organization_id}/campaigns/{campaign_id}/outlook",
  "/app/o/{organization_id}/imports/{import_id}/progress",
  "/app/o/{organization_id}/exports/{export_id}/progress",
  "/app/o/{organization_id}/bulk/{change_id}/progress",
  "/app/o/{organization_id}/merges/{merge_id}/progress",
];

/** Returns the text from an opening parenthesis to its closing one. */
function within(text, open) {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return text.slice(open + 1, at);
  }
  return assert.fail(`a call does not end: ${text.slice(open, open + 80)}`);
}

/** Returns the file of a module beside another file. */
function fileOf(folder, module) {
  const flat = join(folder, `${module}.rs`);
  return existsSync(flat) ? { file: flat, folder: join(folder, module) } : { file: join(folder, module, "mod.rs"), folder: join(folder, module) };
}

/** Returns the patterns that a module's function of routes answers GET at. */
function routesOf({ file, folder }, name) {
  const text = readFileSync(file, "utf8").replace(/\/\/.*$/gm, "");
  const begins = text.search(new RegExp(`fn ${name}\\(`));
  assert.ok(begins >= 0, `${file} has no function ${name}`);
  const body = text.slice(begins, text.indexOf("\n}", begins));
  const known = new Map();
  const routed = (expression) => {
    const found = [];
    for (const call of expression.matchAll(/(?:\.|::)(route|nest|merge)\(/g)) {
      const inner = within(expression, call.index + call[0].length - 1).trim();
      const [, path, rest] = /^"([^"]*)"\s*,\s*([^]*)$/.exec(inner) ?? [null, "", inner];
      const handler = rest.trim();
      const module = /^(?:self::)?(\w+)::(\w+)\(\)$/.exec(handler);
      if (call[1] === "route" && path && /(^|[.:\s])get\(/.test(handler)) found.push(path);
      if (call[1] === "route") continue;
      const parts = module ? routesOf(fileOf(folder, module[1]), module[2]) : known.get(handler);
      assert.ok(parts, `${file}: the routes of ${handler} are not known`);
      found.push(...parts.map((part) => path + (part === "/" ? "" : part) || "/"));
    }
    return found;
  };
  let all = [];
  for (const statement of body.slice(body.indexOf("{") + 1).split(";")) {
    const [, variable, expression] = /^\s*let (\w+) = ([^]*)$/.exec(statement) ?? [null, null, statement];
    const found = routed(expression);
    if (variable) known.set(variable, found);
    else all = all.concat(found);
  }
  return all;
}

/** Returns the pages that no story has opened. */
export function unvisited(sources, visited) {
  const all = routesOf({ file: join(sources, "lib.rs"), folder: sources }, "router");
  assert.ok(all.length > 60, `the console has only ${all.length} routes`);
  const gone = NO_PAGES.filter((pattern) => !all.includes(pattern));
  assert.deepEqual(gone, [], "routes that are there no more");
  const likes = all.map((pattern) => {
    const like = new RegExp(`^${pattern.replace(/\{\w+\}/g, "[^/]+")}/?$`);
    return { pattern, like, parameters: pattern.split("{").length };
  });
  // As the router has it, a word of the address goes before a parameter.
  likes.sort((one, other) => one.parameters - other.parameters);
  const opened = new Set([...visited].map((path) => likes.find(({ like }) => like.test(path))?.pattern));
  return all.filter((pattern) => !NO_PAGES.includes(pattern) && !opened.has(pattern));
}
