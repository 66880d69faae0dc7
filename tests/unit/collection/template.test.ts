import { describe, expect, test } from 'vitest';
import { ImportError } from '#lib/base/errors.ts';
import {
  isBlank,
  parseTemplate,
  renderTemplate,
  templateFields,
  unknownFields
} from '#lib/collection/template.ts';
import type { Fields } from '#lib/collection/types.ts';

const render = (template: string, fields: Fields) =>
  renderTemplate(parseTemplate(template), fields);

describe('a template', () => {
  test('puts fields between its words', () => {
    const template = 'Title: {title} ({type})\nBy { author.name }';
    const fields = { title: 'Alien', type: 'Movie', 'author.name': 'O’Bannon' };
    expect(render(template, fields)).toBe('Title: Alien (Movie)\nBy O’Bannon');
  });

  test('writes every type plainly', () => {
    const fields = { list: ['a', 'b'], none: null, number: 1.5, yes: true, no: false };
    expect(render('{list}|{none}|{number}|{yes}|{no}|{absent}', fields)).toBe(
      'a, b||1.5|true|false|'
    );
  });

  test('takes doubled braces for braces', () => {
    expect(render('{{a}} {{{a}}} }', { a: 'x' })).toBe('{a} {x} }');
  });

  test('does not read braces in values', () => {
    expect(render('{a}', { a: '{b} {{', b: 'no' })).toBe('{b} {{');
  });

  test('names each field once, in order, and those that do not exist', () => {
    const template = parseTemplate('{b} {a} {b} {{c}} {d}');
    expect(templateFields(template)).toEqual(['b', 'a', 'd']);
    expect(unknownFields(template, [{ name: 'a', type: 'text' }])).toEqual(['b', 'd']);
  });

  test('does not take fields from the prototype', () => {
    expect(render('{constructor}{__proto__}{toString}', {})).toBe('');
  });

  test.each([
    ['Title: {title', 7],
    ['{a} {', 4],
    ['{a {b}', 0],
    ['x {} y', 2],
    ['x {  } y', 2]
  ])('%j is refused, with the place', (template, position) => {
    const parse = () => parseTemplate(template);
    expect(parse).toThrow(ImportError);
    expect(parse).toThrow(expect.objectContaining({ code: 'template', detail: { position } }));
  });
});

describe('a text is blank', () => {
  const template = parseTemplate('Title: {title}\n{tags}');

  test.each([
    [{ title: null, tags: null }, true],
    [{ title: ' ', tags: [] }, true],
    [{}, true],
    [{ title: 'x', tags: null }, false],
    [{ title: null, tags: ['a'] }, false],
    [{ title: 0 }, false],
    [{ title: false }, false]
  ])('when all its fields are empty: %j %s', (fields: Fields, blank) => {
    expect(isBlank(template, fields)).toBe(blank);
  });

  test('when it is only white space', () => {
    expect(isBlank(parseTemplate(' \n'), {})).toBe(true);
    expect(isBlank(parseTemplate('words'), {})).toBe(false);
  });
});
