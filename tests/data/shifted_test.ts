import assert from "node:assert/strict";
import { shiftedMessages } from "../../src/data/shifted.ts";

Deno.test("messages are distinct, filled in, and the same for the same seed", () => {
  const messages = shiftedMessages({ count: 2000, seed: 4 });
  assert.equal(new Set(messages).size, 2000);
  assert.ok(messages.every((message) => message.length > 20 && !/[{}]|undefined/.test(message)));
  assert.deepEqual(shiftedMessages({ count: 2000, seed: 4 }), messages);
  assert.notDeepEqual(shiftedMessages({ count: 2000, seed: 5 }), messages);
});

Deno.test("languages take turns, or one is chosen", () => {
  const german = shiftedMessages({ count: 300, languages: ["de"] }).join(" ");
  const italian = shiftedMessages({ count: 300, languages: ["it"] }).join(" ");
  assert.ok(/\bich\b/.test(german) && !/\bche\b/.test(german));
  assert.ok(/\bche\b/.test(italian) && !/\bich\b/.test(italian));
  assert.throws(() => shiftedMessages({ count: 1, languages: [] }), /languages is empty/);
});
