/**
 * Runs before the tests (`deno test --preload`): Mesa's drivers complain on standard error where this variable is not set, as in
 * containers, though nothing here uses it. Commands that tests start inherit it.
 *
 * @module
 */
const variable = "XDG_RUNTIME_DIR";
if (Deno.build.os === "linux" && !Deno.env.get(variable)) Deno.env.set(variable, "/tmp");
