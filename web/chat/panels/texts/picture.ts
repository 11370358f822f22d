// Texts of the pictures of people and groups.
import { defineTexts } from "../../../shared/language.ts";

export const t = defineTexts({
  en: {
    picture: "Picture",
    choose: "Choose a picture",
    remove: "Remove the picture",
    pictureSaved: "The picture is saved",
    pictureRemoved: "The picture is removed",
    unreadable: "This file is no picture that the browser can read. Choose another one.",
  },
  zh: {
    picture: "图片",
    choose: "选择图片",
    remove: "移除图片",
    pictureSaved: "图片已保存",
    pictureRemoved: "图片已移除",
    unreadable: "浏览器无法读取此图片，请选择其他文件。",
  },
});
