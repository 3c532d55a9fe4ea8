/**
 * The host's side of an inference Worker: one request at a time, a watchdog, and a new Worker for one that died.
 *
 * @module
 */
import { closedError, ServeError } from "./errors.ts";
import type {
  HostMessage,
  RunRequest,
  RunResult,
  SessionDevice,
  SessionFacts,
  WarmUp,
  WorkerMessage,
} from "./protocol.ts";

/** How a model is loaded. */
export interface SessionOptions {
  /** An ONNX file. It is kept, since a Worker that dies is replaced; in shared memory all Workers read one copy. */
  readonly model: Uint8Array;
  /** What errors call it, such as the file's path. */
  readonly name: string;
  readonly device: SessionDevice;
  /** Threads inside one run; above 1, a Worker that is ended leaks its heap, so 1 is the default. */
  readonly threads?: number;
  /** A run that takes longer is ended with its Worker, ms; 30,000 unless given. */
  readonly timeoutMs?: number;
  /** Loading that takes longer is given up, ms; 120,000 unless given. */
  readonly loadTimeoutMs?: number;
  /** What is run before the first request, and for how long; nothing unless given. */
  readonly warmUp?: WarmUp;
}

/** A model in a Worker. Calls to `run` must not overlap: the batcher sees to that. */
export interface ModelSession {
  /**
   * Runs a batch. The arrays of its feeds are moved to the Worker and are empty afterwards.
   *
   * @throws {ServeError} `backend` when the model fails, `timeout` when it overruns its time, `closed` after `close`
   */
  run(request: RunRequest): Promise<RunResult>;
  readonly facts: SessionFacts;
  /** How often a Worker was replaced. */
  readonly restarts: number;
  close(): void;
}

/**
 * Loads a model into a Worker of its own.
 *
 * @throws {ServeError} `bundle` when the model cannot be loaded
 */
export async function openSession(options: SessionOptions): Promise<ModelSession> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const loadTimeoutMs = options.loadTimeoutMs ?? 120_000;
  let link: WorkerLink | undefined;
  let facts: SessionFacts;
  let restarts = 0;
  let closed = false;

  async function start(): Promise<WorkerLink> {
    const fresh = connect();
    const reply = await fresh.ask({
      kind: "load",
      model: options.model,
      device: options.device,
      threads: options.threads ?? 1,
      warmUp: options.warmUp ?? { requests: [], budgetMs: 0 },
    }, loadTimeoutMs).catch((error: Error) => ({
      kind: "failed" as const,
      message: error.message.replace(/\.$/, ""),
      broken: true,
    }));
    if (reply.kind === "loaded" && !closed) {
      facts = reply.facts;
      return fresh;
    }
    fresh.end();
    if (closed) throw closedError();
    throw new ServeError(
      "bundle",
      `Cannot load ${options.name} on ${options.device}: ${messageOf(reply)}.`,
    );
  }

  link = await start();
  return {
    get facts() {
      return facts;
    },
    get restarts() {
      return restarts;
    },
    async run(request) {
      if (closed) throw closedError();
      if (!link?.alive) {
        link?.end();
        restarts++;
        link = await start();
      }
      let reply: WorkerMessage;
      try {
        reply = await link.ask({ kind: "run", ...request }, timeoutMs);
      } catch (error) {
        link?.end();
        if (closed) throw closedError();
        if (error instanceof ServeError) throw error;
        throw new ServeError("backend", `Inference failed: ${(error as Error).message}.`);
      }
      if (reply.kind === "ran") return reply.result;
      if (reply.kind === "failed" && reply.broken) link?.end();
      throw new ServeError("backend", `Inference failed: ${messageOf(reply)}.`);
    },
    close() {
      closed = true;
      link?.end();
      link = undefined;
    },
  };
}

function messageOf(reply: Pick<WorkerMessage, "kind"> & { readonly message?: string }): string {
  return reply.message ?? "an unexpected reply";
}

/** A message before it is numbered. */
type Unnumbered = {
  [K in HostMessage["kind"]]: Omit<Extract<HostMessage, { kind: K }>, "id">;
}[HostMessage["kind"]];

interface WorkerLink {
  /** False once it has died or was ended. */
  readonly alive: boolean;
  /** Rejects when the Worker dies, is ended, or takes longer than `timeoutMs`. */
  ask(message: Unnumbered, timeoutMs: number): Promise<WorkerMessage>;
  end(): void;
}

function connect(): WorkerLink {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let pending: PromiseWithResolvers<WorkerMessage> | undefined;
  let serial = 0;
  let dead: Error | undefined;

  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    // The answer to a message that has timed out is dropped.
    if (data.id === serial) pending?.resolve(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    dead = new Error(`the inference Worker ended: ${event.message.split("\n")[0]}`);
    pending?.reject(dead);
  };

  return {
    get alive() {
      return dead === undefined;
    },
    async ask(message, timeoutMs) {
      if (dead) throw dead;
      const id = ++serial;
      const current = pending = Promise.withResolvers<WorkerMessage>();
      const timer = setTimeout(
        () => current.reject(new ServeError("timeout", `No answer from the model within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      try {
        const transfer = message.kind === "run"
          ? Object.values(message.feeds).map(({ data }) => data.buffer)
          : [];
        worker.postMessage({ ...message, id }, { transfer });
        return await current.promise;
      } finally {
        clearTimeout(timer);
        if (pending === current) pending = undefined;
      }
    },
    end() {
      dead ??= new Error("the inference Worker was ended");
      pending?.reject(dead);
      worker.terminate();
    },
  };
}
