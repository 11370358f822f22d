// Serves built pages for development and forwards the rest to a running Tidings:
// node web/serve.mjs --to http://127.0.0.1:8080 [--dir DIR] [--listen HOST:PORT]
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const WEB = dirname(fileURLToPath(import.meta.url));
const PAGES = { "/": "chat.html", "/ops": "ops.html", "/widget": "widget.html" };
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};
// The policy under which the binary serves the pages.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' https: data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self' ws: wss:",
  "font-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

const { values } = parseArgs({
  options: {
    to: { type: "string" },
    dir: { type: "string", default: join(WEB, "dist") },
    listen: { type: "string", default: "127.0.0.1:8090" },
  },
});
if (values.to === undefined || !URL.canParse(values.to)) {
  console.error("Name the address of a running Tidings: --to http://127.0.0.1:8080");
  process.exit(2);
}
const target = new URL(values.to);
const directory = resolve(values.dir);
const { hostname, port } = new URL(`http://${values.listen}`);

const server = createServer(async (asked, answer) => {
  const page = asked.method === "GET" ? await readPage(asked.url) : null;
  if (page === null) return forward(asked, answer);
  answer.writeHead(200, {
    "content-type": page.type,
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  answer.end(page.content);
});
server.on("upgrade", forwardUpgrade);
server.listen(Number(port), hostname, () => {
  const address = server.address();
  console.log(`http://${address.address}:${address.port}`);
});

/** The file of the build that a path names, or null. */
async function readPage(url) {
  const path = new URL(url, "http://page").pathname;
  const name = PAGES[path] ?? path.slice(1);
  const type = TYPES[extname(name)];
  if (type === undefined || name.includes("/")) return null;
  try {
    return { type, content: await readFile(join(directory, name)) };
  } catch {
    return null;
  }
}

/** Passes a request on, with the host that the caller named, so that origins still match. */
function forward(asked, answer) {
  const { method, url, headers } = asked;
  const options = { host: target.hostname, port: target.port, method, path: url, headers };
  const forwarded = request(options, (reply) => {
    answer.writeHead(reply.statusCode, reply.headers);
    reply.pipe(answer);
    reply.on("error", () => answer.destroy());
  });
  forwarded.on("error", () => {
    // Without an answer the page sees what it would see of a server that is down.
    answer.destroy();
  });
  answer.on("close", () => forwarded.destroy());
  asked.pipe(forwarded);
}

function forwardUpgrade(asked, socket, head) {
  const onward = connect(Number(target.port), target.hostname, () => {
    const lines = [`${asked.method} ${asked.url} HTTP/1.1`];
    for (let at = 0; at < asked.rawHeaders.length; at += 2) {
      lines.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
    }
    onward.write(`${lines.join("\r\n")}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  onward.on("error", () => socket.destroy());
  onward.on("close", () => socket.destroy());
  socket.on("error", () => onward.destroy());
  socket.on("close", () => onward.destroy());
}
