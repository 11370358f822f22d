// Calls of the API with which the browser tests prepare what a page then shows.
import { randomUUID } from "node:crypto";

/** Calls as one user. */
export class Caller {
  constructor(url, user, token) {
    Object.assign(this, { url, user, token });
  }

  async call(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  get(path) {
    return this.call("GET", path);
  }

  send(conversation, text, more = {}) {
    return this.call("POST", `/v1/conversations/${encodeURIComponent(conversation)}/messages`, {
      client_message_id: randomUUID(),
      type: "text",
      body: { text },
      ...more,
    });
  }

  /** Uploads a file, and returns its id. */
  async upload(name, bytes) {
    const file = { name, type: "application/octet-stream", size: bytes.length };
    const { id } = await this.call("POST", "/v1/files", file);
    const answer = await fetch(`${this.url}/v1/files/${id}/content`, {
      method: "PUT",
      headers: { authorization: `Bearer ${this.token}` },
      body: bytes,
    });
    if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
    return id;
  }

  /** Sends many texts in order, and returns their answers. */
  async sendMany(conversation, texts) {
    const answers = [];
    for (let at = 0; at < texts.length; at += 500) {
      const lines = texts.slice(at, at + 500).map((text) =>
        JSON.stringify({
          op: "send",
          conversation_id: conversation,
          client_message_id: randomUUID(),
          type: "text",
          body: { text },
        }),
      );
      const answer = await fetch(`${this.url}/v1/batch`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.token}`,
          "content-type": "application/x-ndjson",
        },
        body: lines.join("\n"),
      });
      for (const line of (await answer.text()).trim().split("\n")) {
        const sent = JSON.parse(line);
        if (sent.status >= 300) throw new Error(line);
        answers.push(sent);
      }
    }
    return answers;
  }

  createGroup(id, title, members) {
    const body = { kind: "group", id, title, members };
    return this.call("POST", "/v1/conversations", body);
  }

  async createDirect(user) {
    const body = { kind: "direct", members: [user] };
    const { id } = await this.call("POST", "/v1/conversations", body);
    return id;
  }
}

/** A new local account whose id begins with a name, and is new unless an ending is given. */
export async function signUp(url, name, display_name = name, ending = randomUUID().slice(0, 8)) {
  const user = `${name}-${ending}`;
  const answer = await fetch(`${url}/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, password: "correct horse battery", display_name }),
  });
  if (answer.status !== 201) throw new Error(`accounts: ${answer.status} ${await answer.text()}`);
  const { token } = await answer.json();
  return new Caller(url, user, token);
}
