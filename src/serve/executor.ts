/**
 * What stands between a request and a model: it queues queries, runs them in its own way, and gives the events of each.
 *
 * @module
 */

/** How a query is submitted. */
export interface SubmitOptions {
  /** On the executor's clock: a query that has not been started by then fails with `timeout`. */
  readonly deadline?: number;
  /** Queries of a higher priority go first, and those of one priority in the order they came; 0 unless given. */
  readonly priority?: number;
  /** Takes the query back. */
  readonly signal?: AbortSignal;
}

/**
 * A way of running a model. A model that answers in one run gives one event a query, one that generates gives an event a
 * token. What routes some queries elsewhere, or remembers answers, is an executor around an executor.
 *
 * @typeParam Q What is asked.
 * @typeParam E What happens on the way to the answer.
 */
export interface Executor<Q, E> {
  /**
   * Queues a query at once, whether or not its events are read.
   *
   * @throws {ServeError} While its events are read: `overloaded`, `timeout`, `cancelled`, `closed`, or what the model failed
   * with.
   */
  submit(query: Q, options?: SubmitOptions): AsyncIterable<E>;
  /** Inputs that wait. */
  readonly queued: number;
  /** Runs under way. */
  readonly running: number;
  /** Refuses what waits with `closed`; resolves when what is under way has ended. */
  close(): Promise<void>;
}

/** The events of a query that is answered in one. */
export function oneEvent<E>(event: Promise<E>): AsyncIterable<E> {
  // A failure that nobody reads must not end the process.
  event.catch(() => {});
  return {
    async *[Symbol.asyncIterator]() {
      yield await event;
    },
  };
}

/** The last event of a query: where it is answered in one, that one. */
export async function lastEvent<E>(events: AsyncIterable<E>): Promise<E> {
  let last: { event: E } | undefined;
  for await (const event of events) last = { event };
  if (last === undefined) throw new Error("the executor gave no event");
  return last.event;
}
