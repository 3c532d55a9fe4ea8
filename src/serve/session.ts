/**
 * The host's side of an inference Worker: one request at a time, a watchdog, and a new Worker for one that died.
 *
 * @module
 */
import { ServeError } from "./errors.ts";
import type {
  HostMessage,
  LoadMessage,
  Logits,
  SessionDevice,
  SessionFacts,
  TokenBatch,
  WorkerMessage,
} from "./protocol.ts";

/** How a model is loaded. */
export interface SessionOptions {
  /** path of an ONNX file */
  modelPath: string;
  device: SessionDevice;
  /** threads inside one run; above 1, a Worker that is ended leaks its heap, so 1 is the default */
  threads?: number;
  /** a run that takes longer is ended with its Worker, ms; 30,000 unless told */
  timeoutMs?: number;
  /** loading that takes longer is given up, ms; 120,000 unless told */
  loadTimeoutMs?: number;
  /** shapes to run before the first request, and for how long; [1, 16] once unless told */
  warmUp?: LoadMessage["warmUp"];
}

/** A model in a Worker. Calls to `run` must not overlap: the batcher sees to that. */
export interface ModelSession {
  /**
   * Runs a batch. Its arrays are moved to the Worker and are empty afterwards.
   *
   * @throws {ServeError} `backend` when the model fails, `timeout` when it overruns its time, `closed` after `close`
   */
  run(batch: TokenBatch): Promise<Logits>;
  readonly facts: SessionFacts;
  /** how often a Worker was replaced */
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
      id: 0,
      modelPath: options.modelPath,
      device: options.device,
      threads: options.threads ?? 1,
      warmUp: options.warmUp ?? { shapes: [[1, 16]], budgetMs: 0 },
    }, loadTimeoutMs).catch((error: Error): WorkerMessage => ({
      kind: "failed",
      id: 0,
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
      `Cannot load ${options.modelPath} on ${options.device}: ${messageOf(reply)}.`,
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
    async run(batch) {
      if (closed) throw closedError();
      if (!link?.alive) {
        link?.end();
        restarts++;
        link = await start();
      }
      let reply: WorkerMessage;
      try {
        reply = await link.ask({ kind: "run", id: 0, batch }, timeoutMs);
      } catch (error) {
        link?.end();
        if (closed) throw closedError();
        if (error instanceof ServeError) throw error;
        throw new ServeError("backend", `Inference failed: ${(error as Error).message}.`);
      }
      if (reply.kind === "logits") return reply.logits;
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

function messageOf(reply: WorkerMessage): string {
  return reply.kind === "failed" ? reply.message : "an unexpected reply";
}

interface WorkerLink {
  /** false once it has died or was ended */
  readonly alive: boolean;
  /** rejects when the Worker dies, is ended, or takes longer than `timeoutMs` */
  ask(message: HostMessage, timeoutMs: number): Promise<WorkerMessage>;
  end(): void;
}

function connect(): WorkerLink {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let pending: PromiseWithResolvers<WorkerMessage> | undefined;
  let serial = 0;
  let dead: Error | undefined;

  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    // An answer to a question that nobody waits for any more is dropped.
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
          ? [
            message.batch.inputIds.buffer,
            message.batch.attentionMask.buffer,
            message.batch.tokenTypeIds.buffer,
          ]
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

function closedError(): ServeError {
  return new ServeError("closed", "The model is being unloaded; send the request again.");
}
