// @tidings/client: typed calls, and a sync core that keeps a copy of one user's inbox in step with
// the server.
//
// Lib map, in the order in which data passes through:
//   generated/   the types of every call, made from the served OpenAPI document
//   api/         typed calls (create_api), errors (problem)
//   live/        the WebSocket, polling when there is none, back-off, the token
//   sync/        the cursor; entries and pages become a new state (apply_entry, apply_page)
//   model/       the shape of the state (state), and what apps select from it (selectors)
//   store/       what is kept between two starts: memory or IndexedDB
//   files/       bytes in both directions, in ranges, with a new attempt where one breaks
//   outbox/      what the user did, until the server has it; the uploads of its files
//   tabs/        one connection for several tabs
//   actions/     what apps call
//   client.ts    puts the parts together; client_api.ts documents what apps call
//   react.ts     hooks, a second entry point
export { createApi, unwrap, type Api, type ApiOptions } from "./api/create_api.ts";
export { ApiError } from "./api/problem.ts";
export type * from "./api/schemas.ts";
export type { components, paths } from "./generated/api.ts";
export type * from "./model/state.ts";
export * from "./model/selectors.ts";
export { PersistentMap } from "./model/persistent_map.ts";
export type * from "./client_api.ts";
export type { Storage, StorageChange, Table } from "./store/storage.ts";
export type { DownloadOptions } from "./files/download.ts";
export { TidingsClient } from "./client.ts";
