// Compares Muster's segment counts with published calculators on random texts (rule M4), and prints
// each class of disagreement once, with the shortest text of it that was found. docs/segments.md
// says which is right.
//
//     cd deploy/checks/segments && npm install --no-package-lock && node compare.mjs [texts] [seed]

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const texts = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);

// Each answers the encoding and the number of segments; an empty text has none here, whichever
// number they give.
const { SegmentedMessage } = require("sms-segments-calculator");
const splitSms = require("split-sms");
const smsLength = require("sms-length");
const counter = require("sms-counter");
const smsCounter = counter.default ?? counter;

const theirs = {
  "sms-segments-calculator": (text) => {
    const message = new SegmentedMessage(text);
    return [message.encodingName, message.segmentsCount];
  },
  "split-sms": (text) => {
    const answer = splitSms.split(text, { summary: true });
    return [answer.characterSet === "GSM" ? "GSM-7" : "UCS-2", answer.parts.length];
  },
  "sms-length": (text) => ofRegExp(smsLength.count(text)),
  "sms-counter": (text) => ofRegExp(smsCounter.count(text)),
};

function ofRegExp({ encoding, messages }) {
  return [encoding === "UTF16" ? "UCS-2" : "GSM-7", messages];
}

// Muster, which answers line by line.
const muster = spawn("cargo", ["run", "--quiet", "--release", "-p", "muster-domain", "--example", "segments_lines"], {
  stdio: ["pipe", "pipe", "inherit"],
});
const answers = createInterface({ input: muster.stdout })[Symbol.asyncIterator]();

async function ours(batch) {
  muster.stdin.write(batch.map((text) => JSON.stringify(text) + "\n").join(""));
  const counts = [];
  for (const _ of batch) {
    const { encoding, segments } = JSON.parse((await answers.next()).value);
    counts.push([encoding, segments]);
  }
  return counts;
}

// Texts: the same for the same seed.
let state = seed;
function below(bound) {
  state = (state + 0x6d2b79f5) | 0;
  let drawn = Math.imul(state ^ (state >>> 15), 1 | state);
  drawn = (drawn + Math.imul(drawn ^ (drawn >>> 7), 61 | drawn)) ^ drawn;
  return ((drawn ^ (drawn >>> 14)) >>> 0) % bound;
}

const plain = [..."abc ABC 0123456789 .,!?'\"-@$%&/()"];
const alphabets = [
  plain,
  [...plain, ..."[]{}~|^\\€\n"],
  [...plain, "\f", "\r", "\n", "\r\n"],
  [..."@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"],
  [..."[]{}€", "a"],
  [...plain, "`", "\t", "ç", "\u00a0", "’"],
  [...plain, ..."жш漢字"],
  [...plain, "😀", "👩‍🔬", "👍🏽", "🇺🇸", "❤️"],
  ["😀", "a"],
  [...plain, "e\u0301", "a\u0308"],
];

function random() {
  const alphabet = alphabets[below(alphabets.length)];
  const length = [below(60), below(60), 60 + below(20), 125 + below(45), 295 + below(20), below(500)][below(6)];
  return Array.from({ length: length + 1 }, () => alphabet[below(alphabet.length)]).join("");
}

// How Muster and another disagree on a text, if they do.
async function dispute(text, name) {
  const [mine] = await ours([text]);
  const other = theirs[name](text);
  return mine[0] === other[0] && mine[1] === other[1] ? undefined : `${mine[0]}/${other[0]}`;
}

// The kinds of characters without which the two would agree.
const kindsOfCharacters = {
  "form feed": /\f/gu,
  "extension table": /[\f^{}\\[~\]|€]/gu,
  "sequences of code points that are one emoji": /\p{RI}\p{RI}|\p{Extended_Pictographic}\u{fe0f}?(?:\p{Emoji_Modifier}|\u{200d}\p{Extended_Pictographic})+|\p{Extended_Pictographic}\u{fe0f}/gu,
  "combining marks": /[a-z]\p{M}/gu,
  "surrogate pairs": /[\u{10000}-\u{10ffff}]/gu,
  "beyond GSM": /[^\x00-\x7f€]/gu,
};

async function whatMatters(text, name) {
  for (const [kind, pattern] of Object.entries(kindsOfCharacters)) {
    // As many units of the same encoding, but none in pairs.
    const plain = (match) => (kind === "extension table" ? "aa" : kind === "form feed" ? "[" : "ж".repeat(match.length));
    if (text.match(pattern) && !(await dispute(text.replace(pattern, plain), name))) return kind;
  }
  return "something else";
}

// Makes a text shorter and plainer as long as the two still disagree in the same way.
async function shortest(text, name) {
  const wanted = await dispute(text, name);
  let characters = [...text];
  for (let size = characters.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= characters.length; ) {
      const candidate = [...characters.slice(0, at), ...characters.slice(at + size)];
      if ((await dispute(candidate.join(""), name)) === wanted) characters = candidate;
      else at += size;
    }
  }
  for (let at = 0; at < characters.length; at++) {
    const candidate = characters.with(at, "a");
    if ((await dispute(candidate.join(""), name)) === wanted) characters = candidate;
  }
  return characters;
}

function written(characters) {
  const runs = [];
  for (const c of characters) {
    if (runs.at(-1)?.c === c) runs.at(-1).times++;
    else runs.push({ c, times: 1 });
  }
  return runs.map(({ c, times }) => JSON.stringify(c) + (times > 1 ? `×${times}` : "")).join(" ");
}

const classes = new Map();
const disagreements = Object.fromEntries(Object.keys(theirs).map((name) => [name, 0]));
for (let done = 0; done < texts; done += 1_000) {
  const batch = Array.from({ length: Math.min(1_000, texts - done) }, random);
  const counts = await ours(batch);
  for (const [index, text] of batch.entries()) {
    for (const [name, count] of Object.entries(theirs)) {
      const [encoding, segments] = count(text);
      const [myEncoding, mySegments] = counts[index];
      if (encoding === myEncoding && segments === mySegments) continue;
      disagreements[name]++;
      const how = encoding === myEncoding ? `${encoding}, ${segments > mySegments ? "more" : "fewer"}` : `${encoding} for ${myEncoding}`;
      const kinds = await whatMatters(text, name);
      const key = `${name}: ${how}: ${kinds}`;
      const known = classes.get(key);
      if (known) known.times++;
      else classes.set(key, { name, how, kinds, times: 1, example: await shortest(text, name) });
    }
  }
}
muster.stdin.end();

console.log(`${texts} texts, seed ${seed}`);
for (const [name, count] of Object.entries(disagreements)) {
  console.log(`\n${name}: ${count} disagreements`);
  for (const one of [...classes.values()].filter((one) => one.name === name)) {
    const text = one.example.join("");
    console.log(`  ${one.times}: ${one.how}, because of ${one.kinds}; theirs ${theirs[name](text)[1]}: ${written(one.example)}`);
  }
}
