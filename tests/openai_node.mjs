// openai-node, asked what ./sdks.py asks of the Python SDKs. Its folder is the first argument; the
// questions come as JSON on stdin, and all are asked at once; what was heard goes to stdout.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { OpenAI } = require("openai");

const requests = {
  "openai-node chat": async (client, heard) => {
    const messages = [{ role: "user", content: "Hi" }];
    const stream = await client.chat.completions.create({ model: "m", messages, stream: true });
    for await (const chunk of stream) {
      for (const choice of chunk.choices ?? []) {
        if (choice.index) continue;
        heard.text += choice.delta?.content ?? "";
        heard.finish = choice.finish_reason ?? heard.finish;
      }
    }
  },
  "openai-node Responses": async (client, heard) => {
    const stream = await client.responses.create({ model: "m", input: "Hi", stream: true });
    heard.done = false;
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") heard.text += event.delta;
      if (event.type === "response.completed" || event.type === "response.incomplete") {
        heard.finish = event.response.status;
        heard.done = true;
      }
    }
  },
};

async function ask({ client, url, headers, timeout, retries }) {
  const heard = { text: "", finish: null, done: null, error: null };
  const options = { apiKey: "none", baseURL: `${url}/v1`, defaultHeaders: headers };
  try {
    const openai = new OpenAI({ ...options, timeout: timeout * 1000, maxRetries: retries });
    await requests[client](openai, heard);
  } catch (error) {
    heard.error = { name: error.constructor.name, message: error.message, status: error.status };
  }
  return heard;
}

const questions = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(questions.map(ask))));
