// Lints an OpenAPI document with Redocly's recommended rules. A warning fails too.
import { createConfig, lint } from "@redocly/openapi-core";

const [, , file] = process.argv;
// No call refers to the frames of live delivery.
const rules = { "no-unused-components": "off" };
const config = await createConfig({ extends: ["recommended"], rules });
const problems = (await lint({ ref: file, config })).filter((problem) => !problem.ignored);
for (const { severity, ruleId, message, location } of problems) {
  console.error(`${severity} ${ruleId} at ${location[0]?.pointer}: ${message}`);
}
if (problems.length > 0) process.exit(1);
console.log("valid, and clean under Redocly's recommended rules");
