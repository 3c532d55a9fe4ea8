/**
 * Putting the app on the network.
 *
 * @module
 */
import { UserError } from "../src/base/errors.ts";
import type { App } from "./app.ts";

/** Where to listen. */
export interface ListenOptions {
  /** The address to listen on; 127.0.0.1 by default, which cannot be reached from other machines. */
  readonly hostname?: string;
  /** 0 (the default) takes a free one */
  readonly port?: number;
}

/** A server on the network. */
export interface RunningServer {
  /** Such as http://127.0.0.1:8080. */
  readonly url: string;
  /** The address that it listens on. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Takes no more requests, answers those under way (for at most `graceMs`, 10,000 by default), and frees the port. */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Resolves when the server has ended. */
  readonly finished: Promise<void>;
}

/**
 * Puts an app on the network.
 *
 * @throws {UserError} when the port is taken or may not be used
 */
export function listen(app: App, { hostname = "127.0.0.1", port = 0 }: ListenOptions = {}): RunningServer {
  const abort = new AbortController();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname, port, onListen: () => {}, signal: abort.signal },
      (request) => app.fetch(request),
    );
  } catch (error) {
    throw explain(error, hostname, port);
  }
  const { hostname: host, port: taken } = server.addr;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    hostname: host,
    port: taken,
    finished: server.finished,
    close({ graceMs = 10_000 } = {}) {
      closing ??= (async () => {
        app.close();
        const timer = setTimeout(() => abort.abort(), graceMs);
        await server.shutdown();
        clearTimeout(timer);
      })();
      return closing;
    },
  };
}

/** The system's error with what to do about it; any other as it is. */
function explain(error: unknown, hostname: string, port: number): unknown {
  const where = `${hostname}:${port}`;
  const message = error instanceof Deno.errors.AddrInUse
    ? `Port ${where} is taken. Choose another with --port, or 0 for a free one.`
    : error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
    ? `Not allowed to listen on ${where}. Choose a port above 1023.`
    : error instanceof Deno.errors.AddrNotAvailable
    ? `This machine has no address ${hostname}. Choose another host.`
    : error instanceof Error && /lookup address/.test(error.message)
    ? `${hostname} is no address of a machine. Choose another host.`
    : undefined;
  return message === undefined ? error : new UserError(message, { cause: error });
}
