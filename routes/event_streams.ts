/**
 * Server-sent events to the pages that are open. Hono's `streamSSE` would give each page a loop and a timer of its own, and
 * wait for a reader that has stopped reading; these streams share one timer, end with the server, and drop such a reader.
 *
 * @module
 */
import { HttpError } from "./errors.ts";

/** Text of one server-sent event. */
export function sseEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Open event streams and the one ticker that they share, which runs only while somebody watches. */
export interface EventStreams {
  /**
   * Answers with an event stream. `first` is sent at once; `onTick` gives what to send after each tick ("" for nothing).
   *
   * @throws {HttpError} 503 when too many streams are open
   */
  open(first: string, onTick: () => string): EventStream;
  /** How many are open. */
  readonly count: number;
  /** Ends every stream: a server that shuts down waits for them. */
  close(): void;
}

/** One open stream. */
export interface EventStream {
  readonly response: Response;
  /** Sends something between ticks. */
  send(text: string): void;
  /** Called once when the stream has ended, by either side. */
  onEnd(callback: () => void): void;
}

/** Bytes that a slow reader may have waiting before it is cut off. */
const mostWaitingBytes = 4 * 2 ** 20;
/** Ticks without an event after which a comment keeps the connection open through proxies. */
const quietTicks = 15;

/** Makes room for at most `limit` streams, which tick every `tickMs`. */
export function createEventStreams(
  { limit = 64, tickMs = 1_000 }: { limit?: number; tickMs?: number } = {},
): EventStreams {
  const opened = new Set<{ readonly tick: () => void; readonly end: () => void }>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function open(first: string, onTick: () => string): EventStream {
    if (opened.size >= limit) {
      throw new HttpError(
        503,
        "Overloaded",
        `${limit} event streams are open, which is the most. Close one.`,
        {
          "retry-after": "10",
        },
      );
    }
    const encoder = new TextEncoder();
    const endings: (() => void)[] = [];
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    let quiet = 0;
    const stream = { tick, end };

    function send(text: string): void {
      if (!opened.has(stream) || text === "") return;
      quiet = 0;
      // A reader that has stopped reading must not fill the memory.
      if ((controller.desiredSize ?? 0) < -mostWaitingBytes) return end();
      controller.enqueue(encoder.encode(text));
    }
    function tick(): void {
      if (quiet++ >= quietTicks) send(": still here\n\n");
      send(onTick());
    }
    function end(): void {
      if (!opened.delete(stream)) return;
      if (opened.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      try {
        controller.close();
      } catch {
        // The reader has cancelled it already.
      }
      for (const ending of endings) ending();
    }

    const body = new ReadableStream<Uint8Array>({
      start(c) {
        controller = c;
      },
      cancel: end,
    }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
    opened.add(stream);
    timer ??= setInterval(() => {
      for (const { tick } of [...opened]) tick();
    }, tickMs);
    send(`retry: 2000\n\n${first}`);
    return {
      response: new Response(body, {
        headers: {
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        },
      }),
      send,
      onEnd: (callback) => void endings.push(callback),
    };
  }

  return {
    open,
    get count() {
      return opened.size;
    },
    close() {
      for (const { end } of [...opened]) end();
    },
  };
}
