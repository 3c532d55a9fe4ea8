/**
 * Alerts that are sent to an address: signed, one after the other, again until they are taken.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { type Alert, alertText } from "../drift/mod.ts";

/** Where alerts are sent. */
export interface WebhookOptions {
  /** `https:` or `http:`. */
  readonly url: string;
  /** Signs what is sent. */
  readonly secret?: string;
  /** Whether the address may be of this machine or of a private network; default false. */
  readonly allowPrivate?: boolean;
  /** Milliseconds until a receiver has to answer; default 10,000. */
  readonly timeoutMs?: number;
}

/** How one attempt to send ended. */
export type Delivery =
  | { readonly status: "delivered" }
  /** It may be taken later: nobody answered, or the receiver is busy or broken. */
  | { readonly status: "failed"; readonly why: string }
  /** It will never be taken: the receiver says that the request is wrong. */
  | { readonly status: "refused"; readonly why: string };

/**
 * Makes what sends an alert: a POST of JSON with `text`, which chats such as Slack's show, and `alert`. With a secret the header
 * `x-weir-signature` is `v1=` and the hexadecimal HMAC-SHA-256 of `<x-weir-timestamp>.<body>`.
 *
 * @throws {UserError} when the address is none that can be sent to.
 */
export function createWebhook(options: WebhookOptions): (alert: Alert) => Promise<Delivery> {
  const { secret, allowPrivate = false, timeoutMs = 10_000 } = options;
  const url = addressOf(options.url);
  return async (alert) => {
    try {
      if (!allowPrivate) await refusePrivate(url.hostname);
    } catch (error) {
      const why = (error as Error).message;
      return { status: error instanceof UserError ? "refused" : "failed", why };
    }
    const body = JSON.stringify({ text: alertText(alert), alert });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "x-weir-timestamp": timestamp,
      ...(secret === undefined
        ? {}
        : { "x-weir-signature": `v1=${await signatureOf(secret, `${timestamp}.${body}`)}` }),
    };
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
      await response.body?.cancel();
      if (response.ok) return { status: "delivered" };
      const why = `it answered ${response.status}`;
      const isBusy = response.status >= 500 || [408, 425, 429].includes(response.status);
      return { status: isBusy ? "failed" : "refused", why };
    } catch (error) {
      return { status: "failed", why: (error as Error).message.split("\n")[0] };
    }
  };
}

/** The hexadecimal HMAC-SHA-256 of a text. */
export async function signatureOf(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text))).toHex();
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && ["https:", "http:"].includes(url.protocol)) return url;
  throw new UserError("The address of a webhook must begin with https:// or http://");
}

async function refusePrivate(hostname: string): Promise<void> {
  const bare = hostname.replace(/^\[|\]$/g, "");
  const isAddress = /^[\d.]+$/.test(bare) || bare.includes(":");
  const addresses = isAddress ? [bare] : await addressesOf(bare);
  const inside = addresses.find(isPrivateAddress);
  if (inside === undefined) return;
  throw new UserError(
    `${hostname} is ${
      inside === bare ? "" : `${inside}, `
    }an address of this machine or of a private network; ` +
      "allow that if it is meant",
  );
}

async function addressesOf(name: string): Promise<string[]> {
  if (name === "localhost" || name.endsWith(".localhost")) return ["127.0.0.1"];
  const found = await Promise.allSettled([Deno.resolveDns(name, "A"), Deno.resolveDns(name, "AAAA")]);
  const addresses = found.flatMap((result) => result.status === "fulfilled" ? result.value : []);
  if (addresses.length === 0) throw new Error(`no address is known of ${name}`);
  return addresses;
}

/** Whether an IP address is of this machine, of a private network, or of none that hosts have (RFC 1918, 4193, 6598, 6890). */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(address);
  if (mapped !== null) {
    const [a, b] = [Number(mapped[1]), Number(mapped[2])];
    return a === 0 || a === 10 || a === 127 || a >= 224 || a === 100 && b >= 64 && b < 128 ||
      a === 169 && b === 254 || a === 172 && b >= 16 && b < 32 || a === 192 && b === 168 ||
      a === 198 && (b === 18 || b === 19);
  }
  // URL writes a mapped address in hexadecimal.
  return /^(::1?|::ffff:.*|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*|ff.*)$/i.test(address);
}
