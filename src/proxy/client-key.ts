/** All clients whose address is not known share one. */
const UNKNOWN = 'unknown';

/**
 * What a client is counted by: its IPv4 address, or the /64 of its IPv6 address, since a household has a
 * whole /64. An IPv4 address in IPv6 is itself. What is no address is counted as one client.
 */
export function clientKey(address: string | null | undefined): string {
  const text = (address ?? '')
    .trim()
    .replace(/%.*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return isIPv4(text) ? text : UNKNOWN;
  const groups = groupsOf(text);
  if (!groups) return UNKNOWN;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    return [groups[6]!, groups[7]!].flatMap((group) => [group >> 8, group & 255]).join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

function isIPv4(text: string): boolean {
  return text.split('.').every((part) => Number(part) < 256);
}

/** The eight groups of an IPv6 address; undefined when it is none. */
function groupsOf(text: string): number[] | undefined {
  if (!text.includes(':') || !URL.canParse(`http://[${text}]/`)) return undefined;
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((g) => parseInt(g, 16)));
  if (tail === undefined) return parse(head);
  const [before, after] = [parse(head), parse(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
