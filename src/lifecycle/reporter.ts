/**
 * Where the steps of a model's life report to.
 *
 * @module
 */

/** Takes what a person should see: standard error, or a test's list. */
export interface Reporter {
  /** Whether a line can be drawn over. */
  readonly terminal: boolean;
  /** A line about what is going on. */
  progress(line: string): void;
  /** Raw text, for progress bars. */
  draw(text: string): void;
}
