// Serves the pages in front of a system, so that they can be loaded while it is down.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("../../../web/serve.mjs", import.meta.url));

export async function servePages(api) {
  const options = ["--to", api, "--dir", process.env.BUILD, "--listen", "127.0.0.1:0"];
  const server = spawn(process.execPath, [SERVER, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  return { url: line.toString().trim(), stop: () => server.kill() };
}
