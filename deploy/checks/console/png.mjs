// Small PNG files of screens: the colours of a palette, as there are few on a page, well packed.

import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";

const HEAD = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

/** Returns the width, the height and the bytes of each pixel, of a PNG of 8 bits without interlace. */
function read(png) {
  let [at, data] = [8, []];
  let head;
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (kind === "IHDR") head = { width: body.readUInt32BE(0), height: body.readUInt32BE(4), depth: body[8], colour: body[9] };
    if (kind === "IDAT") data.push(body);
    at += length + 12;
  }
  assert.ok(head.depth === 8 && [2, 6].includes(head.colour), `a PNG of another form: ${JSON.stringify(head)}`);
  const each = head.colour === 6 ? 4 : 3;
  const [raw, line] = [inflateSync(Buffer.concat(data)), head.width * each];
  const pixels = Buffer.alloc(line * head.height);
  for (let row = 0; row < head.height; row += 1) {
    const filter = raw[row * (line + 1)];
    for (let place = 0; place < line; place += 1) {
      const to = row * line + place;
      const left = place >= each ? pixels[to - each] : 0;
      const above = row > 0 ? pixels[to - line] : 0;
      const corner = row > 0 && place >= each ? pixels[to - line - each] : 0;
      pixels[to] = raw[row * (line + 1) + 1 + place] + [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
    }
  }
  return { ...head, each, pixels };
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** The cyclic redundancy check of PNG's chunks, bit by bit. */
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function chunk(kind, body) {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const whole = Buffer.alloc(body.length + 12);
  whole.writeUInt32BE(body.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), whole.length - 4);
  return whole;
}

/** Returns a PNG of the same picture with the most frequent colours; others become the nearest. */
export function small(png) {
  const { width, height, each, pixels } = read(png);
  const counts = new Map();
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += each) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, COLOURS).map(([rgb]) => rgb);
  const places = new Map(palette.map((rgb, place) => [rgb, place]));
  const parts = (rgb) => [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  const nearest = (rgb) => {
    const of = parts(rgb);
    const far = (other) => parts(other).reduce((sum, part, nth) => sum + (part - of[nth]) ** 2, 0);
    return palette.reduce((best, other, place) => (far(other) < far(palette[best]) ? place : best), 0);
  };
  const lines = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const rgb = colour((row * width + column) * each);
      if (!places.has(rgb)) places.set(rgb, nearest(rgb));
      lines[row * (width + 1) + 1 + column] = places.get(rgb);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap(parts));
  const data = deflateSync(lines, { level: 9, memLevel: 9 });
  return Buffer.concat([HEAD, chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}
