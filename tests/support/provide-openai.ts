import type { TestProject } from 'vitest/node';
import { startOpenAIServer } from './openai-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Base URLs of stand-ins for OpenAI's endpoint: one for each test file that wants its own. */
    openai: Record<StandInName, string>;
  }
}

const NAMES = ['runs', 'faults', 'queries', 'workers'] as const;

/** Whose stand-in it is: files run side by side, and share neither ledger nor faults. */
export type StandInName = (typeof NAMES)[number];

/** Starts the stand-ins before the browser's tests and closes them after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all(NAMES.map(() => startOpenAIServer()));
  const urls = NAMES.map((name, n) => [name, servers[n]!.baseUrl]);
  project.provide('openai', Object.fromEntries(urls) as Record<StandInName, string>);
  return async () => {
    await Promise.all(servers.map((server) => server.close()));
  };
}
