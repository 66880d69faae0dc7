import type { Issue } from '../types.ts';

/** Most issues that are kept; the rest is only counted. */
export const MAX_ISSUES = 1000;

/** Collects what the reader should know about a file, in bounded memory. */
export class IssueList {
  /** The first {@link MAX_ISSUES}, in the order they were found. */
  readonly kept: Issue[] = [];
  /** How many there were in all. */
  count = 0;

  /** Adds one issue; `line` is the 1-based line of the file, where one is known. */
  add(code: string, message: string, line?: number): void {
    this.count++;
    if (this.kept.length >= MAX_ISSUES) return;
    this.kept.push(line === undefined ? { code, message } : { code, message, line });
  }
}
