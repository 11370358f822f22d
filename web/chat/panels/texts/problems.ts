// What the codes of refusals mean. Others are shown as the server words them.
import { defineTexts } from "../../../shared/language.ts";

export const problemText = defineTexts({
  en: {
    banned: "A ban is in force here.",
    blocked: "This person does not take direct messages from you.",
    conflict: "That is taken, or has changed meanwhile. Look again and retry.",
    content_refused: "The rules of this place refuse this text.",
    forbidden: "You may not do this here.",
    frozen: "This group is frozen: only its owner and admins write.",
    held: "A legal hold keeps this as it is.",
    not_a_contact: "This person takes new direct messages only from contacts. Ask to be one.",
    not_found: "It does not exist, or is not visible to you.",
    overloaded: "The server is busy. Try again in a moment.",
    projection_behind: "The server is still catching up. Try again in a moment.",
    silenced: "You are silenced here and cannot write.",
    slow_mode: "Slow mode: wait a moment before you write again.",
    read_only: "Only the owner and admins write here.",
    switched_off: "An administrator has switched this off.",
    wrong_password: "That is not your password.",
  },
  zh: {
    banned: "此处存在封禁。",
    blocked: "对方不接收你的私信。",
    conflict: "已被占用，或内容已变化。请刷新后重试。",
    content_refused: "此处的规则不允许这段文字。",
    forbidden: "你无权在此执行此操作。",
    frozen: "该群组已冻结：只有群主和管理员可以发言。",
    held: "法律保全要求保持原样。",
    not_a_contact: "对方只接受联系人的新私信。请先请求成为联系人。",
    not_found: "不存在，或你无权查看。",
    overloaded: "服务器繁忙，请稍后再试。",
    projection_behind: "服务器正在追赶进度，请稍后再试。",
    silenced: "你已被禁言，不能发言。",
    slow_mode: "慢速模式：请稍候再发言。",
    read_only: "此处只有群主和管理员可以发言。",
    switched_off: "管理员已关闭此功能。",
    wrong_password: "密码不正确。",
  },
});

export const KNOWN_PROBLEMS = [
  "banned", "blocked", "conflict", "content_refused", "forbidden", "frozen", "held",
  "not_a_contact", "not_found", "overloaded", "projection_behind", "read_only", "silenced",
  "slow_mode", "switched_off", "wrong_password",
] as const;
