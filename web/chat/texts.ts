// Texts of the chat itself; panels have their own.
import { defineTexts } from "../shared/language.ts";
import { CHINESE } from "./texts/chinese.ts";
import { ENGLISH } from "./texts/english.ts";

export const t = defineTexts({ en: ENGLISH, zh: CHINESE });
