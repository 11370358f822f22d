// Texts of the setting for notifications.
import { defineTexts } from "../../shared/language.ts";

export const t = defineTexts({
  en: {
    title: "Notifications",
    onDevice: "Notifications on this device",
    hint: "When you have unread messages and Tidings is open nowhere.",
    preview: "Show the text of messages",
    previewHint: "If off, a notification only says who has written.",
    unsupported:
      "This browser cannot show notifications of this page. It needs a browser with push, and an " +
      "address that begins with https://.",
    denied:
      "You have forbidden notifications of this page. Allow them in the settings of the browser " +
      "for this address, and come back.",
    notGiven: "The browser was not allowed to show notifications.",
    failed: "Notifications could not be switched on: {reason}",
    on: "Notifications are on",
    off: "Notifications are off",
  },
  zh: {
    title: "通知",
    onDevice: "在此设备上接收通知",
    hint: "当你有未读消息且没有打开 Tidings 时。",
    preview: "显示消息内容",
    previewHint: "关闭后，通知只显示是谁发来的。",
    unsupported: "此浏览器无法显示本页面的通知。需要支持推送的浏览器，且地址以 https:// 开头。",
    denied: "你已禁止本页面的通知。请在浏览器设置中允许此地址的通知，然后再回来。",
    notGiven: "未获得显示通知的许可。",
    failed: "无法开启通知：{reason}",
    on: "通知已开启",
    off: "通知已关闭",
  },
});
