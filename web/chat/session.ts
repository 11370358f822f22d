// Everything that a part of the chat needs to know and do, for the user who is signed in.
import type { Account } from "../shared/account.ts";

export interface ChatSession {
  account: Account;
  signOut: (reason?: string) => void;
}
