import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LANGUAGES, type WrittenRequest } from '#lib/tasks/inspect/request-code.ts';
import { startTestProxy, type TestProxy } from '../../../support/proxy.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const run = promisify(execFile);

/** Texts that quotes, backslashes, shells and templates trip over. */
const AWKWARD = [
  'plain',
  `it's "quoted" and $HOME \`date\` \\n \\`,
  'ünïcödé 🐈 \u2028 ${x} %s !!',
  "'; touch /tmp/never; '"
];

let proxy: TestProxy;
let folder: string;
beforeAll(async () => {
  proxy = await startTestProxy();
  // Below the project, so that its packages are found.
  folder = await mkdtemp(join(ROOT, 'node_modules/.request-code-'));
});
afterAll(async () => {
  await proxy.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => proxy.upstream.ledger.clear());

function written(texts: string[], dimensions?: number): WrittenRequest {
  const baseUrl = `${proxy.url}/v1`;
  return {
    texts,
    model: 'text-embedding-3-small',
    baseUrl,
    ...(dimensions === undefined ? {} : { dimensions })
  };
}

/** What the upstream was sent by the proxy, which was asked by the code. */
function sent() {
  const { requests } = proxy.upstream.ledger;
  expect(requests).toHaveLength(1);
  return requests[0]!;
}

const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('the code', () => {
  it('in TypeScript runs as it is, with the placeholder, and asks for just these texts', async () => {
    const file = join(folder, 'request.mjs');
    await writeFile(file, LANGUAGES['TypeScript']!(written(AWKWARD, 256)));
    const { stdout } = await run(process.execPath, [file], { cwd: ROOT });
    expect(Number(stdout)).toBe(sent().tokens);
    expect(sent().inputs).toEqual(AWKWARD);
    expect(sent().parameters.sort()).toEqual(['dimensions', 'encoding_format', 'input', 'model']);
  });

  it.skipIf(!hasCurl)('for a shell runs as it is, too', async () => {
    const file = join(folder, 'request.sh');
    await writeFile(file, LANGUAGES['curl']!(written(AWKWARD)));
    const { stdout } = await run('sh', [file]);
    expect(JSON.parse(stdout).data).toHaveLength(AWKWARD.length);
    expect(sent().inputs).toEqual(AWKWARD);
  });

  it.skipIf(!hasPython)('in Python is read by Python as just these texts', async () => {
    const file = join(folder, 'request.py');
    await writeFile(file, LANGUAGES['Python']!(written(AWKWARD)));
    const read = `
import ast, json, sys
tree = ast.parse(open(sys.argv[1], encoding="utf-8").read())
calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
create = next(call for call in calls if getattr(call.func, "attr", "") == "create")
print(json.dumps({one.arg: ast.literal_eval(one.value) for one in create.keywords}))`;
    const { stdout } = await run('python3', ['-c', read, file]);
    expect(JSON.parse(stdout)).toEqual({
      model: 'text-embedding-3-small',
      input: AWKWARD,
      encoding_format: 'float'
    });
  });

  it('asks for one text as a text', () => {
    for (const write of Object.values(LANGUAGES)) {
      expect(write(written(['only one']))).toMatch(/input["=: ]+"only one"/);
    }
  });

  it('has the placeholder where a key goes, and names no base URL for OpenAI', () => {
    for (const [language, write] of Object.entries(LANGUAGES)) {
      const code = write({ ...written(['a']), baseUrl: null });
      expect(code).toContain('<OPENAI_API_TOKEN>');
      expect(code.includes('https://api.openai.com/v1/embeddings')).toBe(language === 'curl');
      expect(code).not.toMatch(/base_?url/i);
    }
  });
});
