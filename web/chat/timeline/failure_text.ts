// Why the server refused something, in the language of the page where readers meet it often.
import type { ErrorInfo } from "@tidings/client";
import { defineTexts } from "../../shared/language.ts";
import { formatSize } from "../files/message_file.ts";

const ENGLISH = {
  banned: "you are banned here",
  blocked: "this person does not take messages from you",
  content_refused: "the rules of this place refuse this text",
  conflict: "it has changed meanwhile",
  file_not_ready: "the file is no longer stored; try again to upload it",
  file_unreadable: "this browser can no longer read the file; choose it again",
  forbidden: "you may not do this here",
  frozen: "this conversation is frozen",
  network: "the server cannot be reached",
  not_found: "you are no longer a member, or it no longer exists",
  quota: "your files take all the space that you have; delete some first",
  read_only: "only admins can write here",
  recall_window_passed: "it is too old to be recalled",
  silenced: "you are silenced and cannot write for now",
  slow_mode: "slow mode: wait a little before the next message",
  switched_off: "an administrator has switched this off",
  too_large: "it is too large",
  too_large_file: "it is too large; at most {limit} are allowed",
};

const t = defineTexts<keyof typeof ENGLISH>({
  en: ENGLISH,
  zh: {
    banned: "你已被封禁",
    blocked: "对方不接收你的消息",
    content_refused: "此处的规则不允许这段文字",
    conflict: "内容已发生变化",
    file_not_ready: "文件已不在服务器上，请重试以重新上传",
    file_unreadable: "浏览器无法再读取此文件，请重新选择",
    forbidden: "你无权在此执行此操作",
    frozen: "此会话已冻结",
    network: "无法连接服务器",
    not_found: "你已不是成员，或内容已不存在",
    quota: "你的文件空间已用完，请先删除一些文件",
    read_only: "只有管理员可以发言",
    recall_window_passed: "时间过久，无法撤回",
    silenced: "你已被禁言，暂时不能发言",
    slow_mode: "慢速模式：请稍后再发",
    switched_off: "管理员已关闭此功能",
    too_large: "内容太大",
    too_large_file: "内容太大，最多允许 {limit}",
  },
});

export function failureText(error: ErrorInfo | null): string {
  if (error === null) return "";
  const limit = error.code === "too_large" ? Number(/\d+/.exec(error.detail)?.[0]) : Number.NaN;
  if (limit > 0) return t("too_large_file", { limit: formatSize(limit) });
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
