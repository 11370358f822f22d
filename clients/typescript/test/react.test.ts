// The hooks, with Preact as `react` (as pages do it) and just enough of a document.
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import type { Client, ClientState } from "../src/index.ts";
import { initialState } from "../src/model/initial_state.ts";
import { StateHolder } from "../src/model/state_holder.ts";
import { applyEntry } from "../src/sync/apply_entry.ts";
import { ME, created, sent } from "./entries.ts";

registerHooks({
  resolve: (name, context, next) => next(name === "react" ? "preact/compat" : name, context),
});

class FakeNode {
  parentNode: FakeNode | null = null;
  readonly childNodes: FakeNode[] = [];
  readonly localName: string;
  readonly nodeType: number;
  data: string;

  constructor(localName: string, data = "") {
    this.localName = localName;
    this.nodeType = localName === "" ? 3 : 1;
    this.data = data;
  }

  get firstChild(): FakeNode | null {
    return this.childNodes[0] ?? null;
  }

  get nextSibling(): FakeNode | null {
    const siblings = this.parentNode?.childNodes ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get ownerDocument(): object {
    return fakeDocument;
  }

  get text(): string {
    return this.data + this.childNodes.map((child) => child.text).join("");
  }

  insertBefore(child: FakeNode, before: FakeNode | null): FakeNode {
    child.parentNode?.removeChild(child);
    const index = before ? this.childNodes.indexOf(before) : -1;
    this.childNodes.splice(index < 0 ? this.childNodes.length : index, 0, child);
    child.parentNode = this;
    return child;
  }

  appendChild(child: FakeNode): FakeNode {
    return this.insertBefore(child, null);
  }

  removeChild(child: FakeNode): void {
    this.childNodes.splice(this.childNodes.indexOf(child), 1);
    child.parentNode = null;
  }

  remove(): void {
    this.parentNode?.removeChild(this);
  }
}

const fakeDocument = {
  createElement: (name: string) => new FakeNode(name),
  createElementNS: (_: string, name: string) => new FakeNode(name),
  createTextNode: (data: string) => new FakeNode("", data),
};

test("a component shows what it selects, and renders again only when that changes", async () => {
  Object.assign(globalThis, { document: fakeDocument });
  const { createElement, createRoot } = await loadPreact();
  const { ClientProvider, useSelect } = await import("../src/react.ts");
  const holder = new StateHolder(applyEntry(initialState(ME), created(1)));
  const client = {
    get state() {
      return holder.state;
    },
    subscribe: holder.subscribe.bind(holder),
  } as unknown as Client;
  let renderings = 0;
  const Badge = () => {
    renderings += 1;
    return createElement("b", null, useSelect((state: ClientState) => state.inbox.totalUnread));
  };
  const place = new FakeNode("main");
  const root = createRoot(place as unknown as Element);
  root.render(createElement(ClientProvider, { client }, createElement(Badge, null)));
  const shows = async (text: string) => {
    for (let tries = 0; tries < 100 && place.text !== text; tries += 1) await turn();
    assert.equal(place.text, text);
  };
  await shows("0");
  const settled = renderings;
  holder.update((state) => applyEntry(state, sent(2, 1)));
  await shows("1");
  holder.update((state) => ({ ...state, seen: "5.t" }));
  for (let tries = 0; tries < 10; tries += 1) await turn();
  assert.equal(renderings, settled + 1);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

interface Preact {
  createElement: (type: unknown, props: object | null, ...children: unknown[]) => unknown;
  createRoot: (place: Element) => { render: (element: unknown) => void };
}

async function loadPreact(): Promise<Preact> {
  const [compat, client] = ["preact/compat", "preact/compat/client"];
  const { createElement } = await import(compat);
  const { createRoot } = await import(client);
  return { createElement, createRoot };
}
