/** What the host of the page may set, in `semblance.json` beside it. */
export interface HostSettings {
  title: string | null;
  /** Base URL of a proxy that takes the course token. */
  proxyUrl: string | null;
}

/** Reads what the host set; nothing where there is no such file, or none that can be read. */
export async function readHostSettings(): Promise<HostSettings> {
  const none: HostSettings = { title: null, proxyUrl: null };
  try {
    const response = await fetch('./semblance.json');
    if (!response.ok) return none;
    const value = (await response.json()) as Partial<Record<keyof HostSettings, unknown>>;
    const text = (given: unknown) => (typeof given === 'string' && given !== '' ? given : null);
    const proxyUrl = text(value.proxyUrl);
    // A proxy on the page's own host may be given by its path alone; workers know no such base.
    const address = proxyUrl === null ? null : URL.parse(proxyUrl, document.baseURI);
    return { title: text(value.title), proxyUrl: address?.href ?? null };
  } catch {
    // Offline, or a host that never wrote the file: the page works without it.
    return none;
  }
}
