// Puts the parts of a client together.
import type { Client, ClientOptions } from "./client_api.ts";

/** Keeps the state of one user in step with the server; client_api.ts documents the members. */
export declare const TidingsClient: new (options: ClientOptions) => Client;
export type TidingsClient = Client;
