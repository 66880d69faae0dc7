/** Where a text stops being JSON. */
export interface JsonFault {
  /** 1-based. */
  line: number;
  /** 1-based, in UTF-16 units. */
  column: number;
  /** What was expected or found there, to follow "line 3, column 7: ". */
  what: string;
  /** Whether the text is the beginning of JSON that ends too early. */
  isCut: boolean;
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or ]' | ', or }' | 'nothing';

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Beginnings of scalars, for a text that is cut in one. */
const CUT_SCALAR = /(?:-|-?\d[\d.eE+-]*|t|tr|tru|f|fa|fal|fals|n|nu|nul)$/y;
/** What follows a backslash, or the beginning of it where the text is cut. */
const ESCAPE = /^(?:["\\/bfnrt]|u[\da-fA-F]{4}|u[\da-fA-F]{0,3}$|$)/;

/**
 * Finds the first place where a text is not JSON (RFC 8259), or undefined when all of it is.
 * Browsers' own messages tell the place each in their way, or not at all.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = 0;
  const afterValue = (): Expected => {
    const inner = open.at(-1);
    return inner === undefined ? 'nothing' : inner === '[' ? ', or ]' : ', or }';
  };

  for (;;) {
    at = matchEnd(SPACE, text, at);
    if (at === text.length) {
      return expected === 'nothing'
        ? undefined
        : faultAt(text, at, 'the text ends too early', true);
    }
    const char = text[at]!;
    const unexpected = () =>
      faultAt(text, at, `expected ${describe(expected)}, found ${char}`, false);
    const takesValue: boolean = expected === 'value' || expected === 'value or ]';
    const takesKey: boolean = expected === 'key' || expected === 'key or }';

    if (char === '"' && (takesValue || takesKey)) {
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      expected = takesKey ? ':' : afterValue();
    } else if ((char === '[' || char === '{') && takesValue) {
      open.push(char);
      expected = char === '[' ? 'value or ]' : 'key or }';
      at++;
    } else if ((char === ']' || char === '}') && expected.endsWith(char)) {
      open.pop();
      expected = afterValue();
      at++;
    } else if (char === ',' && expected.startsWith(', or')) {
      expected = expected === ', or ]' ? 'value' : 'key';
      at++;
    } else if (char === ':' && expected === ':') {
      expected = 'value';
      at++;
    } else if (takesValue) {
      const end = matchEnd(SCALAR, text, at);
      if (matchEnd(CUT_SCALAR, text, at) > at && end < text.length) {
        return faultAt(text, text.length, 'the text ends too early', true);
      }
      if (end === at) return unexpected();
      at = end;
      expected = afterValue();
    } else {
      return unexpected();
    }
  }
}

/** Offset behind the string that starts at `at`, or its fault. */
function stringEnd(text: string, at: number): number | JsonFault {
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x22) return i + 1;
    if (char < 0x20) return faultAt(text, i, 'a string does not end before its line does', false);
    if (char !== 0x5c) continue;
    if (!ESCAPE.test(text.slice(i + 1, i + 6))) {
      return faultAt(text, i, 'a backslash escapes nothing', false);
    }
    i++;
  }
  return faultAt(text, at, 'a string is never closed', true);
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function faultAt(text: string, at: number, what: string, isCut: boolean): JsonFault {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: at - lineStart + 1, what, isCut };
}

function describe(expected: Expected): string {
  return expected === 'nothing' ? 'the end' : expected === 'key' ? 'a key in quotes' : expected;
}
