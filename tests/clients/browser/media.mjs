// Small files of known content: what the browser tests attach.
import { deflateSync } from "node:zlib";

/** An image of one colour, as a PNG. */
export function png(width, height, [red, green, blue]) {
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(width * 3, Buffer.of(red, green, blue))]);
  const pixels = Buffer.concat(Array.from({ length: height }, () => row));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits for each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(pixels)), chunk("IEND")];
  return Buffer.concat([signature, ...chunks]);
}

function chunk(name, data = Buffer.alloc(0)) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** Silence, as a WAV of 8,000 samples a second. */
export function wav(seconds) {
  const data = Buffer.alloc(8_000 * seconds, 128);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  // PCM, one channel, one byte for each sample.
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(8_000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

/**
 * A video of VP8, as WebM with an index: `frames` are shown in turns, for so many seconds. Each is
 * a frame as `vp8Frames` makes it, which needs no other.
 */
export function webm(frames, { width, height, seconds, framesPerSecond }) {
  const shown = (at) => frames[at % frames.length];
  const clusters = Array.from({ length: seconds }, (_, second) => {
    const blocks = Array.from({ length: framesPerSecond }, (_, at) => {
      const header = Buffer.from([0x81, 0, 0, 0x80]);
      header.writeInt16BE(Math.round((1_000 * at) / framesPerSecond), 1);
      return element("a3", header, shown(second * framesPerSecond + at));
    });
    return element("1f43b675", number("e7", second * 1_000), ...blocks);
  });
  const info = element(
    "1549a966",
    number("2ad7b1", 1_000_000),
    element("4489", double(seconds * 1_000)),
    element("4d80", Buffer.from("tests")),
    element("5741", Buffer.from("tests")),
  );
  const video = element("e0", number("b0", width), number("ba", height));
  const codec = element("86", Buffer.from("V_VP8"));
  const track = [number("d7", 1), number("73c5", 1), number("83", 1), codec, video];
  const head = Buffer.concat([info, element("1654ae6b", element("ae", ...track))]);
  // The index says where each second begins; its own length does not depend on what it says.
  const index = (start) => {
    let place = start;
    const points = clusters.map((cluster, second) => {
      const track = element("b7", number("f7", 1), number("f1", place));
      place += cluster.length;
      return element("bb", number("b3", second * 1_000), track);
    });
    return element("1c53bb6b", ...points);
  };
  const start = head.length + index(0).length;
  const ebml = element(
    "1a45dfa3",
    number("4286", 1),
    number("42f7", 1),
    number("42f2", 4),
    number("42f3", 8),
    element("4282", Buffer.from("webm")),
    number("4287", 2),
    number("4285", 2),
  );
  return Buffer.concat([ebml, element("18538067", head, index(start), ...clusters)]);
}

/** An element of EBML: its id, the length in eight bytes, and the data. */
function element(id, ...parts) {
  const data = Buffer.concat(parts);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(data.length));
  length[0] |= 0x01;
  return Buffer.concat([Buffer.from(id, "hex"), length, data]);
}

function number(id, value) {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return element(id, data);
}

function double(value) {
  const data = Buffer.alloc(8);
  data.writeDoubleBE(value);
  return data;
}

/**
 * Frames of VP8 full of noise, which cannot be made small. The browser makes them: an image of WebP
 * is one such frame.
 */
export async function vp8Frames(page, { width, height, count }) {
  const images = await page.evaluate(
    ([width, height, count]) => {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const context = canvas.getContext("2d", { alpha: false });
      return Array.from({ length: count }, () => {
        const image = context.createImageData(width, height);
        for (let from = 0; from < image.data.length; from += 65_536) {
          crypto.getRandomValues(image.data.subarray(from, from + 65_536));
        }
        context.putImageData(image, 0, 0);
        return canvas.toDataURL("image/webp", 0.9).split(",")[1];
      });
    },
    [width, height, count],
  );
  return images.map((base64) => frameOf(Buffer.from(base64, "base64")));
}

function frameOf(webp) {
  for (let at = 12; at < webp.length; ) {
    const name = webp.toString("latin1", at, at + 4);
    const length = webp.readUInt32LE(at + 4);
    if (name === "VP8 ") return webp.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  throw new Error("this browser makes other images");
}

export const asFile = (name, mimeType, buffer) => ({ name, mimeType, buffer });
