/** A request for embeddings, as it can be written down for anybody: it has no key. */
export interface WrittenRequest {
  texts: string[];
  model: string;
  /** Undefined where they are not asked for. */
  dimensions?: number;
  /** Null for OpenAI's own. */
  baseUrl: string | null;
}

/** Stands where a key goes; a course's proxy takes it as it is. */
const PLACEHOLDER = '<OPENAI_API_TOKEN>';
const OPENAI_URL = 'https://api.openai.com/v1';

/** Ways to write a request down, by the names of their languages. */
export const LANGUAGES: Record<string, (request: WrittenRequest) => string> = {
  Python: pythonCode,
  TypeScript: typeScriptCode,
  curl: curlCode
};

/** With the package `openai` for Python; a JSON text is a Python text, too. */
function pythonCode(request: WrittenRequest): string {
  const { baseUrl } = request;
  const options = [`api_key=${quote(PLACEHOLDER)}`];
  if (baseUrl !== null) options.push(`base_url=${quote(baseUrl)}`);
  const [read, value] = request.texts.length === 1 ? ['[0]["embedding"]', 'vector'] : ['', 'data'];
  return `from openai import OpenAI

client = OpenAI(${options.join(', ')})

response = client.embeddings.create(
${argumentsOf(request)
  .map(([name, given]) => `    ${name}=${inPython(given)},`)
  .join('\n')}
)

response_dict = response.model_dump()
${value} = response_dict["data"]${read}
print(response_dict["usage"]["total_tokens"])`;
}

/** With the package `openai` for JavaScript. */
function typeScriptCode(request: WrittenRequest): string {
  const { baseUrl } = request;
  const options = [`apiKey: ${quote(PLACEHOLDER)}`];
  if (baseUrl !== null) options.push(`baseURL: ${quote(baseUrl)}`);
  return `import OpenAI from "openai";

const client = new OpenAI({ ${options.join(', ')} });

const response = await client.embeddings.create({
${argumentsOf(request)
  .map(([name, given]) => `  ${name}: ${inJson(given, '  ')},`)
  .join('\n')}
});

const vectors = response.data.map(({ embedding }) => embedding);
console.log(response.usage.total_tokens);`;
}

function curlCode(request: WrittenRequest): string {
  const url = `${request.baseUrl ?? OPENAI_URL}/embeddings`;
  const body = JSON.stringify(Object.fromEntries(argumentsOf(request)), null, 2);
  return `curl ${inShell(url)} \\
  -H "Content-Type: application/json" \\
  -H ${inShell(`Authorization: Bearer ${PLACEHOLDER}`)} \\
  -d ${inShell(body)}`;
}

type Argument = string | string[] | number;

/** What the page sends, in the same form: one text as a text, several as a list. */
function argumentsOf({ texts, model, dimensions }: WrittenRequest): [string, Argument][] {
  return [
    ['model', model],
    ['input', texts.length === 1 ? texts[0]! : texts],
    ...(dimensions === undefined ? [] : ([['dimensions', dimensions]] as [string, number][])),
    ['encoding_format', 'float']
  ];
}

function inPython(given: Argument): string {
  return inJson(given, '    ');
}

/** As JSON, a list with a line for each entry, indented to stand behind `indent`. */
function inJson(given: Argument, indent: string): string {
  if (!Array.isArray(given)) return JSON.stringify(given);
  return `[\n${given.map((text) => `${indent}${indent}${quote(text)},\n`).join('')}${indent}]`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** In single quotes nothing is special to a shell but the quote itself. */
function inShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
