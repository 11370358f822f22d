// Validates an AsyncAPI document with the parser of the AsyncAPI project.
import { readFileSync } from "node:fs";
import asyncapi from "@asyncapi/parser";

// Errors and warnings. Below them are hints, such as that there is a newer version of AsyncAPI.
const MAX_SEVERITY = 1;
const [, , file] = process.argv;
const { document, diagnostics } = await new asyncapi.Parser().parse(readFileSync(file, "utf8"));
const problems = diagnostics.filter(({ severity }) => severity <= MAX_SEVERITY);
for (const { path, message } of problems) console.error(`${path.join(".")}: ${message}`);
if (document === undefined || problems.length > 0) process.exit(1);
const messages = document.messages().all().map((message) => message.id());
console.log(`valid, ${messages.length} messages`);
