// Whether pages ask only for what the server documents: the OpenAPI document, and /metrics.

/** The files of the console itself. */
const FILES = /^\/(ops|ops\.js|ops\.css|icon\.svg)$/;

export class Documented {
  #routes;
  #undocumented = new Set();

  constructor(document) {
    this.#routes = Object.entries(document.paths).map(([path, methods]) => ({
      pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
      methods,
    }));
  }

  static async load(url) {
    return new Documented(await (await fetch(`${url}/openapi.json`)).json());
  }

  watch(page) {
    page.on("request", (request) => this.#add(request.method(), new URL(request.url())));
  }

  #add(method, { pathname, searchParams, protocol }) {
    if (!protocol.startsWith("http") || FILES.test(pathname) || pathname === "/metrics") return;
    const found = this.#routes
      .filter(({ pattern }) => pattern.test(pathname))
      .map(({ methods }) => methods[method.toLowerCase()])
      .find((operation) => operation !== undefined);
    if (found === undefined) this.#undocumented.add(`${method} ${pathname}`);
    const known = new Set((found?.parameters ?? []).map(({ name }) => name));
    for (const name of searchParams.keys()) {
      if (found && !known.has(name)) this.#undocumented.add(`${method} ${pathname}?${name}`);
    }
  }

  check() {
    if (this.#undocumented.size === 0) return;
    throw new Error(`no document has these calls:\n${[...this.#undocumented].join("\n")}`);
  }
}
