// Why the server refused something, in the language of the page where readers meet it often.
import type { ErrorInfo } from "@tidings/client";
import { defineTexts } from "../../shared/language.ts";

const ENGLISH = {
  banned: "you are banned here",
  blocked: "this person does not take messages from you",
  content_refused: "the rules of this place refuse this text",
  conflict: "it has changed meanwhile",
  forbidden: "you may not do this here",
  frozen: "this conversation is frozen",
  network: "the server cannot be reached",
  not_found: "you are no longer a member, or it no longer exists",
  read_only: "only admins can write here",
  recall_window_passed: "it is too old to be recalled",
  silenced: "you are silenced and cannot write for now",
  slow_mode: "slow mode: wait a little before the next message",
  switched_off: "an administrator has switched this off",
};

const t = defineTexts<keyof typeof ENGLISH>({
  en: ENGLISH,
  zh: {
    banned: "你已被封禁",
    blocked: "对方不接收你的消息",
    content_refused: "此处的规则不允许这段文字",
    conflict: "内容已发生变化",
    forbidden: "你无权在此执行此操作",
    frozen: "此会话已冻结",
    network: "无法连接服务器",
    not_found: "你已不是成员，或内容已不存在",
    read_only: "只有管理员可以发言",
    recall_window_passed: "时间过久，无法撤回",
    silenced: "你已被禁言，暂时不能发言",
    slow_mode: "慢速模式：请稍后再发",
    switched_off: "管理员已关闭此功能",
  },
});

export function failureText(error: ErrorInfo | null): string {
  if (error === null) return "";
  return isKnown(error.code) ? t(error.code) : error.detail;
}

/** The same for a code without a description. */
export function reasonText(code: string | null | undefined): string {
  if (code == null) return "";
  return isKnown(code) ? t(code) : code;
}

function isKnown(code: string): code is keyof typeof ENGLISH {
  return Object.hasOwn(ENGLISH, code);
}
