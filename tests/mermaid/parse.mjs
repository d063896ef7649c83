// Parses diagrams with Mermaid's own parser: a JSON list of texts in; for each, who talks and what is said, or the error, out.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");

// Mermaid keeps the numbers of characters in a form of its own until they are drawn.
const plain = (text) =>
  text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));

async function parsed(text) {
  try {
    await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    return {
      actors: [...db.getActors().values()].map((one) => plain(one.description)),
      messages: db.getMessages().map((one) => [one.from, one.to, plain(one.message)]),
    };
  } catch (error) {
    return { error: String(error) };
  }
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
const found = [];
for (const text of JSON.parse(input)) found.push(await parsed(text));
console.log(JSON.stringify(found));
