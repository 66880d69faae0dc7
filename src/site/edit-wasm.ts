/** Numbers of the sections that are looked into, in the order in which they stand. */
const CUSTOM = 0;
const TYPES = 1;
const IMPORTS = 2;
const FUNCTIONS = 3;
const EXPORTS = 7;
const CODE = 10;
/** Of the parts of the name section. */
const FUNCTION_NAMES = 1;

const HEADER_BYTES = 8;
/** What a module may have whose function can stand in another one: nothing that the function could name. */
const SELF_CONTAINED = [CUSTOM, TYPES, IMPORTS, FUNCTIONS, EXPORTS, CODE];

interface Section {
  id: number;
  content: Uint8Array;
}

/** What to change in a WebAssembly module; functions are called as its name section has them. */
export interface WasmEdits {
  /** The only function of each of these modules takes the place of the one named. */
  replaced: Record<string, Uint8Array>;
  /** What is to be exported besides: the functions by the names under which they are exported. */
  exported: Record<string, string>;
}

/**
 * A WebAssembly module with other or more functions to call. Its name section and all else that is
 * custom is left out: it serves debuggers only. Throws an `Error` when a function is not there, or when
 * what takes its place takes or returns something else, or needs anything but its parameters and the
 * memory.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
export function editWasm(module: Uint8Array, { replaced, exported }: WasmEdits): Uint8Array {
  const sections = readSections(module);
  const indexes = readNames(sections);
  const indexOf = (name: string) => {
    const index = indexes.get(name);
    if (index === undefined) throw new Error(`There is no function called ${name}.`);
    return index;
  };
  const imported = countImports(sections);
  const bodies = readBodies(sections);
  for (const [name, donor] of Object.entries(replaced)) {
    const index = indexOf(name) - imported;
    bodies[index] = readDonor(donor, name, readType(sections, index));
  }
  const exports = readExports(sections);
  for (const [name, own] of Object.entries(exported)) {
    exports.push(joined(vector(new TextEncoder().encode(name)), [0], unsigned(indexOf(own))));
  }
  const changed: Record<number, Uint8Array> = {
    [CODE]: joined(unsigned(bodies.length), ...bodies.map(vector)),
    [EXPORTS]: joined(unsigned(exports.length), ...exports)
  };
  return joined(
    module.subarray(0, HEADER_BYTES),
    ...sections
      .filter(({ id }) => id !== CUSTOM)
      .flatMap(({ id, content }) => [[id], vector(changed[id] ?? content)])
  );
}

/** The code of a module's only function, which is to take the place of `name`. */
function readDonor(donor: Uint8Array, name: string, type: string): Uint8Array {
  const sections = readSections(donor);
  const [body, ...others] = readBodies(sections);
  const alone = others.length === 0 && countImports(sections) === 0;
  if (!body || !alone || sections.some(({ id }) => !SELF_CONTAINED.includes(id))) {
    throw new Error(`What takes the place of ${name} has to be one function, that calls no other.`);
  }
  if (readType(sections, 0) !== type) {
    throw new Error(`What takes the place of ${name} has other parameters or results.`);
  }
  return body;
}

function readSections(module: Uint8Array): Section[] {
  const reader = new Reader(module, HEADER_BYTES);
  const sections: Section[] = [];
  while (!reader.ended) sections.push({ id: reader.byte(), content: reader.block() });
  return sections;
}

/** A section's content to read; an empty vector where there is no such section. */
function contentOf(sections: Section[], id: number): Reader {
  return new Reader(sections.find((section) => section.id === id)?.content ?? Uint8Array.of(0));
}

/** Code of the module's own functions: locals and instructions. */
function readBodies(sections: Section[]): Uint8Array[] {
  const reader = contentOf(sections, CODE);
  return reader.vector(() => reader.block());
}

/** Functions that are imported: they come first in the numbering. */
function countImports(sections: Section[]): number {
  const reader = contentOf(sections, IMPORTS);
  const kinds = reader.vector(() => {
    reader.block();
    reader.block();
    return reader.importKind();
  });
  return kinds.filter((kind) => kind === 0).length;
}

/** Each export as it stands in the module. */
function readExports(sections: Section[]): Uint8Array[] {
  const reader = contentOf(sections, EXPORTS);
  return reader.vector(() =>
    reader.taken(() => {
      reader.block();
      reader.byte();
      reader.unsigned();
    })
  );
}

/** The type of the module's own function number `index`, as text that is equal for equal types. */
function readType(sections: Section[], index: number): string {
  const functions = contentOf(sections, FUNCTIONS);
  const types = contentOf(sections, TYPES);
  const type = functions.vector(() => functions.unsigned())[index]!;
  return types.vector(() => {
    types.byte();
    return `${types.block().join()} → ${types.block().join()}`;
  })[type]!;
}

/** Numbers of the functions by their names. */
function readNames(sections: Section[]): Map<string, number> {
  const text = new TextDecoder();
  const indexes = new Map<string, number>();
  for (const { id, content } of sections) {
    const reader = new Reader(content);
    if (id !== CUSTOM || text.decode(reader.block()) !== 'name') continue;
    while (!reader.ended) {
      const kind = reader.byte();
      const names = new Reader(reader.block());
      if (kind !== FUNCTION_NAMES) continue;
      names.vector(() => {
        const index = names.unsigned();
        indexes.set(text.decode(names.block()), index);
      });
    }
  }
  return indexes;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++]!;
  }

  /** LEB128. */
  unsigned(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  /** Bytes with their number before them. */
  block(): Uint8Array {
    const length = this.unsigned();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** As many as the number before them says. */
  vector<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }

  /** The bytes that `read` passes over. */
  taken(read: () => void): Uint8Array {
    const from = this.#at;
    read();
    return this.#bytes.subarray(from, this.#at);
  }

  /** The kind of an import (0 is a function); passes over the type that follows. */
  importKind(): number {
    const kind = this.byte();
    if (kind === 0) this.unsigned();
    else if (kind === 3 || kind === 4) this.#at += 2;
    else {
      if (kind === 1) this.byte();
      const limits = this.byte();
      this.unsigned();
      if (limits & 1) this.unsigned();
    }
    return kind;
  }
}

/** Bytes with their number before them. */
function vector(bytes: Uint8Array): Uint8Array {
  return joined(unsigned(bytes.length), bytes);
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function joined(...parts: ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
