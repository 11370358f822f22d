// What the service worker tells the page.

export interface OpenConversationMessage {
  readonly type: "open_conversation";
  readonly conversation: string;
}

export function isOpenConversation(data: unknown): data is OpenConversationMessage {
  const message = data as Partial<OpenConversationMessage> | null;
  return message?.type === "open_conversation" && typeof message.conversation === "string";
}
