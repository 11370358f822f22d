// The files of the server in memory: uploads that are resumed, refused, forgotten and read back.

export interface FakeFile {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  bytes: Uint8Array;
  isExpired: boolean;
}

export class FakeFiles {
  /** Files by id: f1, f2, and so on. */
  readonly all = new Map<string, FakeFile>();
  /** The headers `Content-Range` of uploads and `Range` of downloads, in order. */
  readonly ranges: string[] = [];
  /** The next ranges arrive up to so many bytes, and then the connection breaks. */
  readonly breaks: number[] = [];
  /** Larger files are refused. */
  limit = 100_000_000;
  /** Whether there are previews of images. */
  hasPreviews = true;
  /** Up to which position each read wanted the read model. */
  readonly minPositions: number[] = [];
  readonly #keys = new Map<string, string>();

  /** Null if the call is about something else. */
  async answer(request: Request, path: string): Promise<Response | null> {
    if (path === "/v1/files" && request.method === "POST") return this.#announce(request);
    const [, id = ""] = /^\/v1\/files\/(\w+)\/content$/.exec(path) ?? [];
    if (id === "") return null;
    const file = this.all.get(id);
    if (!file) return problem(404, "not_found");
    return request.method === "PUT" ? this.#receive(request, file) : this.#read(request, file);
  }

  async #announce(request: Request): Promise<Response> {
    const key = request.headers.get("Idempotency-Key") ?? "";
    const { name, type, size } = (await request.json()) as FakeFile;
    if (size > this.limit) return problem(413, "too_large");
    const id = this.#keys.get(key) ?? `f${this.all.size + 1}`;
    this.#keys.set(key, id);
    if (!this.all.has(id)) {
      this.all.set(id, { name, type, size, bytes: new Uint8Array(0), isExpired: false });
    }
    const headers = { "Tidings-Position": "7" };
    return Response.json({ id, name, position: 7 }, { status: 201, headers });
  }

  async #receive(request: Request, file: FakeFile): Promise<Response> {
    const range = request.headers.get("Content-Range") ?? "";
    this.ranges.push(range);
    if (file.isExpired) return problem(422, "upload_expired");
    const first = /^bytes (\d+)-/.exec(range)?.[1];
    const body = new Uint8Array(await request.arrayBuffer());
    if (first !== undefined) {
      const received = file.bytes.length;
      if (Number(first) !== received) return problem(409, "wrong_offset", { received });
      const arrived = body.slice(0, this.breaks[0] ?? body.length);
      file.bytes = Buffer.concat([file.bytes, arrived]);
      if (this.breaks.shift() !== undefined) throw new TypeError("the connection broke");
    }
    const { size, bytes } = file;
    const isStored = bytes.length === size;
    const found = isStored ? { type: typeOf(file), width: null, height: null } : {};
    const state = isStored ? "stored" : bytes.length > 0 ? "partial" : "reserved";
    const answer = { state, received: bytes.length, size, sha256: null, ...found };
    return Response.json(answer, { status: isStored ? 200 : 202 });
  }

  #read(request: Request, file: FakeFile): Response {
    const { searchParams } = new URL(request.url);
    this.minPositions.push(Number(searchParams.get("min_position")));
    if (searchParams.has("size")) {
      return this.hasPreviews ? new Response("preview") : problem(404, "not_found");
    }
    const range = request.headers.get("Range") ?? "";
    this.ranges.push(range);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    if (Number(first) >= file.size) return problem(416, "range_not_satisfiable");
    if (this.breaks.shift() !== undefined) throw new TypeError("the connection broke");
    const part = file.bytes.slice(Number(first), Number(last) + 1);
    const end = Number(first) + part.length - 1;
    const headers = {
      "Content-Type": typeOf(file),
      "Content-Range": `bytes ${first}-${end}/${file.size}`,
    };
    return new Response(part, { status: 206, headers });
  }
}

/** The bytes decide. */
function typeOf(file: FakeFile): string {
  const isImage = new TextDecoder().decode(file.bytes.slice(0, 3)) === "GIF";
  return isImage ? "image/gif" : "application/octet-stream";
}

function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ code, status, detail: code, ...more }, { status });
}
